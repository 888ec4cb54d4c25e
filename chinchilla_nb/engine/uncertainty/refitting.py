"""Refits of many resamples at once, each to a proven optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.losses import loss_name, residual_loss
from chinchilla_nb.engine.fitting.newton import Minimum, continued, newton_from_each, promised_decrease
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.fitting.solver import Exact
from chinchilla_nb.engine.laws.family import Coordinates

__all__ = ["Refits", "lowest", "objective_of", "refit"]

Array = NDArray[Any]

STEPS, LAST_STEPS = 20, 60
"""Most Newton steps at each width of smoothing, and at the last one."""
TOLERANCE = 1e-8
"""Relative decrease at which the minimisation at one width ends; the last one is finished to rounding."""
LARGEST_DECREASE = 1e-10
"""Relative decrease that a model of second order may still promise at an optimum."""
SAME_MINIMUM = 1e-9
"""Difference of parameters up to which two minima are one: above rounding, below the distance of kinks."""
ROUNDING = 1e-24
"""Decrease that counts as rounding, where runs follow a law exactly: losses are about one, and are squared."""


@dataclass(frozen=True, eq=False, slots=True)
class Refits:
    """The optima of m resamples.

    Attributes
    ----------
    theta : ndarray, shape (m, n_parameters)
    value : ndarray, shape (m,)
    proven : ndarray of bool, shape (m,)
        Whether each is a proven optimum.
    """

    theta: Array
    value: Array
    proven: NDArray[np.bool_]


def objective_of(fit: Fit) -> Objective:
    """Return the objective that a fit minimised.

    Raises
    ------
    InputError
        If its loss is not built in.
    """
    problem = fit.problem
    loss = residual_loss(problem.loss_fn)
    if loss is None:
        rule = "must be a built-in loss to estimate an uncertainty"
        raise InputError("loss_fn", rule, got=loss_name(problem.loss_fn), remedy="fit with log_huber")
    return Objective.of(problem, loss, problem.family.coordinates(problem.runs, problem.bounds))


def refit(objectives: Objective, starts: Array, box: Coordinates, widths: tuple[float, ...]) -> Refits:
    """Minimise each of m objectives from every start, and return the lowest optimum of each.

    Parameters
    ----------
    starts : ndarray, shape (n_starts, n_parameters) or (n_starts, m, n_parameters)
        Rows of theta, the same for each objective or its own.
    widths : tuple of float
        Widths over which the loss is smoothed in turn, the widest first; the last is that of the loss itself, or so
        narrow that hardly a residual is in the quadratic middle that is not at the kink.
    """
    if objectives.weight.ndim == objectives.target.ndim == 1:
        # All starts at once, as rows: a step takes little longer for ten rows than for one.
        minima = _followed(objectives, starts.reshape(-1, starts.shape[-1]), box, widths)
        found = list(minima[_distinct(minima)][:, None])
    else:
        each = (objectives.count, starts.shape[-1])
        found = [_followed(objectives, np.broadcast_to(start, each), box, widths) for start in starts]
    return lowest([_finished(objectives, theta, box, widths[-1]) for theta in found])


def _followed(objectives: Objective, theta: Array, box: Coordinates, widths: tuple[float, ...]) -> Array:
    """Return minima of objectives smoothed over the last width: of each from its row of theta, or of one from all."""
    wider = None
    for level, width in enumerate(widths, 1):
        last, smooth = level == len(widths), objectives.smoothed(width)
        if wider is not None:
            theta = continued(wider, smooth, theta, box)
        steps, tolerance = (LAST_STEPS, None) if last else (STEPS, TOLERANCE)
        theta = np.array([one.theta for one in newton_from_each(smooth, theta, box, steps, tolerance)])
        wider = smooth
    return theta


def _distinct(theta: Array) -> list[int]:
    """Return the places of rows without those that repeat an earlier one: several starts lead to one minimum."""
    kept: list[int] = []
    for place, row in enumerate(theta):
        if not any(np.allclose(row, theta[other], rtol=SAME_MINIMUM, atol=SAME_MINIMUM) for other in kept):
            kept.append(place)
    return kept


def _finished(objectives: Objective, theta: Array, box: Coordinates, width: float) -> Refits:
    """Return the optima of the loss itself near the minima of the smoothed loss."""
    if not objectives.loss.has_kink:
        value = objectives.value(theta)
        allowed = LARGEST_DECREASE * np.abs(value) + ROUNDING
        return Refits(theta, value, promised_decrease(objectives, theta, box) <= allowed)
    minima = [_finished_one(objectives.member(index), row, box, width) for index, row in enumerate(theta)]
    return Refits(
        np.array([one.theta for one in minima]),
        np.array([float(one.value) for one in minima]),
        np.array([one.converged for one in minima]),
    )


def _finished_one(objective: Objective, theta: Array, box: Coordinates, width: float) -> Minimum:
    """Return the optimum of a loss with kinks near a minimum of the smoothed loss."""
    cancellation_point()
    exact = Exact(objective, lambda: objective, box)
    found = exact.settle(theta, width)
    return found if found.converged else exact.descend(found)


def lowest(found: list[Refits]) -> Refits:
    """Return the lowest of the optima of each objective that several minimisations have found."""
    which = np.argmin(np.nan_to_num([one.value for one in found], nan=np.inf), axis=0)
    member = np.arange(len(which))
    return Refits(
        *(np.stack([getattr(one, name) for one in found])[which, member] for name in ("theta", "value", "proven"))
    )
