"""The runs of a report: a table that is shortened where it is long, and all of them as a CSV file in the page."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from chinchilla_nb.engine.laws.family import losses_of
from chinchilla_nb.engine.run_keys import is_among, keys_at, run_keys
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.html_table import html_table
from chinchilla_nb.left_out_rows import LeftOut
from chinchilla_nb.printable import printable, shortened
from chinchilla_nb.quantity import compact, deviation, number_text, plain, scientific
from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv
from chinchilla_nb.session import Session

__all__ = ["csv_link", "excluded_table", "left_out_tables", "runs_table"]

MOST_ROWS = 100
"""Runs that a table shows: two to four printed pages."""
MOST_COLUMNS = 6
"""Columns of the user that a table shows, so that it fits a page."""
LONGEST_CELL = 60
"""Characters of a text that a table shows."""


def runs_table(runs: Runs, law: Any) -> str:
    """Return the first runs as an HTML table with their predictions, and how many there are."""
    predicted = losses_of(law, runs)
    own = {
        "loss": [plain(loss, 5) for loss in runs.loss[:MOST_ROWS]],
        "predicted": [plain(loss, 5) for loss in predicted[:MOST_ROWS]],
        "error": [deviation(share) for share in (runs.loss / predicted - 1)[:MOST_ROWS].tolist()],
    }
    return _listed(runs, own)


def excluded_table(session: Session) -> str:
    """Return the first excluded runs as an HTML table with the reason of each; empty if there are none."""
    runs, reasons = session.all_runs, session.exclusion_reasons
    rows = np.flatnonzero(is_among(runs, session.excluded))
    if not len(rows):
        return ""
    excluded = runs.take(rows)
    own = {
        "loss": [plain(loss, 5) for loss in excluded.loss[:MOST_ROWS]],
        # Keys are those among all runs: without its twins before it, a run would have another one.
        "reason": [_cell(reasons.get(key, "not stated")) for key in keys_at(runs, rows[:MOST_ROWS])],
    }
    return _listed(excluded, own)


def left_out_tables(session: Session) -> str:
    """Return the first rows that are left out of each table, with the reason for each; empty if there are none."""
    return "".join(map(_left_out, session.left_out))


def _left_out(one: LeftOut) -> str:
    count, listed = len(one.rows), one.rows[:MOST_ROWS]
    cells = [[f"{row.place:,}", printable(row.reason)] for row in listed]
    table = html_table(cells, [one.place.capitalize(), "Reason"], table_class="runs")
    more = f" The first {MOST_ROWS} are shown." if count > MOST_ROWS else ""
    said = f"{count:,} row{'' if count == 1 else 's'} of {printable(one.source)}.{more}"
    return f'<p>{escape(said)}</p><div class="wide">{table}</div>'


def csv_link(session: Session, law: Any) -> str:
    """Return a link that contains all runs as a CSV file, also the excluded ones."""
    runs = session.all_runs
    keys, reasons = run_keys(runs), session.exclusion_reasons
    columns = {
        **{name: getattr(runs, name) for name in ("C", "N", "D", "loss")},
        **runs.columns,
        "predicted_loss": losses_of(law, runs),
        "excluded": np.array([key in session.excluded for key in keys]),
        "exclusion_reason": np.array([reasons.get(key, "") for key in keys], dtype=object),
    }
    data = base64.b64encode(spreadsheet_csv(columns)).decode()
    return f'<a download="runs.csv" href="data:text/csv;base64,{data}">All {len(runs):,} runs as a CSV file</a>'


def _listed(runs: Runs, own: Mapping[str, Sequence[str]]) -> str:
    """Return a table of sizes, of own columns, and of the first columns of the user."""
    shown = min(len(runs), MOST_ROWS)
    sizes = {
        "N": [compact(value) for value in runs.N[:shown].tolist()],
        "D": [compact(value) for value in runs.D[:shown].tolist()],
        "C": [scientific(value) for value in runs.C[:shown].tolist()],
    }
    names = list(runs.columns)[:MOST_COLUMNS]
    users = {printable(name): [_cell(value) for value in runs.columns[name][:shown].tolist()] for name in names}
    cells = [*sizes.values(), *own.values(), *users.values()]
    table = html_table(zip(*cells, strict=True), [*sizes, *own, *users], table_class="runs")
    more = [f"{len(runs) - shown:,} more runs"] if len(runs) > shown else []
    hidden = len(runs.columns) - len(names)
    more += [f"{hidden:,} more columns"] if hidden else []
    note = f'<p class="note">{escape(" and ".join(more))} are not shown.</p>' if more else ""
    return f'<div class="wide">{table}</div>{note}'


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else number_text(float(f"{value:.6g}"))
    return shortened(printable(str(value)), LONGEST_CELL)
