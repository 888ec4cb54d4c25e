"""The objective at every start of a grid, without any optimisation: how well the grid covers the runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import FitError
from chinchilla_nb.engine.fitting.losses import loss_name, residual_loss
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.screening import screen
from chinchilla_nb.engine.fitting.simplex import CustomObjective
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import read_only

__all__ = ["GridSweep", "sweep"]


@dataclass(frozen=True, eq=False, slots=True)
class GridSweep:
    """The objective at every start of a grid.

    Attributes
    ----------
    starts : StartGrid
    objective : ndarray, shape (len(axis), ...) with a dimension per axis
        The weighted mean loss over all runs; infinite where it overflows.
    """

    starts: StartGrid
    objective: NDArray[np.float64]

    @property
    def best(self) -> dict[str, float]:
        """The start with the lowest objective, by the names of the axes."""
        at = np.unravel_index(int(np.argmin(self.objective)), self.objective.shape)
        return {name: float(axis[index]) for (name, axis), index in zip(self.starts.axes.items(), at, strict=True)}

    @property
    def lowest(self) -> float:
        """The objective at that start."""
        return float(self.objective.min())

    def along(self) -> Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return for each axis its values, ascending, and the lowest objective of the starts with each of them."""
        found = {}
        for index, (name, axis) in enumerate(self.starts.axes.items()):
            lowest = self.objective.min(axis=tuple(other for other in range(self.objective.ndim) if other != index))
            order = np.argsort(axis, kind="stable")
            found[name] = axis[order], lowest[order]
        return found


@one_blas_thread()
def sweep(problem: Problem) -> GridSweep:
    """Evaluate the objective of a problem at every start of its grid.

    A loss of one's own is called once for each start.

    Raises
    ------
    FitError
        If there are fewer than three runs, the weights are unusable, or the objective is not finite at any start.
    InputError
        If a loss is too small or too large, or the argument is of another type.
    """
    check_type(problem, "problem", Problem)
    problem.check_runs()
    values = _values(problem)
    if not np.isfinite(values).any():
        remedy = "check the scale of N, D and loss, and what it returns"
        raise FitError(loss_name(problem.loss_fn), "is not finite at any start", remedy=remedy)
    shape = [len(axis) for axis in problem.starts.axes.values()]
    return GridSweep(problem.starts, read_only(values.reshape(shape)))


def _values(problem: Problem) -> NDArray[np.float64]:
    """Return the objective at each start, in the units of the loss."""
    box, loss = problem.family.coordinates(problem.runs, problem.bounds), residual_loss(problem.loss_fn)
    if loss is not None:
        objective = Objective.of(problem, loss, box)
        return np.asarray(screen(objective, problem.starts, box) * objective.scale)
    values: Any = np.fromiter(CustomObjective.of(problem, box).screen(problem.starts, box), float, len(problem.starts))
    return np.where(np.isfinite(values), values, np.inf)
