"""The laws beside the fit as labelled lines of a chart: the one set by hand, and overlays."""

from __future__ import annotations

from collections.abc import Sequence

import bqplot
import numpy as np

from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.figures import LawLine
from chinchilla_nb.widgets.charts.plots import Frame

__all__ = ["SHEET", "LawLines", "law_colours"]

SHEET = "charts/law_lines.css"
"""The style sheet of these lines, which has their colours and dashes."""
BY_HAND = "var(--cnb-law-by-hand, #b84300)"
OVERLAYS = (
    "var(--cnb-law-1, #0064a8)",
    "var(--cnb-law-2, #00735c)",
    "var(--cnb-law-3, #8a3ffc)",
    "var(--cnb-law-4, #7a5c00)",
)
LABEL_SIZE = 11


def law_colours(laws: Sequence[NamedLaw]) -> list[str]:
    """Return the colour of each law: one of its own for that set by hand, and others in turn."""
    others = iter(OVERLAYS)
    return [BY_HAND if law.by_hand else next(others) for law in laws]


class LawLines:
    """The lines of laws on one chart, each with its name beside it.

    Parameters
    ----------
    frame : Frame

    Attributes
    ----------
    lines : bqplot.Lines
    labels : bqplot.Label
    drawn : tuple of LawLine
    """

    def __init__(self, frame: Frame) -> None:
        self.drawn: tuple[LawLine, ...] = ()
        self.lines = frame.lines(stroke_width=2.0)
        self.labels = frame.labels(
            colors=[BY_HAND],
            default_size=LABEL_SIZE,
            font_weight="bold",
            align="middle",
        )

    @property
    def marks(self) -> list[bqplot.Mark]:
        """The marks, to be drawn above the runs."""
        return [self.lines, self.labels]

    def show(self, drawn: tuple[LawLine, ...]) -> None:
        """Draw lines, in place of those before."""
        if not drawn and not self.drawn:
            return
        self.drawn = drawn
        colours = law_colours([one.law for one in drawn])
        known = [(one, colour) for one, colour in zip(drawn, colours, strict=True) if len(one.line)]
        longest = max((len(one.line) for one, _ in known), default=0)
        # One mark draws all lines as rows of a matrix, in which shorter ones repeat their last point.
        x, y = (
            np.array([np.pad(values, (0, longest - len(values)), "edge") for values in rows])
            for rows in ([one.line.x for one, _ in known], [one.line.y for one, _ in known])
        )
        with self.lines.hold_sync():
            self.lines.colors = [colour for _, colour in known] or [BY_HAND]
            self.lines.x, self.lines.y = x, y
        labelled = [(one, colour) for one, colour in known if len(one.label)]
        with self.labels.hold_sync():
            self.labels.colors = [colour for _, colour in labelled] or [BY_HAND]
            self.labels.x = np.array([one.label.x[0] for one, _ in labelled])
            self.labels.y = np.array([one.label.y[0] for one, _ in labelled])
            self.labels.text = [one.law.name for one, _ in labelled]
