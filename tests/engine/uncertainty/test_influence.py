"""Influence: each change is that of a fit without the run, and outliers are proposed by the stated rule."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from runs import GRID, make_runs
from scipy import stats

from chinchilla_nb import InputError, Problem, Runs, allocate, asymmetric_mae, log_huber, mse, solve
from chinchilla_nb.engine.uncertainty.influence import iter_influence

C = 1e23


def influence_of(fit, budget=C):
    *_, last = iter_influence(fit, budget)
    return last.result


@pytest.mark.parametrize("loss_fn", [mse, partial(log_huber, delta=1e-3), asymmetric_mae])
def test_a_change_is_that_of_a_fit_without_the_run(loss_fn):
    runs = make_runs(16, noise=0.01)
    fit = solve(Problem(runs, starts=GRID, loss_fn=loss_fn))
    found = influence_of(fit)
    full = allocate(fit.law, C)[0]
    for index in range(len(runs)):
        others = np.delete(np.arange(len(runs)), index)
        law = solve(Problem(Runs(runs.N[others], runs.D[others], runs.loss[others]), starts=GRID, loss_fn=loss_fn)).law
        N = allocate(law, C)[0]
        assert found.N[index] == pytest.approx(N, rel=1e-5)
        assert found.log_change[index] == pytest.approx(np.log(N / full), abs=1e-5)


def test_a_run_of_weight_zero_has_no_influence_and_no_residual():
    runs = make_runs(30, noise=0.01)
    fit = solve(Problem(runs, starts=GRID, loss_fn=mse, weight_fn=lambda C: (C > np.sort(C)[1]).astype(float)))
    found = influence_of(fit)
    ignored = np.argsort(runs.C)[:2]
    assert (found.log_change[ignored] == 0).all()
    assert np.isnan(found.residual).nonzero()[0].tolist() == sorted(ignored)
    assert np.count_nonzero(found.log_change) == 28


class TestOutliers:
    def test_the_rule_is_a_quantile_of_students_t_with_bonferroni(self):
        found = influence_of(solve(Problem(make_runs(40, noise=0.01), starts=GRID, loss_fn=mse)))
        assert found.degrees == 40 - 5 - 1
        assert found.limit == pytest.approx(stats.t.ppf(1 - 0.05 / 80, 34))
        assert f"±{found.limit:.2f}" in found.rule
        assert not found.outliers.any()

    @pytest.mark.parametrize("factor", [1.1, 0.9])
    def test_a_run_far_from_the_others_is_proposed(self, factor):
        runs = make_runs(40, noise=0.005)
        loss = runs.loss * np.where(np.arange(40) == 17, factor, 1.0)
        fit = solve(Problem(Runs(runs.N, runs.D, loss), starts=GRID, loss_fn=partial(log_huber, delta=1e-3)))
        assert np.flatnonzero(influence_of(fit).outliers).tolist() == [17]
        assert len(fit.runs) == 40

    def test_residuals_are_those_of_a_regression(self):
        # With the exponents and the floor fixed, log loss is nearly linear in the rest: compare with deleted residuals.
        runs = make_runs(40, noise=0.01)
        fit = solve(Problem(runs, starts=GRID, loss_fn=partial(log_huber, delta=10.0)))
        found = influence_of(fit)
        for index in (0, 13, 39):
            others = np.delete(np.arange(40), index)
            rest = solve(Problem(runs.take(others), starts=GRID, loss_fn=partial(log_huber, delta=10.0)))
            errors = np.log(rest.runs.loss / rest.predictions)
            deviation = np.sqrt(np.sum(errors**2) / (39 - 5))
            missed = np.log(runs.loss[index] / rest.law.loss(runs.N[index], runs.D[index]))
            inside = np.log(runs.loss[index] / fit.predictions[index])
            # A deleted residual is e / (1 - h), and its deviation s / sqrt(1 - h).
            assert found.residual[index] == pytest.approx(
                np.sign(missed) * np.sqrt(missed * inside) / deviation, rel=0.05, abs=0.02
            )

    def test_as_many_runs_as_parameters_have_no_outliers(self):
        found = influence_of(solve(Problem(make_runs(6, noise=0.01), starts=GRID, loss_fn=mse)))
        assert not found.outliers.any()
        assert found.rule == "there are too few runs to propose outliers"


@pytest.mark.parametrize(
    ("budget", "message"), [(-1.0, "C must be positive"), (np.nan, "C must be"), ("x", "C must be a")]
)
def test_budgets_that_cannot_be_used_are_refused(budget, message):
    fit = solve(Problem(make_runs(20), starts=GRID, loss_fn=mse))
    with pytest.raises(InputError, match=message):
        influence_of(fit, budget)


def test_a_law_without_an_optimum_and_a_loss_of_ones_own_are_refused():
    runs = make_runs(20)
    fit = solve(Problem(runs, starts=GRID, loss_fn=mse))
    with pytest.raises(InputError, match="no compute-optimal allocation"):
        influence_of(replace(fit, law=replace(fit.law, A=0.0)))
    own = solve(Problem(runs, starts=GRID, loss_fn=lambda y_true, y_pred: (y_true - y_pred) ** 4))
    with pytest.raises(InputError, match="must be a built-in loss"):
        influence_of(own)
