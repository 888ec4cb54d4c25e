"""The objective over a grid, against the formula written out, start by start."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from runs import make_runs

from chinchilla_nb.engine.errors import FitError, InputError
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, log_huber, mse
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.sweep import sweep
from chinchilla_nb.engine.laws.starts import StartGrid

RUNS = make_runs(30, noise=0.02)
AXES = {"E": [1.9, 1.5], "a": [5.0, 7.0], "B": [300.0, 500.0, 400.0], "alpha": [0.3, 0.35], "beta": [0.28]}


def by_hand(loss_fn, weight=None):
    """The weighted mean loss at each start, in the order of the axes as given."""
    weight = np.ones(len(RUNS)) if weight is None else weight
    values = []
    for E, a, B, alpha, beta in itertools.product(*AXES.values()):
        predicted = E + np.exp(a) / RUNS.N**alpha + B / RUNS.D**beta
        values.append((weight * loss_fn(RUNS.loss, predicted)).mean() / weight.mean())
    return np.reshape(values, [len(axis) for axis in AXES.values()])


@pytest.mark.parametrize("loss_fn", [asymmetric_mae, mse, log_huber, lambda y, predicted: abs(y - predicted) ** 3])
def test_every_start(loss_fn):
    found = sweep(Problem(RUNS, starts=StartGrid(AXES), loss_fn=loss_fn))
    assert np.allclose(found.objective, by_hand(loss_fn), rtol=1e-12)


def test_weights_count():
    found = sweep(Problem(RUNS, starts=StartGrid(AXES), loss_fn=mse, weight_fn=np.log))
    assert np.allclose(found.objective, by_hand(mse, np.log(RUNS.C)), rtol=1e-12)


def test_the_best_start_and_the_lowest_along_each_axis():
    found, values = sweep(Problem(RUNS, starts=StartGrid(AXES), loss_fn=mse)), by_hand(mse)
    at = np.unravel_index(values.argmin(), values.shape)
    assert found.best == {name: axis[index] for (name, axis), index in zip(AXES.items(), at, strict=True)}
    assert found.lowest == pytest.approx(values.min())
    along = found.along()
    assert list(along) == list(AXES)
    assert along["B"][0].tolist() == [300, 400, 500]
    assert np.allclose(along["B"][1], [values[:, :, index].min() for index in (0, 2, 1)])
    assert along["beta"][1] == pytest.approx([values.min()])


def test_a_start_that_overflows_is_infinite():
    found = sweep(Problem(RUNS, starts=StartGrid({**AXES, "a": [5.0, 1e4]}), loss_fn=mse))
    assert np.isinf(found.objective[:, 1]).all()
    assert np.isfinite(found.objective[:, 0]).all()


def test_what_cannot_be_evaluated_is_said():
    with pytest.raises(FitError, match=r"^mse is not finite at any start: check the scale of N, D and loss"):
        sweep(Problem(RUNS, starts=StartGrid({**AXES, "a": [1e4]}), loss_fn=mse))
    with pytest.raises(FitError, match="needs at least 3 runs, got 2"):
        sweep(Problem(make_runs(2), starts=StartGrid(AXES)))
    with pytest.raises(InputError, match="^problem must be"):
        sweep(RUNS)
