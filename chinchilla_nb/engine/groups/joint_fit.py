"""Fit laws that share parameters to groups of runs, each model to a proven optimum of the same objective."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.errors import FitError, InputError
from chinchilla_nb.engine.fitting.fit import solve
from chinchilla_nb.engine.fitting.lattice import Lattice, profiled_lattice
from chinchilla_nb.engine.fitting.losses import loss_name, residual_loss
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import FEWEST_RUNS, Problem
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised, point_of
from chinchilla_nb.engine.fitting.reliability.scores import Scores
from chinchilla_nb.engine.fitting.smoothing import smoothing_widths
from chinchilla_nb.engine.groups.grouped_runs import GroupedRuns
from chinchilla_nb.engine.groups.joint_law import JointCoordinates
from chinchilla_nb.engine.laws.family import Coordinates, Law
from chinchilla_nb.engine.laws.stack import LawStack
from chinchilla_nb.engine.uncertainty.refitting import refit

__all__ = ["GroupFit", "GroupStarts", "fit_model"]

Array = NDArray[Any]

LATTICE_STARTS = 6
"""Most minima of the lattice of exponents that are starts."""


@dataclass(frozen=True, eq=False)
class GroupFit:
    """Laws of groups that share some parameters, fitted together.

    Attributes
    ----------
    grouped : GroupedRuns
    problem : Problem
        That of one law for all these runs: loss, weights and bounds hold for each group.
    model : str
        What is shared, a name of `MODELS`.
    box : JointCoordinates
    objective : Objective
        The weighted mean loss over the runs of all groups.
    theta : ndarray, shape (n_parameters,)
        The laws in these coordinates.
    widths : tuple of float
        Widths over which the loss was smoothed, the widest first.
    proven : bool
        Whether it is a proven optimum.
    """

    grouped: GroupedRuns
    problem: Problem
    model: str
    box: JointCoordinates
    objective: Objective
    theta: Array
    widths: tuple[float, ...]
    proven: bool

    @functools.cached_property
    def laws(self) -> dict[str, Law]:
        """The law of each group by name."""
        return dict(zip(self.grouped.names, self.stack.laws, strict=True))

    @functools.cached_property
    def stack(self) -> LawStack:
        """The laws in the order of the groups."""
        return self.box.law(self.theta)

    @property
    def value(self) -> float:
        """The objective: the weighted mean loss per run."""
        return float(self.objective.value(self.theta)) * self.objective.scale

    @property
    def free(self) -> int:
        """The number of parameters that were fitted."""
        return int(np.count_nonzero(self.box.lower < self.box.upper))

    @functools.cached_property
    def near(self) -> Linearised:
        """The laws linearised around the fit."""
        runs, weight = self.problem.runs, self.problem.weights()
        used, at = weight > 0, self.box.predictor(runs).at(self.theta)
        predicted = at.value * self.box.unit
        return Linearised(
            law=self.stack,
            box=self.box,
            theta=self.theta,
            error=(predicted / runs.loss - 1)[used],
            jacobian=(at.jacobian() * (self.box.unit / runs.loss)[:, None])[used],
            scores=Scores.of(self.problem.loss_fn, runs.loss, predicted, weight, self.free),
            compute=runs.compute,
        )


@dataclass(frozen=True, eq=False, slots=True)
class GroupStarts:
    """Where the fits of all models start: laws of each group in the coordinates of one law.

    Attributes
    ----------
    grouped : GroupedRuns
    problem : Problem
        That of one law for all runs of the groups.
    each : Coordinates
        Those of one law.
    laws : ndarray, shape (n_starts, n_groups, p)
        The law fitted to each group alone and to all runs, and combinations of them.
    lattice : ndarray, shape (n_1, n_2, n_groups, p), or None
        The best laws of the groups at a lattice of shared exponents.
    values : ndarray, shape (n_1, n_2), or None
        The objective there.
    """

    grouped: GroupedRuns
    problem: Problem
    each: Coordinates
    laws: Array
    lattice: Array | None
    values: Array | None

    @classmethod
    def of(cls, grouped: GroupedRuns, problem: Problem) -> GroupStarts:
        """Fit one law to all runs, and one to each group that has enough of them.

        Parameters
        ----------
        problem : Problem
            Of all runs; only those of the groups are fitted.

        Raises
        ------
        InputError
            If the loss is not built in.
        FitError
            If the runs cannot be fitted.
        """
        if residual_loss(problem.loss_fn) is None:
            rule = "must be a built-in loss to fit groups together"
            raise InputError("loss_fn", rule, got=loss_name(problem.loss_fn), remedy="fit with log_huber")
        problem = replace(problem, runs=grouped.runs)
        each = problem.family.coordinates(problem.runs, problem.bounds)
        pooled = solve(problem).law
        alone = [_alone(problem, grouped, name) or pooled for name in grouped.names]
        rows = each.theta(np.array([point_of(law) for law in (pooled, *alone)]))
        many = len(grouped.names)
        # All groups with one law, each with its own, and those whose shared parameters come from one of the groups.
        laws = np.concatenate([np.repeat(rows[:, None], many, axis=1), rows[None, 1:]])
        lattice, values = _lattice(problem, grouped, each)
        return cls(grouped, problem, each, laws, lattice, values)

    def rows(self, box: JointCoordinates) -> Array:
        """Return starts of a model as rows of its joint theta."""
        rows = box.joined(self.laws)
        if self.lattice is None or self.values is None:
            return rows
        on_lattice = Lattice(box.joined(self.lattice), self.values, rows[:0]).lowest(LATTICE_STARTS)
        return np.concatenate([on_lattice, rows])


def _alone(problem: Problem, grouped: GroupedRuns, name: str) -> Law | None:
    """Return the law fitted to one group; None if it has too few runs that count."""
    alone = replace(problem, runs=grouped.of(name))
    if len(alone.runs) < FEWEST_RUNS:
        return None
    try:
        return solve(alone).law
    except FitError:  # all weights of this group are zero
        return None


def _lattice(problem: Problem, grouped: GroupedRuns, each: Coordinates) -> tuple[Array | None, Array | None]:
    """Return the laws of the groups at a lattice of exponents, and the objective of all runs there."""
    loss, weight = residual_loss(problem.loss_fn), problem.weights()
    assert loss is not None
    found, total = [], 0.0
    for group in range(len(grouped.names)):
        members = np.flatnonzero((grouped.number == group) & (weight > 0))
        if not members.size:
            return None, None
        lattice = profiled_lattice(Objective.of(replace(problem, runs=grouped.runs.take(members)), loss, each))
        if lattice is None:
            return None, None
        found.append(lattice.theta)
        total = total + weight[members].sum() * lattice.values
    return np.stack(found, axis=-2), np.asarray(total)


@one_blas_thread()
def fit_model(starts: GroupStarts, model: str, differs: tuple[bool, ...], known: Iterable[GroupFit] = ()) -> GroupFit:
    """Fit the laws of groups that share parameters.

    Parameters
    ----------
    model : str
        Its name.
    differs : tuple of bool
        Which parameters of a law each group has for itself.
    known : iterable of GroupFit
        Fits of models that share more: starts too, so that no model is worse than one that it contains.

    Raises
    ------
    FitError
        If a group has fewer runs than parameters of its own, or all groups fewer than parameters.
    """
    grouped, problem = starts.grouped, starts.problem
    box = JointCoordinates.of(starts.each, differs, grouped.number)
    _check_counts(grouped, box, model, np.array(differs))
    loss = residual_loss(problem.loss_fn)
    assert loss is not None  # checked where the starts were found
    objective = Objective.of(problem, loss, box)
    rows = np.concatenate([starts.rows(box), *(box.joined(one.theta[one.box.places])[None] for one in known)])
    first = rows[int(np.argmin(objective.value(rows)))]
    widths = smoothing_widths(objective, first, box)
    found = refit(objective, rows, box, widths)
    return GroupFit(
        grouped, problem, model, box, objective, found.theta[0].astype(float), widths, bool(found.proven[0])
    )


def _check_counts(grouped: GroupedRuns, box: JointCoordinates, model: str, differs: NDArray[np.bool_]) -> None:
    own = int(np.count_nonzero(differs & (box.each.lower < box.each.upper)))
    fewest = int(np.argmin(grouped.counts))
    if grouped.counts[fewest] < own:
        got = f"{grouped.counts[fewest]} of {grouped.names[fewest]!r}"
        rule = f"needs at least {own} runs of each group, as each has {own} parameters of its own"
        raise FitError(f"the model {model!r}", rule, got=got, remedy="share more parameters, or add runs")
