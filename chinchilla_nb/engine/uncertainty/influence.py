"""Influence: how far N* at a budget moves when a run is left out, from one refit for each run.

A refit starts from the fitted law and its other optima, and from the optima of other refits where these are lower. It
ends at a proven optimum, like the draws of a bootstrap; it is not a linearisation, which fails for the very runs that
have much influence [Cook 1977]. For a loss with kinks, about one in 250 ends at an optimum that is not the lowest of
all, by less than a thousandth of its objective.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.conversion import as_positive_number, check_callable, check_type
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.fitting.smoothing import typical_width, widths_from
from chinchilla_nb.engine.laws.allocation import allocate, optima
from chinchilla_nb.engine.laws.family import Coordinates
from chinchilla_nb.engine.mapping import mapped
from chinchilla_nb.engine.uncertainty.noise import log_errors
from chinchilla_nb.engine.uncertainty.refitting import Refits, objective_of, refit
from chinchilla_nb.quantity import percent

__all__ = ["Influence", "InfluenceProgress", "iter_influence"]

Array = NDArray[Any]
MapFunction = Callable[..., Iterable[Any]]

BLOCK = 1 << 15
"""Losses predicted at once for refits that are made together; their derivatives then fit into the cache."""
FOUND = ("theta", "value", "proven")
ROUNDS = 10
"""Most times that refits start from the optima of others: each time that one does, its objective decreases."""
WIDEST = 3.0
"""First width of smoothing, relative to that at which a typical residual is on the edge of the quadratic middle."""
LOWER = 1e-9
"""Relative decrease from which on another optimum is lower, and not the same one."""
LEVEL = 0.95
"""Probability that no run of normal noise is proposed as an outlier."""


@dataclass(frozen=True, eq=False, slots=True)
class Influence:
    """What each run does to the optimum at a budget, and which runs lie far from the law; arrays of shape (n_runs,).

    Attributes
    ----------
    fit : Fit
    C : float
        The budget in FLOPs.
    N : ndarray
        N* at the budget, fitted without each run; NaN where that fit has no proven optimum or its law no N*.
    residual : ndarray
        Studentised residual of log loss, with the deviation of the other runs; NaN for a run of weight zero.
    degrees : int
        Degrees of freedom of the residuals.
    """

    fit: Fit
    C: float
    N: Array
    residual: Array
    degrees: int

    @property
    def log_change(self) -> Array:
        """Log N* without each run - log N* with it."""
        return np.asarray(np.log(self.N) - np.log(float(allocate(self.fit.law, self.C, self.fit.runs.compute)[0])))

    @property
    def limit(self) -> float:
        """The studentised residual beyond which a run is proposed as an outlier; infinite with too few runs."""
        count = np.count_nonzero(np.isfinite(self.residual))
        if self.degrees < 1 or not count:
            return np.inf
        return -float(stdtrit(self.degrees, (1 - LEVEL) / (2 * count)))

    @property
    def outliers(self) -> NDArray[np.bool_]:
        """Which runs are proposed as outliers; a proposal only, nothing is excluded."""
        return np.asarray(np.abs(self.residual) > self.limit)

    @property
    def rule(self) -> str:
        """The rule of the proposal, as a clause."""
        if not np.isfinite(self.limit):
            return "there are too few runs to propose outliers"
        share = percent(1 - LEVEL)
        return (
            f"a run is proposed as an outlier if its studentised residual is beyond ±{self.limit:.2f}, which happens "
            f"to any run of normal noise in {share} of studies (Student's t with {self.degrees} degrees of "
            f"freedom, Bonferroni)"
        )


@dataclass(frozen=True, eq=False, slots=True)
class InfluenceProgress:
    """How many refits are done, of how many; the last progress holds the result."""

    done: int
    total: int
    result: Influence | None = None


def iter_influence(fit: Fit, C: float, *, map: MapFunction = builtins.map) -> Iterator[InfluenceProgress]:
    """Leave out each run of a fit in turn, yielding progress after each block of refits.

    Parameters
    ----------
    fit : Fit
    C : float
        The budget in FLOPs.
    map : callable
        Maps the refits over blocks of runs.

    Raises
    ------
    InputError
        If the budget is not positive, the law has no optimum there, or it was fitted with a loss of one's own.
    """
    check_type(fit, "fit", Fit)
    check_callable(map, "map")
    C = as_positive_number(C, "C")
    best, _ = allocate(fit.law, C, fit.runs.compute)
    used = np.flatnonzero(fit.problem.weights() > 0)
    leaving_out = _LeavingOut.of(fit)
    rows = max(1, BLOCK // len(used))
    blocks = [np.arange(first, min(first + rows, len(used))) for first in range(0, len(used), rows)]
    yield InfluenceProgress(0, len(used))
    found: list[Refits] = []
    for refits in mapped(map, leaving_out.refitted, blocks):
        found.append(refits)
        yield InfluenceProgress(sum(len(one.theta) for one in found), len(used))
    theta, proven = leaving_out.lowered(*(np.concatenate([getattr(one, name) for one in found]) for name in FOUND))
    N = np.full(len(fit.runs), float(best))
    without = [float(optima(leaving_out.box.law(one), C, fit.runs.compute)[0]) for one in theta]
    N[used] = np.where(proven, without, np.nan)
    residual = np.full(len(fit.runs), np.nan)
    residual[used], degrees = _studentised(Linearised.of(fit.problem, fit.law))
    yield InfluenceProgress(len(used), len(used), Influence(fit, C, N, residual, degrees))


@dataclass(frozen=True, eq=False, slots=True)
class _LeavingOut:
    """A fit as it is repeated without single runs; it is sent to other processes."""

    objective: Objective
    box: Coordinates
    starts: Array
    widths: tuple[float, ...]

    @classmethod
    def of(cls, fit: Fit) -> _LeavingOut:
        objective, near = objective_of(fit), Linearised.of(fit.problem, fit.law)
        typical = typical_width(objective, near.theta)
        widths = widths_from(max(WIDEST * typical, objective.loss.width), objective, typical)
        return cls(objective, near.box, np.concatenate([near.theta[None], fit.minima]), widths)

    def refitted(self, left_out: Array) -> Refits:
        """Fit the runs without each of some runs."""
        return self._from(self.starts, left_out)

    def lowered(self, theta: Array, value: Array, proven: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Repeat each refit that the optimum of another one betters from there, until none is better.

        Returns
        -------
        theta : ndarray, shape (n_runs, n_parameters)
        proven : ndarray of bool, shape (n_runs,)
        """
        theta, value, proven = theta.copy(), value.copy(), proven.copy()
        for _ in range(ROUNDS):
            losses = self.objective.loss.value(self.objective.residuals(theta))
            others = self._without(np.arange(len(theta))) @ losses.T
            lowest = np.argmin(others, axis=1)
            better = np.flatnonzero(others.min(axis=1) < value - np.abs(value) * LOWER)
            if not len(better):
                break
            for index in better:
                again = self._from(theta[lowest[index]][None], np.array([index]))
                theta[index], value[index], proven[index] = again.theta[0], again.value[0], again.proven[0]
        return theta, proven

    def _without(self, left_out: Array) -> Array:
        """Return the weights of the runs without each of some runs, shape (n_left_out, n_runs)."""
        weight = np.tile(self.objective.weight, (len(left_out), 1))
        weight[np.arange(len(left_out)), left_out] = 0.0
        return np.asarray(weight / weight.sum(axis=1, keepdims=True))

    def _from(self, starts: Array, left_out: Array) -> Refits:
        weight = self._without(left_out)
        target = np.broadcast_to(self.objective.target, weight.shape)
        with one_blas_thread():
            return refit(replace(self.objective, weight=weight, target=target), starts, self.box, self.widths)


def _studentised(near: Linearised) -> tuple[Array, int]:
    """Return externally studentised residuals and their degrees of freedom [Cook and Weisberg 1982, section 2.2.1].

    They are relative to the mean error, which need not be zero for one-sided noise.
    """
    error = log_errors(near) - log_errors(near).mean()
    degrees = len(error) - int(np.count_nonzero(near.free)) - 1
    if degrees < 1:
        return np.full(len(error), np.nan), degrees
    total = float(np.sum(error**2 * near.unfollowed))
    others = np.maximum(total - error**2, 0.0) / degrees
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(error == 0, 0.0, error / np.sqrt(others))), degrees
