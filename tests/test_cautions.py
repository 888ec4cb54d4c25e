"""What a fit's badge, notes, report and frontier say of it agrees: amber wherever anything calls for care."""

from __future__ import annotations

import numpy as np
import pytest
from runs import make_runs, table_of

from chinchilla_nb import Database, Runs, Session, Settings
from chinchilla_nb.engine.uncertainty.cautions import cautions
from chinchilla_nb.report import Report
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel

HARDLY = "these runs hardly determine some of the parameters"


def session_of(n: int, noise: float) -> Session:
    database = Database()
    database.df = table_of(make_runs(n, noise=noise, rng=0))
    session = Session(database, Settings())
    session.run_fit()
    session.uncertainty = session.fit.uncertainty("sandwich")
    return session


@pytest.fixture(scope="module")
def unsure() -> Session:
    """A fit without warnings whose intervals say that the runs hardly determine it."""
    session = session_of(15, 0.01)
    assert not session.fit.warnings
    assert session.uncertainty.undetermined
    return session


@pytest.fixture(scope="module")
def sure() -> Session:
    session = session_of(200, 0.001)
    assert not session.fit.warnings
    assert not session.uncertainty.undetermined
    return session


def test_intervals_refer_to_warnings_only_where_there_are_some(unsure):
    assert HARDLY in unsure.uncertainty.notes
    warned = session_of(12, 0.01)
    assert warned.fit.warnings
    assert f"{HARDLY}; see the warnings of the fit" in warned.uncertainty.notes


def test_the_badge_is_amber_where_the_intervals_have_a_caution(unsure):
    panel = FitPanel(unsure)
    assert HARDLY.capitalize() in panel.intervals.notes.value
    assert "cnb-warn" in panel.facts.value
    assert "Optimum found · some parameters are hardly determined" in panel.facts.value
    assert "warnings" not in panel.facts.value
    # Before the intervals are known, nothing says so.
    known, unsure.uncertainty = unsure.uncertainty, None
    assert "✓ Optimum found" in panel.facts.value
    unsure.uncertainty = known
    assert "✓" not in panel.facts.value


def test_the_frontier_shows_the_same_badge_unless_it_is_green(unsure, sure):
    assert "Optimum found · some parameters are hardly determined" in FrontierPanel(unsure).caution.value
    assert FrontierPanel(sure).caution.value == ""
    assert "✓ Optimum found" in FitPanel(sure).facts.value


def test_a_far_budget_turns_both_badges_amber(sure):
    fit, frontier = FitPanel(sure), FrontierPanel(sure)
    largest = float(sure.runs.C.max())
    frontier.budget.type(f"{30 * largest:.6e}")
    said = "Optimum found · the budget is 30 times the largest run"
    assert said in fit.facts.value
    assert said in frontier.caution.value
    frontier.budget.type(f"{9 * largest:.6e}")
    assert "✓ Optimum found" in fit.facts.value
    assert said not in frontier.caution.value
    sure.budget = None


@pytest.mark.parametrize(("factor", "more"), [(2.0, []), (30.0, ["the budget is 30 times the largest run"])])
def test_the_status_in_a_report_has_the_same_cautions(unsure, factor, more):
    report = Report.of(unsure.fit, Settings(scaling_factor=factor), uncertainty=unsure.uncertainty)
    said = " · ".join(["converged", "some parameters are hardly determined", *more])
    assert dict(dict(report.tables)["Goodness of fit"])["status"] == said


def bent() -> Session:
    """Every run twice, of a law that does not bend up with compute as these losses do."""
    runs = make_runs(40)
    rise = 0.3 * (np.log(runs.C / runs.C.min()) / np.ptp(np.log(runs.C))) ** 4
    noise = np.random.default_rng(0).normal(0, 0.001, 80)
    twice = Runs(np.tile(runs.N, 2), np.tile(runs.D, 2), np.tile(runs.loss * np.exp(rise), 2) * np.exp(noise))
    database = Database()
    database.df = table_of(twice)
    session = Session(database, Settings())
    session.run_fit()
    return session


def test_the_badge_is_amber_where_repeated_runs_reject_the_law_and_roll_outs_are_one_sided():
    session = bent()
    panel, frontier = FitPanel(session), FrontierPanel(session)
    missed, worse = "the law misses the runs by more than their noise", "larger runs came out worse than predicted"
    session.uncertainty = None
    assert missed not in panel.facts.value
    session.uncertainty = session.fit.uncertainty("sandwich")
    assert any("the law misses the runs by more than that" in note for note in session.uncertainty.notes)
    assert worse not in panel.facts.value
    session.roll_outs = session.fit.roll_outs()
    assert any(note.startswith("all ") and "worse than predicted" in note for note in session.roll_outs.notes)
    report = Report.of(session.fit, Settings(), uncertainty=session.uncertainty, roll_outs=session.roll_outs)
    for text in (panel.facts.value, frontier.caution.value, dict(dict(report.tables)["Goodness of fit"])["status"]):
        assert missed in text
        assert worse in text
    assert "cnb-warn" in panel.facts.value


def test_a_law_that_holds_out_leaves_the_badge_green(sure):
    panel, sure.roll_outs = FitPanel(sure), sure.fit.roll_outs()
    assert sure.roll_outs.sides == ()
    assert "✓ Optimum found" in panel.facts.value
    sure.roll_outs = None


def test_the_uncertainty_of_another_fit_says_nothing(unsure, sure):
    assert cautions(sure.fit, None, unsure.uncertainty, None) == ()
    assert cautions(sure.fit, None, None, None) == ()
