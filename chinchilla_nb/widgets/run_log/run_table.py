"""A table of runs that stays quick with ten thousand of them: the kernel sorts, filters and sends one page."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.widgets.base.parts import Parts, reveal
from chinchilla_nb.widgets.run_log.run_columns import Column, full_width, is_absent, tracks, write_rows

__all__ = ["PAGE", "RunTable"]

PAGE = 15
"""Rows on a page."""

TOO_SOON = 0.25
"""Seconds after rows arrived in which a click on a check box was meant for the row that stood there before."""


class RunTable(ipywidgets.VBox):
    """Rows with a check box each, sorted by a click on a heading, shown a page at a time.

    Attributes
    ----------
    on_check : callable
        Called with a row's index in the log and whether it is checked now.
    sorted_by : str
        Name of the column the rows are sorted by.
    descending : bool
    page : int
        From 0.
    boxes : tuple of Checkbox
        Of the rows on the page, from above.
    """

    def __init__(
        self,
        parts: Parts,
        on_check: Callable[[int, bool], None],
        on_turn: Callable[[], None],
        sorted_by: str,
        *,
        descending: bool,
    ) -> None:
        self._parts = parts
        self.sorted_by, self.descending = sorted_by, descending
        self.page = 0
        self.shown: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._on_check, self._on_turn = on_check, on_turn
        self._painting = False
        self._total: int | None = None
        self._shifted = -math.inf
        self._names: tuple[str, ...] = ()
        self.boxes = tuple(
            parts.make(ipywidgets.Checkbox, value=True, indent=False, description="Run") for _ in range(PAGE)
        )
        for place, box in enumerate(self.boxes):
            box.observe(lambda change, place=place: self._checked(place, change["new"]), "value")
        corner = parts.html('<span class="cnb-muted" title="Unchecked runs are excluded from fits">In fit</span>')
        side = parts.box([corner, *self.boxes], "cnb-runs-side")
        self.head, self.body = ipywidgets.GridBox(_dom_classes=("cnb-runs-head",)), parts.html()
        scroll = parts.box([self.head, self.body], "cnb-runs-scroll")
        table = parts.box([side, scroll], "cnb-run-table")
        super().__init__([table, self._pager()], **parts.look(ipywidgets.VBox, ()))

    def _pager(self) -> ipywidgets.Box:
        turns = {
            "«": ("First page", lambda: 0),
            "‹": ("Page before", lambda: self.page - 1),
            "›": ("Next page", lambda: self.page + 1),
            "»": ("Last page", lambda: self._pages - 1),
        }
        buttons = [self._parts.button(sign, hint) for sign, (hint, _) in turns.items()]
        for button, (_, turn) in zip(buttons, turns.values(), strict=True):
            button.on_click(lambda _, turn=turn: self._turn(turn()))
        self.first, self.back, self.onward, self.last = buttons
        self.place = self._parts.html()
        return self._parts.box([*buttons[:2], self.place, *buttons[2:]], "cnb-bar", "cnb-pager")

    @property
    def _pages(self) -> int:
        return max(1, -(-len(self.shown) // PAGE))

    @property
    def rows(self) -> NDArray[np.intp]:
        """Places in the log of the runs on the page, from above."""
        return self.shown[self.page * PAGE : (self.page + 1) * PAGE]

    def show(self, columns: Mapping[str, Column], kept: NDArray[np.bool_], included: NDArray[np.bool_]) -> None:
        """Show some of the runs.

        Parameters
        ----------
        columns : mapping of str to Column
        kept : ndarray of bool, shape (n_runs,)
            Which runs are shown.
        included : ndarray of bool, shape (n_runs,)
            Which are checked.
        """
        if self.sorted_by not in columns:
            self.sorted_by, self.descending = next(iter(columns)), True
        order = _order(columns[self.sorted_by].values, descending=self.descending)
        self.shown = order[kept[order]]
        self.page = min(max(self.page, 0), self._pages - 1)
        self._show_head(columns)
        rows = self.rows
        if self._total not in (None, len(kept)):
            self._shifted = time.monotonic()
        self._total = len(kept)
        self._show_boxes(rows, included)
        self.body.value = write_rows(columns, rows, included)
        self._show_place(len(kept))

    def _show_head(self, columns: Mapping[str, Column]) -> None:
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
            arrow = (" ▼" if self.descending else " ▲") if name == self.sorted_by else ""
            button.description = name + arrow
            button.tooltip = f"{column.hint or name}: click to sort"
            (button.add_class if column.is_text else button.remove_class)("cnb-left")

    def _show_boxes(self, rows: Sequence[int] | NDArray[np.intp], included: NDArray[np.bool_]) -> None:
        self._painting = True
        try:
            for place, box in enumerate(self.boxes):
                there = place < len(rows)
                reveal(box, there)
                if there:
                    box.description = f"Run {rows[place] + 1} counts"
                    box.value = bool(included[rows[place]])
        finally:
            self._painting = False

    def _show_place(self, total: int) -> None:
        count, start = len(self.shown), self.page * PAGE
        some = f"{start + 1:,}–{min(start + PAGE, count):,} of {count:,}" if count else "none"
        self.place.value = (
            f'<span class="cnb-muted">{some}{"" if count == total else f" that match, of {total:,}"}</span>'
        )
        for button in (self.first, self.back, self.onward, self.last):
            reveal(button, self._pages > 1)
        self.first.disabled = self.back.disabled = self.page == 0
        self.last.disabled = self.onward.disabled = self.page >= self._pages - 1

    def _sort(self, name: str) -> None:
        # Numbers are looked at from the largest, names from A.
        self.descending = not self.descending if name == self.sorted_by else False
        self.sorted_by = name
        self._turn(0)

    def _turn(self, page: int) -> None:
        self.page = page
        self._on_turn()

    def _checked(self, place: int, checked: bool) -> None:
        row = self.page * PAGE + place
        if self._painting or row >= len(self.shown):
            return
        if time.monotonic() - self._shifted < TOO_SOON:
            self._on_turn()  # paints the box as it was
        else:
            self._on_check(int(self.shown[row]), checked)


def _order(values: NDArray[Any], *, descending: bool) -> NDArray[np.intp]:
    """Sort stably, with what is no number or no text at the end either way."""
    if values.dtype.kind in "iufb":
        numbers = values.astype(float)
        order = np.argsort(-numbers if descending else numbers, kind="stable")
    else:
        texts = np.array(["" if is_absent(value) else str(value).casefold() for value in values], dtype=object)
        order = np.argsort(texts, kind="stable")
        if descending:
            order = order[::-1]
        blank = texts[order] == ""
        order = np.concatenate([order[~blank], order[blank]])
    return order
