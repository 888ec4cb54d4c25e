"""The chart of isoFLOP slices, and that of their residuals; a click on a run chooses its slice."""

from __future__ import annotations

from collections.abc import Sequence

import bqplot
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import IsoFlopFigure, Polyline, SliceCurves, joined, polyline
from chinchilla_nb.widgets.base.style import INK, MUTED, shade
from chinchilla_nb.widgets.charts.plots import PAPER, Frame, set_dots, set_line

__all__ = ["SliceChart"]

FAINT, FAR = 0.15, 0.4
"""Opacity of slices that are not chosen, and of runs far from the minimum, which the parabola leaves out."""


class SliceChart:
    """Loss against size for each slice, above the residuals.

    Attributes
    ----------
    frame, residual_frame : Frame
    figure, residual_figure : bqplot.Figure
    dots : bqplot.Scatter
        All runs of slices.
    parabolas, laws, intervals : bqplot.Lines
    minima : bqplot.Scatter
    off_parabola, off_law : bqplot.Scatter
        Residuals of the parabola and, of a chosen slice, of the law.
    clickable : tuple of bqplot.Scatter
        The marks whose dots are runs.
    """

    def __init__(self) -> None:
        self._of_dot: dict[bqplot.Scatter, NDArray[np.intp]] = {}
        self.frame, self.residual_frame = Frame(log_y=False), Frame(log_y=False)
        self.dots = self.frame.runs()
        self.parabolas = self.frame.lines(stroke_width=2.0)
        self.laws = self.frame.lines(stroke_width=1.3, line_style="dashed")
        self.intervals = self.frame.lines(colors=[INK], stroke_width=2.0)
        self.minima = self.frame.marker("diamond", INK, stroke=PAPER, stroke_width=1.0, default_size=80)
        marks = [self.laws, self.parabolas, self.dots, self.intervals, self.minima]
        self.figure = self.frame.figure(marks)
        self.off_parabola = self.residual_frame.runs()
        self.off_law = self.residual_frame.hollow()
        self.clickable = (self.dots, self.off_parabola, self.off_law)
        for mark in self.clickable:
            mark.interactions = {"hover": "tooltip", "click": "select"}
        self._zero = self.residual_frame.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
        self.residual_figure = self.residual_frame.figure([self._zero, self.off_parabola, self.off_law], "cnb-low")

    def show(
        self, figure: IsoFlopFigure, chosen: int | None, labels: Sequence[str], seen: NDArray[np.bool_] | None = None
    ) -> None:
        """Draw a figure, with one label for each run of its slices, in their order, and only the dots that are seen."""
        slices = figure.slices
        of_dot = np.repeat(np.arange(len(slices)), [len(one.dots) for one in slices])
        seen = np.ones(len(of_dot), dtype=bool) if seen is None else seen
        of_seen = of_dot[seen]
        for mark in self.clickable:
            mark.selected = None
        self.frame.show(figure.x, figure.y)
        self.residual_frame.show(figure.x, figure.residual)
        strength = np.array([1.0 if chosen in (None, at) else FAINT for at in range(len(slices))])
        near = np.concatenate([one.near for one in slices])[seen]
        colour = np.array([one.shade for one in slices])
        names = [label for label, is_seen in zip(labels, seen, strict=True) if is_seen]
        set_dots(self.dots, _some(joined([one.dots for one in slices]), seen), names, colour[of_seen])
        self.dots.opacities = (strength[of_seen] * np.where(near, 1.0, FAR)).tolist()
        self._of_dot = {self.dots: of_seen}
        for mark, name in ((self.parabolas, "parabola"), (self.laws, "law")):
            _set_rows(mark, slices, name, strength, coloured=True)
        _set_rows(self.intervals, slices, "interval", strength, coloured=False)
        with_minimum = [at for at, one in enumerate(slices) if len(one.minimum)]
        set_line(self.minima, joined([slices[at].minimum for at in with_minimum]))
        self.minima.opacities = strength[with_minimum].tolist()
        self._show_residuals(figure, chosen, labels, of_dot, seen)

    def _show_residuals(
        self,
        figure: IsoFlopFigure,
        chosen: int | None,
        labels: Sequence[str],
        of_dot: NDArray[np.intp],
        seen: NDArray[np.bool_],
    ) -> None:
        slices = figure.slices
        shown = [one for at, one in enumerate(slices) if chosen in (None, at)]
        which = np.isin(of_dot, [at for at in range(len(slices)) if chosen in (None, at)])
        which &= np.concatenate([one.near for one in slices])
        among, which = seen[which], which & seen
        names = [label for label, is_shown in zip(labels, which, strict=True) if is_shown]
        self._of_dot |= dict.fromkeys((self.off_parabola, self.off_law), of_dot[which])
        colour = np.array([one.shade for one in slices])[of_dot][which]
        set_dots(self.off_parabola, _some(joined([one.off_parabola for one in shown]), among), names, colour)
        off_law = joined([] if chosen is None else [one.off_law for one in shown])
        off_law = _some(off_law, among) if len(off_law) else off_law
        set_dots(self.off_law, off_law, names if len(off_law) else [])
        set_line(self._zero, polyline([figure.x.low, figure.x.high], [0.0, 0.0]))

    def clicked(self, mark: bqplot.Scatter) -> int | None:
        """Return the slice whose dot of a mark was clicked last, which bqplot reports as selected; None if none was."""
        selected = np.atleast_1d(np.asarray([] if mark.selected is None else mark.selected))
        if selected.ndim != 1 or not selected.size or selected.dtype.kind not in "iu":
            return None
        last, of_dot = int(selected[-1]), self._of_dot.get(mark, np.empty(0, dtype=np.intp))
        return int(of_dot[last]) if 0 <= last < len(of_dot) else None


def _some(dots: Polyline, which: NDArray[np.bool_]) -> Polyline:
    return polyline(dots.x[which], dots.y[which])


def _set_rows(
    mark: bqplot.Lines, slices: Sequence[SliceCurves], name: str, strength: NDArray[np.float64], *, coloured: bool
) -> None:
    """Draw one line of each slice that has it, in one mark."""
    rows = [(getattr(one, name), one.shade, weight) for one, weight in zip(slices, strength, strict=True)]
    rows = [row for row in rows if len(row[0])]
    with mark.hold_sync():
        if coloured:
            mark.colors = [shade(place) for _, place, _ in rows] or [MUTED]
        mark.opacities = [float(weight) for *_, weight in rows] or [1.0]
        mark.x = np.array([line.x for line, *_ in rows]) if rows else np.empty(0)
        mark.y = np.array([line.y for line, *_ in rows]) if rows else np.empty(0)
