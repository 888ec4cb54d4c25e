"""The selected runs: list them, exclude them from fits, and include them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.run_keys import is_among, keys_at
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import compact, rounded, scientific
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.exclusion_reason import ExclusionReason
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.labels import runs_in_words

__all__ = ["Selection"]

ROWS = 12


class Selection(ipywidgets.VBox):
    """A list of the selected runs, and buttons to exclude them, include them, undo and clear.

    The selection is that of the session's view, whatever made it: a box or a lasso, a click on a dot or on a row of the
    table, or code.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    selecting : Writing
        True while this list changes the selection, not another panel.
    chosen : ndarray of int
        Indices of the selected runs among all runs of the session, including excluded ones.
    exclude, include, undo, clear : Button
    why : ExclusionReason
    table : HTML
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self.selecting = Writing()
        self._nothing_inside = False  # the last box or lasso had no run in it
        self.chosen: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._excluded = np.empty(0, dtype=bool)
        self.table = ipywidgets.HTML()
        self.exclude = ipywidgets.Button(tooltip="Leave these runs out of fits and predictions; nothing is deleted")
        self.include = ipywidgets.Button(tooltip="Include the excluded runs among them again")
        self.undo = ipywidgets.Button(description="Undo", tooltip="Undo the last exclusion or inclusion")
        self.clear = ipywidgets.Button(description="Clear", tooltip="Select no run")
        for button, action in (
            (self.exclude, self._exclude),
            (self.include, self._include),
            (self.undo, self._undo),
            (self.clear, self._clear),
        ):
            button.on_click(action)
        self.why = ExclusionReason()
        bar = ipywidgets.Box([self.exclude, self.why, self.include, self.undo, self.clear])
        bar.add_class("cnb-bar")
        super().__init__([bar, self.table])
        self.add_class("cnb-selection")
        self.refresh()

    def select(self, rows: NDArray[np.intp]) -> None:
        """Select the runs in these rows of the log, and say so if there is none."""
        self._nothing_inside = not len(rows)
        with self.selecting:
            self._session.view.select(keys_at(self._session.all_runs, rows))
        self.refresh()

    def toggle(self, row: int) -> None:
        """Add the run in a row of the log to the selection, or take it out."""
        self._nothing_inside = False
        self._session.view.toggle_selected(*keys_at(self._session.all_runs, [row]))

    def forget(self) -> None:
        """Say no more that a box or a lasso was empty."""
        self._nothing_inside = False
        self.refresh()

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Which runs of the log are selected, shape (n_runs,)."""
        return self._session.view.selected_among(self._session.all_runs)

    def refresh(self) -> None:
        """List the selected runs, or hide the list if there is nothing to say."""
        runs, session = self._session.all_runs, self._session
        self.chosen = np.flatnonzero(self.mask)
        self._excluded = is_among(runs, session.excluded)[self.chosen]
        excluded = int(np.count_nonzero(self._excluded))
        _offer(self.exclude, "Exclude", len(self.chosen) - excluded)
        self.why.layout.display = self.exclude.layout.display
        _offer(self.include, "Include", excluded)
        self.undo.layout.display = None if session.can_undo_exclusion else "none"
        shown = bool(len(self.chosen)) or self._nothing_inside
        self.layout.display = None if shown else "none"
        self.table.value = _table(runs, self.chosen, self._excluded, self._reasons()) if shown else ""

    @guarded
    def _exclude(self, _button: ipywidgets.Button) -> None:
        self._session.exclude(self._keys(excluded=False), reason=self.why.reason)

    @guarded
    def _include(self, _button: ipywidgets.Button) -> None:
        self._session.include(self._keys(excluded=True))

    @guarded
    def _undo(self, _button: ipywidgets.Button) -> None:
        self._session.undo_exclusion()

    @guarded
    def _clear(self, _button: ipywidgets.Button) -> None:
        self._session.view.select(())
        self.forget()

    def _reasons(self) -> list[str]:
        """Return why each selected run is excluded; empty for runs that are not, and where that was not said."""
        known = self._session.exclusion_reasons
        if not known:
            return [""] * len(self.chosen)
        return [known.get(key, "") for key in keys_at(self._session.all_runs, self.chosen)]

    def _keys(self, *, excluded: bool) -> Iterable[Any]:
        return keys_at(self._session.all_runs, self.chosen[self._excluded == excluded])


def _offer(button: ipywidgets.Button, verb: str, count: int) -> None:
    button.description = f"{verb} {runs_in_words(count)}"
    button.layout.display = None if count else "none"


def _excluded(excluded: bool, reason: str) -> str:
    return f"excluded: {reason}" if reason else "excluded" if excluded else ""


def _table(runs: Runs, chosen: NDArray[np.intp], excluded: NDArray[np.bool_], reasons: Sequence[str]) -> str:
    if not len(chosen):
        return '<div class="cnb-caption">There are no runs in it: draw another one.</div>'
    texts = {name: values for name, values in runs.columns.items() if values.dtype.kind in "OUT"}
    # What texts there are is up to the user: on a narrow page, long ones would hide the numbers.
    heads = ["N", "D", "C", "Loss", *([""] if excluded.any() else []), *texts]
    order = np.argsort(runs.loss[chosen], kind="stable")[:ROWS]
    rows = [
        [
            compact(float(runs.N[index])),
            compact(float(runs.D[index])),
            scientific(float(runs.C[index])),
            rounded(float(runs.loss[index]), 5),
            *([_excluded(excluded[place], reasons[place])] if excluded.any() else []),
            *(str(values[index]) for values in texts.values()),
        ]
        for place, index in zip(order, chosen[order], strict=True)
    ]
    more = f"; the {ROWS} with the lowest loss are listed" if len(chosen) > len(rows) else ""
    return f'<div class="cnb-caption">{runs_in_words(len(chosen))} selected{more}</div>' + html_table(
        rows, heads, table_class="cnb-runs"
    )
