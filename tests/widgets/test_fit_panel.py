"""The fit panel over a real session and real fits."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from chinchilla_nb.engine.fit import FitStatus
from chinchilla_nb.widgets.fit_panel import FitPanel
from chinchilla_nb.widgets.panel import guarded


def text_of(widget) -> str:
    return re.sub("<[^>]*>", " ", widget.value)


def test_before_any_run_it_says_what_to_do(empty_session):
    panel = FitPanel(empty_session)
    assert panel.fit_button.disabled
    assert panel.cancel_button.disabled
    assert "cc.append(N=" in text_of(panel.state)


def test_click_fits_and_shows_the_law(session, law):
    panel = FitPanel(session)
    assert "30 runs ready: press Fit" in text_of(panel.state)
    panel.fit_button.click()
    panel.wait()
    assert session.fit.status is FitStatus.CONVERGED
    for name, value in law.as_dict().items():
        assert getattr(session.fit.law, name) == pytest.approx(value, rel=1e-6)
        assert f"{value:.4g}" in text_of(panel.result)
    assert "Converged" in text_of(panel.result)
    assert "4,500 starts" in text_of(panel.result)
    # N* grows as C to the beta / (alpha + beta).
    assert f"{0.28 / 0.62:.3f}" in text_of(panel.result)
    assert "Up to date with 30 runs" in text_of(panel.state)
    assert not panel.fit_button.disabled
    assert panel.cancel_button.disabled


def test_click_after_a_fit_fits_again(session):
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    first = session.fit
    panel.fit_button.click()
    panel.wait()
    assert session.fit is not first


def test_fit_elsewhere_and_new_runs_move_the_panel(session, database, law):
    panel = FitPanel(session)
    session.run_fit()
    assert "Converged" in text_of(panel.result)
    for N in (1e8, 2e8, 3e8):
        database.append(N=N, D=1e10, loss=float(law.loss(N, 1e10)))
    assert "3 runs since this fit" in text_of(panel.state)
    panel.fit_button.click()
    panel.wait()
    assert "Up to date with 33 runs" in text_of(panel.state)


def test_changed_and_removed_runs_are_noticed(session, database):
    panel = FitPanel(session)
    session.run_fit()
    database.df = database.df.iloc[:20]
    assert "have changed since this fit" in text_of(panel.state)


def test_too_few_runs_are_explained_in_the_panel(session, database, rows):
    database.df = rows.iloc[:2]
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    assert session.error
    assert session.error in text_of(panel.trouble)
    assert not panel.fit_button.disabled
    database.df = rows
    panel.fit_button.click()
    panel.wait()
    assert session.error == ""
    assert "Converged" in text_of(panel.result)
    assert text_of(panel.trouble).strip() == ""


def test_warnings_come_with_their_remedy(session, database, rows):
    database.df = rows.assign(D=20 * rows.N)
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    assert session.fit.warnings
    for warning in session.fit.warnings:
        assert warning.message in panel.trouble.value.replace("&#x27;", "'")
        assert warning.remedy in panel.trouble.value.replace("&#x27;", "'")


def failing_loss(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    raise RuntimeError("<img src=x onerror=alert(1)>")


def test_what_a_loss_raises_is_shown_as_text(session):
    session.settings = dataclasses.replace(session.settings, loss_fn=failing_loss)
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    shown = panel.trouble.value + panel.errors.value
    assert "&lt;img src=x" in shown
    assert "<img" not in shown
    assert not panel.fit_button.disabled


class Clumsy(FitPanel):
    broken = True

    @guarded
    def stumble(self) -> None:
        if self.broken:
            raise KeyError("<b>")


def test_an_exception_in_a_callback_is_shown_until_it_works_again(session):
    panel = Clumsy(session)
    panel.stumble()
    assert "KeyError" in panel.errors.value
    assert "<b>" not in panel.errors.value
    panel.broken = False
    panel.stumble()
    assert panel.errors.value == ""


def test_a_closed_panel_watches_no_more(session, database):
    panel = FitPanel(session)
    panel.close()
    database.append(N=1e8, D=1e10, loss=3.0)
    assert "30 runs ready" in text_of(panel.state)


def test_a_panel_needs_a_session():
    with pytest.raises(TypeError, match="got int"):
        FitPanel(3)
