"""Cancellation of fits, in every stage and for every kind of loss."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from runs import GRID, make_runs

from chinchilla_nb.engine.cancellation import Cancelled, cancellable
from chinchilla_nb.engine.fitting.fit import FitStatus, iter_fit
from chinchilla_nb.engine.fitting.losses import SQUARE, asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.screening import screen
from chinchilla_nb.engine.laws.chinchilla_family import BLOCK, CHINCHILLA
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.planning.model_search import tabulate_models

LOSSES = [
    asymmetric_mae,
    mae,
    mse,
    functools.partial(huber, delta=1e-4),
    log_huber,
    lambda y_true, y_pred: np.abs(y_true - y_pred),
]


@pytest.mark.parametrize(("loss", "exhaustive"), [*((loss, False) for loss in LOSSES), (mse, True)])
def test_a_fit_stops_at_the_cancellation_point_where_it_is_asked_to(loss, exhaustive):
    runs, asked = make_runs(20, noise=0.01), itertools.count()
    with cancellable(lambda: next(asked) < 0):
        list(iter_fit(Problem(runs, starts=GRID, loss_fn=loss), exhaustive=exhaustive))
    in_all = next(asked)
    assert in_all > 200  # far more often than it reports
    for last in (0, in_all // 2, in_all - 1):
        asked = itertools.count()
        with cancellable(lambda asked=asked, last=last: next(asked) >= last), pytest.raises(Cancelled):
            list(iter_fit(Problem(runs, starts=GRID, loss_fn=loss), exhaustive=exhaustive))
        assert next(asked) == last + 1
    # Nothing of it is left behind.
    assert list(iter_fit(Problem(runs, starts=GRID, loss_fn=loss)))[-1].best is not None


def test_a_large_grid_is_screened_in_blocks():
    ends = {"E": np.linspace(0.5, 1.5, 50), "A": [1, 2], "B": np.linspace(0.5, 1.5, 40)}
    grid = StartGrid({**ends, "alpha": [0.3], "beta": np.linspace(0.1, 1, 20)})
    runs, asked = make_runs(512, noise=0.01), itertools.count()
    box = CHINCHILLA.coordinates(runs, {})
    objective = Objective.of(Problem(runs), SQUARE, box)
    with cancellable(lambda: next(asked) < 0):
        values = screen(objective, grid, box)
    assert next(asked) >= len(grid) * len(runs) / BLOCK
    for at in (0, len(grid) // 2 - 1, len(grid) - 1):
        assert values[at] == pytest.approx(objective.value(box.theta(grid.points())[at]), rel=1e-12)


def test_the_optimum_of_very_many_runs_is_on_as_many_kinks_as_there_are_parameters():
    runs = make_runs(8192, noise=0.01)
    found = list(iter_fit(Problem(runs, loss_fn=mae)))[-1].best
    assert found.status is FitStatus.CONVERGED
    # By the derivative in E: as many runs lie above the law as below, up to the runs on it.
    above, below = np.sum(found.residuals > 1e-12), np.sum(found.residuals < -1e-12)
    assert abs(above - below) <= len(runs) - above - below == 5


def test_sizes_of_models_are_estimated_one_by_one():
    sizes, asked = [], itertools.count()

    def estimate(width):
        sizes.append(width)
        return float(width)

    with cancellable(lambda: next(asked) >= 3), pytest.raises(Cancelled):
        tabulate_models({"width": range(1, 100)}, estimate)
    assert sizes == [1, 2, 3]
