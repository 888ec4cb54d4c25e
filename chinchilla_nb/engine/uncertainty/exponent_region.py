"""The region of the two exponents of a law together: what the runs can and cannot tell of alpha against beta.

Each pair of exponents stands for the best law that has them. The region holds the pairs whose objective is above the
minimum by no more than the F test of two parameters allows [Bates and Watts 1988, section 6.1]. It is wider than the
intervals of each exponent by itself, and shows how one makes up for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtri

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.engine.uncertainty.given import HoldsUncertainty, as_uncertainty
from chinchilla_nb.engine.uncertainty.interval import as_level
from chinchilla_nb.engine.uncertainty.quantities import exponents_at
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.quantity import level_percent, plain

__all__ = ["ExponentRegion", "exponent_region", "free_exponents"]

Array = NDArray[Any]

DIRECTIONS = 32
"""Directions in which the edge is looked for; between them it is drawn straight."""
TOLERANCE = 0.01
"""Relative error of the distance of the edge; on a chart of 300 pixels it cannot be seen."""
MOST_STEPS = 12
"""Most laws fitted in one direction."""
LARGEST_GROWTH = 4.0
"""Largest factor from one step to the next: where the objective is flat, linear extrapolation goes too far."""
TINY = 1e-12
"""Keeps a distance of zero from dividing."""
RELATED = 0.5
"""Correlation from which on it is said how one exponent goes with the other."""


@dataclass(frozen=True, eq=False, slots=True)
class ExponentRegion:
    """The edge of the region of the two exponents of a law.

    Attributes
    ----------
    names : tuple of str
        The exponents of N and of D.
    fitted : ndarray, shape (2,)
        Their fitted values.
    edge : ndarray, shape (k, 2)
        Values around the region, in order.
    laws : tuple of Law
        The best law at each of them.
    level : float
    correlation : float
        That of the two exponents.
    open : bool
        Whether the region goes on to the end of the range of an exponent.
    runs : Runs
        The runs of the fit.
    """

    names: tuple[str, ...]
    fitted: Array
    edge: Array
    laws: tuple[Law, ...]
    level: float
    correlation: float
    open: bool
    runs: Runs

    @property
    def a(self) -> Array:
        """The exponent of N* in C of each law on the edge, shape (k,); NaN where a law has no optimum."""
        return np.array([exponents_at(law, self.runs)[0] for law in self.laws])

    def __str__(self) -> str:
        return self.text(*self.names)

    def text(self, one: str, other: str) -> str:
        """Return what the runs allow, in a sentence without a full stop, with these names for the exponents."""
        check_type(one, "one", str)
        check_type(other, "other", str)
        (low, lowest), (high, highest) = self.edge.min(axis=0), self.edge.max(axis=0)
        ends = f"{one} from {plain(low)} to {plain(high)} with {other} from {plain(lowest)} to {plain(highest)}"
        text = f"these runs allow {ends} ({level_percent(self.level)}, both together)"
        if abs(self.correlation) >= RELATED:
            text += f"; a larger {one} goes with a {'larger' if self.correlation > 0 else 'smaller'} {other}"
        if self.open or np.isnan(self.a).any():
            return f"{text}, and they do not determine a, the exponent of N*"
        return f"{text}; a, the exponent of N*, is then from {plain(self.a.min())} to {plain(self.a.max())}"


def exponent_region(uncertainty: Uncertainty | HoldsUncertainty, level: float = 0.95) -> ExponentRegion:
    """Find the edge of the region of the two exponents of a law.

    Parameters
    ----------
    uncertainty : Uncertainty
        That of the fit, or what ``cc.uncertainty()`` returns.
    level : float, default 0.95
        Level of the region.

    Raises
    ------
    InputError
        If the level is not between 0 and 1, or the fit does not have two free exponents and more runs than parameters.
    """
    uncertainty = as_uncertainty(uncertainty)
    level, names = as_level(level), free_exponents(uncertainty)
    if not names:
        rule = "must be of a fit with two free exponents, and with more runs than free parameters"
        raise InputError("uncertainty", rule, got=brief(str(uncertainty.fit.law)))
    near, parameters = uncertainty.near, uncertainty.fit.law.as_dict()
    at = [list(parameters).index(name) for name in names]
    covariance = near.covariance[np.ix_(at, at)]
    fitted, axes = near.theta[at], np.linalg.cholesky(covariance)
    reach = float(np.sqrt(2 * fdtri(2, near.scores.degrees, level)))
    laws, ends = [], []
    for angle in np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False):
        direction = reach * axes @ np.array([np.cos(angle), np.sin(angle)])
        ranges = near.box.lower[at], near.box.upper[at]
        law, at_end = _law_at_edge(uncertainty, names, fitted, direction, reach, ranges)
        laws.append(law)
        ends.append(at_end)
    return ExponentRegion(
        names=names,
        fitted=read_only(fitted.astype(float)),
        edge=read_only(np.array([[law.as_dict()[name] for name in names] for law in laws])),
        laws=tuple(laws),
        level=level,
        correlation=float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])),
        open=any(ends),
        runs=uncertainty.fit.runs,
    )


def free_exponents(uncertainty: Uncertainty) -> tuple[str, ...]:
    """Return the names of the two exponents of a law; none if one is fixed, or the runs are too few for a region."""
    parameters = zip(uncertainty.fit.law.parameters, uncertainty.near.free, strict=True)
    free = tuple(parameter.name for parameter, is_free in parameters if parameter.kind == "exponent" and is_free)
    return free if len(free) == 2 and not uncertainty.too_few else ()


def _law_at_edge(
    uncertainty: Uncertainty,
    names: tuple[str, ...],
    fitted: Array,
    direction: Array,
    reach: float,
    ranges: tuple[Array, Array],
) -> tuple[Law, bool]:
    """Return the law of the edge in one direction, and whether the range of an exponent ends before it.

    The distance grows nearly in proportion to the step, so that linear extrapolation finds the edge.
    """
    farthest = _farthest(fitted, direction, *ranges)
    low, high, step, law = 0.0, farthest, min(1.0, farthest), uncertainty.fit.law
    for _ in range(MOST_STEPS):
        cancellation_point()
        held = np.clip(fitted + step * direction, *ranges)  # rounding may lead beyond the end of a range
        law, distance = uncertainty.region.best_with(dict(zip(names, held.tolist(), strict=True)), law)
        if distance < reach and step == farthest:
            return law, True
        if abs(distance / reach - 1) < TOLERANCE:
            break
        low, high = (step, high) if distance < reach else (low, step)
        guess = step * min(reach / max(distance, TINY), LARGEST_GROWTH)
        step = guess if low < guess < high else farthest if guess >= high == farthest else (low + high) / 2
    return law, False


def _farthest(fitted: Array, direction: Array, lower: Array, upper: Array) -> float:
    """Return the largest step in one direction inside the ranges of the exponents."""
    moved = np.flatnonzero(direction)
    end = np.where(direction > 0, upper, lower)
    return float(((end - fitted)[moved] / direction[moved]).min())
