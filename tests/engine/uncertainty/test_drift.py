"""Drift: a known drift is recovered, intervals follow the formulas, dependent roll-outs do not count twice."""

from __future__ import annotations

import numpy as np
import pytest
from runs import GRID, make_runs
from scipy import stats

from chinchilla_nb import InputError, Problem, Runs, fit, log_huber, mse, solve
from chinchilla_nb.engine.uncertainty.drift import Drift, distance_beyond
from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.engine.uncertainty.roll_outs import RollOut, RollOuts, iter_roll_outs


def rolled_out(runs, *args):
    *_, last = iter_roll_outs(Problem(runs, starts=GRID, loss_fn=mse), *args)
    return last.result


def with_errors(runs, slopes, noise=0.0):
    """Roll-outs of one law of which the errors beyond C0 are slope x log(C / C0)."""
    rng = np.random.default_rng(1)
    parts = []
    for C0, slope in slopes.items():
        below, beyond = runs.take(runs.C <= C0), runs.take(runs.C > C0)
        answer = solve(Problem(below, starts=GRID, loss_fn=mse))
        predicted = answer.law.loss(beyond.N, beyond.D)
        x = np.log(beyond.C / C0)
        loss = predicted * np.exp(slope * x + noise * rng.normal(size=len(x)))
        parts.append(RollOut(C0, answer, Runs(beyond.N, beyond.D, loss, beyond.C)))
    return RollOuts(Problem(runs, starts=GRID, loss_fn=mse), None, tuple(parts), ())


RUNS = make_runs(80, noise=1e-4)


class TestEstimate:
    def test_a_known_drift_is_recovered(self):
        slopes = {1e19: -0.02, 4e19: -0.03, 1.6e20: -0.04}
        drift = Drift.of(with_errors(RUNS, slopes))
        # Hardly any noise: mean and variance of the slopes, and that of the mean, with equal weights.
        assert drift.bias == pytest.approx(-0.03, abs=5e-4)
        assert drift.spread == pytest.approx(np.sqrt(1e-4 + 1e-4 / 3), rel=0.03)
        assert drift.degrees == 2

    def test_roll_outs_that_are_close_count_as_one(self):
        drift = Drift.of(with_errors(RUNS, {1e19: -0.03, 1.2e19: -0.02, 4e19: -0.03, 4.4e19: -0.04}))
        assert drift.degrees == 1
        # The mean of four slopes that count as two.
        assert drift.spread == pytest.approx(np.std([-3, -2, -3, -4], ddof=1) * 1e-2 * np.sqrt(1 + 1 / 2), rel=0.05)

    def test_one_roll_out_has_no_bias_and_one_degree_of_freedom(self):
        drift = Drift.of(with_errors(RUNS, {4e19: -0.03}))
        assert (drift.bias, drift.degrees) == (0.0, 1)
        assert drift.spread == pytest.approx(0.03, rel=0.02)
        assert "one roll-out cannot tell a bias from chance" in str(drift)

    @pytest.mark.parametrize("seed", range(6))
    def test_where_the_law_holds_the_bias_is_within_its_error(self, seed):
        # Roll-outs share their runs: if they were independent, there would be a bias in the first of these studies.
        drift = Drift.of(rolled_out(make_runs(200, noise=0.003, rng=seed)))
        assert abs(drift.bias) < stats.t.ppf(0.99, drift.degrees) * drift.spread < 0.02

    def test_roll_outs_by_groups_and_without_a_fit_are_refused(self):
        runs = make_runs(30, noise=0.01)
        grouped = Runs(runs.N, runs.D, runs.loss, runs.C, {"half": np.arange(30) % 2})
        *_, last = iter_roll_outs(Problem(grouped, starts=GRID, loss_fn=mse), by="half")
        with pytest.raises(InputError, match="rollout must hold out the runs beyond budgets"):
            Drift.of(last.result)
        with pytest.raises(InputError, match="at least one fit that succeeded, got it broke"):
            Drift.of(RollOuts(last.result.problem, None, (), ("it broke",)))


class TestInterval:
    PLAIN = Interval(np.array([2.0]), np.array([1.9]), np.array([2.2]))

    def test_ends_follow_the_formula(self):
        found = Drift(bias=-0.05, spread=0.01, degrees=3).widened(self.PLAIN, 2.0, 0.9)
        centre = 2.0 * np.exp(-0.1)
        margin = stats.t.ppf(0.95, 3) * 0.01 * 2.0
        assert found.value == pytest.approx([centre])
        assert found.low == pytest.approx([centre * np.exp(-np.hypot(np.log(2.0 / 1.9), margin))])
        assert found.high == pytest.approx([2.2])  # that of the interval if the law holds, which is higher

    @pytest.mark.parametrize("distance", [-3.0, 0.0])
    def test_within_the_runs_nothing_changes(self, distance):
        found = Drift(0.1, 0.1, 1).widened(self.PLAIN, distance, 0.95)
        for name in ("value", "low", "high"):
            assert getattr(found, name) == pytest.approx(getattr(self.PLAIN, name), rel=1e-15)

    @pytest.mark.parametrize("bias", [-1.0, -0.01, 0.0, 0.3])
    def test_it_contains_the_interval_if_the_law_holds(self, bias):
        found = Drift(bias, 1e-6, 5).widened(self.PLAIN, np.array([0.5, 5.0]), 0.95)
        assert (found.low <= 1.9).all()
        assert (found.high >= 2.2).all()

    def test_an_unlimited_interval_stays_unlimited(self):
        unlimited = Interval(np.array([2.0]), np.array([0.0]), np.array([np.inf]))
        found = Drift(-0.1, 0.1, 2).widened(unlimited, 1.0, 0.95)
        assert (found.low, found.high) == ([0.0], [np.inf])

    def test_distance_is_from_the_largest_run(self):
        runs = Runs([1e8, 2e8], [1e9, 1e9], [3.0, 2.9], C=[1.0, 5.0])
        assert distance_beyond(runs, 4e8, 1e9) == pytest.approx(np.log(2))


class TestPrediction:
    def test_roll_outs_of_other_runs_are_refused(self):
        problem = Problem(RUNS, starts=GRID, loss_fn=mse)
        sandwich = solve(problem).uncertainty("sandwich")
        other = rolled_out(make_runs(80, noise=1e-4, rng=5), [4e19])
        with pytest.raises(InputError, match="rollout must be of the runs and settings of the fit"):
            sandwich.predict_loss(1e10, 1e11, roll_outs=other)

    def test_twenty_larger_runs_of_the_shipped_study(self):
        from functools import partial

        from chinchilla_nb import datasets

        df = datasets.load("python_stdlib").df
        runs = Runs(df.N, df.D, df.loss, df.C)
        small, large = runs.take(runs.C <= 1e12), runs.take(runs.C > 1e12)
        answer = fit(small, loss_fn=partial(log_huber, delta=1e-3))
        *_, last = iter_roll_outs(answer.problem)
        assert max(part.held_out.C.max() for part in last.result.parts) <= 1e12
        sandwich = answer.uncertainty("sandwich")
        plain = sandwich.predict_loss(large.N, large.D, kind="new-run")
        widened = sandwich.predict_loss(large.N, large.D, kind="new-run", roll_outs=last.result)
        assert np.sum((widened.low <= large.loss) & (large.loss <= widened.high)) >= 17
        assert np.sum((plain.low <= large.loss) & (large.loss <= plain.high)) <= 14
        # Not by being useless: less than twice as wide.
        assert np.median(np.log(widened.high / widened.low) / np.log(plain.high / plain.low)) < 2
        *_, last = iter_roll_outs(Problem(runs, loss_fn=partial(log_huber, delta=1e-3)), [1e12])
        assert last.result.notes[0].startswith("all 20 runs beyond C₀ = 10¹² FLOPs came out better than predicted")
