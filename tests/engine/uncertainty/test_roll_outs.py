"""Roll-outs: a row is what a fit by hand predicts; budgets follow the stated rule; bad requests are refused."""

from __future__ import annotations

import numpy as np
import pytest
from runs import GRID, LAW, make_runs

from chinchilla_nb import InputError, Problem, Runs, mse, solve
from chinchilla_nb.engine.uncertainty.cutoffs import default_cutoffs
from chinchilla_nb.engine.uncertainty.roll_outs import iter_roll_outs


def problem_of(runs, **options):
    return Problem(runs, starts=GRID, loss_fn=mse, **options)


def rolled_out(problem, *args, **options):
    *_, last = iter_roll_outs(problem, *args, **options)
    return last.result


def sliced(budgets=(1e18, 3e18, 1e19, 3e19, 1e20), sizes=6, noise=0.005, columns=None):
    C = np.repeat(budgets, sizes)
    N = np.sqrt(C / 6 / np.tile(np.geomspace(4, 100, sizes), len(budgets)))
    D = C / 6 / N
    return Runs(N, D, LAW.loss(N, D) * np.exp(noise * np.random.default_rng(0).normal(size=len(N))), C, columns)


class TestScores:
    def test_a_row_is_what_a_fit_of_the_smaller_runs_predicts(self):
        runs = sliced()
        scores = rolled_out(problem_of(runs), [3e18, 3e19]).scores
        assert list(scores) == ["C0", "C", "N", "D", "loss", "predicted", "error"]
        row = 0
        for C0 in (3e18, 3e19):
            below = runs.C <= C0
            law = solve(problem_of(Runs(runs.N[below], runs.D[below], runs.loss[below], runs.C[below]))).law
            for i in np.flatnonzero(~below):
                assert [scores[name][row] for name in ("C0", "C", "N", "D", "loss")] == [
                    C0, runs.C[i], runs.N[i], runs.D[i], runs.loss[i]
                ]  # fmt: skip
                predicted = law.E + law.A / runs.N[i] ** law.alpha + law.B / runs.D[i] ** law.beta
                assert scores["predicted"][row] == pytest.approx(predicted, rel=1e-9)
                assert scores["error"][row] == pytest.approx(np.log(runs.loss[i] / predicted), abs=1e-9)
                row += 1
        assert row == len(scores["C0"])

    def test_a_fit_holds_out_its_own_runs_and_keeps_its_options(self):
        runs = sliced()
        [part] = solve(problem_of(runs, bounds={"alpha": (0.3, 0.3)})).roll_outs([3e19]).parts
        assert part.held_out.C.tolist() == [1e20] * 6
        law = solve(problem_of(runs.take(runs.C < 1e20), bounds={"alpha": (0.3, 0.3)})).law
        predicted = law.E + law.A / part.held_out.N**0.3 + law.B / part.held_out.D**law.beta
        assert part.predicted == pytest.approx(predicted, rel=1e-9)

    def test_groups_are_left_out_one_at_a_time(self):
        runs = sliced(columns={"width": np.tile([1, 2, 2, 3, 3, 3], 5)})
        found = rolled_out(problem_of(runs), by="width")
        assert [part.group for part in found.parts] == ["1", "2", "3"]
        assert [len(part.held_out) for part in found.parts] == [5, 10, 15]
        kept = runs.columns["width"] != 2
        law = solve(problem_of(runs.take(kept))).law
        assert found.parts[1].predicted == pytest.approx(law.loss(runs.N[~kept], runs.D[~kept]), rel=1e-9)
        assert found.scores["group"].tolist() == ["1"] * 5 + ["2"] * 10 + ["3"] * 15

    def test_settings_of_the_problem_apply_to_every_fit(self):
        found = rolled_out(problem_of(sliced(), bounds={"alpha": (0.3, 0.3)}), [1e19, 3e19])
        assert [part.fit.law.alpha for part in found.parts] == pytest.approx([0.3, 0.3])

    def test_a_fit_that_fails_is_counted_and_said(self):
        # The weights of the smaller runs are all zero.
        problem = problem_of(sliced(), weight_fn=lambda C: (C > 2e19).astype(float))
        found = rolled_out(problem, [1e19, 3e19])
        assert [part.C0 for part in found.parts] == [3e19]
        assert len(found.failures) == 1
        assert any("a fit failed" in note for note in found.notes)

    def test_progress_counts_fits(self):
        steps = list(iter_roll_outs(problem_of(sliced()), [1e19, 3e19]))
        assert [(step.done, step.total) for step in steps] == [(0, 2), (1, 2), (2, 2), (2, 2)]
        assert all(step.result is None for step in steps[:-1])


class TestNotes:
    @pytest.mark.parametrize(("factor", "side"), [(0.97, "better"), (1.03, "worse")])
    def test_runs_on_one_side_are_said_in_words(self, factor, side):
        runs = sliced(noise=0.0)
        moved = Runs(runs.N, runs.D, np.where(runs.C > 2e19, factor, 1) * runs.loss, runs.C)
        note = rolled_out(problem_of(moved), [1e19]).notes[0]
        assert note.startswith(f"all 12 runs beyond C₀ = 10¹⁹ FLOPs came out {side} than predicted, by 3 %")

    def test_both_sides_are_counted(self):
        runs = sliced(noise=0.0)
        up = np.where(runs.C > 2e19, np.tile([1.02, 1.02, 0.98], 10), 1.0)
        note = rolled_out(problem_of(Runs(runs.N, runs.D, up * runs.loss, runs.C)), [1e19]).notes[0]
        assert note.startswith("4 of 12 runs")


class TestBudgets:
    def test_slices_with_enough_runs_below_and_one_beyond(self):
        # 6 runs are fewer than twice the 5 parameters; nothing lies beyond 1e20.
        assert default_cutoffs(problem_of(sliced())).tolist() == [3e18, 1e19, 3e19]

    def test_a_pinned_parameter_needs_two_runs_less(self):
        problem = problem_of(sliced(sizes=8), bounds={"E": (1.69, 1.69)})
        assert default_cutoffs(problem)[0] == 1e18

    def test_budgets_that_are_rounded_are_one_slice(self):
        runs = sliced()
        rounded = Runs(runs.N, runs.D, runs.loss, runs.C * np.tile([0.996, 1.0, 1.004], 10))
        assert default_cutoffs(problem_of(rounded)).tolist() == [3e18 * 1.004, 1e19 * 1.004, 3e19 * 1.004]

    def test_budgets_are_at_least_a_factor_of_two_apart_and_at_most_twelve(self):
        near = default_cutoffs(problem_of(make_runs(60, C=(1e18, 1e19))))
        assert (near[1:] / near[:-1] >= 2).all()
        far = default_cutoffs(problem_of(make_runs(400, C=(1e15, 1e22))))
        assert 8 <= len(far) <= 12

    @pytest.mark.parametrize("runs", [sliced((1e18,)), sliced(sizes=1), sliced().take(np.arange(30) % 6 == 2)])
    def test_runs_that_never_determine_the_law_are_refused(self, runs):
        with pytest.raises(InputError, match="roll-outs need at least 10 runs with 3 values of N and 3 values of D"):
            rolled_out(problem_of(runs))

    @pytest.mark.parametrize(
        ("cutoffs", "message"),
        [
            ([1e30], "one beyond it"),
            ([1e20], "one beyond it"),
            ([1.0], "at least 3 runs"),
            ([-1.0], "cutoffs must be positive"),
            ([np.nan], "cutoffs must be a finite number"),
            ([], "at least one budget"),
            (["a"], "cutoffs must be numbers"),
            ([[1e18, 1e19]], "one-dimensional"),
            (None, "cutoffs must not be given together"),
        ],
    )
    def test_budgets_that_cannot_be_used_are_refused(self, cutoffs, message):
        options = {"by": "N"} if cutoffs is None else {}
        with pytest.raises(InputError, match=message):
            rolled_out(problem_of(sliced()), [1e19] if cutoffs is None else cutoffs, **options)

    def test_a_budget_may_be_a_single_number_and_is_used_once(self):
        assert [part.C0 for part in rolled_out(problem_of(sliced()), 1e19).parts] == [1e19]
        assert [part.C0 for part in rolled_out(problem_of(sliced()), [1e19, 1e19]).parts] == [1e19]

    @pytest.mark.parametrize("by", ["depth", "same", "half", 3])
    def test_columns_that_cannot_be_used_are_refused(self, by):
        runs = sliced()
        columns = {"same": np.ones(30), "half": np.arange(30) < 28}
        with pytest.raises(InputError, match="by must"):
            rolled_out(problem_of(Runs(runs.N, runs.D, runs.loss, runs.C, columns)), by=by)

    def test_few_runs_are_refused(self):
        with pytest.raises(InputError, match="needs at least 3 runs"):
            rolled_out(problem_of(sliced().take(np.arange(2))))
