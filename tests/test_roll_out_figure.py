"""The figure of roll-outs, against the runs that were held out and the formulas of the drift; and its picture."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from runs import GRID, make_runs
from scipy import stats

from chinchilla_nb import InputError, Problem, Runs, mse
from chinchilla_nb.drawing import draw_roll_outs
from chinchilla_nb.engine.uncertainty.drift import Drift
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts, iter_roll_outs
from chinchilla_nb.figures import MAX_DOTS, roll_out_figure

RUNS = make_runs(40, noise=0.01)
BUDGETS = (4e19, 2e20)


def rolled_out(runs: Runs, *args: object, **options: object) -> RollOuts:
    *_, last = iter_roll_outs(Problem(runs, starts=GRID, loss_fn=mse), *args, **options)
    return last.result


@pytest.fixture(scope="module")
def roll_outs() -> RollOuts:
    return rolled_out(RUNS, BUDGETS)


def test_a_dot_is_a_run_beyond_a_budget(roll_outs):
    figure = roll_out_figure(roll_outs)
    beyond = [np.flatnonzero(C0 < RUNS.C) for C0 in BUDGETS]
    at = np.concatenate(beyond)
    predicted = np.concatenate(
        [part.fit.law.loss(RUNS.N[some], RUNS.D[some]) for part, some in zip(roll_outs.parts, beyond, strict=True)]
    )
    np.testing.assert_allclose(figure.dots.x, RUNS.C[at] / np.repeat(BUDGETS, list(map(len, beyond))))
    np.testing.assert_allclose(figure.dots.y, np.log(RUNS.loss[at]) - np.log(predicted), atol=1e-14)
    np.testing.assert_array_equal(figure.held_out.N, RUNS.N[at])
    np.testing.assert_array_equal(figure.C0[figure.part], np.repeat(BUDGETS, list(map(len, beyond))))
    assert figure.fitted.tolist() == [40 - len(some) for some in beyond]
    assert figure.beyond.tolist() == [len(some) for some in beyond]
    assert figure.shade.tolist() == [0, 1]
    assert figure.note == ""


def test_bias_and_band_are_those_of_the_drift(roll_outs):
    figure, drift = roll_out_figure(roll_outs), Drift.of(roll_outs)
    x = np.log(figure.bias.x)
    assert x[0] == 0
    np.testing.assert_allclose(figure.bias.y, drift.bias * x, atol=1e-15)
    half = len(figure.band) // 2
    low, high = figure.band.y[:half], figure.band.y[half:][::-1]
    x = np.log(figure.band.x[:half])
    margin = stats.t.ppf(0.975, drift.degrees) * drift.spread * x
    inside = (drift.bias * x - margin > figure.y.low) & (drift.bias * x + margin < figure.y.high)
    assert inside.any()
    np.testing.assert_allclose(low[inside], (drift.bias * x - margin)[inside], atol=1e-12)
    np.testing.assert_allclose(high[inside], (drift.bias * x + margin)[inside], atol=1e-12)
    assert (low >= figure.y.low).all()
    assert (high <= figure.y.high).all()


def test_a_wide_band_leaves_the_errors_legible():
    """One roll-out has one degree of freedom, and a factor of 12.7."""
    figure = roll_out_figure(rolled_out(RUNS, BUDGETS[:1]))
    errors = np.abs(figure.dots.y).max()
    assert figure.y.high - figure.y.low < 5 * errors
    assert figure.shade.tolist() == [0.5]
    assert np.ptp(figure.band.y) == pytest.approx(figure.y.high - figure.y.low)


def test_a_law_without_errors_has_axes():
    figure = roll_out_figure(rolled_out(make_runs(40), BUDGETS))
    assert figure.y.low < 0 < figure.y.high


def test_too_many_errors_are_thinned(roll_outs):
    many = dataclasses.replace(roll_outs, parts=roll_outs.parts * 60)
    figure = roll_out_figure(many)
    total = sum(len(part.held_out) for part in many.parts)
    assert len(figure.dots) <= MAX_DOTS + 50 < total
    assert figure.note == f"{len(figure.dots):,} of {total:,} errors drawn"
    assert figure.dots.y.min() == min(part.error.min() for part in many.parts)


def test_groups_have_no_drift():
    with pytest.raises(InputError, match="rollout must hold out the runs beyond budgets"):
        roll_out_figure(rolled_out(RUNS.take(np.arange(10)), by="N"))


def test_the_picture_names_budgets_bias_and_band(roll_outs):
    drawn = draw_roll_outs(roll_out_figure(roll_outs))
    names = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert names == ["4×10¹⁹ FLOPs", "2×10²⁰ FLOPs", "95 % band", "Bias of the law"]
    (axes,) = drawn.axes
    assert axes.get_xlabel() == "Compute beyond the fitted runs, C / C₀"
    assert axes.get_ylabel() == "Log measured − log predicted loss"
