"""Fits of elementwise custom losses: a table of the loss to search with, and numeric derivatives to finish with."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.certificate import certify
from chinchilla_nb.engine.fitting.elementwise import UserLoss
from chinchilla_nb.engine.fitting.interpolation import interpolate, nearly_exact
from chinchilla_nb.engine.fitting.kink_search import NotPiecewiseSmooth, find_kinks
from chinchilla_nb.engine.fitting.kinks import descend_along_kinks, on_kinks
from chinchilla_nb.engine.fitting.lattice import profiled_lattice
from chinchilla_nb.engine.fitting.losses import SQUARE, asymmetric
from chinchilla_nb.engine.fitting.newton import Minimum, newton, newton_from_each
from chinchilla_nb.engine.fitting.numeric import NumericLoss, refined_kinks
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.relayed import relayed
from chinchilla_nb.engine.fitting.screening import SCREENED_RUNS, spread_sample
from chinchilla_nb.engine.fitting.search import COARSE_RUNS
from chinchilla_nb.engine.fitting.simplex import CustomObjective
from chinchilla_nb.engine.fitting.solver import certified
from chinchilla_nb.engine.fitting.tabulated import Scale, TabulatedLoss
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["CustomFit", "tabulate"]

Array = NDArray[Any]

MIDDLE = 0.03
"""Residual around which the table has equally spaced nodes, in typical residuals."""
LEAST_MIDDLE, LARGEST_MIDDLE = 1e-8, 0.1
"""Limits of that residual, relative to the measured loss."""
DIFFERENCE = {np.dtype(np.float64): 1e-2, np.dtype(np.longdouble): 1e-3}
"""Step of a difference of fourth order, in typical residuals; about the fifth root of rounding, if a typical residual
is a thousandth of the loss."""
SHRINK = 30.0
"""Factor by which kinks become sharper while a minimum is finished."""
SHARPENINGS = 2
"""Times that they do."""
FIRST_WIDTH = 1e-3
"""Width over which kinks are smoothed first, in typical residuals."""
STEPS, TOLERANCE = 20, 1e-9
"""Most Newton steps of numeric derivatives, and the relative decrease at which they end with smoothed kinks."""
TABULATED = 0.7
"""Share of the preparation that the table takes; the rest is the search for kinks."""
STEEPER = 10.0
"""Slope with which a loss is continued where it is not finite, relative to the steepest elsewhere and for each run, so
that all other runs together do not outweigh it."""
NEAR = 3.0
"""Residuals up to so many typical ones define a typical slope."""
DESCENT = 60
"""Most steps of a descent along kinks."""
ENOUGH, MOST_UNPROVEN = 3, 8
"""Number of descents to the same value, and to any value, without a proof after which there are no more."""
AT_KINK = 1e-13
"""Distance from a kink that is rounding."""
TIE = 1e-13
"""Relative difference of two values that is rounding."""
LOWER = 1e-10
"""Relative decrease by a simplex search after which a minimum is finished again."""


@dataclass(frozen=True, eq=False, slots=True)
class CustomFit:
    """What a fit of an elementwise loss needs.

    Attributes
    ----------
    coarse : tuple of Objective
        The objective over at most `COARSE_RUNS` runs, with variants of the tabulated loss.
    exact : Objective
        The objective over all runs, with numeric derivatives.
    simplex : CustomObjective
        The objective for a simplex search, in units of the user.
    box : Coordinates
    exactly : bool
        Whether the loss is computed in float64 at least; less precise derivatives prove nothing.
    least_at_zero : bool
        Whether no prediction has a lower loss than the measured loss itself.
    unproven : list of float
        Values at which descents have ended without a proof.
    """

    coarse: tuple[Objective, ...]
    exact: Objective
    simplex: CustomObjective
    box: Coordinates
    exactly: bool
    least_at_zero: bool
    unproven: list[float] = field(default_factory=list)

    def settle(self, theta: Array, width: float) -> Minimum:
        """Find the optimum near a minimum of the averaged loss, if the kinks there are right."""
        theta = np.asarray(theta).astype(self.exact.dtype)
        if self.exact.loss.has_kink:
            return on_kinks(self.exact, theta, self._near_kinks(theta, width), self.box)
        at = Minimum(theta, self.exact.value(theta))
        return _better(at, certified(self.exact, newton(self.exact, theta, self.box, STEPS), self.box))

    def hold(self, theta: Array, active: Array) -> Minimum:
        """Find the optimum near theta at which some residuals are expected to be at their kinks."""
        if not self.exact.loss.has_kink:
            return self.settle(theta, 0.0)
        found = on_kinks(self.exact, theta, active, self.box)
        return found if found.converged else self.descend(found)

    def interpolate(self, theta: Array) -> Minimum | None:
        """Return the law near theta that the runs follow exactly; None if there is none, or no use in it."""
        if not (self.least_at_zero and nearly_exact(self.exact, theta)):
            return None
        return interpolate(self.exact, theta, self.box)

    def descend(self, minimum: Minimum) -> Minimum:
        """Continue from a point that could not be proven to be an optimum."""
        if not (self.exact.loss.has_kink and np.isfinite(minimum.value)) or self._is_exhausted():
            return minimum
        # Over very many runs, the minimum of the tabulated loss is close enough, and numeric derivatives are slow.
        best = self._sharpened(minimum) if len(self.exact.target) <= COARSE_RUNS else minimum
        if not best.converged:
            best = self._examined(descend_along_kinks(self.exact, best, self.box, DESCENT))
        if not best.converged:
            self.unproven.append(float(best.value))
        return best

    def _sharpened(self, minimum: Minimum) -> Minimum:
        """Continue with smoothed kinks that become sharper, which shows which residuals are at their kinks."""
        best, theta, width = minimum, minimum.theta, FIRST_WIDTH * self.exact.loss.width
        for _ in range(SHARPENINGS):
            (found,) = newton_from_each(self.exact.smoothed(width), theta[None], self.box, STEPS, TOLERANCE)
            theta = found.theta
            best = _better(best, on_kinks(self.exact, theta, self._near_kinks(theta, width), self.box))
            if best.converged:
                break
            width /= SHRINK
        return best

    def _examined(self, minimum: Minimum) -> Minimum:
        """Return a minimum with its certificate, with the kinks counted at which residuals are."""
        if minimum.converged:
            return minimum
        active = self._near_kinks(minimum.theta, AT_KINK)
        return replace(minimum, certificate=certify(self.exact, minimum.theta, active, self.box), active=active)

    def _is_exhausted(self) -> bool:
        """Return whether so many descents ended without a proof that more are useless."""
        lowest = min(self.unproven, default=0.0)
        alike = sum(value <= lowest + LOWER * abs(lowest) for value in self.unproven)
        return alike >= ENOUGH or len(self.unproven) >= MOST_UNPROVEN

    def _near_kinks(self, theta: Array, width: float) -> Array:
        """Return the runs whose residuals are within a width of their kinks."""
        return np.flatnonzero(np.abs(self.exact.loss.from_kink(self.exact.residuals(theta))) <= width)

    def polish(self, minimum: Minimum) -> Minimum:
        """Return the best minimum, after a simplex search if it has no certificate."""
        exact = self.interpolate(minimum.theta)
        best = minimum if exact is None else _better(minimum, exact)
        if not self.exactly:
            best = replace(best, certificate=None)
        if best.converged:
            return best
        *_, found = self.simplex.finish(best.theta.astype(float), self.box)
        value = self.exact.value(found.theta.astype(self.exact.dtype))
        if not value < best.value - LOWER * abs(best.value):
            return best
        best = Minimum(found.theta, value)
        return _better(best, self.settle(found.theta, LOWER)) if self.exactly else best


def _better(one: Minimum, other: Minimum) -> Minimum:
    """Return the lower of two minima; of equal ones, that with a certificate."""
    if not np.isfinite(one.value):
        return other
    tie = abs(other.value - one.value) <= TIE * abs(one.value)
    if tie and one.converged != other.converged:
        return one if one.converged else other
    return other if other.value <= one.value else one


def tabulate(problem: Problem, box: Coordinates) -> Generator[float, None, CustomFit | None]:
    """Tabulate the loss of a problem, yielding the share done; None if it has no usable derivatives.

    Raises
    ------
    FitError
        If the loss raises an exception, or does not return one loss per run.
    """
    loss = UserLoss.of(problem, box.unit)
    if not loss.is_elementwise():
        return None
    squared = Objective.of(problem, SQUARE, box)
    typical = _typical_residual(squared, problem, box)
    size = squared.target
    middle = float(np.clip(MIDDLE * typical / np.median(size), LEAST_MIDDLE, LARGEST_MIDDLE))
    scale = Scale(middle)
    shares = scale.nodes()
    values = np.empty((len(size), len(shares)))
    function = _Scaled(loss, np.flatnonzero(problem.weights()), 1.0)
    for index, share in enumerate(shares):
        values[:, index] = function(size * share)
        yield TABULATED * index / len(shares)
    nodes = size[:, None] * shares
    chosen = spread_sample(len(size), COARSE_RUNS)
    slope = _typical_slope(nodes[chosen], values[chosen], typical)
    if not slope > 0:
        return None
    values /= slope
    _continue(nodes, values)
    function = replace(function, slope=slope)
    try:
        kinks = yield from relayed(
            find_kinks(function, nodes, values, size), lambda share: TABULATED + (1 - TABULATED) * share
        )
    except NotPiecewiseSmooth:
        return None
    precision = np.finfo(loss.precision()).eps
    dtype = problem.dtype if precision < np.finfo(float).eps else np.float64
    step = DIFFERENCE.get(np.dtype(dtype), 1e-3) * typical
    kinks = refined_kinks(function, kinks, step, dtype)
    table = TabulatedLoss.of(size[chosen], scale, values[chosen], kinks.take(chosen), typical)
    numeric = NumericLoss(function, size, kinks, step, typical, len(size))
    coarse = replace(squared.take(chosen), scale=slope)
    return CustomFit(
        coarse=tuple(replace(coarse, loss=variant) for variant in table.variants(typical)),
        exact=replace(Objective.of(problem, SQUARE, box, dtype), loss=numeric, scale=slope),
        simplex=CustomObjective.of(problem, box),
        box=box,
        exactly=bool(precision <= np.finfo(float).eps),
        least_at_zero=bool((values[:, -scale.first] <= values.min(axis=1)).all()),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Scaled:
    """A loss in units of its typical slope, as a function of the residuals of the runs whose weight is not zero."""

    loss: UserLoss
    which: Array
    slope: float

    def __call__(self, residuals: Array) -> Array:
        every = np.zeros(self.loss.truth.shape, dtype=residuals.dtype)
        every[self.which] = residuals
        return np.asarray(self.loss(every)[self.which] / np.asarray(self.slope, residuals.dtype))


def _typical_residual(squared: Objective, problem: Problem, box: Coordinates) -> float:
    """Return the median residual, relative to the loss, of a law fitted with absolute errors."""
    which = spread_sample(len(squared.target), SCREENED_RUNS)
    absolute = replace(squared, loss=asymmetric(1.0)).take(which)
    lattice = profiled_lattice(absolute)
    if lattice is None:
        starts = box.theta(problem.starts.points())
        theta = starts[np.nanargmin(absolute.value(starts))]
    else:
        theta = lattice.best
    typical = float(np.median(np.abs(absolute.residuals(theta) / absolute.target)))
    return float(np.clip(typical, LEAST_MIDDLE / MIDDLE, LARGEST_MIDDLE / MIDDLE) * np.median(squared.target))


def _typical_slope(nodes: Array, values: Array, typical: float) -> float:
    """Return the median over runs of the steepest slope at residuals up to a few typical ones."""
    with np.errstate(invalid="ignore"):
        slope = np.abs(np.diff(values) / np.diff(nodes))
    slope[~np.isfinite(slope)] = 0.0
    near = np.abs(nodes[:, 1:]) <= NEAR * typical
    steepest = np.max(slope, axis=1, where=near, initial=0.0)
    return float(np.median(steepest) or slope.max())


def _continue(nodes: Array, values: Array) -> None:
    """Replace values that are not finite by steep straight lines, so that a search turns back from them."""
    for row in np.flatnonzero(~np.isfinite(values).all(axis=1)):
        finite = np.flatnonzero(np.isfinite(values[row]))
        if not finite.size:
            values[row] = np.abs(nodes[row])
            continue
        slope = np.abs(np.diff(values[row, finite]) / np.diff(nodes[row, finite]))
        steep = STEEPER * len(nodes) * max(1.0, float(slope.max(initial=0.0)))
        bad = np.flatnonzero(~np.isfinite(values[row]))
        nearest = finite[np.abs(nodes[row, bad][:, None] - nodes[row, finite]).argmin(axis=1)]
        values[row, bad] = values[row, nearest] + steep * np.abs(nodes[row, bad] - nodes[row, nearest])
