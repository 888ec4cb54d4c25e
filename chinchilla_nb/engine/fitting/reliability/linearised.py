"""The law linearised around a fit: how precisely the runs determine it, and which bounds they reject.

With J the derivatives of the predictions by theta, and V the variance and c the curvature of the scores (`Scores`), the
covariance of a fit is H^-1 G H^-1 with H = c sum w J J' and G = V sum w^2 J J' [Huber 1964]. Intervals use Student's t.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import other_D
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.scores import Scores
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.family import Coordinates, Law
from chinchilla_nb.engine.runs import Runs

__all__ = ["LEVEL", "Linearised", "Pull", "log_N_gradient", "point_of"]

Array = NDArray[Any]

LEVEL = 0.95
"""Coverage of every interval that a warning states."""
ISOFLOP_STEP = 0.1
"""Step in log N along an isoFLOP line over which the slope of the loss is differentiated."""
SINGULAR = 1e-13
"""Relative singular value below which rounding hides a direction."""
AT_END = 1e-9
"""Share of its range within which a coordinate counts as being at the end of it."""
ALONE = 1e-6
"""A column whose part of its own is smaller than this share of it cannot be told from the others."""
OUTLYING = 4.0
"""Standard deviations beyond which an error counts no more in a test of a bound."""
NORMAL_MEDIAN = 1.4826
"""Ratio of the standard deviation to the median absolute value, for normal errors."""
LARGEST_LEVERAGE = 0.99
"""The error of a run that determines the law almost alone is scaled as if its leverage were this."""
FEW = 20
"""With at most so many runs and a symmetric loss, the mean of the errors counts in the test of a bound: without it the
test has one degree of freedom less, which few runs cannot spare."""
TINY = 1e-300
"""Keeps zero from dividing."""
FARTHEST = 1e150
"""Largest N* and D*, beyond which their product overflows."""


class Pull(NamedTuple):
    """A test of a limit: how strongly runs pull at it, in standard errors, and how often they would if it were true."""

    t: float
    p: float


@dataclass(frozen=True, eq=False)
class Linearised:
    """A fitted law as a linear function of theta near the fit.

    Attributes
    ----------
    law : Law
    box : Coordinates
    theta : ndarray, shape (p,)
        The law in these coordinates.
    error : ndarray, shape (n_runs,)
        Relative error of each prediction.
    jacobian : ndarray, shape (n_runs, p)
        Derivatives of these by theta.
    scores : Scores
    compute : Compute
        How C follows from N and D.
    """

    law: Law
    box: Coordinates
    theta: Array
    error: Array
    jacobian: Array
    scores: Scores
    compute: Compute

    @classmethod
    def of(cls, problem: Problem, law: Law) -> Linearised:
        """Linearise the law that solves a problem; runs of weight zero are left out."""
        box = problem.family.coordinates(problem.runs, problem.bounds)
        runs, weight = problem.runs, problem.weights()
        theta = box.theta(point_of(law))
        at = box.predictor(runs).at(theta)
        predicted, n_free = at.value * box.unit, int(np.count_nonzero(box.lower < box.upper))
        used = weight > 0
        return cls(
            law=law,
            box=box,
            theta=theta,
            error=(predicted / runs.loss - 1)[used],
            jacobian=(at.jacobian() * (box.unit / runs.loss)[:, None])[used],
            scores=Scores.of(problem.loss_fn, runs.loss, predicted, weight, n_free),
            compute=runs.compute,
        )

    @property
    def free(self) -> Array:
        """Which coordinates are not fixed, shape (p,)."""
        return np.asarray(self.box.lower < self.box.upper)

    @property
    def at_lower(self) -> Array:
        """Which coordinates are at the lower end of their range, shape (p,)."""
        return np.asarray(self.theta - self.box.lower <= AT_END * (self.box.upper - self.box.lower))

    @property
    def at_upper(self) -> Array:
        """Which coordinates are at the upper end of their range, shape (p,)."""
        return np.asarray(self.box.upper - self.theta <= AT_END * (self.box.upper - self.box.lower))

    @functools.cached_property
    def covariance(self) -> Array:
        """The covariance of theta for errors of one relative size, shape (p, p); zero where a coordinate is fixed.

        That a coordinate lies in its range counts as prior information, with the variance of a uniform distribution.
        """
        return self._covariance(np.sqrt(self.scores.variance))

    @functools.cached_property
    def robust_covariance(self) -> Array:
        """The covariance of theta for errors of any size [Huber 1967; White 1980], shape (p, p).

        Each score is scaled up by its leverage as in a jackknife [MacKinnon and White 1985, HC3].
        """
        return self._covariance((self.scores.score / self.unfollowed)[:, None])

    @functools.cached_property
    def unfollowed(self) -> Array:
        """The share of the variance of each error that is left where the law has followed the runs, shape (n_runs,)."""
        root = np.sqrt(self.scores.size)[:, None]
        basis = np.linalg.qr(root * self.jacobian[:, self.free])[0]
        return np.asarray(1 - np.minimum(np.sum(basis**2, axis=1), LARGEST_LEVERAGE))

    def _covariance(self, deviation: Any) -> Array:
        """Return the covariance of theta for standard deviations of the scores, a scalar or of shape (n_runs, 1)."""
        free = self.free
        prior = (self.box.upper - self.box.lower)[free] / np.sqrt(12)
        root = np.sqrt(self.scores.size)[:, None]
        left, singular, right = np.linalg.svd(root * self.jacobian[:, free] * prior, full_matrices=False)
        root = root * left / np.maximum(singular, max(SINGULAR * singular.max(initial=0), TINY))
        # In units of the prior the covariance is the square of this matrix; each of its directions is shrunk by itself.
        half = deviation / self.scores.curvature * root @ right
        _, spread, directions = np.linalg.svd(half, full_matrices=False)
        axes = directions * (spread / np.hypot(1.0, spread))[:, None] * prior
        found = np.zeros((len(free), len(free)))
        found[np.ix_(free, free)] = axes.T @ axes
        return found

    def quantile(self, confidence: float) -> float:
        """Return how many standard errors an interval with this confidence reaches either way."""
        return float(stdtrit(self.scores.degrees, (1 + confidence) / 2))

    def margins(self) -> Array:
        """Return half the width of the interval of each coordinate, shape (p,)."""
        return np.asarray(self.quantile(LEVEL) * np.sqrt(np.diag(self.covariance)))

    def log_N_margin(self, C: float) -> float:
        """Return half the width of the interval of log N* at a budget; infinite without an N* that float64 holds."""
        steps = np.exp(ISOFLOP_STEP * np.array([-1.0, 0.0, 1.0]))
        with np.errstate(over="ignore", under="ignore"):
            try:
                N, D = (float(value) for value in allocate(self.law, C, self.compute))
            except InputError:  # no optimum at this budget
                return np.inf
            if not (0 < N < FARTHEST and 0 < D < FARTHEST):
                return np.inf
            slope = log_N_gradient(self.box, self.theta, N * steps, other_D(self.compute, N, D, steps), ISOFLOP_STEP)
        if slope is None:
            return np.inf
        return self.quantile(LEVEL) * float(np.sqrt(slope @ self.covariance @ slope))

    def pull(self, index: int) -> Pull:
        """Return how strongly the runs pull at a coordinate that is fixed or at an end.

        A score test [Rao 1948], which needs no fit without the limit: in the direction of the sign, the coordinate
        explains errors of the law that the free coordinates do not. Outliers are clipped. For the squared error without
        outliers, this is the F test of the linearised law, with up to `FEW` runs; with more it disregards their mean.
        """
        others = self.free & ~self.at_lower & ~self.at_upper
        others[index] = False
        size = self.scores.size
        own = _residual(self.jacobian[:, index], self.jacobian[:, others], np.sqrt(size))
        error, followed = _clipped(self.error, int(others.sum())), int(others.sum()) + 1
        if len(size) > FEW or not self.scores.symmetric:
            # One-sided noise and asymmetric losses leave errors whose mean is not zero.
            own, error = (one - np.average(one, weights=size) for one in (own, error))
            followed += 1
        explained = float((size * error) @ own)
        # The errors of a fit without the limit, so that a poor fit does not hide its cause.
        rest = error - own * explained / max(float((size * own) @ own), TINY)
        left = 1 - followed / len(size)
        if left <= 0:
            return Pull(0.0, 1.0)
        deviation = np.sqrt(float(rest**2 @ size) / float(size.sum()) / left) * float(np.linalg.norm(size * own))
        if deviation <= TINY:
            return Pull(0.0, 1.0)
        t = -explained / deviation
        kept = 1 - min(int(self.free.sum()), len(size) - 1) / len(size)
        degrees = max(self.scores.degrees * left / kept, 1.0)
        return Pull(t, 2 * float(stdtr(degrees, -abs(t))))


def log_N_gradient(box: Coordinates, theta: Array, N: Array, D: Array, step: float) -> Array | None:
    """Return the derivatives of log N* by theta, shape (p,); None where the loss is flat around the optimum.

    N* is where the slope of the loss along the isoFLOP line vanishes, L_x(x, theta) = 0 with x = log N, so that
    dx/dtheta = -L_x,theta / L_xx by the implicit function theorem.

    Parameters
    ----------
    box : Coordinates
    theta : ndarray, shape (p,)
    N, D : ndarray, shape (3,)
        The optimum, between points of its isoFLOP line at a step in log N below and above it.
    step : float
    """
    at = box.predictor(Runs(N, D, np.ones(3))).at(theta)
    jacobian, (low, middle, high) = at.jacobian(), at.value
    curvature = (high - 2 * middle + low) / step
    return (jacobian[0] - jacobian[2]) / (2 * curvature) if curvature > 0 else None


def _residual(column: Array, others: Array, root: Array) -> Array:
    """Return what is left of a column after weighted least squares on others; 0 where nothing but rounding is."""
    others = others / np.maximum(np.linalg.norm(others, axis=0), TINY)
    left = column - others @ np.linalg.lstsq(others * root[:, None], column * root, rcond=None)[0]
    return np.asarray(left if np.linalg.norm(left) > ALONE * np.linalg.norm(column) else np.zeros_like(left))


def _clipped(error: Array, n_free: int) -> Array:
    """Return errors, clipped at `OUTLYING` standard deviations from their median."""
    middle = np.median(error)
    centred = error - middle
    # A law may pass through as many runs as it has free parameters, so that the median is that of the others.
    ordered = np.sort(np.abs(centred))
    limit = OUTLYING * NORMAL_MEDIAN * ordered[(len(error) + min(n_free, len(error) - 1)) // 2]
    return np.asarray(middle + np.clip(centred, -limit, limit))


def point_of(law: Law) -> Array:
    """Return a law as a row of `StartGrid.points`."""
    values = zip(law.parameters, law.as_dict().values(), strict=True)
    with np.errstate(divide="ignore"):
        return np.array([np.log(value) if parameter.log_name else value for parameter, value in values])
