"""A table of runs that stays quick with ten thousand of them: the kernel sorts, filters and sends one page."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import compact, scientific

__all__ = ["PAGE", "Column", "RunTable"]

PAGE = 15
"""Rows on a page."""

TOO_SOON = 0.25
"""Seconds after rows arrived in which a click on a check box was meant for the row that stood there before."""


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """One column: its values in the order of the log, how a value is written, and how wide it is in pixels."""

    values: NDArray[Any]
    write: Callable[[Any], str]
    width: int = 84
    hint: str = ""
    bar: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the values are aligned to the left."""
        return self.values.dtype.kind not in "iufb"


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
        self, on_check: Callable[[int, bool], None], on_turn: Callable[[], None], sorted_by: str, *, descending: bool
    ) -> None:
        self.sorted_by, self.descending = sorted_by, descending
        self.page = 0
        self.shown: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._on_check, self._on_turn = on_check, on_turn
        self._painting = False
        self._total: int | None = None
        self._shifted = -math.inf
        self._names: tuple[str, ...] = ()
        self.boxes = tuple(ipywidgets.Checkbox(value=True, indent=False, description="Run") for _ in range(PAGE))
        for place, box in enumerate(self.boxes):
            box.observe(lambda change, place=place: self._checked(place, change["new"]), "value")
        corner = ipywidgets.HTML('<span class="cnb-muted" title="Unchecked runs are left out of fits">In fit</span>')
        side = ipywidgets.VBox([corner, *self.boxes])
        side.add_class("cnb-runs-side")
        self.head = ipywidgets.GridBox()
        self.head.add_class("cnb-runs-head")
        self.body = ipywidgets.HTML()
        scroll = ipywidgets.VBox([self.head, self.body])
        scroll.add_class("cnb-runs-scroll")
        table = ipywidgets.Box([side, scroll])
        table.add_class("cnb-run-table")
        self.first, self.back, self.onward, self.last = (
            ipywidgets.Button(description=sign, tooltip=hint)
            for sign, hint in (("«", "First page"), ("‹", "Page before"), ("›", "Next page"), ("»", "Last page"))
        )
        self.place = ipywidgets.HTML()
        pager = ipywidgets.Box([self.first, self.back, self.place, self.onward, self.last])
        pager.add_class("cnb-bar")
        pager.add_class("cnb-pager")
        for button, turn in (
            (self.first, lambda: 0),
            (self.back, lambda: self.page - 1),
            (self.onward, lambda: self.page + 1),
            (self.last, lambda: self._pages - 1),
        ):
            button.on_click(lambda _, turn=turn: self._turn(turn()))
        super().__init__([table, pager])

    @property
    def _pages(self) -> int:
        return max(1, -(-len(self.shown) // PAGE))

    def show(
        self, columns: Mapping[str, Column], kept: NDArray[np.bool_], included: NDArray[np.bool_], nothing: str
    ) -> None:
        """Show some of the runs.

        Parameters
        ----------
        columns : mapping of str to Column
        kept : ndarray of bool, shape (n_runs,)
            Which runs are shown.
        included : ndarray of bool, shape (n_runs,)
            Which are checked.
        nothing : str
            What to say if there are none.
        """
        if self.sorted_by not in columns:
            self.sorted_by, self.descending = next(iter(columns)), True
        order = _order(columns[self.sorted_by].values, descending=self.descending)
        self.shown = order[kept[order]]
        self.page = min(max(self.page, 0), self._pages - 1)
        self._show_head(columns)
        rows = self.shown[self.page * PAGE : (self.page + 1) * PAGE]
        if self._total not in (None, len(kept)):
            self._shifted = time.monotonic()
        self._total = len(kept)
        self._show_boxes(rows, included)
        self.body.value = _body(columns, rows, included, nothing)
        self._show_place(len(kept))

    def _show_head(self, columns: Mapping[str, Column]) -> None:
        names = tuple(columns)
        if names != self._names:
            self._names = names
            buttons = [ipywidgets.Button() for _ in names]
            for button, name in zip(buttons, names, strict=True):
                button.on_click(lambda _, name=name: self._sort(name))
            for old in self.head.children:
                old.close()
            self.head.children = buttons
        self.head.layout.grid_template_columns = _tracks(columns)
        self.head.layout.min_width = f"{_width(columns)}px"
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
                box.layout.display = None if there else "none"
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
        texts = np.array(["" if _is_absent(value) else str(value).casefold() for value in values], dtype=object)
        order = np.argsort(texts, kind="stable")
        if descending:
            order = order[::-1]
        blank = texts[order] == ""
        order = np.concatenate([order[~blank], order[blank]])
    return order


def _tracks(columns: Mapping[str, Column]) -> str:
    return " ".join(f"minmax({column.width}px, {column.width}fr)" for column in columns.values())


def _width(columns: Mapping[str, Column]) -> int:
    return sum(column.width for column in columns.values())


def _body(columns: Mapping[str, Column], rows: NDArray[np.intp], included: NDArray[np.bool_], nothing: str) -> str:
    if not len(rows):
        return f'<div class="cnb-runs-none cnb-muted">{escape(nothing)}</div>'
    lines = []
    scales = {name: _largest(column) for name, column in columns.items() if column.bar}
    for row in rows:
        cells = "".join(_cell(column, column.values[row], scales.get(name)) for name, column in columns.items())
        out = "" if included[row] else " cnb-out"
        lines.append(f'<div class="cnb-run{out}" role="row">{cells}</div>')
    style = f"--cnb-tracks: {_tracks(columns)}; min-width: {_width(columns)}px"
    return f'<div role="table" style="{style}">{"".join(lines)}</div>'


def _cell(column: Column, value: Any, scale: float | None) -> str:
    absent = _is_absent(value)
    text = "–" if absent else column.write(value)
    exact = (
        "" if absent else repr(value.item() if hasattr(value, "item") else value) if not column.is_text else str(value)
    )
    style = "" if scale is None or absent else f' style="{_bar(float(value) / scale)}"'
    kind = ' class="cnb-left"' if column.is_text else ""
    return f'<span role="cell"{kind} title="{escape(exact)}"{style}>{escape(text)}</span>'


def _is_absent(value: Any) -> bool:
    return value is None or value != value


def _largest(column: Column) -> float:
    """Return what fills a bar: nearly the largest magnitude, so that one wild run does not flatten the others."""
    sizes = np.abs(column.values[np.isfinite(column.values)])
    return float(np.quantile(sizes, 0.98)) or 1.0 if sizes.size else 1.0


def _bar(place: float) -> str:
    """Draw a bar from the middle of a cell, to the left for -1 and to the right for 1."""
    place = min(max(place, -1.0), 1.0)
    low, high = sorted((50.0, 50.0 + 46.0 * place))
    colour = "var(--cnb-over)" if place > 0 else "var(--cnb-under)"
    return (
        f"background: linear-gradient(90deg, transparent {low:.1f}%, {colour} {low:.1f}% {high:.1f}%, "
        f"transparent {high:.1f}%) no-repeat left bottom 3px / 100% 3px"
    )


def number(value: Any) -> str:
    """Write a number of a column nobody told us about."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    far = value != 0 and not 1e-3 <= abs(value) < 1e6
    return scientific(float(value)) if far else f"{value:.6g}"


def run_columns(runs: Any, residuals: NDArray[np.float64] | None) -> dict[str, Column]:
    """Return what the table shows of runs: what every run has, what the fit says of it, and the user's columns."""
    columns = {
        "#": Column(np.arange(1, len(runs) + 1), str, 52, "Place in the log"),
        "N": Column(runs.N, compact, hint="Parameters N"),
        "D": Column(runs.D, compact, hint="Training tokens D"),
        "D/N": Column(runs.D / runs.N, compact, 72, "Tokens per parameter"),
        "C": Column(runs.C, scientific, 96, "Compute in FLOPs"),
        "loss": Column(runs.loss, lambda value: f"{value:.4f}", 76, "Measured loss"),
    }
    if residuals is not None:
        columns["residual"] = Column(
            residuals,
            lambda value: f"{value:+.4f}".replace("-", "−"),
            88,
            "Measured loss minus what the law predicts",
            bar=True,
        )
    for name, values in runs.columns.items():
        text = values.dtype.kind not in "iufb"
        title = name if name not in columns else f"{name} (yours)"
        columns[title] = Column(values, str if text else number, 128 if text else 84)
    return columns
