"""Runs as dots coloured by loss or by group, with excluded runs beneath and rings around selected ones.

The page redraws all dots of a mark when anything in that mark changes. So the latest runs are in a mark of their own,
and an append redraws few dots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bqplot
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import LATEST, NOTHING, Polyline
from chinchilla_nb.widgets.base.labels import runs_in_words
from chinchilla_nb.widgets.charts.group_dots import GroupDots
from chinchilla_nb.widgets.charts.late_names import LateNames
from chinchilla_nb.widgets.charts.plots import EXCLUDED, SELECTED, STACKED, Frame, dot_area, set_dots, set_line

__all__ = ["UNKNOWN", "DotRuns", "RunDots"]

SAME_COLOUR = 0.01
"""A fraction of the loss scale too small to see. Every append shifts the middle of the scale a little."""
RING, WIDE_RING, WIDEST_RING = 2.2, 2.9, 4.5
"""Areas of the rings of excluded, coinciding and selected runs, in areas of a dot, so that each is seen around it."""
SAME_PLACE = 500
"""Dots are at one place if both coordinates round to the same multiple of a factor of 1 + 1 / 500: half a pixel."""


@dataclass(frozen=True, eq=False, slots=True)
class DotRuns:
    """Which runs the dots of a chart stand for.

    Attributes
    ----------
    rows, excluded_rows : ndarray of int
        Position in the log of the run of each dot, and of each excluded one; -1 for a run that is not in it.
    groups : ndarray of int or None
        Index of the group of each dot; None colours by loss.
    """

    rows: NDArray[np.intp]
    excluded_rows: NDArray[np.intp]
    groups: NDArray[np.intp] | None


UNKNOWN = DotRuns(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), None)
"""Dots of runs that are in no log, such as simulated ones."""


class RunDots:
    """The marks of runs on two axes.

    Attributes
    ----------
    excluded : bqplot.Scatter
        Transparent rings, beneath all others.
    stacked, selected : bqplot.Scatter
        Rings around places with several runs, and around selected runs; the mouse pointer passes through both.
    settled, latest : bqplot.Scatter
        Most of the runs, and those added since these were drawn; they look the same.
    by_group : GroupDots
        The runs of each group instead of these two, if there are groups.
    about : DotRuns
        Which runs the dots stand for; to be set before they are shown.
    """

    def __init__(self, frame: Frame) -> None:
        self.excluded = frame.ring(EXCLUDED, opacity=0.6, named=True)
        self.stacked, self.selected = frame.ring(STACKED, width=1.0, opacity=0.5), frame.ring(SELECTED, width=2.5)
        self.settled, self.latest = frame.runs(), frame.runs()
        self.by_group = GroupDots(frame)
        self.about = UNKNOWN
        self._colour = np.empty(0)  # of the settled runs
        self._late = LateNames()

    @property
    def marks(self) -> tuple[bqplot.Scatter, ...]:
        """The marks from bottom to top, without those of groups, which are created when they are needed."""
        return self.excluded, self.stacked, self.settled, self.latest, self.selected

    @property
    def places(self) -> tuple[tuple[bqplot.Scatter, NDArray[np.intp]], ...]:
        """The marks that show runs, each with the rows of the log that its dots stand for."""
        rows, count = self.about.rows, len(self.settled.x)
        own = [(self.settled, rows[:count]), (self.latest, rows[count:])]
        if self.about.groups is not None:
            own = [(mark, rows[dots]) for mark, dots in self.by_group.parts]
        return *own, (self.excluded, self.about.excluded_rows)

    def show(self, dots: Polyline, labels: Sequence[str], colour: NDArray[np.float64], figure: bqplot.Figure) -> None:
        """Show runs with their tooltips, coloured by their positions on the loss scale or by their groups."""
        coinciding, labels = _stack(dots, labels)
        area = dot_area(len(dots))
        set_line(self.stacked, coinciding)
        self.stacked.default_size = round(WIDE_RING * area)
        if self.about.groups is not None:
            self.by_group.show(dots, labels, self.about.groups, figure, above=self.latest)
            dots, labels, colour = NOTHING, (), colour[:0]
        else:
            self.by_group.clear()
        count = len(self.settled.x)
        if self._stays(dots, colour):
            self._late.write(self.settled, labels[:count])
        else:
            count, self._colour = len(dots), colour
            self._late.forget(self.settled)
            set_dots(self.settled, dots, labels, colour)
        set_dots(self.latest, Polyline(dots.x[count:], dots.y[count:]), labels[count:], colour[count:], area)

    def show_excluded(self, dots: Polyline, labels: Sequence[str], among: int) -> None:
        """Show excluded runs with their tooltips, in a chart of ``among`` runs that count."""
        self._late.show(self.excluded, dots, labels, round(RING * dot_area(among)))

    def show_selected(self, chosen: NDArray[np.bool_]) -> None:
        """Draw rings around the dots of some runs, given by a mask over the rows of the log."""
        found = [(mark, rows[: len(mark.x)]) for mark, rows in self.places]
        inside = [(mark, np.flatnonzero(chosen[rows] & (rows >= 0))) for mark, rows in found if len(rows)]
        x, y = (np.concatenate([np.empty(0), *values]) for values in zip(*_positions(inside), strict=True))
        if not (np.array_equal(self.selected.x, x) and np.array_equal(self.selected.y, y)):
            self.selected.default_size = round(WIDEST_RING * self.settled.default_size)
            set_line(self.selected, Polyline(x, y))

    def row_clicked(self, mark: bqplot.Scatter, content: Any) -> int | None:
        """Return the row of the log whose dot was clicked, from the message of a mark; None if there is none."""
        at = content.get("data", {}).get("index")
        rows = next((rows for one, rows in self.places if one is mark), ())
        if isinstance(at, int) and 0 <= at < len(rows) and rows[at] >= 0:
            return int(rows[at])
        return None

    def _stays(self, dots: Polyline, colour: NDArray[np.float64]) -> bool:
        """Whether the settled runs still come first, at their places, and few others follow."""
        mark, count = self.settled, len(self.settled.x)
        return (
            0 < count <= len(dots) <= count + LATEST
            and mark.default_size == dot_area(len(dots))
            and np.array_equal(mark.x, dots.x[:count])
            and np.array_equal(mark.y, dots.y[:count])
            and np.allclose(self._colour, colour[:count], rtol=0, atol=SAME_COLOUR)
        )


def _positions(
    inside: Sequence[tuple[bqplot.Scatter, NDArray[np.intp]]],
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    return [(mark.x[dots], mark.y[dots]) for mark, dots in inside] or [(np.empty(0), np.empty(0))]


def _stack(dots: Polyline, labels: Sequence[str]) -> tuple[Polyline, Sequence[str]]:
    """Return the places of several dots, and the labels, which there say how many there are."""
    with np.errstate(all="ignore"):
        cells = [np.round(np.log(np.abs(values)) * SAME_PLACE).tolist() for values in (dots.x, dots.y)]
    places = list(zip(*cells, np.sign(dots.y).tolist(), strict=True))
    counts = Counter(places)
    if len(counts) == len(places):
        return NOTHING, labels
    said = [
        f"{label}\n{runs_in_words(counts[place] - 1)} more at this place" if counts[place] > 1 else label
        for place, label in zip(places, labels, strict=True)
    ]
    first = list({place: at for at, place in enumerate(places) if counts[place] > 1}.values())
    return Polyline(dots.x[first], dots.y[first]), said
