"""What the panel of groups shows: the column, what is shared, the baseline and the budget."""

from __future__ import annotations

from collections.abc import Container

import traitlets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.groups.comparison import Groups
from chinchilla_nb.engine.groups.grouped_runs import dividing_columns, group_runs
from chinchilla_nb.engine.groups.quantities import common_compute, default_baseline
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.records.typed_number import parse_budget
from chinchilla_nb.session import Session

__all__ = ["GroupsView"]

DEFAULT_MODEL = "efficiency"


class GroupsView(traitlets.HasTraits):
    """The choices of the user, and the fits of the groups.

    Attributes
    ----------
    columns : tuple of str
        The columns that divide the runs that count into groups.
    by : str
        The chosen column; empty if there is none.
    obstacle : str
        Why the chosen column does not divide the runs that count; empty if it does.
    model : str
        What is shared.
    chosen_baseline : str
        The group that the user compares the others with; empty for the one with the most runs.
    budget : float or None
        FLOPs of the multipliers; None for the largest common compute.
    groups : Groups or None
        The fits of all models; None before the first one.
    problem : str
        Why there are none; empty if that is not known to be impossible.
    """

    columns = traitlets.Tuple()
    by = traitlets.Unicode("")
    obstacle = traitlets.Unicode("")
    model = traitlets.Unicode(DEFAULT_MODEL)
    chosen_baseline = traitlets.Unicode("")
    budget = traitlets.Float(None, allow_none=True)
    groups = traitlets.Instance(Groups, allow_none=True)
    problem = traitlets.Unicode("")

    @property
    def baseline(self) -> str:
        """The group that the others are compared with."""
        if self.groups is None:
            return ""
        known = self.chosen_baseline in self.groups.grouped.names
        return self.chosen_baseline if known else default_baseline(next(iter(self.groups.fits.values())))

    @property
    def C(self) -> float:
        """The budget of the multipliers, in FLOPs.

        Raises
        ------
        InputError
            If nothing has been fitted.
        """
        if self.groups is None:
            raise InputError("groups", "must be fitted first")
        return common_compute(next(iter(self.groups.fits.values()))) if self.budget is None else self.budget

    def offer(self, runs: Runs, known: Container[str], preferred: str | None = None) -> None:
        """Take over which columns divide the runs that count.

        A chosen column stays chosen for as long as it is known, because another one would answer another question.

        Parameters
        ----------
        runs : Runs
            Those that count.
        known : container of str
            Columns of all runs.
        preferred : str, optional
            The column that is chosen first, if it divides the runs.
        """
        columns = dividing_columns(runs)
        with self.hold_trait_notifications():
            self.columns = columns
            if self.by not in known:
                self.by = preferred if preferred in columns else next(iter(columns), "")
            self.obstacle = _why_undivided(runs, self.by) if self.by and self.by not in columns else ""

    def take(self, groups: Groups) -> None:
        """Take over fits, and a model that could be fitted."""
        fits = groups.fits
        with self.hold_trait_notifications():
            if self.model not in fits:
                self.model = DEFAULT_MODEL if DEFAULT_MODEL in fits else next(iter(fits))
            self.groups, self.problem = groups, ""

    def type_budget(self, text: str) -> None:
        """Set the budget from text; an empty one stands for the default.

        Raises
        ------
        InputError
            If it is not a number of FLOPs.
        """
        self.budget = parse_budget(text) if text.strip() else None

    def stale(self, session: Session) -> bool:
        """Return whether the runs, the settings of a fit or the column have changed since the fits."""
        if self.groups is None:
            return False
        if self.groups.grouped.by != self.by:
            return True
        try:
            return not self.groups.problem.alike(session.problem)
        except InputError:  # the compute convention cannot be used any more
            return True


def _why_undivided(runs: Runs, by: str) -> str:
    try:
        group_runs(runs, by)
    except InputError as error:
        return str(error)
    return ""
