"""The runs inside a box drawn on a chart: list them, exclude them from fits, and include them again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.run_keys import is_among, run_keys
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import compact, scientific
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.labels import runs_in_words

__all__ = ["Selection"]

ROWS = 12


class Selection(ipywidgets.VBox):
    """A list of the selected runs, and buttons to exclude them, include them and undo.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    chosen : ndarray of int
        Indices of the selected runs among all runs of the session, including excluded ones.
    exclude, include, undo : Button
    bar : Box
        The buttons, to be shown near the charts.
    table : HTML
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self._region: tuple[tuple[str, str], Any] | None = None
        self.chosen: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._excluded = np.empty(0, dtype=bool)
        self.table = ipywidgets.HTML()
        self.exclude = ipywidgets.Button(tooltip="Leave these runs out of fits and predictions; nothing is deleted")
        self.include = ipywidgets.Button(tooltip="Include the excluded runs in the box again")
        self.undo = ipywidgets.Button(description="Undo", tooltip="Undo the last exclusion or inclusion")
        self.exclude.on_click(self._exclude)
        self.include.on_click(self._include)
        self.undo.on_click(self._undo)
        self.bar = ipywidgets.Box([self.exclude, self.include, self.undo])
        self.bar.add_class("cnb-bar")
        super().__init__([self.table])
        self.refresh()

    def select(self, names: tuple[str, str] | None, ends: Any) -> None:
        """List the runs whose quantities of these names lie between these ends; None clears the selection."""
        self._region = None if names is None else (names, ends)
        self.refresh()

    def refresh(self) -> None:
        """List the runs in the box, or hide the list if there is no box."""
        runs, session = self._session.all_runs, self._session
        inside = np.full(len(runs), self._region is not None)
        for name, (low, high) in zip(*self._region, strict=True) if self._region else ():
            values = getattr(runs, name)
            inside &= (values >= low) & (values <= high)
        self.chosen = np.flatnonzero(inside)
        self._excluded = is_among(runs, session.excluded)[self.chosen]
        excluded = int(np.count_nonzero(self._excluded))
        _offer(self.exclude, "Exclude", len(self.chosen) - excluded)
        _offer(self.include, "Include", excluded)
        self.undo.layout.display = None if session.can_undo_exclusion else "none"
        for part in (self, self.bar):
            part.layout.display = None if self._region else "none"
        self.table.value = _table(runs, self.chosen, self._excluded) if self._region else ""

    @guarded
    def _exclude(self, _button: ipywidgets.Button) -> None:
        self._session.exclude(self._keys(excluded=False))

    @guarded
    def _include(self, _button: ipywidgets.Button) -> None:
        self._session.include(self._keys(excluded=True))

    @guarded
    def _undo(self, _button: ipywidgets.Button) -> None:
        self._session.undo_exclusion()

    def _keys(self, *, excluded: bool) -> Iterable[Any]:
        keys = run_keys(self._session.all_runs)
        return [keys[index] for index in self.chosen[self._excluded == excluded]]


def _offer(button: ipywidgets.Button, verb: str, count: int) -> None:
    button.description = f"{verb} {runs_in_words(count)}"
    button.layout.display = None if count else "none"


def _table(runs: Runs, chosen: NDArray[np.intp], excluded: NDArray[np.bool_]) -> str:
    if not len(chosen):
        return '<div class="cnb-caption">There are no runs in the box: draw another one.</div>'
    texts = {name: values for name, values in runs.columns.items() if values.dtype.kind in "OUT"}
    heads = [*texts, "N", "D", "C", "Loss", *([""] if excluded.any() else [])]
    order = np.argsort(runs.loss[chosen], kind="stable")[:ROWS]
    rows = [
        [
            *(str(values[index]) for values in texts.values()),
            compact(float(runs.N[index])),
            compact(float(runs.D[index])),
            scientific(float(runs.C[index])),
            f"{runs.loss[index]:.5g}",
            *(["excluded" if out else ""] if excluded.any() else []),
        ]
        for index, out in zip(chosen[order], excluded[order], strict=True)
    ]
    more = f"; the {ROWS} with the lowest loss are listed" if len(chosen) > len(rows) else ""
    return f'<div class="cnb-caption">{runs_in_words(len(chosen))} in the box{more}</div>' + html_table(
        rows, heads, table_class="cnb-runs"
    )
