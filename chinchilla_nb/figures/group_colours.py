"""Colours and shapes of groups of runs, one palette for pages of each theme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["GROUP_LOOKS", "REST", "GroupLook", "group_areas", "group_look"]

_AREAS = 2.2, 1.3
"""Areas of the dots of the first and the last group, in areas of a dot without a group. Later groups lie above earlier
ones, which stay visible around them where runs of several groups are at one place."""


@dataclass(frozen=True, slots=True)
class GroupLook:
    """How the runs of a group are drawn.

    Attributes
    ----------
    light, dark : str
        Colour on a light and on a dark page, as ``#rrggbb``.
    shape : str
        ``circle``, ``square``, ``triangle-up``, ``triangle-down`` or ``cross``. No diamond: that is the next run.
    """

    light: str
    dark: str
    shape: str


GROUP_LOOKS = (
    GroupLook("#1447b2", "#0e89f6", "circle"),
    GroupLook("#d47506", "#f07f00", "square"),
    GroupLook("#0b813e", "#9effba", "triangle-up"),
    GroupLook("#a45dac", "#f7b0ff", "triangle-down"),
    GroupLook("#4c2b00", "#e8ff80", "cross"),
    GroupLook("#13195e", "#8f4793", "circle"),
    GroupLook("#5c8eff", "#ce002b", "square"),
)
"""Looks of groups, in order. The colours were searched for at random around those of Okabe and Ito (2008), so that each
has a contrast of at least 3:1 to its page, and that any two of them, and `REST`, differ by at least 20 in CIELAB, also
as seen with protanopia, deuteranopia and tritanopia [Machado, Oliveira and Fernandes 2009]."""
REST = GroupLook("#6b6b6b", "#999999", "circle")
"""The look of runs without a group of their own: other values, or none."""


def group_look(index: int) -> GroupLook:
    """Return the look of a group by its index."""
    return GROUP_LOOKS[index] if index < len(GROUP_LOOKS) else REST


def group_areas(count: int) -> list[float]:
    """Return the area of the dots of each of so many groups, in areas of a dot without a group."""
    return [float(area) for area in np.geomspace(*_AREAS, count)]
