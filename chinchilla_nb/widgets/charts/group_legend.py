"""The choice of the column that gives runs their colours and shapes, and the legend of its groups."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.run_groups import MOST_GROUPS
from chinchilla_nb.printable import shortened
from chinchilla_nb.records.run_values import run_titles
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import sentence
from chinchilla_nb.widgets.charts.chart_runs import ChartRuns, hidden_in_words

__all__ = ["GroupLegend"]

BY_LOSS = "loss"
"""The choice without groups."""
NOT_OFFERED = ("#", "loss")
"""Columns that group nothing: the position, and what colours show without groups."""
ENTRIES = MOST_GROUPS + 2
"""With those of other values and of none."""
LONGEST = 28
"""Characters of the name of a group that are shown."""


class GroupLegend(ipywidgets.Box):
    """A list of columns, and a button for each group, which hides it in all charts of the session.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    column : Dropdown
    entries : tuple of ToggleButton
        Pressed while the group is shown; as many as there can be groups.
    said : HTML
        What is hidden, or why a column gives no groups.
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self._writing = Writing()
        self._names: tuple[str, ...] = ()
        self.column = ipywidgets.Dropdown(
            options=[(BY_LOSS, "")], description="Colour by", tooltip="Column that gives runs their colours and shapes"
        )
        self.entries = tuple(ipywidgets.ToggleButton(value=True) for _ in range(ENTRIES))
        self.said = ipywidgets.HTML()
        self.said.add_class("cnb-hidden")
        super().__init__([self.column, *self.entries, self.said])
        self.add_class("cnb-groups")
        for at, entry in enumerate(self.entries):
            entry.add_class("cnb-group")
            entry.add_class(f"cnb-group-{min(at, MOST_GROUPS)}")
        self.column.observe(self._choose, "value")
        for at, entry in enumerate(self.entries):
            entry.observe(partial(self._toggle, at), "value")

    def show(self, chosen: ChartRuns) -> None:
        """Show the columns, the groups and what is hidden."""
        view, runs = self._session.view, self._session.all_runs
        columns = [name for name in run_titles(runs) if name not in NOT_OFFERED]
        if view.grouped_by is not None and view.grouped_by not in columns:
            columns.append(view.grouped_by)
        options = [(BY_LOSS, ""), *((name, name) for name in columns)]
        with self._writing:
            # The page answers new options with the first one, as if the user had chosen it.
            if list(self.column.options) != options:
                self.column.options = options
            self.column.value = view.grouped_by or ""
            self._show_entries(chosen)
        self.layout.display = None if len(runs) else "none"
        problem = "" if chosen.problem is None else sentence(str(chosen.problem))
        said = problem or hidden_in_words(self._session, chosen)
        self.said.value = f'<span class="cnb-muted" role="status">{escape(said)}</span>'

    def _show_entries(self, chosen: ChartRuns) -> None:
        groups, hidden = chosen.groups, self._session.view.hidden_groups
        self._names = () if groups is None else groups.names
        counts = () if groups is None else _counts(chosen)
        for at, entry in enumerate(self.entries):
            entry.layout.display = None if at < len(self._names) else "none"
            if at < len(self._names):
                name = self._names[at]
                entry.description = f"{shortened(name, LONGEST)} · {counts[at]:,}"
                entry.value = name not in hidden
                entry.tooltip = f"{name}: click to {'hide it in' if entry.value else 'show it again on'} all charts"

    @guarded
    def _choose(self, _change: Any) -> None:
        if not self._writing:
            self._session.view.group_by(self.column.value or None)

    @guarded
    def _toggle(self, at: int, _change: Any) -> None:
        if not self._writing and at < len(self._names):
            self._session.view.toggle_group(self._names[at])


def _counts(chosen: ChartRuns) -> list[int]:
    """Return the number of runs in use of each group."""
    assert chosen.groups is not None
    used = chosen.groups.of[chosen.used].tolist()
    return [used.count(at) for at in range(len(chosen.groups.names))]
