"""Descriptions of the parameters of laws: names, role in the law, and meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_float
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.sentences import enumerated

__all__ = [
    "CHINCHILLA_PARAMETERS",
    "LARGEST_EXPONENT",
    "Parameter",
    "Term",
    "as_parameter",
    "axes_of",
    "check_interior",
    "check_overlap",
    "flat_term",
    "linear_params",
    "terms_of",
]

LARGEST_EXPONENT = 10.0
"""Largest exponent that a fit considers, far above any measured one; a fit that ends there says so."""
SIZES = {"N": "model size", "D": "data", "C": "compute"}
"""What a term depends on, in words."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a law.

    Attributes
    ----------
    name : str
        As in code and files, e.g. ``alpha``.
    kind : str
        ``"floor"``, the irreducible loss; ``"factor"``, the size of a term; or ``"exponent"``.
    symbol : str
        As written in formulas, e.g. ``α``.
    meaning : str
        A few words, e.g. ``exponent of N``.
    axis : str
        What its term depends on, ``"N"``, ``"D"`` or ``"C"``; empty for a floor.
    log_name : str
        Name of its logarithm, which a grid of starts may give instead; empty for an exponent.
    least, largest : float
        Range that a fit considers.
    """

    name: str
    kind: Literal["floor", "factor", "exponent"]
    symbol: str
    meaning: str
    axis: str = ""
    log_name: str = ""
    least: float = 0.0
    largest: float = np.inf

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which a grid of starts may give the parameter."""
        return (self.name, self.log_name) if self.log_name else (self.name,)


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a law, which decreases with N, D or C: the axis, and the names of its factor and exponent."""

    axis: str
    factor: str
    exponent: str

    @property
    def size(self) -> str:
        """What the term depends on, in words."""
        return SIZES[self.axis]


def terms_of(parameters: Sequence[Parameter]) -> tuple[Term, ...]:
    """Return the terms formed by parameters, the one in N first."""
    found = []
    for axis in SIZES:
        kinds = {parameter.kind: parameter.name for parameter in parameters if parameter.axis == axis}
        if kinds:
            found.append(Term(axis, kinds["factor"], kinds["exponent"]))
    return tuple(found)


def axes_of(parameters: Sequence[Parameter]) -> tuple[str, ...]:
    """Return what a law with these parameters depends on: N and D, or C."""
    return tuple(term.axis for term in terms_of(parameters))


def flat_term(values: Mapping[str, float], parameters: Sequence[Parameter]) -> tuple[str, Term] | None:
    """Return the name of a parameter whose zero removes a term, and that term; None if both terms decrease."""
    for term in terms_of(parameters):
        for name in (term.factor, term.exponent):
            if values[name] <= 0:
                return name, term
    return None


def check_interior(values: Mapping[str, float], parameters: Sequence[Parameter]) -> None:
    """Check that a law has a compute-optimal allocation, that is, that both of its terms decrease.

    Raises
    ------
    InputError
        If one does not.
    """
    flat = flat_term(values, parameters)
    if flat is not None:
        name, term = flat
        raise InputError(
            "",
            f"no compute-optimal allocation exists with {name} = 0: the law says that {term.size} does not matter",
            remedy=f"fit runs that span a wider range of {term.axis}",
        )


def check_overlap(name: str, limits: Sequence[float], range_: Sequence[float]) -> None:
    """Check that the bounds of a parameter overlap the range that a fit considers.

    Raises
    ------
    InputError
        If they do not.
    """
    low, high = limits
    if low > range_[1] or high < range_[0]:
        rule = f"must overlap the range that a fit considers, {range_[0]:g} to {range_[1]:g}"
        raise InputError(f"bounds[{name!r}]", rule, got=f"{low:g}" if low == high else f"({low:g}, {high:g})")


def as_parameter(name: str, value: float) -> float:
    """Return the value of a parameter as a float.

    Raises
    ------
    InputError
        If it is negative or not finite.
    """
    number = as_float(value, name)
    if not (np.isfinite(number) and number >= 0):
        raise InputError(name, "must be finite and not negative", got=str(number))
    return number


def linear_params(params: Mapping[str, float], parameters: Sequence[Parameter]) -> dict[str, float]:
    """Return the parameters of a law by name, from a mapping that may hold logarithms under the names of those.

    Raises
    ------
    InputError
        If a parameter is missing, unknown, or given both directly and as a logarithm.
    """
    logarithms = {parameter.log_name: parameter.name for parameter in parameters if parameter.log_name}
    if not isinstance(params, Mapping):
        raise InputError("a law", "must map parameters to numbers", got=brief(params))
    values = {}
    for name, value in params.items():
        number = as_float(value, str(name))
        with np.errstate(over="ignore"):  # a law refuses infinity
            values[logarithms.get(name, name)] = float(np.exp(number)) if name in logarithms else number
    if len(values) != len(params) or set(values) != {parameter.name for parameter in parameters}:
        wanted = [name if not log else f"{name} (or {log})" for name, log in ((p.name, p.log_name) for p in parameters)]
        raise InputError("a law", f"needs {enumerated(wanted)}", got=", ".join(map(str, params)) or "none")
    return values


CHINCHILLA_PARAMETERS = (
    Parameter("E", "floor", "E", "irreducible loss", log_name="e"),
    Parameter("A", "factor", "A", "factor of the model-size term", "N", "a"),
    Parameter("B", "factor", "B", "factor of the data term", "D", "b"),
    Parameter("alpha", "exponent", "α", "exponent of N", "N", largest=LARGEST_EXPONENT),
    Parameter("beta", "exponent", "β", "exponent of D", "D", largest=LARGEST_EXPONENT),
)
"""The parameters of L(N, D) = E + A / N^alpha + B / D^beta, in the order used by every array of parameters."""
