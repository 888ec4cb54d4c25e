"""The groups that the runs of a figure belong to, which then choose the colours and the shapes of their dots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.run_groups import RunGroups
from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.figures.group_colours import GroupLook, group_areas, group_look

__all__ = ["DotGroup", "DotGroups"]


@dataclass(frozen=True, eq=False, slots=True)
class DotGroup:
    """The dots of one group.

    Attributes
    ----------
    label : str
        What the legend says of it, such as ``optimizer: adam``.
    look : GroupLook
    area : float
        In areas of a dot without a group.
    dots : ndarray of int
        Indices among all dots of the chart.
    """

    label: str
    look: GroupLook
    area: float
    dots: NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class DotGroups:
    """Groups of the runs that a figure was laid out for.

    Attributes
    ----------
    column : str
        The column whose values group the runs.
    groups : RunGroups
        Of each run of the figure; an index beyond the last name is a run that is no longer in the log.
    """

    column: str
    groups: RunGroups

    def among(self, shown: NDArray[np.intp]) -> Iterator[DotGroup]:
        """Return the groups that have dots in a chart that draws these runs of the figure, from the lowest up."""
        of, names = self.groups.of[shown], (*self.groups.names, "not in the log")
        areas = group_areas(len(self.groups.names))
        for at in np.unique(of).tolist():
            area = areas[min(at, len(areas) - 1)]
            yield DotGroup(f"{self.column}: {names[at]}", group_look(at), area, read_only(np.flatnonzero(of == at)))
