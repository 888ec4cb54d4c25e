"""Panels and pages of reports write exponents in one way: as in the law."""

from __future__ import annotations

import re

import ipywidgets
import pytest
from runs import make_runs, table_of

from chinchilla_nb import Database, Session, Settings
from chinchilla_nb.engine.laws.families import FAMILIES
from chinchilla_nb.publishing.report_page import report_page
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.history.history_rows import differences_table

NAME = re.compile(r"\b(alpha|beta)", re.IGNORECASE)


@pytest.fixture(params=["chinchilla", "kaplan"])
def session(request) -> Session:
    """A fit of so few and so noisy runs that warnings name its exponents."""
    database = Database()
    database.df = table_of(make_runs(12, noise=0.03, rng=1))
    session = Session(database, Settings(family=FAMILIES[request.param]))
    session.run_fit()
    return session


def texts(widget: ipywidgets.Widget) -> list[str]:
    """Return what a widget and those in it show."""
    own = [getattr(widget, name, "") for name in ("value", "description", "placeholder")]
    found = [text for text in own if isinstance(text, str)]
    return found + [text for child in getattr(widget, "children", ()) for text in texts(child)]


def test_the_fit_panel_has_symbols(session):
    panel = FitPanel(session)
    panel.diagnostics.value = True
    said = " ".join(re.sub(r"<[^>]*>", " ", text) for text in texts(panel) if "<style>" not in text)
    assert "α" in said
    assert not NAME.findall(said)


def test_the_warnings_begin_with_symbols(session):
    if session.settings.family.name == "chinchilla":
        assert any(warning.message.startswith(("alpha", "beta")) for warning in session.fit.warnings)
        assert re.search(r"<span>[αβ] = ", FitPanel(session).problems.value)


def test_the_page_of_a_report_has_symbols(session):
    page = report_page(session)
    shown = re.sub(r"<svg.*?</svg>|<style.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert "α" in shown
    assert not NAME.findall(shown)


def test_the_comparison_of_fits_has_symbols(session):
    session.start_fit()
    session.wait()
    table = differences_table([(1, session.fits[0]), (2, session.fits[-1])])
    assert "α" in table
    assert not NAME.findall(table)
