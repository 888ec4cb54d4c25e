"""The report of a project as one page: HTML with its charts and its data inside, and without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date as Date
from html import escape
from pathlib import Path

from chinchilla_nb.checks import as_texts
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.symbols import in_symbols
from chinchilla_nb.engine.planning.optimal_runs import optimal_runs
from chinchilla_nb.engine.sentences import sentence
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.html_table import html_table
from chinchilla_nb.printable import printable
from chinchilla_nb.publishing.charts import fit_charts, roll_out_chart
from chinchilla_nb.publishing.chinchilla_table import ChinchillaTable
from chinchilla_nb.publishing.facts import (
    TITLE,
    Facts,
    definition_facts,
    fit_facts,
    other_laws,
    run_facts,
    version_facts,
)
from chinchilla_nb.publishing.next_run_listing import suggestion_note, suggestion_table
from chinchilla_nb.publishing.plan_listing import plans_table
from chinchilla_nb.publishing.run_listing import csv_link, excluded_table, left_out_tables, runs_table
from chinchilla_nb.publishing.typeset import as_mathml
from chinchilla_nb.report import Report
from chinchilla_nb.session import Session

__all__ = ["report_page"]

_STYLE = Path(__file__).with_name("report.css")


def report_page(
    session: Session,
    *,
    title: str = TITLE,
    date: Date | None = None,
    definitions: Mapping[str, str] | None = None,
    table: ChinchillaTable | None = None,
) -> str:
    """Return the report of a session's fit as HTML; the same text for the same session, date and software.

    Parameters
    ----------
    session : Session
        With a fit; its uncertainty and roll-outs are shown if they are known.
    title : str
    date : datetime.date, optional
        The date that is printed; today by default.
    definitions : mapping of str to str, optional
        What N, D, C and loss are.
    table : ChinchillaTable, optional
        By default that of the largest compute of the runs and the next three powers of ten above it.

    Raises
    ------
    InputError
        If nothing has been fitted. An InputTypeError if an argument is of another type.
    """
    check_type(session, "session", Session)
    check_type(title, "title", str)
    check_type(date, "date", Date, type(None))
    check_type(table, "table", ChinchillaTable, type(None))
    meant = {} if definitions is None else as_texts(definitions, "definitions")
    fit = session.fit
    if fit is None:
        raise InputError("the scaling law", "has not been estimated yet", remedy="fit the runs first")
    uncertainty = session.uncertainty
    known = session.stale, uncertainty, session.forecast_scores, session.roll_outs
    report = Report.of(fit, session.settings, *known, session.filter_of_fit, session.budget)
    runs = fit.runs
    tables = [(name, tuple((in_symbols(key), value) for key, value in rows)) for name, rows in report.tables]
    parameters, goodness, *plans = (_section(name, _facts(rows)) for name, rows in tables)
    sections = [
        _result(fit, report),
        f'<div class="beside">{parameters}{goodness}</div>',
        f'<div class="charts">{_section("Charts", "".join(fit_charts(session, fit, uncertainty)))}</div>',
        _titled("Roll-outs", roll_out_chart(session)),
        *plans,
        _titled("Plans under constraints", _collected(session, fit)),
        _titled("Suggested next runs", _suggested(session, fit)),
        _section("Compute-optimal runs", _chinchilla(session, fit, uncertainty, table)),
        _titled("Other laws", _facts(other_laws(session))),
        _section("How the law was fitted", _facts(fit_facts(fit, uncertainty, session.settings.rng))),
        _section("Definitions", _facts(definition_facts(session, runs, meant)) + _remarks(session)),
        _section("Runs", _facts(run_facts(session, runs)) + f"<p>{csv_link(session, fit.law)}</p>"),
        _section("Runs of the fit", runs_table(runs, fit.law)),
        _titled("Excluded runs", excluded_table(session)),
        _titled("Rows left out", left_out_tables(session)),
        _section("Software", _facts(version_facts())),
    ]
    heading = printable(title)
    day = (Date.today() if date is None else date).isoformat()
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><title>{escape(heading)}</title><style>{_STYLE.read_text(encoding="utf-8")}</style>'
        f'</head><body><main><header><h1>{escape(heading)}</h1><p class="note">{day}</p></header>'
        f"{''.join(sections)}</main></body></html>\n"
    )


def _result(fit: Fit, report: Report) -> str:
    """Return the law, what is known with it, and what limits it."""
    parts = [f'<div class="law">{as_mathml(fit.law)}</div>']
    parts += [f"<p>{escape(in_symbols(' '.join(report.summary)))}</p>"] if report.summary else []
    parts += [_list(report.notes)] if report.notes else []
    if report.warnings:
        parts.append(f'<div class="warnings"><h3>Warnings</h3>{_list(report.warnings)}</div>')
    return _section("Result", "".join(parts))


def _chinchilla(session: Session, fit: Fit, uncertainty: Uncertainty | None, table: ChinchillaTable | None) -> str:
    if table is None:
        try:
            rows = optimal_runs(fit, budget=session.budget, uncertainty=uncertainty)
            table = ChinchillaTable(rows, session.data_unit)
        except InputError as error:
            return f"<p>There are none: {escape(str(error))}.</p>"
    cells = html_table(table.rows, table.head, table_class="numbers")
    notes = "".join(f"<br>{escape(note)}" for note in table.notes).removeprefix("<br>")
    return f'<div class="wide">{cells}</div><p class="note">{notes}</p>'


def _collected(session: Session, fit: Fit) -> str:
    """Return the plans that were collected with the fit, and how many with others; empty without any."""
    plans = [one for one in session.collected_plans if one.fit is fit]
    if not plans:
        return ""
    others = len(session.collected_plans) - len(plans)
    said = f"{others:,} plan{'s' if others > 1 else ''} of other fits {'are' if others > 1 else 'is'} not shown."
    note = f'<p class="note">{said}</p>' if others else ""
    return f'<div class="wide">{plans_table(plans, session.data_unit, "numbers")}</div>{note}'


def _suggested(session: Session, fit: Fit) -> str:
    """Return the next runs that were suggested with the fit; empty without any."""
    suggested = session.suggested_runs
    if suggested is None or suggested.fit is not fit:
        return ""
    table = suggestion_table(suggested, session.data_unit, "numbers")
    return f'<div class="wide">{table}</div><p class="note">{escape(suggestion_note(suggested))}</p>'


def _remarks(session: Session) -> str:
    said = " ".join(session.all_remarks)
    return f"<p>How the table was read: {escape(printable(said))}</p>" if said else ""


def _titled(title: str, content: str) -> str:
    """Return a section, or nothing if there is no content."""
    return _section(title, content) if content else ""


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _facts(rows: Facts) -> str:
    if not rows:
        return ""
    return html_table([[printable(cell) for cell in row] for row in rows], named_rows=True, table_class="facts")


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(printable(sentence(in_symbols(item))))}</li>' for item in items)}</ul>"
