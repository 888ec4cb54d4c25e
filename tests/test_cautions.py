"""What a fit's badge, notes, report and frontier say of it agrees: amber wherever anything calls for care."""

from __future__ import annotations

import pytest
from runs import make_runs, table_of

from chinchilla_nb import Database, Session, Settings
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


def test_the_uncertainty_of_another_fit_says_nothing(unsure, sure):
    assert cautions(sure.fit, None, unsure.uncertainty) == ()
    assert cautions(sure.fit, None, None) == ()
