"""Simulated studies: how far a target is off when runs are added to a study, drawn from its law and fitted again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.design.study import FittedStudy
from chinchilla_nb.engine.fitting.losses import residual_loss
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.linearised import point_of
from chinchilla_nb.engine.fitting.smoothing import typical_width, widths_from
from chinchilla_nb.engine.uncertainty.noise import log_errors
from chinchilla_nb.engine.uncertainty.refitting import refit

__all__ = ["SimulatedError", "iter_simulated_errors", "refitted"]

Array = NDArray[Any]

ONE_SIGMA = 0.6827
"""Share of a normal distribution within one standard deviation of its mean."""
BLOCK = 1 << 15
"""Losses that are predicted at once; their derivatives then fit into the cache."""


@dataclass(frozen=True, slots=True)
class SimulatedError:
    """How far the logarithm of a target is off in simulated studies.

    Attributes
    ----------
    error : float
        What 68.27 % of the errors do not exceed: the standard deviation if they are normal, and finite if less than a
        third of the fitted laws have no optimum.
    standard_error : float
        That of this number, from the number of simulations.
    """

    error: float
    standard_error: float

    @classmethod
    def of(cls, errors: Array) -> SimulatedError:
        """Summarise absolute errors, shape (repetitions,); infinite where a law does not have the target."""
        # The number of errors below a quantile is binomial.
        reach = np.sqrt(ONE_SIGMA * (1 - ONE_SIGMA) / len(errors))
        shares = np.clip([ONE_SIGMA - reach, ONE_SIGMA, ONE_SIGMA + reach], 0, 1)
        low, middle, high = np.quantile(errors, shares, method="inverted_cdf")
        return cls(float(middle), float((high - low) / 2) if np.isfinite(high) else np.inf)


def iter_simulated_errors(
    study: FittedStudy, N: Array, D: Array, repetitions: int, rng: np.random.Generator
) -> Iterator[Array]:
    """Yield the errors of the target in blocks, shapes (m,): `repetitions` in all.

    Each simulated study has the runs of the fit, and runs of N parameters trained on D tokens; their losses are those
    of the fitted law with the errors of random runs of the fit. It is fitted from that law.
    """
    problem = study.with_runs(N, D)
    box = problem.family.coordinates(problem.runs, problem.bounds)
    start, true = box.theta(point_of(study.fit.law)), np.log(study.target.value(study.fit.law))
    error, spread = log_errors(study.near), study.noise.relative_size(problem.runs.C)
    error = error / spread[: len(error)]
    rows = max(1, BLOCK // len(spread))
    for first in range(0, repetitions, rows):
        cancellation_point()
        size = (min(rows, repetitions - first), len(spread))
        drawn = spread * error[rng.integers(len(error), size=size)]
        found = refitted(problem, study.fit.law.loss(problem.runs.N, problem.runs.D) * np.exp(drawn), start)
        with np.errstate(invalid="ignore"):
            values = np.log([study.target.value(box.law(theta)) for theta in found])
        yield np.where(np.isfinite(values), np.abs(values - true), np.inf)


def refitted(problem: Problem, losses: Array, start: Array) -> Array:
    """Fit studies of the same runs with other losses, shape (m, n_runs), and return their optima, rows of theta."""
    loss = residual_loss(problem.loss_fn)
    assert loss is not None
    box = problem.family.coordinates(problem.runs, problem.bounds)
    objective = Objective.of(problem, loss, box)
    target = losses / box.unit
    if objective.loss.logarithmic:
        target = np.log(target)
    objectives = replace(objective, target=target, weight=np.broadcast_to(objective.weight, target.shape))
    typical = typical_width(objectives.member(0), start)
    widths = widths_from(max(typical, objective.loss.width), objective, typical)
    with one_blas_thread():
        return refit(objectives, start[None], box, widths).theta
