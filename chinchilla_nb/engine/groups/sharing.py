"""Which parameters of a law groups of runs share: a few models by name, from no law in common to one law for all.

In L = E + A / N^alpha + B / D^beta with shared E, alpha and beta, factors A_g and B_g of a group are the same as
efficiencies of its parameters and its data: L = E + A / (e_N N)^alpha + B / (e_D D)^beta [Ho et al. 2024, Algorithmic
progress in language models, arXiv:2403.05812, equation 2, where they change with the year]. In
L = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D, N_c and D_c are such scales themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chinchilla_nb.engine.laws.parameters import Parameter

__all__ = ["MODELS", "Sharing", "models_of"]


@dataclass(frozen=True, slots=True)
class Sharing:
    """A model of groups of runs: which parameters each group has for itself.

    Attributes
    ----------
    name : str
        As in ``model="efficiency"``.
    title : str
        What is shared, in a few words.
    differs : callable
        Whether each group has a parameter for itself.
    """

    name: str
    title: str
    differs: Callable[[Parameter], bool]


def _factor_of(axis: str) -> Callable[[Parameter], bool]:
    return lambda parameter: parameter.kind == "factor" and parameter.axis == axis


MODELS: Mapping[str, Sharing] = MappingProxyType(
    {
        one.name: one
        for one in (
            Sharing("separate", "nothing is shared", lambda _: True),
            Sharing("exponents", "exponents are shared", lambda parameter: parameter.kind != "exponent"),
            Sharing(
                "efficiency",
                "all but the efficiencies of N and D is shared",
                lambda parameter: parameter.kind == "factor",
            ),
            Sharing("N-efficiency", "all but the efficiency of N is shared", _factor_of("N")),
            Sharing("D-efficiency", "all but the efficiency of D is shared", _factor_of("D")),
            Sharing("pooled", "everything is shared", lambda _: False),
        )
    }
)
"""The models by name, from the most parameters to the fewest; each can be had from "separate" by sharing more."""


def models_of(parameters: tuple[Parameter, ...]) -> dict[str, tuple[bool, ...]]:
    """Return for each model which parameters of a law differ, without a model that equals the one before it.

    A law without an irreducible loss has no difference between "exponents" and "efficiency".
    """
    found: dict[str, tuple[bool, ...]] = {}
    for name in reversed(tuple(MODELS)):
        differs = tuple(MODELS[name].differs(parameter) for parameter in parameters)
        if differs not in found.values():
            found[name] = differs
    return {name: found[name] for name in MODELS if name in found}
