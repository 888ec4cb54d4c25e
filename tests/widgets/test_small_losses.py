"""Losses of about 1e-6, as of regressions: their numbers are written in one style, and axes have room for them."""

from __future__ import annotations

import re

import pytest
from runs import make_runs, table_of

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.figures import linear_axis, log_axis
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.charts.plots import Frame
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel

USUAL = {"top": 8, "bottom": 44, "left": 58, "right": 14}
"""Margins that are wide enough for the labels of ordinary losses."""
MINUS_SIX = 51
"""Pixels of the label 1.8×10⁻⁶ in Chromium, where an ordinary title begins 43 pixels from its axis."""
IN_CODE = re.compile(r"\de[-+]\d")
"""A number as programs write it: 2.2e-06."""


def fitted(scale: float) -> Session:
    """Return a session with a fit to noisy runs whose losses are those of ordinary ones, times a scale."""
    table = table_of(make_runs(40, noise=0.01))
    database = Database()
    database.df = table.assign(loss=table["loss"] * scale)
    session = Session(database, Settings())
    session.run_fit()
    return session


@pytest.fixture(scope="module")
def small() -> Session:
    return fitted(0.8e-6)


def test_numbers_have_the_style_of_those_of_axes(small):
    fit, frontier = FitPanel(small), FrontierPanel(small)
    fit.diagnostics.value = True
    levels = [text for chart in frontier.charts.charts for text in chart.levels.text]
    assert "2×10⁻⁶" in levels
    assert "×10⁻" in fit.charts._error_note.value
    names = [name for chart, _ in frontier.charts.all for name in chart.dots.settled.names]
    names += list(fit.charts.dots["N"].settled.names)
    assert "Predicted loss: " in names[-1]
    assert not [text for text in (*levels, *names, fit.charts._error_note.value) if IN_CODE.search(text)]


def test_titles_stand_clear_of_wide_labels_and_ordinary_charts_stay_as_they_are(small):
    loss = FrontierPanel(small).charts.loss
    offset, left = int(loss.frame.axes["y"].label_offset.removesuffix("px")), loss.figure.fig_margin["left"]
    assert offset - 3 > MINUS_SIX
    assert left - offset == 12
    planes = [chart.figure.fig_margin for chart in FrontierPanel(small).charts.charts]
    ordinary = [chart.figure.fig_margin for chart, _ in FrontierPanel(fitted(1.0)).charts.all]
    assert planes + ordinary == [USUAL] * 7


def test_a_chart_keeps_its_place_while_the_user_zooms():
    frame, x = Frame(log_y=False), log_axis("C", [1e18, 1e21])
    figure = frame.figure([])
    frame.show(x, linear_axis("loss", [1.0, 3.0], upright=True))
    assert figure.fig_margin == USUAL
    for ends in ((2.0, 2.000001), (1.0, 2.0)):
        frame.scales["y"].min, frame.scales["y"].max = ends
        frame.follow_zoom()
        assert figure.fig_margin["left"] > 58
    frame.reset()
    assert figure.fig_margin == USUAL
    assert frame.figure([]).fig_margin == USUAL


@pytest.mark.parametrize(("scale", "moved"), [(0.8e-6, True), (1.0, False)])
def test_the_bar_of_losses_begins_behind_its_title(scale, moved):
    """The label of the lowest loss is centred at the end of the bar."""
    key = FrontierPanel(fitted(scale)).charts.key.value
    margins = re.search(r'class="cnb-scale" style="margin-left:(\d+)px;margin-right:(\d+)px"', key)
    assert margins is not None
    assert (int(margins[1]) > MINUS_SIX / 2 - 9) == moved  # 9 pixels are free without a margin
    assert ((margins[1], margins[2]) == ("14", "16")) != moved
