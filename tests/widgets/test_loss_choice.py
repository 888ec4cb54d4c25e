"""The chooser of the loss beside Fit and in an import shares the setting of the configuration."""

from __future__ import annotations

import functools
import html

import pytest

from chinchilla_nb.config.settings import change_settings
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mse
from chinchilla_nb.opening import open_session
from chinchilla_nb.publishing.report_page import report_page
from chinchilla_nb.widgets.config.config_panel import ConfigPanel
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.history.history_panel import HistoryPanel
from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel


def test_choosers_follow_each_other_and_code(session):
    fit, config, log = FitPanel(session), ConfigPanel(session), RunLogPanel(session)
    choosers = (fit.loss, config.loss, log.loss)
    assert [one.kind.value for one in choosers] == ["asymmetric_mae"] * 3
    assert "predicting too high costs w times as much" in fit.loss.remark.value
    fit.loss.kind.value = "mse"
    assert session.settings.loss_fn is mse
    assert [one.kind.value for one in choosers] == ["mse"] * 3
    config.loss.kind.value = "asymmetric_mae"
    config.loss.option.value = "5"
    assert [(one.kind.value, one.option.value) for one in choosers] == [("asymmetric_mae", "5")] * 3
    session.settings = change_settings(session.settings, loss_fn=huber)
    assert [(one.kind.value, one.option.value) for one in choosers] == [("huber", "1")] * 3
    assert session.settings.loss_fn is huber


@pytest.mark.parametrize("chooser", ["fit", "config"])
def test_huber_of_the_logarithms_starts_with_the_delta_of_hoffmann(session, chooser):
    panel = FitPanel(session) if chooser == "fit" else ConfigPanel(session)
    panel.loss.kind.value = "log_huber"
    assert panel.loss.option.value == "0.001"
    chosen = session.settings.loss_fn
    assert (chosen.func, chosen.keywords) == (log_huber, {"delta": 1e-3})
    panel.loss.option.value = "1"
    assert session.settings.loss_fn is log_huber


def test_a_parameter_that_is_not_valid_changes_nothing_and_is_framed(session):
    loss = FitPanel(session).loss
    loss.option.value = "-1"
    assert session.settings.loss_fn is asymmetric_mae
    assert "w must be positive" in loss.remark.value
    assert "cnb-wrong" in loss.option._dom_classes
    loss.option.value = "20"
    assert session.settings.loss_fn.keywords == {"w": 20.0}
    assert "cnb-wrong" not in loss.option._dom_classes


def of_my_own(y_true, y_pred):
    return (y_true - y_pred) ** 2


def test_a_function_of_ones_own_is_shown_and_kept(session):
    session.settings = change_settings(session.settings, loss_fn=of_my_own)
    loss = FitPanel(session).loss
    assert loss.kind.value == "own"
    assert "of_my_own" in next(name for name, key in loss.kind.options if key == "own")
    loss.kind.value = "mse"
    assert session.settings.loss_fn is mse


def test_the_list_cannot_make_up_a_function(session):
    loss = FitPanel(session).loss
    assert "own" not in dict(loss.kind.options).values()


def test_an_import_asks_for_the_loss(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more.csv").write_text("N,D,loss\n1e8,2e9,3.4\n2e8,4e9,3.2\n")
    panel = RunLogPanel(session)
    assert "cnb-none" in panel.loss._dom_classes
    panel.file.path.value = "more.csv"
    assert "cnb-none" not in panel.loss._dom_classes
    panel.loss.kind.value = "log_huber"
    assert session.settings.loss_fn.keywords == {"delta": 1e-3}


def test_an_opened_table_says_which_loss_it_takes(rows, tmp_path):
    path = tmp_path / "runs.csv"
    rows.to_csv(path, index=False)
    said = 'Fits minimise "Absolute, asymmetric, w = 10", the default, unless another loss is chosen.'
    assert said in open_session(str(path)).remarks


def test_panels_and_the_report_write_a_loss_as_the_list_does(session):
    fit, history = FitPanel(session), HistoryPanel(session)
    fit.loss.kind.value = "log_huber"
    session.run_fit()
    session.law_by_hand = session.fit.law
    words, page = "Huber of the logarithms, δ = 0.001", report_page(session)
    assert f"{words}: " in fit.facts.value
    assert f"By hand, {words}: " in fit.hand_law.text.value
    assert words in history.texts[0].value
    assert page.count(words) == 2  # in the goodness of the fit and in how it was fitted
    assert all(
        "log_huber" not in one for one in (fit.facts.value, fit.hand_law.text.value, history.texts[0].value, page)
    )


def test_the_panel_says_what_other_losses_make_of_the_budget(session):
    panel = FitPanel(session)
    session.run_fit()
    assert panel.other_losses.value == ""
    session.loss_sensitivity = session.fit.loss_sensitivity()
    session.budget = 1e22
    assert html.escape(session.loss_sensitivity.text(1e22)) in panel.other_losses.value
    session.budget = 1e23
    assert html.escape(session.loss_sensitivity.text(1e23)) in panel.other_losses.value
    session.run_fit()
    assert panel.other_losses.value == ""
    assert panel.errors.value == ""


def test_partials_keep_their_identity(session):
    mine = functools.partial(asymmetric_mae, w=3.0)
    session.settings = change_settings(session.settings, loss_fn=mine)
    loss = FitPanel(session).loss
    assert loss.option.value == "3"
    assert session.settings.loss_fn is mine
