"""Roll-outs in the panels: under way, stopped, refused, drawn; and the second interval of the predicted loss."""

from __future__ import annotations

import asyncio
import dataclasses
import html
import re

import numpy as np
import pytest
from copied_text import copied_text
from ipywidgets.widgets.widget import _instances
from runs import make_runs, table_of
from waiting import until

from chinchilla_nb.engine.fitting.losses import asymmetric_mae, mse
from chinchilla_nb.engine.run_keys import is_among
from chinchilla_nb.engine.uncertainty.drift import Drift
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel

IF_HOLDS, WIDENED = "if the law holds", "widened by the roll-outs"


@pytest.fixture
def rows():
    """Runs of which those beyond 1e20 FLOPs all come out 3 % better than the law of the others."""
    runs = make_runs(60, noise=0.002)
    return table_of(runs).assign(loss=runs.loss * np.where(runs.C > 1e20, 0.97, 1.0))


@pytest.fixture
def session(session):
    session.settings = dataclasses.replace(session.settings, loss_fn=mse)
    return session


def text_of(widget) -> str:
    return html.unescape(re.sub("<[^>]*>", " ", widget.value))


def roll_out(session) -> None:
    session.roll_outs = session.fit.roll_outs([1e20])


class TestSection:
    def test_one_sided_misses_are_said_before_the_chart_is_opened(self, session):
        panel = FitPanel(session)
        session.run_fit()
        roll_out(session)
        section = panel.roll_outs
        beyond = int((session.runs.C > 1e20).sum())
        assert f"All {beyond} runs beyond C₀ = 10²⁰ FLOPs came out better than predicted, by" in text_of(section.text)
        assert section.chart is None
        assert section.button.layout.visibility == "hidden"
        assert panel.errors.value == ""

    def test_the_chart_shows_errors_bias_and_band(self, session):
        panel = FitPanel(session)
        session.run_fit()
        roll_out(session)
        panel.roll_outs.toggle.value = True
        chart, drift = panel.roll_outs.chart, Drift.of(session.roll_outs)
        (part,) = session.roll_outs.parts
        np.testing.assert_allclose(chart.dots.y, np.log(part.held_out.loss / part.predicted))
        np.testing.assert_allclose(chart.bias.y[-1], drift.bias * np.log(chart.bias.x[-1]))
        assert len(chart.band.x) > 50
        assert "Log measured − log predicted" in chart.dots.names[0]
        assert "10²⁰ FLOPs" in chart.dots.names[0]
        assert "Fitted up to C₀ =" in text_of(chart.key)
        assert "95 % band" in text_of(chart.key)
        assert "one roll-out cannot tell a bias from chance" in text_of(panel.roll_outs.notes)
        assert chart in panel.roll_outs.opened.children
        assert "cnb-none" not in panel.roll_outs.opened._dom_classes
        panel.roll_outs.toggle.value = False
        assert "cnb-none" in panel.roll_outs.opened._dom_classes
        assert panel.errors.value == ""

    def test_a_click_on_a_dot_selects_its_run_which_gets_a_ring(self, session):
        panel = FitPanel(session)
        session.run_fit()
        roll_out(session)
        panel.roll_outs.toggle.value = True
        chart, (part,) = panel.roll_outs.chart, session.roll_outs.parts
        chart.dots._handle_custom_msgs(chart.dots, {"event": "element_click", "data": {"index": 2}})
        (row,) = np.flatnonzero(is_among(session.all_runs, session.view.selected))
        assert session.all_runs.loss[row] == part.held_out.loss[2]
        np.testing.assert_allclose(chart.runs.selected.y, chart.dots.y[[2]])
        session.view.select(())
        assert len(chart.runs.selected.y) == 0
        # A page may send what it likes.
        chart.dots._handle_custom_msgs(chart.dots, {"event": "element_click", "data": {"index": 10**6}})
        assert not session.view.selected
        assert panel.errors.value == ""

    def test_a_closed_panel_leaves_no_models_behind(self, session):
        session.run_fit()
        roll_out(session)

        def open_and_close() -> int:
            panel = FitPanel(session)
            for opened in (True, False):
                panel.roll_outs.toggle.value = opened
            panel.close()
            return len(_instances)

        assert open_and_close() == open_and_close()

    def test_before_a_fit_nothing_is_shown(self, session):
        assert FitPanel(session).roll_outs.layout.display == "none"

    def test_they_are_announced_stopped_and_started_again(self, session):
        session.settings = dataclasses.replace(session.settings, loss_fn=asymmetric_mae)
        panel, said = FitPanel(session), []
        section = panel.roll_outs
        section.text.observe(lambda _: said.append(text_of(section.text)), "value")

        async def main() -> None:
            panel.fit_button.click()
            await until(lambda: not session.busy)
            assert "They follow the bootstrap." in text_of(section.text)
            panel.intervals.button.click()  # stops the bootstrap
            assert "Fitting the runs below each of a sequence of budgets …" in text_of(section.text)
            assert section.button.description == "Stop"
            section.button.click()
            assert session.roll_outs_progress is None
            assert (section.button.description, section.button.layout.visibility) == ("Roll out", "visible")
            section.button.click()
            await until(lambda: session.roll_outs is not None)

        asyncio.run(main())
        assert any(re.search(r"budgets … 1 of \d+", text) for text in said)
        assert "came out" in text_of(section.text)
        assert panel.errors.value == ""

    def test_runs_that_are_too_few_get_the_sentence(self, session, database, rows):
        database.df = rows.head(9)
        panel = FitPanel(session)

        async def main() -> None:
            panel.fit_button.click()
            await until(lambda: session.roll_outs_error != "")

        asyncio.run(main())
        panel.roll_outs.toggle.value = True
        assert "Roll-outs need at least 10 runs" in text_of(panel.roll_outs.text)
        assert panel.roll_outs.chart is None
        assert panel.roll_outs.button.layout.visibility == "hidden"
        assert panel.errors.value == ""


class TestTile:
    def test_both_intervals_have_their_names(self, session):
        panel = FrontierPanel(session)
        session.run_fit()
        assert WIDENED not in text_of(panel.allocation)
        roll_out(session)
        panel.budget.choose(1e22)
        uncertainty = session.uncertainty
        at = uncertainty.allocate(1e22)
        N, D = at["N"].value, at["D"].value
        for kind, before in (("mean", "Predicted loss"), ("new-run", "The loss of a single run of this N and D:")):
            text = text_of(panel.allocation).split(before)[1]
            ends = re.findall(rf"([\d.]+)\u2009–\u2009([\d.]+) (?:{IF_HOLDS}|{WIDENED})", text)[:2]
            for shown, roll_outs in zip(ends, (None, session.roll_outs), strict=True):
                exact = uncertainty.predict_loss(N, D, kind=kind, roll_outs=roll_outs)
                half = float(exact.high - exact.low) / 2
                np.testing.assert_allclose(np.array(shown, dtype=float), [exact.low, exact.high], atol=0.06 * half)
        assert panel.errors.value == ""

    def test_the_second_interval_has_its_room_while_it_is_pending(self, session):
        session.settings = dataclasses.replace(session.settings, loss_fn=asymmetric_mae)
        panel = FrontierPanel(session)

        async def main() -> None:
            session.start_fit()
            await until(lambda: not session.busy)
            assert f"… {WIDENED}" in text_of(panel.allocation)
            session.cancel_uncertainty()
            await until(lambda: WIDENED not in text_of(panel.allocation), seconds=5)

        asyncio.run(main())

    def test_the_snippet_has_it_too(self, session):
        panel = FrontierPanel(session)
        session.run_fit()
        roll_out(session)
        panel.budget.choose(1e22)
        for factor in (0, 1):  # on the frontier, and a model of twice the size
            panel.off_frontier.slider.value = factor
            copied: dict = {}
            exec(copied_text(panel.export.code), copied)  # as a user would
            run = copied["allocation"]
            exact = session.uncertainty.predict_loss(run["N"], run["D"], roll_outs=session.roll_outs)
            np.testing.assert_allclose(run["predicted_loss_as_done_low"], float(exact.low), rtol=2e-3)
            np.testing.assert_allclose(run["predicted_loss_as_done_high"], float(exact.high), rtol=2e-3)
