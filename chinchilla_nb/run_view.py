"""How the runs of a session are looked at: selected, filtered, grouped, and hidden by group. No widget, no file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from traitlets import HasTraits, Instance, Unicode, observe

from chinchilla_nb.checks import as_names
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError, InputTypeError
from chinchilla_nb.engine.run_keys import RunKey, as_run_keys, is_among
from chinchilla_nb.engine.runs import Runs, read_only

__all__ = ["RunView"]


class RunView(HasTraits):
    """What all panels of a session show of its runs, and in which groups.

    Only `query` changes which runs a fit uses; the others are a matter of view.

    Attributes
    ----------
    selected : frozenset of RunKey
        Runs that are marked in every chart and in the table of runs; those that the user works with.
    query : str
        The filter that charts and fits follow, such as ``N > 1e8 and optimizer = adam``; empty for none. Set it with
        `Session.filter_runs`, which checks it.
    grouped_by : str or None
        The column whose values give the runs their colours and shapes in charts; None for none.
    hidden_groups : frozenset of str
        Names of groups that no chart shows. Fits use their runs all the same.
    """

    selected = Instance(frozenset, ())
    query = Unicode("")
    grouped_by = Unicode(None, allow_none=True)
    hidden_groups = Instance(frozenset, ())

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._found: tuple[Runs, frozenset[RunKey], NDArray[np.bool_]] | None = None

    def selected_among(self, runs: Runs) -> NDArray[np.bool_]:
        """Return which of some runs are selected, shape (n_runs,); found once for all panels, as runs may be many."""
        found = self._found
        if found is None or found[0] is not runs or found[1] is not self.selected:
            found = self._found = runs, self.selected, read_only(is_among(runs, self.selected))
        return found[2]

    def select(self, keys: Iterable[RunKey]) -> None:
        """Select these runs instead of those before; `engine.run_keys.run_keys` returns their keys.

        Raises
        ------
        InputTypeError
            If they are not keys of runs.
        """
        self.selected = as_run_keys(keys)

    def toggle_selected(self, key: RunKey) -> None:
        """Add a run to the selection, or take it out if it is selected."""
        self.selected = self.selected ^ as_run_keys([key])

    def group_by(self, column: str | None) -> None:
        """Group the runs by a column; no group stays hidden.

        Raises
        ------
        InputTypeError
            If it is neither a name nor None.
        """
        check_type(column, "column", str, type(None))
        self.grouped_by = column

    def hide_groups(self, names: Iterable[str]) -> None:
        """Show all groups but these.

        Raises
        ------
        InputError
            If no groups were chosen, so that none could be meant.
        InputTypeError
            If they are not names.
        """
        hidden = frozenset(as_names(names, "names"))
        if hidden and self.grouped_by is None:
            raise InputError("names", "must be of groups", got=brief(sorted(hidden)), remedy="call group_by first")
        self.hidden_groups = hidden

    def toggle_group(self, name: str) -> None:
        """Hide a group, or show it again if it is hidden.

        Raises
        ------
        InputTypeError
            If it is not a name.
        """
        if not isinstance(name, str):
            raise InputTypeError("name", "must be the name of a group", got=brief(name))
        self.hide_groups(self.hidden_groups ^ {name})

    @observe("grouped_by")
    def _forget_hidden(self, _change: Any) -> None:
        """Show all groups: those of another column have other names."""
        self.hidden_groups = frozenset()
