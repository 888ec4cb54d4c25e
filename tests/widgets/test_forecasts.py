"""Forecasts in the panels: saved, opened, refused in one sentence, and scored beside their runs."""

from __future__ import annotations

import asyncio
import dataclasses
import html
import json
import re

import numpy as np
import pytest
from runs import AXES, make_runs, table_of
from waiting import until

from chinchilla_nb import Chinchilla, Forecast, mse, run_keys
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel


def project(folder):
    cc = Chinchilla(folder, AXES, loss_fn=mse, log_level=50)
    cc.database.df = table_of(make_runs(40, noise=0.01))
    return cc


@pytest.fixture
def cc(tmp_path):
    return project(tmp_path)


@pytest.fixture(scope="module")
def roll_outs(tmp_path_factory):
    """The roll-outs of the runs of `cc`, which take longer than all that is done with them."""
    session = project(tmp_path_factory.mktemp("rolled out")).session
    session.run_fit()
    return session.fit.roll_outs()


@pytest.fixture
def session(cc):
    return cc.session


@pytest.fixture
def panel(session, roll_outs):
    panel = FrontierPanel(session)
    session.run_fit()
    session.roll_outs = roll_outs
    panel.budget.choose(1e22)
    return panel


@pytest.fixture
def log(session):
    log = RunLogPanel(session)
    yield log
    log.close()


def text_of(widget) -> str:
    return html.unescape(re.sub("<[^>]*>", " ", widget.value))


def refused(panel) -> str:
    """Return the sentence of a refusal, which is shown in the control and not as an error of the panel."""
    assert panel.errors.value == ""
    assert 'cnb-bad" role="alert"' in panel.forecasts.message.value
    text = text_of(panel.forecasts.message).strip()
    assert text.endswith(".")
    return text


def open_path(panel, path: str) -> None:
    panel.forecasts.path.value = path
    panel.forecasts.open_button.click()


class TestSave:
    def test_a_forecast_of_the_budget(self, panel, session, tmp_path):
        panel.forecasts.save_button.click()
        forecast = Forecast.load(tmp_path / "forecast-1e22.json")
        best = session.uncertainty.allocate(1e22)
        assert forecast.of_budget
        assert forecast.C == pytest.approx(1e22)
        assert (forecast.N, forecast.D) == pytest.approx((float(best["N"].value), float(best["D"].value)))
        expected = session.uncertainty.predict_loss(forecast.N, forecast.D, kind="new-run", roll_outs=session.roll_outs)
        ends = forecast.ends["as it has done on these runs"]
        assert ends == pytest.approx([float(expected.value), float(expected.low), float(expected.high)])
        assert "with both intervals" in text_of(panel.forecasts.message)
        assert "Not logged yet." in text_of(panel.forecasts.listed)
        (opened,) = session.forecasts
        assert opened.alike(forecast)

    def test_off_the_frontier_it_is_of_that_very_run(self, panel, tmp_path):
        panel.off_frontier.slider.value = 1  # twice the size
        panel.forecasts.path.value = "twice.json"
        panel.forecasts.save_button.click()
        forecast = Forecast.load(tmp_path / "twice.json")
        optimum = float(panel.session.uncertainty.allocate(1e22)["N"].value)
        assert not forecast.of_budget
        assert forecast.N == pytest.approx(2 * optimum)
        assert forecast.C == pytest.approx(1e22)

    def test_no_file_is_replaced(self, panel, tmp_path):
        for _ in range(3):
            panel.forecasts.save_button.click()
        names = ["forecast-1e22-2.json", "forecast-1e22-3.json", "forecast-1e22.json"]
        assert sorted(path.name for path in tmp_path.glob("*.json")) == names
        before = (tmp_path / names[0]).read_bytes()
        panel.forecasts.path.value = names[0]
        panel.forecasts.save_button.click()
        assert "exists, and a forecast replaces no file: choose another name" in refused(panel)
        assert (tmp_path / names[0]).read_bytes() == before
        assert len(panel.session.forecasts) == 1  # all three are the same

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("df.csv", "'df.csv' must end in .json: name it 'df.json'"),
            ("../forecast.json", "is outside the project folder"),
            ("/etc/forecast.json", "is outside the project folder"),
            (".forecast.json", "is hidden"),
            ("missing/forecast.json", "create its folder"),
            ("a\x00.json", "cannot be the path of a file"),
            ("x" * 300 + ".json", "cannot be the path of a file"),
        ],
    )
    def test_paths_that_are_refused(self, panel, tmp_path, path, message):
        before = sorted(tmp_path.rglob("*"))
        panel.forecasts.path.value = path
        panel.forecasts.save_button.click()
        assert message in refused(panel)
        assert sorted(tmp_path.rglob("*")) == before
        assert panel.session.forecasts == ()

    def test_nothing_is_saved_while_intervals_are_pending(self, session):
        panel, said = FrontierPanel(session), []

        def save_at_once(change) -> None:
            if change.new is not None and not said:
                panel.forecasts.save_button.click()
                said.append(refused(panel))

        async def main() -> None:
            session.observe(save_at_once, "uncertainty_progress")
            session.start_fit()
            await until(lambda: said)

        asyncio.run(main())
        assert "the intervals are still being estimated: save when they are shown" in said[0]
        panel.close()

    def test_nothing_is_saved_of_a_law_of_other_runs(self, panel, cc):
        cc.append(N=1e9, D=1e10, loss=3.0)
        panel.forecasts.save_button.click()
        assert "is not that of the current runs and settings: fit it again" in refused(panel)

    def test_without_roll_outs_the_message_says_what_is_missing(self, session):
        panel = FrontierPanel(session)
        session.run_fit()
        panel.forecasts.save_button.click()
        said = text_of(panel.forecasts.message)
        assert "with only the interval if the law holds, because there are no roll-outs" in said

    def test_without_intervals_nothing_is_saved(self, session):
        session.settings = dataclasses.replace(session.settings, loss_fn=lambda y, p: np.abs(y - p))
        panel = FrontierPanel(session)
        session.run_fit()
        panel.forecasts.save_button.click()
        assert "a forecast needs intervals, got Intervals are estimated for the built-in losses" in refused(panel)

    def test_without_a_law_there_is_nothing_to_save(self, session):
        assert FrontierPanel(session).forecasts.save_button.disabled


class TestOpen:
    def test_one_of_another_project(self, panel, session, tmp_path):
        panel.forecasts.save_button.click()
        session.forecasts = ()
        assert "Not logged yet" not in text_of(panel.forecasts.listed)
        open_path(panel, "forecast-1e22.json")
        assert "Opened." in text_of(panel.forecasts.message)
        assert "C 10²² FLOPs" in text_of(panel.forecasts.listed)
        open_path(panel, "forecast-1e22.json")
        assert "open already" in text_of(panel.forecasts.message)
        assert len(session.forecasts) == 1

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("", "the path is empty"),
            ("none.json", "there is no file 'none.json'"),
            ("df.csv", "must be a forecast that save() wrote, got no valid JSON"),
            ("/etc/passwd", "is outside the project folder"),
            ("other.json", "must be a forecast that save() wrote, got other JSON"),
            ("<script>.json", "there is no file '<script>.json'"),
        ],
    )
    def test_what_is_no_forecast_gets_one_sentence(self, panel, tmp_path, path, message):
        (tmp_path / "other.json").write_text('{"N": 1}')
        open_path(panel, path)
        assert message in refused(panel)
        assert "<script>" not in panel.forecasts.message.value
        assert panel.session.forecasts == ()

    def test_hostile_text_in_a_forecast_is_not_shown(self, panel, session, tmp_path):
        panel.forecasts.save_button.click()
        content = json.loads((tmp_path / "forecast-1e22.json").read_text())
        content["definitions"]["N"] = content["method"] = "<img src=x onerror=alert(1)>"
        (tmp_path / "hostile.json").write_text(json.dumps(content))
        open_path(panel, "hostile.json")
        assert "<img" not in panel.forecasts.listed.value
        content["ends"] = {"<img src=x>": [3, 2, 4]}
        (tmp_path / "hostile.json").write_text(json.dumps(content))
        open_path(panel, "hostile.json")
        assert "usable 'ends'" in refused(panel)
        assert "<img" not in panel.forecasts.message.value


class TestScores:
    def test_the_run_log_has_the_score_beside_the_run(self, panel, session, cc, log):
        assert "forecast" not in log.shown.columns
        panel.forecasts.save_button.click()
        (forecast,) = session.forecasts
        cc.append(N=forecast.N, D=forecast.D, loss=2 * forecast.loss)
        assert "outside +" in log.table.body.value
        column = log.shown.columns["forecast"]
        row = len(session.all_runs) - 1
        ((_, (score,)),) = session.forecast_scores
        assert column.values[row] == str(score)
        sigmas = [f"{score.sigmas[name]:+.1f}" for name in forecast.ends]
        assert column.write(column.values[row]) == f"outside {sigmas[0]}σ · outside {sigmas[1]}σ"
        assert all(value == "" for value in column.values[:row])
        assert column.write("") == ""
        assert "outside the interval if the law holds" in text_of(panel.forecasts.listed)
        assert (log.errors.value, panel.errors.value) == ("", "")
        assert "forecast" in log.snapshot()["text/html"]

    def test_an_excluded_run_has_no_score(self, panel, session, cc, log):
        panel.forecasts.save_button.click()
        (forecast,) = session.forecasts
        cc.append(N=forecast.N, D=forecast.D, loss=forecast.loss)
        session.exclude(run_keys(session.runs)[-1:])
        assert "forecast" not in log.shown.columns
        assert "Not logged yet." in text_of(panel.forecasts.listed)

    def test_a_column_of_that_name_stays(self, panel, session, cc, log):
        panel.forecasts.save_button.click()
        (forecast,) = session.forecasts
        cc.append(N=forecast.N, D=forecast.D, loss=forecast.loss, forecast="mine")
        assert {"forecast", "forecast (yours)"} <= set(log.shown.columns)

    def test_a_broken_file_in_the_folder_gets_a_sentence(self, cc, tmp_path):
        (tmp_path / "broken.json").write_text('{"format": "chinchilla_nb forecast", "version": 1, "N": "<b>"}')
        panel = FrontierPanel(cc)
        text = text_of(panel.forecasts.listed)
        assert "must be a complete forecast with a usable 'N'" in text
        assert "broken.json" in text
        assert "<b>" not in panel.forecasts.listed.value
        assert panel.errors.value == ""
