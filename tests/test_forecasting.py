"""Roll-outs, influence and forecasts of a project: tables, sentences, and scores in the session and the report."""

from __future__ import annotations

import pickle
import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from runs import AXES, make_runs, table_of

from chinchilla_nb import Chinchilla, Forecast, InputError, log_huber
from chinchilla_nb.report import Report


def project(folder, runs, **options):
    options = {"loss_fn": partial(log_huber, delta=1e-3), "log_level": 50, **options}
    cc = Chinchilla(folder, AXES, **options)
    cc.database.df = table_of(runs)
    return cc


@pytest.fixture
def cc(tmp_path):
    return project(tmp_path, make_runs(40, noise=0.01))


@pytest.fixture(scope="module")
def rollout(tmp_path_factory):
    """The roll-outs of the runs of `cc`, which take longer than all that is done with them."""
    return project(tmp_path_factory.mktemp("rolled out"), make_runs(40, noise=0.01)).rollout()


class TestRollout:
    def test_scores_are_a_table(self, cc):
        rollout = cc.rollout([1e19, 1e20])
        assert list(rollout.scores) == ["C0", "C", "N", "D", "loss", "predicted", "error"]
        table = rollout.scores
        assert len(table) == (cc.database.df.C > 1e19).sum() + (cc.database.df.C > 1e20).sum()
        assert table.error.to_numpy() == pytest.approx(np.log(table.loss / table.predicted))
        assert (table.C > table.C0).all()

    def test_it_needs_no_fit_and_leaves_none(self, cc):
        cc.rollout([1e20])
        assert cc.session.fit is None

    def test_excluded_runs_are_left_out(self, cc):
        from chinchilla_nb import run_keys

        before = len(cc.rollout([1e20]).scores)
        largest = int(np.argmax(cc.session.runs.C))
        cc.session.exclude([run_keys(cc.session.runs)[largest]])
        assert len(cc.rollout([1e20]).scores) == before - 1

    def test_texts_say_what_came_out(self, tmp_path):
        runs = make_runs(40)
        table = table_of(runs)
        table["loss"] *= np.where(runs.C > 1e20, 0.97, 1.0)
        cc = Chinchilla(tmp_path, AXES, loss_fn=partial(log_huber, delta=1e-3), log_level=50)
        cc.database.df = table
        rollout = cc.rollout([1e20])
        beyond = int((runs.C > 1e20).sum())
        for text in (repr(rollout), rollout._repr_html_()):
            assert f"all {beyond} runs beyond C₀ = 10²⁰ FLOPs came out better than predicted" in text
            assert "roll-outs of 40 runs" in text
        assert "one roll-out cannot tell a bias from chance" in rollout.notes[-1]

    def test_groups(self, cc):
        table = cc.database.df.copy()
        table["kind"] = np.where(table.N > table.N.median(), "large<b>", "small")
        cc.database.df = table
        rollout = cc.rollout(by="kind")
        assert rollout.scores.groupby("group").size().to_dict() == {"large<b>": 20, "small": 20}
        assert "large&lt;b&gt;" in rollout._repr_html_()
        assert rollout.notes == ()
        with pytest.raises(InputError, match="rollout must hold out the runs beyond budgets"):
            assert rollout.drift

    def test_the_same_serial_and_parallel(self, cc):
        one, other = (cc.rollout(parallel=parallel).scores for parallel in (True, False))
        pd.testing.assert_frame_equal(one, other)

    def test_predictions_that_know_the_roll_outs(self, cc, rollout):
        cc.fit()
        uncertainty = cc.uncertainty("sandwich")
        N, D = [1e10, 1e11], [2e11, 2e12]
        plain = uncertainty.predict_loss(N, D, kind="new-run")
        widened = uncertainty.predict_loss(N, D, kind="new-run", rollout=rollout)
        assert list(widened) == ["loss", "low", "high"]
        x = np.log(6 * np.multiply(N, D) / cc.session.runs.C.max())
        assert widened.loss.to_numpy() == pytest.approx(plain.loss * np.exp(rollout.drift.bias * x), rel=1e-6)
        assert (widened.low <= plain.low).all()
        assert (widened.high >= plain.high).all()

    def test_panels_get_the_roll_outs_of_the_fit(self, cc):
        cc.database.df = cc.database.df.assign(kind=["a", "b"] * 20)
        cc.rollout([1e20])
        assert cc.session.roll_outs is None
        cc.fit()
        found = cc.rollout([1e20])
        assert cc.session.roll_outs is found.value
        cc.rollout(by="kind")
        assert cc.session.roll_outs is found.value

    def test_the_report_has_both_intervals_and_the_outcome(self, cc, rollout):
        cc.fit()
        uncertainty = cc.uncertainty("sandwich")
        report = Report.of(cc.session.fit, cc.session.settings, uncertainty=uncertainty.value, roll_outs=rollout.value)
        C = 10 * cc.session.runs.C.max()
        at = uncertainty.allocate(C)
        for kind, sentence in (("mean", report.summary[1]), ("new-run", report.summary[2])):
            wide = uncertainty.predict_loss(at.N, at.D, kind=kind, rollout=rollout)
            low, high = re.search(r"(?:the loss is|and) ([\d.]+) to ([\d.]*\d)[^\d]*$", sentence).groups()
            half = float(wide.high.iloc[0] - wide.low.iloc[0]) / 2
            assert float(low) == pytest.approx(wide.low.iloc[0], abs=0.06 * half)
            assert float(high) == pytest.approx(wide.high.iloc[0], abs=0.06 * half)
            assert "widened by the roll-outs" in sentence
        assert set(rollout.notes) <= set(report.notes)
        assert "its interval, widened by the roll-outs" in dict(report.tables[2][1])


class TestInfluence:
    def test_a_row_per_run_and_the_rule(self, cc):
        cc.fit()
        table = cc.influence(1e23)
        assert list(table) == ["C", "N", "D", "loss", "N_opt", "log_change", "residual", "outlier"]
        assert len(table) == 40
        assert "Student's t with 34 degrees of freedom" in table.attrs["rule"]
        cc.session.exclude([(*cc.database.df.loc[0, ["N", "D", "loss"]], 0)])
        assert len(cc.session.runs) == 39
        cc.fit()
        assert len(cc.influence(1e23)) == 39
        N, _ = cc.allocate_compute(1e23)
        assert table.N_opt[0] == pytest.approx(N, rel=1e-6)

    def test_nothing_is_excluded(self, cc):
        table = cc.database.df.copy()
        table.loc[5, "loss"] *= 1.5
        cc.database.df = table
        cc.fit()
        assert np.flatnonzero(cc.influence(1e23).outlier).tolist() == [5]
        assert cc.session.excluded == frozenset()
        assert len(cc.session.runs) == 40

    def test_the_default_budget_is_that_of_the_report(self, cc):
        cc.fit()
        default = cc.influence().N_opt.to_numpy()
        assert default == pytest.approx(cc.influence(10 * cc.session.runs.C.max()).N_opt.to_numpy())


class TestForecast:
    def test_a_logged_run_is_scored_in_session_and_report(self, cc, rollout, tmp_path):
        cc.fit()
        forecast = cc.forecast((1e10, 2e11), uncertainty=cc.uncertainty("sandwich"), rollout=rollout)
        text = str(Report.of(cc.session.fit, cc.session.settings, forecasts=cc.session.forecast_scores))
        assert "not logged yet" in text
        cc.append(N=1e10, D=2e11, loss=1.001 * forecast.loss)
        ((same, (score,)),) = cc.session.forecast_scores
        assert same is forecast
        assert score.error == pytest.approx(np.log(1.001))
        text = str(Report.of(cc.session.fit, cc.session.settings, forecasts=cc.session.forecast_scores))
        assert "0.1 % worse than predicted: inside the interval if the law holds" in text

    def test_the_report_of_a_project_has_them(self, cc, rollout, capsys):
        cc.fit()
        cc.forecast((1e10, 2e11), uncertainty=cc.uncertainty("sandwich"), rollout=rollout)
        cc.report(plot=False)
        assert "Forecasts" in capsys.readouterr().out

    def test_a_budget_is_spent_as_scale_spends_it(self, cc, rollout):
        cc.fit()
        forecast = cc.forecast(1e23, uncertainty=cc.uncertainty("sandwich"), rollout=rollout)
        (N, D), _ = cc.scale(C=1e23, simulation=True)
        assert (forecast.N, forecast.D, forecast.of_budget) == (N, D, True)

    def test_too_few_runs_for_roll_outs_leave_one_interval(self, tmp_path):
        cc = project(tmp_path, make_runs(9, noise=0.01))
        cc.fit()
        assert list(cc.forecast((1e10, 2e11), uncertainty=cc.uncertainty("sandwich")).intervals) == ["if the law holds"]

    def test_another_project_scores_a_loaded_forecast(self, cc, rollout, tmp_path):
        cc.fit()
        cc.forecast(
            (1e10, 2e11), uncertainty=cc.uncertainty("sandwich"), rollout=rollout, definitions={"loss": "bits"}
        ).save(tmp_path / "f.json")
        (tmp_path / "other").mkdir()
        other = project(tmp_path / "other", make_runs(5))
        other.session.forecasts = (Forecast.load(tmp_path / "f.json"),)
        assert other.session.forecasts[0].definitions["loss"] == "bits"
        other.append(N=1e10, D=2e11, loss=2.0)
        assert other.session.forecast_scores[0][1][0].loss == 2.0

    def test_a_project_knows_the_forecasts_in_its_folder(self, cc, tmp_path):
        cc.fit()
        forecast = cc.forecast((1e10, 2e11), uncertainty=cc.uncertainty("sandwich"))
        forecast.save(tmp_path / "any name.json")
        again = Chinchilla(tmp_path, AXES, log_level=50)
        again.append(N=1e10, D=2e11, loss=forecast.loss)
        ((opened, (score,)),) = again.session.forecast_scores
        assert opened.alike(forecast)
        assert score.error == pytest.approx(0)
        assert again.session.scores_by_run == {40: (score,)}
        assert not again.session.open_forecast(Forecast.load(tmp_path / "any name.json"))
        assert len(again.session.forecasts) == 1

    def test_a_forecast_that_cannot_be_read_is_logged_with_the_report(self, tmp_path, capfd):
        cc = project(tmp_path, make_runs(40, noise=0.01), log_level=30)
        (tmp_path / "cut.json").write_text('{"format": "chinchilla_nb forecast",')
        cc.fit()
        cc.report(plot=False)
        shown = capfd.readouterr()
        assert "a forecast is not scored: the file" in shown.out + shown.err
        assert "cut.json" in shown.out + shown.err

    def test_a_budget_far_outside_the_runs_is_logged(self, tmp_path, rollout, capfd):
        cc = project(tmp_path, make_runs(40, noise=0.01), log_level=30)
        cc.fit()
        (note,) = cc.forecast(1e60, uncertainty=cc.uncertainty("sandwich"), rollout=rollout).notes
        shown = capfd.readouterr()
        assert note in " ".join((shown.out + shown.err).split())

    def test_a_run_that_was_logged_before_is_not_scored_even_if_it_was_excluded(self, cc, tmp_path):
        from chinchilla_nb import run_keys

        cc.append(N=1e10, D=2e11, loss=2.0)
        cc.session.exclude(run_keys(cc.session.runs)[-1:])
        cc.fit()
        cc.forecast((1e10, 2e11), uncertainty=cc.uncertainty("sandwich")).save(tmp_path / "forecast.json")
        again = Chinchilla(tmp_path, AXES, log_level=50)  # exclusions end with the session
        assert again.session.scores_by_run == {}
        again.append(N=1e10, D=2e11, loss=2.1)
        assert [score.loss for (score,) in again.session.scores_by_run.values()] == [2.1]

    def test_a_copy_keeps_its_forecasts(self, cc, rollout):
        cc.fit()
        forecast = cc.forecast((1e10, 2e11), uncertainty=cc.uncertainty("sandwich"), rollout=rollout)
        (copied,) = pickle.loads(pickle.dumps(cc)).session.forecasts
        assert copied.ends == forecast.ends

    @pytest.mark.parametrize(
        ("run", "message"),
        [
            ("x", "run must be a budget C, or a tuple"),
            ((1, 2, 3), "run must be a budget C, or a tuple"),
            ((1e9, -1), "D must be positive"),
            (-1e20, "C must be positive"),
            (None, "run must be a budget C"),
            (np.nan, "C must be"),
        ],
    )
    def test_runs_that_cannot_be_forecast(self, cc, run, message):
        cc.fit()
        with pytest.raises(InputError, match=message):
            cc.forecast(run, uncertainty=cc.uncertainty("sandwich"))
        assert cc.session.forecasts == ()

    def test_an_uncertainty_of_another_fit_is_refused(self, cc):
        cc.fit()
        uncertainty = cc.uncertainty("sandwich")
        cc.fit()
        with pytest.raises(InputError, match="uncertainty must be of the last fit"):
            cc.forecast((1e10, 2e11), uncertainty=uncertainty)
