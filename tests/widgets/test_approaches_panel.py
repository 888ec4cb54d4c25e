"""The panel of approaches: what it shows before and after a fit, and what its inputs change."""

from __future__ import annotations

import dataclasses
import functools
import html
import re

import numpy as np
import pytest
from runs import make_runs, table_of
from slices_of_runs import sliced_runs

from chinchilla_nb.engine.fitting.losses import log_huber
from chinchilla_nb.widgets.approaches.approaches_panel import ApproachesPanel
from chinchilla_nb.widgets.approaches.approaches_view import ApproachesView


@pytest.fixture
def rows():
    return table_of(sliced_runs(noise=0.003, sizes=9))


@pytest.fixture
def session(session):
    loss_fn = functools.partial(log_huber, delta=10.0)
    session.settings = dataclasses.replace(session.settings, loss_fn=loss_fn)
    return session


@pytest.fixture
def panel(session):
    panel = ApproachesPanel(session)
    yield panel
    assert panel.errors.value == ""
    panel.close()


def text_of(widget) -> str:
    return html.unescape(re.sub("<[^>]*>", " ", widget.value))


def is_shown(widget) -> bool:
    return "cnb-none" not in widget._dom_classes


def test_without_runs_it_says_what_it_needs(empty_session):
    panel = ApproachesPanel(empty_session)
    assert "add runs of several sizes at each of several budgets" in text_of(panel.empty)
    assert not is_shown(panel.table)
    assert not is_shown(panel.charts)
    panel.close()


def test_without_a_fit_two_approaches_are_shown(panel):
    assert "To compare them with approach 3, fit a law to the runs." in text_of(panel.empty)
    assert "4 slices of runs whose C differ by at most 5" in text_of(panel.about)
    assert "all 36 runs are in one" in text_of(panel.about)
    assert text_of(panel.table).count("–") >= 5  # the third row, and intervals
    assert len(panel.slices.dots.x) == 36
    assert len(panel.slices.laws.x) == 0


def test_after_a_fit_the_law_and_the_bias_are_shown(panel, session):
    session.run_fit()
    assert panel.empty.value == ""
    assert (panel.by.label, panel.slice.label) == ("similar C", "all")
    assert panel.slices.laws.x.shape == (4, 61)
    assert "On these slices approach 2 puts D*" in text_of(panel.bias)
    assert len(panel.frontiers.lines["parametric"].x) == 61


def test_after_a_fit_new_runs_are_said_and_not_used_before_the_next_fit(panel, session, database):
    session.run_fit()
    before = panel.view.comparison
    database.append(N=1e9, D=1e11, loss=2.2)
    assert panel.view.comparison is before
    assert "These are the runs of the last fit, which have changed since." in text_of(panel.notes)
    session.run_fit()
    assert len(panel.view.comparison.slices.runs) == 37
    assert "changed since" not in text_of(panel.notes)


def test_the_intervals_follow_the_uncertainty(panel, session):
    session.run_fit()
    session.uncertainty = session.fit.uncertainty(draws=50, rng=0)
    one = panel.view.comparison.parametric
    assert one.uncertainty is session.uncertainty
    assert len(panel.frontiers.bands["parametric"].x) > 0


def test_a_clicked_run_shows_its_slice_alone_and_a_second_click_all(panel, session):
    session.run_fit()
    panel.slices.dots.selected = np.array([20])  # of nine runs each
    assert panel.view.chosen == 2
    assert panel.slice.label == "C = 10²⁰"
    assert "C = 10²⁰: N* " in text_of(panel.about)
    assert len(panel.slices.off_law.x) == len(panel.slices.off_parabola.x) == 9
    assert np.count_nonzero(np.array(panel.slices.dots.opacities) == 1) == 9
    panel.slices.dots.selected = np.array([21])
    assert panel.view.chosen is None
    assert panel.slice.label == "all"
    assert len(panel.slices.off_parabola.x) == 36


def test_a_click_on_a_residual_chooses_its_slice_as_a_click_on_its_run_does(panel, session):
    session.run_fit()
    panel.slices.off_parabola.selected = np.array([20])
    assert panel.view.chosen == 2
    panel.slices.off_law.selected = np.array([3])  # of the nine that are left
    assert panel.view.chosen is None
    panel.slices.off_parabola.selected = np.array([35])
    panel.slices.off_parabola.selected = np.array([0])
    assert panel.view.chosen is None
    assert panel.errors.value == ""


def test_residuals_of_a_chosen_slice_are_those_of_its_runs(panel, session):
    session.run_fit()
    panel.slice.value = 1
    runs, law = session.runs, session.fit.law
    at = np.isclose(runs.C, 1e19)
    np.testing.assert_allclose(np.sort(panel.slices.off_law.y), np.sort((runs.loss - law.loss(runs.N, runs.D))[at]))


@pytest.mark.parametrize("selected", [[10**6], [-1], [1.5], [[1, 2]], []])
def test_what_is_no_run_chooses_no_slice(panel, selected):
    panel.slices.dots.selected = np.array(selected)
    assert panel.view.chosen is None


def test_tolerance_and_budget_are_typed(panel):
    panel.tolerance.value = "2 %"
    assert panel.view.tolerance == 0.02
    panel.tolerance.value = "200"
    assert panel.view.tolerance == 0.02
    assert "must be from 0 to 100 %" in panel._fields.problem
    panel.tolerance.value = "5"
    panel.budget.value = "1e24"
    assert "At 10²⁴ FLOPs" in text_of(panel.table)
    panel.budget.value = ""
    assert "At 10²² FLOPs" in text_of(panel.table)


def test_the_budget_chosen_in_another_panel_is_that_of_the_comparison_unless_one_is_typed(panel, session):
    session.budget = 5e23
    assert "At 5×10²³ FLOPs" in text_of(panel.table)
    assert panel.budget.placeholder == "5e23"
    panel.budget.value = "1e24"
    session.budget = 2e23
    assert "At 10²⁴ FLOPs" in text_of(panel.table)
    panel.budget.value = ""
    assert "At 2×10²³ FLOPs" in text_of(panel.table)


def test_loss_can_be_drawn_against_other_sizes(panel, session):
    panel.against.value = "D/N"
    assert panel.slices.frame.axes["x"].label == "Tokens per parameter"
    np.testing.assert_allclose(np.sort(panel.slices.dots.x), np.sort(session.runs.D / session.runs.N))


def test_slices_can_come_from_a_column(panel, session, database):
    database.df = database.df.assign(budget=np.repeat(["a", "b", "c", "d"], 9))
    assert ("column budget", "budget") in panel.by.options
    panel.by.value = "budget"
    assert "4 slices of runs with one value of budget" in text_of(panel.about)
    assert not is_shown(panel.tolerance)
    panel.by.value = panel.by.options[0][1]
    assert (panel.by.label, panel.view.by) == ("similar C", None)
    assert is_shown(panel.tolerance)


def test_a_refused_slice_has_no_chart_of_residuals(panel, database):
    for N in (2e8, 3e8):
        database.append(N=N, D=1e23 / 6 / N, loss=2.2)
    panel.slice.label = "C = 10²³"
    assert "it has 2 distinct sizes" in text_of(panel.about)
    assert not is_shown(panel.cards[1])
    panel.slice.label = "all"
    assert is_shown(panel.cards[1])


def test_scattered_runs_say_why_there_are_no_slices(panel, database):
    database.df = table_of(make_runs(30, noise=0.003))
    assert "IsoFLOP parabolas need" in text_of(panel.about)
    assert not is_shown(panel.cards[0])
    assert not is_shown(panel.against)
    assert "Envelope" in text_of(panel._frontier_key)
    assert "IsoFLOP" not in text_of(panel._frontier_key)
    assert is_shown(panel.table)


def test_the_snapshot_is_a_picture(panel):
    assert panel.snapshot()["image/png"].startswith(b"\x89PNG")


def test_a_view_takes_only_the_uncertainty_of_its_fit(session, database):
    view = ApproachesView()
    session.run_fit()
    view.compare(session)
    database.append(N=1e9, D=1e11, loss=2.2)
    session.run_fit()
    session.uncertainty = session.fit.uncertainty("sandwich")
    assert not view.take_uncertainty(session)
    view.compare(session)
    assert view.take_uncertainty(session)
