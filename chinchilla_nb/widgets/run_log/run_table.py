"""A table of runs that stays fast with ten thousand runs, because only one page is sent to the browser."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.run_log.run_columns import full_width, tracks, write_rows
from chinchilla_nb.widgets.run_log.run_log_view import PAGE, RunLogView, ShownRuns

__all__ = ["RunTable"]

NO_ROW = 0
"""Number of the row that is selected if there is none."""
TOO_SOON = 0.25
"""Seconds after the rows change during which a click on a check box was meant for the row shown there before."""


class RunTable(ipywidgets.VBox):
    """Rows with check boxes, shown one page at a time and sorted by clicking a heading.

    Parameters
    ----------
    guard : Guard
        The panel's.
    parts : Parts
    on_check : callable
        Called with a row's position in the log and whether it is now checked.
    on_view : callable
        Called with the view that a click requests.
    on_select : callable
        Called with the positions in the log of the rows to select.

    Attributes
    ----------
    boxes : tuple of Checkbox
        The check boxes of the rows on the page, from top to bottom.
    picker : SelectMultiple
        The rows on the page, of which clicks choose some: alone, with Shift up to another, or with Ctrl one more. It is
        not shown; the rows are.
    cursor : IntText
        Moves the selected row by its arrow keys, and has the focus after a click on a row. It is a field for numbers
        because JupyterLab takes the arrow keys of all else for itself. It holds the row counted from below, because an
        arrow downwards makes a number smaller.
    """

    def __init__(
        self,
        guard: Guard,
        parts: Parts,
        on_check: Callable[[int, bool], None],
        on_view: Callable[[RunLogView], None],
        on_select: Callable[[list[int]], None],
    ) -> None:
        self.guard, self._parts = guard, parts
        self._on_check, self._on_view, self._on_select = on_check, on_view, on_select
        self._writing = Writing()
        self._shown: ShownRuns | None = None
        self._shifted = -math.inf
        self._names: tuple[str, ...] = ()
        self.boxes = tuple(
            parts.make(ipywidgets.Checkbox, value=True, indent=False, description="Run") for _ in range(PAGE)
        )
        for place, box in enumerate(self.boxes):
            box.observe(lambda change, place=place: self._checked(place, change["new"]), "value")
        corner = parts.html('<span class="cnb-muted" title="Unchecked runs are excluded from fits">In fit</span>')
        self.picker = parts.make(ipywidgets.SelectMultiple, "cnb-runs-picker", options=[], rows=PAGE)
        self.picker.observe(self._selected, "value")
        side = parts.box([corner, *self.boxes], "cnb-runs-side")
        self.head, self.body = ipywidgets.GridBox(_dom_classes=("cnb-runs-head",)), parts.html()
        scroll = parts.box([self.head, self.body], "cnb-runs-scroll")
        table = parts.box([side, self.picker, scroll], "cnb-run-table")
        super().__init__([table, self._pager()], **parts.look(ipywidgets.VBox, ()))

    def _pager(self) -> ipywidgets.Box:
        turns: dict[str, tuple[str, Callable[[ShownRuns], int]]] = {
            "«": ("First page", lambda _: 0),
            "‹": ("Previous page", lambda shown: shown.page - 1),
            "›": ("Next page", lambda shown: shown.page + 1),
            "»": ("Last page", lambda shown: shown.last_page),
        }
        buttons = [self._parts.button(sign, hint) for sign, (hint, _) in turns.items()]
        for button, (_, turn) in zip(buttons, turns.values(), strict=True):
            button.on_click(lambda _, turn=turn: self._turn(turn))
        self.first, self.previous, self.next, self.last = buttons
        self.place = self._parts.html()
        self.cursor = self._parts.make(
            ipywidgets.IntText, "cnb-row-field", description="Move row", tooltip="Arrow keys move the selected row"
        )
        self.cursor.observe(self._step, "value")
        return self._parts.box([*buttons[:2], self.place, *buttons[2:], self.cursor], "cnb-bar", "cnb-pager")

    def show(self, shown: ShownRuns) -> None:
        """Show the page of a view."""
        if self._shown is not None and len(self._shown.included) != len(shown.included):
            self._shifted = time.monotonic()
        self._shown = shown
        self._show_head(shown)
        self._show_boxes(shown.rows, shown.included)
        self._show_picker(shown)
        below = len(shown.matching) - shown.page * PAGE
        self.body.value = write_rows(shown.columns, shown.rows, shown.included, shown.selected, below)
        self._show_place(shown)

    def _show_head(self, shown: ShownRuns) -> None:
        columns, view = shown.columns, shown.view
        names = tuple(columns)
        if names != self._names:
            self._names = names
            buttons = [self._parts.button("") for _ in names]
            for button, name in zip(buttons, names, strict=True):
                button.on_click(lambda _, name=name: self._sort(name))
            for old in self.head.children:
                old.close()
            self.head.children = buttons
        self.head.layout.grid_template_columns = tracks(columns)
        self.head.layout.min_width = f"{full_width(columns)}px"
        for button, (name, column) in zip(self.head.children, columns.items(), strict=True):
            arrow = (" ▼" if view.descending else " ▲") if name == view.sorted_by else ""
            button.description = name + arrow
            button.tooltip = f"{column.hint or name}: click to sort"
            (button.add_class if column.is_text else button.remove_class)("cnb-left")

    def _show_boxes(self, rows: NDArray[np.intp], included: NDArray[np.bool_]) -> None:
        with self._writing:
            for place, box in enumerate(self.boxes):
                there = place < len(rows)
                set_shown(box, there)
                if there:
                    box.description = f"Include run {rows[place] + 1} in the fit"
                    box.value = bool(included[rows[place]])

    def _show_picker(self, shown: ShownRuns) -> None:
        rows = shown.rows.tolist()
        with self._writing:
            options = [(str(row + 1), row) for row in rows]
            if list(self.picker.options) != options:
                self.picker.options = options
            self.picker.value = tuple(row for row in rows if shown.selected[row])
            self.cursor.value = _row_from_below(shown)

    def _show_place(self, shown: ShownRuns) -> None:
        count, total, start = len(shown.matching), len(shown.included), shown.page * PAGE
        some = f"{start + 1:,}–{min(start + PAGE, count):,} of {count:,}" if count else "none"
        self.place.value = (
            f'<span class="cnb-muted">{some}{"" if count == total else f" matching, {total:,} in total"}</span>'
        )
        for button in (self.first, self.previous, self.next, self.last):
            set_shown(button, shown.last_page > 0)
        self.first.disabled = self.previous.disabled = shown.page == 0
        self.last.disabled = self.next.disabled = shown.page == shown.last_page

    @guarded
    def _sort(self, name: str) -> None:
        if self._shown is not None:
            self._on_view(self._shown.view.sorted_on(name))

    @guarded
    def _turn(self, turn: Callable[[ShownRuns], int]) -> None:
        if self._shown is not None:
            self._on_view(self._shown.view.turned_to(turn(self._shown)))

    @guarded
    def _selected(self, change: Any) -> None:
        if self._writing or self._shown is None:
            return
        picked = list(change["new"])
        if len(picked) > 1:  # with Shift or Ctrl: rows of other pages stay
            elsewhere = np.setdiff1d(np.flatnonzero(self._shown.selected), self._shown.rows)
            picked += elsewhere.tolist()
        self._on_select(picked)

    @guarded
    def _step(self, change: Any) -> None:
        """Select the run of the row that the arrow keys have moved to."""
        shown = self._shown
        if self._writing or shown is None or not len(shown.matching):
            return
        count = len(shown.matching)
        if change["old"] == NO_ROW:  # from no row, to the first or the last one of the page
            place = shown.page * PAGE + (0 if change["new"] < 0 else len(shown.rows) - 1)
        else:
            place = min(max(count - change["new"], 0), count - 1)
        # The other order would show the new page with the run that was selected before, and send its row to the field.
        self._on_select([int(shown.matching[place])])
        if place // PAGE != shown.page:
            self._on_view(shown.view.turned_to(place // PAGE))

    @guarded
    def _checked(self, place: int, checked: bool) -> None:
        if self._writing or self._shown is None or place >= len(self._shown.rows):
            return
        if time.monotonic() - self._shifted < TOO_SOON:
            self._on_view(self._shown.view)  # restores the check box
        else:
            self._on_check(int(self._shown.rows[place]), checked)


def _row_from_below(shown: ShownRuns) -> int:
    """Return the row of the only selected run, counted from the last one that matches; `NO_ROW` without one."""
    places = np.flatnonzero(shown.selected[shown.matching])
    return len(shown.matching) - int(places[0]) if len(places) == 1 else NO_ROW
