"""How parameters of a fitted law were held: fixed, limited, or at the end of a limit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.quantity import plain

__all__ = ["Held", "held_parameters"]

SAME = 1e-9
"""Relative difference up to which a parameter is at a limit; a solver that is held by one ends exactly there."""
DIGITS = 4
"""Digits of a limit in a text."""


@dataclass(frozen=True, slots=True)
class Held:
    """A parameter that was not free.

    Attributes
    ----------
    value : float
    low, high : float
        Its limits, which are equal if it was fixed.
    """

    value: float
    low: float
    high: float

    @property
    def fixed(self) -> bool:
        """Whether the parameter was given, not fitted."""
        return self.low == self.high

    @property
    def at_limit(self) -> bool:
        """Whether the parameter is fixed or at one of its limits, so that the runs did not determine it."""
        return self._at(self.low) or self._at(self.high)

    @property
    def text(self) -> str:
        """How it was held, in a few words."""
        if self.fixed:
            return f"fixed at {plain(self.value, DIGITS)}"
        for name, limit in (("lower", self.low), ("upper", self.high)):
            if self._at(limit):
                return f"at its {name} limit {plain(limit, DIGITS)}"
        return f"limited to {plain(self.low, DIGITS)}\u2009–\u2009{plain(self.high, DIGITS)}"

    def _at(self, limit: float) -> bool:
        return math.isfinite(limit) and abs(self.value - limit) <= SAME * abs(limit)


def held_parameters(law: Law, bounds: Mapping[str, tuple[float, float]]) -> dict[str, Held]:
    """Return the parameters of a law that bounds fix or limit, or that are at an end of what a fit considers.

    Parameters
    ----------
    law : Law
    bounds : mapping of str to (float, float)
        Those of the fit, by name of the parameter.
    """
    found = {}
    for parameter, value in zip(law.parameters, law.as_dict().values(), strict=True):
        low, high = bounds.get(parameter.name, (parameter.least, parameter.largest))
        held = Held(value, low, high)
        if parameter.name in bounds or held.at_limit:
            found[parameter.name] = held
    return found
