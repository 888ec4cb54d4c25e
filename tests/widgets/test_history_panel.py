"""The panel of the fits of a session: rows, two of them compared, one restored, all exported."""

from __future__ import annotations

import base64
import csv
import io
import re

import pytest

from chinchilla_nb import mae, mse
from chinchilla_nb.config.settings import change_settings
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.widgets.base.parts import set_shown
from chinchilla_nb.widgets.history.history_panel import HistoryPanel

GRID = {"E": [1.5], "A": [300], "B": [300], "alpha": [0.3], "beta": [0.3]}


@pytest.fixture
def session(session):
    session.settings = change_settings(session.settings, param_grid=GRID)
    return session


@pytest.fixture
def panel(session):
    panel = HistoryPanel(session)
    yield panel
    panel.close()


def shown(panel):
    hidden = [row for row in panel._rows if "cnb-none" in row._dom_classes]
    return panel.texts[: len(panel._rows) - len(hidden)]


def fit_with(session, loss_fn):
    session.settings = change_settings(session.settings, loss_fn=loss_fn)
    return session.run_fit()


def test_each_fit_is_a_row_the_latest_first(session, panel):
    assert "No fit yet" in panel.state.value
    assert shown(panel) == []
    fit_with(session, mae)
    session.exclude(run_keys(session.all_runs)[:2])
    fit_with(session, mse)
    latest, first = (text.value for text in shown(panel))
    assert "Fit 2" in latest
    assert "Squared" in latest
    assert "28 runs, 2 excluded" in latest
    assert "the fit shown" in latest
    assert "Fit 1" in first
    assert "the fit shown" not in first
    assert "2 fits, not kept when this session ends" in panel.state.value


def test_a_click_restores_a_fit(session, panel):
    first = fit_with(session, mae)
    fit_with(session, mse)
    assert panel.restore_buttons[0].disabled
    panel.restore_buttons[1].click()
    assert session.fit is first
    assert session.settings.loss_fn is mae
    assert panel.restore_buttons[1].disabled
    assert "the fit shown" in panel.texts[1].value


def test_two_are_compared_on_the_charts_and_a_third_takes_the_place_of_the_first(session, panel):
    for loss_fn in (mae, mse, mae):
        fit_with(session, loss_fn)
    panel.compare_toggles[0].value = True
    assert [law.name for law in session.overlays] == ["Fit 3"]
    assert panel.differences.value == ""
    panel.compare_toggles[1].value = True
    assert [law.name for law in session.overlays] == ["Fit 2", "Fit 3"]
    assert "<th>Fit 2</th><th>Fit 3</th>" in panel.differences.value
    assert "<th scope='row'>loss</th><td>Squared</td><td>Absolute</td>" in panel.differences.value
    assert "<th scope='row'>α</th>" in panel.differences.value
    panel.compare_toggles[2].value = True
    assert [law.name for law in session.overlays] == ["Fit 1", "Fit 2"]
    assert [toggle.value for toggle in panel.compare_toggles[:3]] == [False, True, True]
    session.overlays = ()
    assert [toggle.value for toggle in panel.compare_toggles[:3]] == [False] * 3


def test_pages(session, panel):
    for _ in range(9):
        session.run_fit()
    assert len(shown(panel)) == 8
    panel.older_button.click()
    (only,) = shown(panel)
    assert "Fit 1" in only.value
    assert panel.older_button.disabled
    panel.newer_button.click()
    assert "Fit 9" in panel.texts[0].value


def test_the_export_has_a_row_for_each_fit_and_no_formula(session, panel):
    def evil(y_true, y_pred):
        return abs(y_true - y_pred)

    evil.__name__ = '=HYPERLINK("x")<img src=x>'
    fit_with(session, evil)
    fit_with(session, mae)
    assert "<img" not in panel.texts[1].value
    panel.csv_button.click()
    content = base64.b64decode(re.search(r"base64,([^\"]+)", panel.link.value).group(1)).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["fit"] for row in rows] == ["1", "2"]
    assert rows[0]["loss"].startswith("'=")
    assert float(rows[1]["alpha"]) == session.fit.law.alpha


def test_what_a_visitor_sends_to_hidden_rows_does_nothing(session, panel):
    fit_with(session, mae)
    set_shown(panel.restore_buttons[5], True)
    panel.restore_buttons[5].click()
    panel.compare_toggles[5].value = True
    assert session.overlays == ()
