"""A list of the rows that are left out of tables, with the reason for each, which opens on a click."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.html_table import html_table
from chinchilla_nb.left_out_rows import LeftOut
from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv
from chinchilla_nb.records.tables import Rejected
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.page_actions import Download
from chinchilla_nb.widgets.base.parts import Parts, set_shown

__all__ = ["LeftOutList", "reasons_in_words"]

MOST_LISTED = 1000
"""Rows of a table that a page lists, some 100 bytes each; the file has all."""
MOST_KINDS = 5
"""Reasons that are counted; the list of rows has all."""
LONGEST_KIND = 60
"""Characters of a reason that is counted; longer ones quote a cell."""
FILE, MIME = "left-out-rows.csv", "text/csv"


class LeftOutList(ipywidgets.VBox):
    """The rows that are left out of tables; nothing is shown if there are none.

    Parameters
    ----------
    guard : Guard
    parts : Parts
    counted : bool
        Whether the reasons are counted above the list.

    Attributes
    ----------
    rows : HTML
        For each table, how many rows are left out, and below that each with its reason.
    save : Button
        Saves all of them as CSV.
    link : Download
    """

    def __init__(self, guard: Guard, parts: Parts, *, counted: bool = True) -> None:
        self.guard, self._counted = guard, counted
        self._left_out: tuple[LeftOut, ...] = ()
        self.rows, self.link = parts.html(), parts.make(Download)
        self.save = parts.button("Save left-out rows", "Save all rows that are left out, with their reasons, as CSV")
        self.save.add_class("cnb-link")
        bar = parts.box([self.save, self.link], "cnb-bar")
        super().__init__([self.rows, bar], **parts.look(ipywidgets.VBox, ("cnb-left-out",)))
        self.save.on_click(self._save)
        self.show(())

    def show(self, left_out: Sequence[LeftOut]) -> None:
        """Show the rows that are left out of these tables."""
        self._left_out = tuple(left_out)
        self.link.clear()
        self.rows.value = "".join(_listed(one, counted=self._counted) for one in self._left_out)
        set_shown(self, bool(self._left_out))

    @guarded
    def _save(self, _button: Any) -> None:
        rows = [(one.source, one.place, row.place, row.reason) for one in self._left_out for row in one.rows]
        columns = zip(*rows, strict=True)
        names = ("table", "place", "number", "reason")
        self.link.offer(FILE, MIME, spreadsheet_csv(dict(zip(names, map(list, columns), strict=True))))


def reasons_in_words(rows: Sequence[Rejected]) -> str:
    """Return why rows are left out, the most frequent reasons first, each with the number of its rows."""
    kinds = Counter(one.kind for one in rows)
    reasons = "; ".join(f"{kind[:LONGEST_KIND]} ({number:,})" for kind, number in kinds.most_common(MOST_KINDS))
    others = f"; and {len(kinds) - MOST_KINDS:,} other reasons" if len(kinds) > MOST_KINDS else ""
    return f"{reasons}{others}"


def _listed(one: LeftOut, *, counted: bool) -> str:
    count = len(one.rows)
    are = "row is" if count == 1 else "rows are"
    some = f" (the first {MOST_LISTED:,} are listed; the file has all)" if count > MOST_LISTED else ""
    listed = [[f"{row.place:,}", row.reason] for row in one.rows[:MOST_LISTED]]
    table = html_table(listed, [one.place.capitalize(), "Reason"])
    reasons = f": {escape(reasons_in_words(one.rows))}" if counted else ""
    summary = f"{count:,} {are} left out of {escape(one.source)}{some}{reasons}"
    return f'<details><summary>{summary}</summary><div class="cnb-left-out-rows" tabindex="0">{table}</div></details>'
