"""Fits of many simulated projects at once, each of which has a law of its own.

A fit alone spends most of its time on finding the basin of the lowest minimum. Of simulated projects the true law is
known, and their minima lie around it: each project is minimised from the true law and from laws profiled on its own
runs, together with all others. What ends without a proven optimum is fitted alone, as any project is. So are projects
whose runs hardly determine a law: of the many laws that fit those, a start from the true law would find one near it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.fitting.conditioning import condition_numbers
from chinchilla_nb.engine.fitting.fit import solve
from chinchilla_nb.engine.fitting.lattice import profiled_lattice
from chinchilla_nb.engine.fitting.losses import residual_loss
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.linearised import point_of
from chinchilla_nb.engine.fitting.results import FitStatus
from chinchilla_nb.engine.fitting.smoothing import smoothing_widths, typical_width, widths_from
from chinchilla_nb.engine.laws.family import Grouping, Law
from chinchilla_nb.engine.uncertainty.refitting import Refits, lowest, refit

__all__ = ["ManyFits", "fit_many"]

Array = NDArray[Any]

PROFILED, FLOORLESS = 2, 2
"""Most starts of a project that are laws profiled on its own runs: the best, and the best without irreducible loss."""
QUICK = 2
"""Starts that are followed a second time from half of the widths on: where there are few runs, a minimum of the loss
can be none of the widely smoothed loss."""
WEAK = 300.0
"""Condition number of the Jacobian at the true law, with its columns scaled to one length, from which on runs hardly
determine a law: about 40 if D/N covers two decades, 90 for a factor of four, 190 for 1.8, and 820 for 19 to 21."""


@dataclass(frozen=True, eq=False, slots=True)
class ManyFits:
    """The fits of m projects: the law of each, and how its fit ended."""

    laws: tuple[Law, ...]
    status: tuple[FitStatus, ...]


def fit_many(problem: Problem, count: int, truth: Law) -> ManyFits:
    """Fit projects of equal size.

    Parameters
    ----------
    problem : Problem
        Its runs are those of all projects, one project after the other; its other parts apply to each.
    count : int
        Number of projects.
    truth : Law
        The law that their runs were made from.

    Raises
    ------
    FitError
        If a project has too few runs to be fitted.
    """
    size = len(problem.runs) // count
    projects = np.arange(len(problem.runs)).reshape(count, size)
    laws: list[Law | None] = [None] * count
    refits = _refitted(problem, count, truth)
    if refits is not None:
        box = problem.family.coordinates(problem.runs, problem.bounds)
        laws = [box.law(theta) if proven else None for theta, proven in zip(refits.theta, refits.proven, strict=True)]
    found = [
        (law, FitStatus.CONVERGED) if law is not None else _fitted_alone(problem, which)
        for law, which in zip(laws, projects, strict=True)
    ]
    return ManyFits(tuple(law for law, _ in found), tuple(status for _, status in found))


def _fitted_alone(problem: Problem, which: NDArray[np.intp]) -> tuple[Law, FitStatus]:
    fit = solve(replace(problem, runs=problem.runs.take(which)))
    return fit.law, fit.status


def _refitted(problem: Problem, count: int, truth: Law) -> Refits | None:
    """Return the optima of all projects in the coordinates of all runs; None if they cannot be fitted together."""
    loss = residual_loss(problem.loss_fn)
    if loss is None or truth.parameters != problem.family.parameters:
        return None
    if len(problem.runs) // count < len(problem.family.parameters):
        return None  # many laws pass through so few runs, the true one nearly, and a start from it would not leave it
    box = problem.family.coordinates(problem.runs, problem.bounds)
    over_all = Objective.of(problem, loss, box)
    predictor, weight = over_all.predictor, over_all.weight
    if not isinstance(predictor, Grouping) or len(weight) < len(problem.runs):  # runs of weight zero are left out
        return None
    theta = box.theta(point_of(truth)[None])[0]
    if condition_numbers(over_all.derivatives(theta).jacobian) > WEAK:
        return None
    weight = weight.reshape(count, -1)
    objectives = replace(
        over_all,
        predictor=predictor.grouped(count),
        target=over_all.target.reshape(count, -1),
        weight=weight / weight.sum(axis=1, keepdims=True),
    )
    widest = smoothing_widths(over_all, theta, box)[0]
    widths = widths_from(widest, objectives, typical_width(over_all, theta))
    starts = _starts(objectives, theta)
    with one_blas_thread():
        slow = refit(objectives, starts, box, widths)
        quick = refit(objectives, starts[:QUICK], box, widths[len(widths) // 2 :])
    return lowest([slow, quick])


def _starts(objectives: Objective, theta: Array) -> Array:
    """Return the true law and laws profiled on the runs of each project, shape (n_starts, m, n_parameters)."""
    rows = []
    for index in range(objectives.count):
        lattice = profiled_lattice(objectives.member(index))
        found = [theta] if lattice is None else [theta, *lattice.lowest(PROFILED), *lattice.without_floor[:FLOORLESS]]
        rows.append([*found, *[theta] * (1 + PROFILED + FLOORLESS - len(found))])
    return np.swapaxes(np.array(rows), 0, 1)
