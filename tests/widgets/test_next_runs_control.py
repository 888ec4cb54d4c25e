"""The runs that the frontier panel proposes to train next."""

from __future__ import annotations

import re

import pytest
from runs import GRID, make_runs, table_of

from chinchilla_nb import log_huber
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.publishing.report_page import report_page
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel


@pytest.fixture
def noisy_session() -> Session:
    """A session whose runs have noise."""
    database = Database()
    database.df = table_of(make_runs(30, noise=0.01, rng=7))
    return Session(database, Settings(grid=GRID, loss_fn=log_huber))


def cells(panel) -> list[list[str]]:
    rows = re.findall(r"<tr>(<td.*?)</tr>", panel.next_runs.table.value)
    return [re.findall(r"<td>(.*?)</td>", row) for row in rows]


def test_it_is_hidden_before_a_fit(session):
    panel = FrontierPanel(session)
    assert panel.next_runs.layout.display == "none"


def test_chosen_runs_are_shown_until_something_changes(noisy_session):
    noisy_session.run_fit()
    panel = FrontierPanel(noisy_session)
    control = panel.next_runs
    assert control.layout.display is None
    assert control.table.value == ""
    control.button.click()
    cheap = cells(panel)
    assert len(cheap) == 5
    assert "N* at C = " in control.table.value
    # Errors fall from row to row.
    errors = [float(row[4].split()[0]) for row in cheap]
    assert errors == sorted(errors, reverse=True)
    control.criterion.value = "fall"
    assert control.table.value == ""
    control.button.click()
    assert cells(panel) != cheap
    panel.budget_control.text.set_state({"value": "1e23"})
    assert control.table.value == ""
    control.button.click()
    noisy_session.run_fit()
    assert control.table.value == ""
    assert panel.errors.value == ""


def test_the_report_has_the_suggestion_while_it_holds(noisy_session):
    noisy_session.run_fit()
    panel = FrontierPanel(noisy_session)
    title = "<h2>Suggested next runs</h2>"
    assert title not in report_page(noisy_session)
    panel.next_runs.button.click()
    other = FrontierPanel(noisy_session)
    assert other.next_runs.table.value == panel.next_runs.table.value != ""
    section = report_page(noisy_session).partition(title)[2].partition("</section>")[0]
    assert section.count("<tr>") == 6
    assert all(f"<td>{cell}</td>" in section for row in cells(panel) for cell in row)
    assert "standard error of log N* at C = " in section
    noisy_session.budget = 1e23
    assert title not in report_page(noisy_session)
    assert other.next_runs.table.value == panel.next_runs.table.value == ""


def test_what_cannot_be_designed_is_said(session):
    session.run_fit()  # its runs lie exactly on the law
    panel = FrontierPanel(session)
    panel.next_runs.button.click()
    assert "the runs of the fit must have errors" in panel.next_runs.table.value
    assert panel.errors.value == ""
