"""The law that most runs follow, near a fitted one that the other runs may have pulled away from them.

Outliers pull a fit by least squares, and many of them at the smallest N pull any fit, until their errors look no larger
than those of good runs. Least trimmed squares [Rousseeuw 1984] fits the better half of the runs, whichever that is. It
is found for the linearised law, from random samples of runs that are concentrated [Rousseeuw and Van Driessen 2006],
and refitted to all runs that it does not miss by far; then the law is linearised there, for as long as that helps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.linearised import NORMAL_MEDIAN, Linearised
from chinchilla_nb.engine.fitting.screening import spread_sample

__all__ = ["SAME", "Misses", "deviation_of", "misses_of_most"]

Array = NDArray[Any]

LEAST_DEVIATION = 1e-4
"""Least standard deviation of relative errors, about to which losses are rounded in tables."""
SEARCHED = 4096
"""Runs over which that law is looked for; of more, some spread evenly."""
SAMPLES = 100
"""Random samples of runs. With a fifth of the runs being outliers, every fourth sample of six has none."""
LARGEST = 500
"""Runs that samples are taken from; of more, evenly spaced ones."""
CONCENTRATIONS = 4
"""Times that each sample is replaced by the half of the runs that its law misses least."""
FOLLOWED = 4.0
"""Standard deviations within which runs follow the law."""
REFITS = 5
"""Times that the law is refitted to the runs that follow it."""
LINEARISATIONS = 8
"""Times that the law is linearised again."""
STEPS = (1.0, 0.5, 0.25, 0.125, 0.0625)
"""Shares of a step to a better law that are tried in turn: the law may be far from linear."""
BETTER = 0.999
"""Ratio of the deviations below which a law counts as better."""
SAME = 1e-8
"""Relative singular value below which parameters cannot be told from each other."""
RIDGE = 1e-12
"""Keeps samples of runs that do not determine a law from dividing by zero."""


class Misses(NamedTuple):
    """By how much a law misses runs: log predicted less log measured loss, and its derivatives by what is free."""

    error: Array
    jacobian: Array

    @property
    def distance(self) -> Array:
        """How far each error is from their median."""
        return np.asarray(np.abs(self.error - np.median(self.error)))

    @property
    def finite(self) -> bool:
        """Whether no prediction vanishes or overflows."""
        return bool(np.isfinite(self.error).all() and np.isfinite(self.jacobian).all())

    def take(self, which: NDArray[np.intp]) -> Misses:
        """Return the misses of some runs."""
        return Misses(self.error[which], self.jacobian[which])

    @property
    def deviation(self) -> float:
        """The standard deviation of the errors, as `deviation_of`."""
        return deviation_of(self.distance, self.jacobian.shape[1])


def deviation_of(distance: Array, n_free: int) -> float:
    """Return the standard deviation of errors from the median of their distances, as for normal errors."""
    n = len(distance)
    # A law may pass through as many runs as it has free parameters, so that the median is that of the others.
    median = float(np.sort(distance)[(n + min(n_free, n - 1)) // 2])
    return max(NORMAL_MEDIAN * median, LEAST_DEVIATION)


def misses_of_most(problem: Problem, near: Linearised) -> Misses:
    """Return by how much the law that most runs follow misses the runs whose weight is not zero.

    Parameters
    ----------
    problem : Problem
    near : Linearised
        The fitted law, which is returned if no better one is found.
    """
    fitted = Misses(np.log1p(near.error), near.jacobian[:, near.free] / (1 + near.error)[:, None])
    n, n_free = fitted.jacobian.shape
    if n_free == 0 or n <= 2 * n_free + 1 or not fitted.finite:
        return fitted
    used = np.flatnonzero(problem.weights() > 0)
    some = spread_sample(n, SEARCHED)
    at, theta, best = _evaluation(problem, near, used[some]), near.theta[near.free], fitted.take(some)
    for _ in range(LINEARISATIONS):
        found = _stepped(at, theta, _step(best), best.deviation)
        if found is None:
            break
        theta, best = found
    moved = _evaluation(problem, near, used)(theta)
    return moved if moved.finite and moved.deviation < fitted.deviation else fitted


def _evaluation(problem: Problem, near: Linearised, rows: NDArray[np.intp]) -> Callable[[Array], Misses]:
    """Return the function that gives the misses of a law of some runs by the values of what is free."""
    runs, box, free = problem.runs.take(rows), near.box, near.free
    measured, predictor = np.log(runs.loss), box.predictor(runs)

    def at(values: Array) -> Misses:
        theta = near.theta.copy()
        theta[free] = np.clip(values, box.lower[free], box.upper[free])
        with np.errstate(all="ignore"):  # laws that overflow are no better
            found = predictor.at(theta)
            error = np.log(found.value * box.unit) - measured
            return Misses(error, (found.jacobian() / found.value[:, None])[:, free])

    return at


def _stepped(at: Callable[[Array], Misses], theta: Array, step: Array, deviation: float) -> tuple[Array, Misses] | None:
    """Return a law with a smaller deviation along a step, or None."""
    for share in STEPS:
        tried = theta + share * step
        found = at(tried)
        if found.finite and found.deviation < BETTER * deviation:
            return tried, found
    return None


def _step(misses: Misses) -> Array:
    """Return the step to the linearised law that most runs follow."""
    scale = np.maximum(np.linalg.norm(misses.jacobian, axis=0), np.finfo(float).tiny)
    columns = misses.jacobian / scale
    left = _least_trimmed(misses.error, columns)
    step = np.zeros(columns.shape[1])
    for _ in range(REFITS):
        distance = np.abs(left - np.median(left))
        follow = distance <= FOLLOWED * deviation_of(distance, columns.shape[1])
        step = -np.linalg.lstsq(columns[follow], misses.error[follow], rcond=SAME)[0]
        left = misses.error + columns @ step
    return np.asarray(step / scale)


def _least_trimmed(error: Array, columns: Array) -> Array:
    """Return the errors that are left of a linear law by least trimmed squares, shape (n_runs,)."""
    left, singular, _ = np.linalg.svd(columns, full_matrices=False)
    axes = left[:, singular > SAME * singular[0]]
    picked = np.linspace(0, len(error) - 1, min(len(error), LARGEST)).astype(int)
    x, y = axes[picked], error[picked]
    n, n_free = x.shape
    half = (n + n_free + 1) // 2
    chosen = np.argsort(np.random.default_rng(0).random((SAMPLES, n)), axis=1)[:, : n_free + 1]
    for _ in range(CONCENTRATIONS):
        some = x[chosen]
        gram = np.swapaxes(some, 1, 2) @ some + RIDGE * np.eye(n_free)
        law = np.linalg.solve(gram, np.einsum("ski,sk->si", some, y[chosen])[..., None])[..., 0]
        missed = (y - law @ x.T) ** 2
        chosen = np.argpartition(missed, half - 1, axis=1)[:, :half]
    cost = np.take_along_axis(missed, chosen, axis=1).sum(axis=1)
    return np.asarray(error - axes @ law[np.argmin(cost)])
