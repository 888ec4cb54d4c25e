"""Groups of the runs of a project, such as architectures, fitted together and compared."""

from __future__ import annotations

import logging

from chinchilla_nb.engine.conversion import check_choice
from chinchilla_nb.engine.groups.comparison import iter_groups
from chinchilla_nb.engine.groups.sharing import MODELS
from chinchilla_nb.engine.uncertainty.interval import as_level
from chinchilla_nb.group_comparison import GroupComparison, compare_groups
from chinchilla_nb.session import Session
from chinchilla_nb.work.bar import drained

__all__ = ["GroupedLaws"]


class GroupedLaws:
    """What a project offers to compare groups of its runs.

    Attributes
    ----------
    session : Session
        Holds the runs and the settings.
    log_level : int
        30 and above hide progress bars.
    """

    session: Session
    log_level: int

    def groups(
        self,
        by: str,
        *,
        model: str = "efficiency",
        baseline: str | None = None,
        C: float | None = None,
        level: float = 0.95,
    ) -> GroupComparison:
        """Fit laws to groups of runs side by side, and tell how much compute one group saves another.

        The runs, the loss, the weights and the bounds are those that :meth:`fit` would use. Runs without a value in the
        column, those with none of its most frequent values, and groups of one run are left out, and `notes` says so.

        Parameters
        ----------
        by : str
            Column of the runs whose values are the groups; a column of many numbers is divided into ranges.
        model : str, default "efficiency"
            What the groups share: ``"separate"``, nothing; ``"exponents"``; ``"efficiency"``, E and the exponents, so
            that groups differ in how much their parameters and their data are worth; ``"N-efficiency"`` or
            ``"D-efficiency"``, all but how much one of these is worth; ``"pooled"``, everything. All are fitted;
            ``under`` shows another one.
        baseline : str, optional
            The group that the others are compared with, by default the one with the most runs.
        C : float, optional
            Compute in FLOPs of the multipliers, by default the largest that runs of all groups reach.
        level : float, default 0.95
            Level of the intervals.

        Returns
        -------
        GroupComparison
            With the DataFrames ``laws``, ``multipliers`` and ``sharing``.

        Raises
        ------
        ValueError
            If the column does not divide the runs into groups, there are too few runs, the loss is one of your own, or
            an argument is not valid.
        """
        check_choice(model, "model", tuple(MODELS))
        level = as_level(level)
        steps = iter_groups(self.session.problem, by)
        found = drained(steps, "fitting groups", shown=self.log_level < logging.WARNING)
        return compare_groups(found, model, baseline, C, level)
