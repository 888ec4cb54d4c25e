"""The runs inside a box that was drawn on a chart: listed, and left out of fits if a person says so."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.keys import RunKey, run_keys
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures import compact, scientific
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.labels import runs_in_words

__all__ = ["Selection"]

ROWS = 12


class Selection(ipywidgets.VBox):
    """A list of selected runs, with a button that leaves them out and one that takes that back.

    Parameters
    ----------
    session : Session
    guard : callable
        Wraps what a click does, so that no exception is lost.

    Attributes
    ----------
    chosen : ndarray of int
        Indices of the selected among the session's runs.
    leave_out, take_back : Button
    table : HTML
    """

    def __init__(self, session: Session, guard: Callable[[str, Callable[[], None]], None]) -> None:
        self._session = session
        self.chosen: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._left_out: list[list[RunKey]] = []
        self.table = ipywidgets.HTML()
        self.leave_out = ipywidgets.Button(tooltip="Fits and charts go without these runs; nothing is deleted")
        self.take_back = ipywidgets.Button(description="Take back", tooltip="Let the runs left out last count again")
        self.leave_out.layout.width, self.take_back.layout.width = "160px", "96px"
        self.leave_out.on_click(lambda _: guard("leave_out", self._leave_out))
        self.take_back.on_click(lambda _: guard("take_back", self._take_back))
        bar = ipywidgets.Box([self.leave_out, self.take_back])
        bar.add_class("cnb-bar")
        super().__init__([self.table, bar])
        self.show(None)

    def select(self, names: tuple[str, str] | None, ends: Any) -> None:
        """List the runs whose quantities of these names lie between the ends; None for no runs."""
        runs = self._session.runs
        if names is None or ends is None:
            self.show(None)
            return
        inside = np.ones(len(runs), dtype=bool)
        for name, (low, high) in zip(names, ends, strict=True):
            values = getattr(runs, name)
            inside &= (values >= low) & (values <= high)
        self.show(np.flatnonzero(inside))

    def show(self, chosen: NDArray[np.intp] | None) -> None:
        """List these runs; None hides the list."""
        runs = self._session.runs
        self.chosen = np.empty(0, dtype=np.intp) if chosen is None else chosen
        self.layout.display = "none" if chosen is None and not self._left_out else None
        self.leave_out.layout.display = None if len(self.chosen) else "none"
        self.take_back.layout.display = None if self._left_out else "none"
        self.leave_out.description = f"Leave {runs_in_words(len(self.chosen))} out"
        self.table.value = "" if chosen is None else _table(runs, chosen)

    def _leave_out(self) -> None:
        keys = run_keys(self._session.runs)
        mine = [keys[index] for index in self.chosen]
        self._left_out.append(mine)
        self._session.exclude(mine)
        self.show(None)

    def _take_back(self) -> None:
        self._session.include(self._left_out.pop())
        self.show(None)


def _table(runs: Runs, chosen: NDArray[np.intp]) -> str:
    if not len(chosen):
        return '<div class="cnb-caption">No run lies in the box: drag another one.</div>'
    texts = {name: values for name, values in runs.columns.items() if values.dtype.kind in "OUT"}
    heads = [*texts, "N", "D", "C", "Loss"]
    rows = [
        [
            *(str(values[index]) for values in texts.values()),
            compact(float(runs.N[index])),
            compact(float(runs.D[index])),
            scientific(float(runs.C[index])),
            f"{runs.loss[index]:.5g}",
        ]
        for index in chosen[np.argsort(runs.loss[chosen], kind="stable")][:ROWS]
    ]
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    rest = len(chosen) - len(rows)
    more = f", {ROWS} with the lowest loss listed" if rest > 0 else ""
    return (
        f'<div class="cnb-caption">{runs_in_words(len(chosen))} in the box{more}</div>'
        f'<table class="cnb-runs"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )
