"""The profile of the objective along one parameter: which of its values agree with the runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.conversion import as_positive_number, check_type
from chinchilla_nb.engine.errors import unknown_key
from chinchilla_nb.engine.laws.allocation import optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.uncertainty.given import HoldsUncertainty, as_uncertainty
from chinchilla_nb.engine.uncertainty.interval import tail_of
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.quantity import compact, level_percent, plain, scientific

__all__ = ["ProfileCurve", "profile_curve"]

Array = NDArray[Any]

POINTS = 20
"""Values on either side of the fit."""
BEYOND = 1.3
"""Ratio of the farthest value to the end of the interval, both from the fit."""
WITHOUT_END = 4.0
"""Factor from the fitted value to the farthest one where the interval has no end."""
FARTHEST = 1e6
"""Largest ratio of the budget of a further run to the largest of the runs."""
BUDGETS = 200
"""Budgets that are tried up to it."""


@dataclass(frozen=True, eq=False, slots=True)
class ProfileCurve:
    """The best laws with one parameter held at each of some values.

    Attributes
    ----------
    name : str
        The parameter.
    values : ndarray, shape (k,)
        Increasing; the fitted value is one of them.
    errors : ndarray, shape (k,)
        How far each law is from the fit, in standard errors: negative below the fitted value. The square is the
        increase of the objective.
    laws : tuple of Law
        The law at each value.
    level : float
    quantile : float
        Distance in standard errors at which the interval of that level ends.
    low, high : float
        The interval.
    telling : tuple of float, or None
        N, D and C of the smallest compute-optimal run whose loss would tell the laws at both ends of the interval
        apart; None if no run up to a million times the largest would.
    compute : Compute
        How C follows from N and D.
    """

    name: str
    values: Array
    errors: Array
    laws: tuple[Law, ...]
    level: float
    quantile: float
    low: float
    high: float
    telling: tuple[float, float, float] | None
    compute: Compute

    def optimal_N(self, C: float) -> Array:
        """Return N* at a budget of C FLOPs along the profile, shape (k,); NaN where a law has none."""
        C = as_positive_number(C, "C")
        return np.array([float(optima(law, C, self.compute)[0]) for law in self.laws])

    def __str__(self) -> str:
        return self.text(self.name)

    def text(self, symbol: str) -> str:
        """Return what the profile shows, with a symbol for the parameter, in a sentence without a full stop."""
        check_type(symbol, "symbol", str)
        ends = f"from {plain(self.low)} to {plain(self.high)}" if np.isfinite(self.high) else f"above {plain(self.low)}"
        text = f"these runs agree with any {symbol} {ends} ({level_percent(self.level)})"
        if self.telling is None:
            times = scientific(FARTHEST, 1)
            return f"{text}; no single compute-optimal run of up to {times} times the largest budget would narrow that"
        N, D, C = self.telling
        size, data, budget = compact(N), compact(D), scientific(C, 2)
        return f"{text}; a run with N above {size} and D above {data} (C = {budget} FLOPs) would narrow that"


def profile_curve(uncertainty: Uncertainty | HoldsUncertainty, name: str, level: float = 0.95) -> ProfileCurve:
    """Fit the other parameters at values of one, over its interval and a little beyond.

    Parameters
    ----------
    uncertainty : Uncertainty
        That of the fit, or what ``cc.uncertainty()`` returns.
    name : str
        The parameter.
    level : float, default 0.95
        Level of the interval.

    Raises
    ------
    InputError
        If the law has no parameter of that name.
    """
    uncertainty = as_uncertainty(uncertainty)
    check_type(name, "name", str)
    fitted = uncertainty.fit.law.as_dict()
    if name not in fitted:
        raise unknown_key("parameter", name, tuple(fitted))
    interval, value = uncertainty.interval(level)[name], fitted[name]
    low, high = float(interval.low), float(interval.high)
    far_low = max(value - BEYOND * (value - low), 0.0 if low > 0 else low)
    far_high = value + BEYOND * (high - value) if np.isfinite(high) else WITHOUT_END * max(value, low)
    below = _along(uncertainty, name, np.linspace(value, far_low, POINTS + 1)[1:])
    above = _along(uncertainty, name, np.linspace(value, far_high, POINTS + 1)[1:])
    laws = (*(law for law, _ in reversed(below)), uncertainty.fit.law, *(law for law, _ in above))
    errors = np.array([*(-error for _, error in reversed(below)), 0.0, *(error for _, error in above)])
    values = np.array([law.as_dict()[name] for law in laws])
    quantile = -float(stdtrit(uncertainty.near.scores.degrees, tail_of(level)))
    ends = [laws[int(np.argmin(np.abs(values - end)))] for end in (low, min(high, values[-1]))]
    telling = _telling_run(uncertainty, ends, level)
    return ProfileCurve(name, values, errors, laws, level, quantile, low, high, telling, uncertainty.fit.runs.compute)


def _along(uncertainty: Uncertainty, name: str, values: Iterable[float]) -> list[tuple[Law, float]]:
    """Return the best law at each value, each from the one before, and its distance in standard errors."""
    law, found = uncertainty.fit.law, []
    for value in values:
        law, distance = uncertainty.region.best_with({name: float(value)}, law)
        found.append((law, distance))
    return found


def _telling_run(uncertainty: Uncertainty, ends: list[Law], level: float) -> tuple[float, float, float] | None:
    """Return N, D and C of the smallest run at which the laws at both ends differ by more than its noise."""
    largest = float(uncertainty.fit.runs.C.max())
    C = largest * np.geomspace(1.0, FARTHEST, BUDGETS)
    N, D = optima(uncertainty.fit.law, C, uncertainty.fit.runs.compute)
    with np.errstate(all="ignore"):
        apart = np.abs(np.log(ends[1].loss(N, D) / ends[0].loss(N, D)))
    enough = np.flatnonzero(apart > np.add(*uncertainty.noise.margins(C, tail_of(level))))
    return (float(N[enough[0]]), float(D[enough[0]]), float(C[enough[0]])) if enough.size else None
