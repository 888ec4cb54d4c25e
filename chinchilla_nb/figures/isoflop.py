"""IsoFLOP slices: loss against N, D or D/N, with the parabola of each slice and the cross-section of the fitted law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.approaches.isoflop import IsoFlop
from chinchilla_nb.engine.approaches.parabola import Parabola
from chinchilla_nb.engine.approaches.slices import Slice
from chinchilla_nb.engine.conversion import check_choice, check_type
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.figures.intervals import LEVEL
from chinchilla_nb.figures.polyline import NOTHING, Polyline, polyline
from chinchilla_nb.figures.ticks import Axis, data_title, linear_axis, log_axis, ratio_title

__all__ = ["Against", "IsoFlopFigure", "SliceCurves", "isoflop_figure"]

Array = NDArray[Any]
Against = Literal["N", "D", "D/N"]
"""What the loss is drawn against."""

SAMPLES = 61
"""Vertices of a curve."""
ROOM = 1.35
"""How much higher than the runs near the minima the axis of the loss reaches, as a multiple of their range: losses far
from a minimum can be several times as high, and would press all parabolas flat."""
REACH = 2.0
"""Most factor by which the interval of a minimum stretches the axis beyond the runs."""


@dataclass(frozen=True, eq=False, slots=True)
class SliceCurves:
    """One slice; what it lacks is an empty line.

    Attributes
    ----------
    slice : Slice
    shade : float
        Position in the palette of losses, from 0 for the largest budget, whose losses are the lowest, to 1 for the
        smallest.
    near : ndarray of bool
        For each of its runs, by size, whether the parabola was fitted to it.
    dots : Polyline
        Its runs.
    parabola : Polyline
        Over the runs near the minimum.
    law : Polyline
        The losses of the law on this isoFLOP line, over the same sizes.
    minimum : Polyline
        The minimum of the parabola.
    interval : Polyline
        A horizontal line through the minimum, from one end of its 95 % interval to the other.
    off_parabola, off_law : Polyline
        Measured minus fitted loss of the runs near the minimum.
    refused : str
        Why it has no minimum; empty if it has one.
    """

    slice: Slice
    shade: float
    near: NDArray[np.bool_]
    dots: Polyline
    parabola: Polyline
    law: Polyline
    minimum: Polyline
    interval: Polyline
    off_parabola: Polyline
    off_law: Polyline
    refused: str


@dataclass(frozen=True, eq=False, slots=True)
class IsoFlopFigure:
    """The slices of some runs.

    Attributes
    ----------
    x : Axis
        N, D or D/N.
    y : Axis
        Loss.
    residual : Axis
        Measured minus fitted loss.
    slices : tuple of SliceCurves
        By compute.
    beyond : int
        Number of runs whose loss lies above the axis.
    """

    x: Axis
    y: Axis
    residual: Axis
    slices: tuple[SliceCurves, ...]
    beyond: int


def isoflop_figure(
    isoflop: IsoFlop, law: Law | None = None, against: Against = "N", data_unit: str = "tokens"
) -> IsoFlopFigure:
    """Lay out the slices of approach 2.

    Parameters
    ----------
    isoflop : IsoFlop
    law : Law, optional
        A fitted law, whose losses are drawn beside the parabolas.
    against : {"N", "D", "D/N"}
    data_unit : str
        What D counts.

    Raises
    ------
    InputError
        If an argument is something else.
    """
    check_type(isoflop, "isoflop", IsoFlop)
    check_type(law, "law", Law, type(None))
    check_choice(against, "against", get_args(Against))
    slices = _Layout(isoflop, law, _PLACES[against]).slices()
    titles = {"N": None, "D": data_title(data_unit), "D/N": ratio_title(data_unit)}
    runs = np.concatenate([one.dots.x for one in slices])
    ends = np.clip(np.concatenate([one.interval.x for one in slices]), runs.min() / REACH, runs.max() * REACH)
    near = np.concatenate([one.dots.y[one.near] for one in slices])
    top = near.min() + ROOM * np.ptp(near)
    loss = np.concatenate([one.dots.y for one in slices])
    shown = [*loss[loss <= top], *(float(one.minimum.y[0]) for one in slices if len(one.minimum))]
    residuals = np.concatenate([line.y for one in slices for line in (one.off_parabola, one.off_law)])
    return IsoFlopFigure(
        x=log_axis(against, [*runs, *ends], titles[against]),
        y=linear_axis("loss", shown, "Loss L", upright=True),
        residual=linear_axis("residual", [*residuals, 0.0], "Measured − fitted loss", upright=True),
        slices=slices,
        beyond=int(np.count_nonzero(loss > top)),
    )


Places = Callable[[Array, Array], Array]
"""Where N parameters and D tokens lie on the axis."""


_PLACES: dict[str, Places] = {"N": lambda N, _D: N, "D": lambda _N, D: D, "D/N": lambda N, D: D / N}


@dataclass(frozen=True, eq=False, slots=True)
class _Layout:
    isoflop: IsoFlop
    law: Law | None
    place: Places

    def slices(self) -> tuple[SliceCurves, ...]:
        found = {id(one.slice): self._with_minimum(one, at) for at, one in enumerate(self.isoflop.parabolas)}
        found |= {id(one.slice): self._curves(one.slice, refused=one.reason) for one in self.isoflop.refused}
        return tuple(found[id(one)] for one in self.isoflop.slices.found if id(one) in found)

    def _with_minimum(self, parabola: Parabola, at: int) -> SliceCurves:
        runs, one, law = self.isoflop.slices.runs, parabola.slice, self.law
        N, D, loss = (values[parabola.runs] for values in (runs.N, runs.D, runs.loss))
        x = np.geomspace(N.min(), N.max(), SAMPLES)
        minima = self.isoflop.minima(LEVEL)["N"]
        ends = np.array([minima.low[at], minima.high[at]])
        height = np.full(2, parabola.loss)
        return self._curves(
            one,
            near=np.isin(one.runs, parabola.runs),
            parabola=self._on_slice(one.C, x, parabola.at(x)),
            law=NOTHING if law is None else self._on_slice(one.C, x, law.loss(x, runs.compute.D(one.C, x))),
            minimum=self._on_slice(one.C, np.array([parabola.N]), height[:1]),
            interval=self._on_slice(one.C, ends, height) if np.isfinite(ends).all() else NOTHING,
            off_parabola=polyline(self.place(N, D), loss - parabola.at(N)),
            off_law=NOTHING if law is None else polyline(self.place(N, D), loss - law.loss(N, D)),
        )

    def _curves(
        self, one: Slice, near: NDArray[np.bool_] | None = None, refused: str = "", **lines: Polyline
    ) -> SliceCurves:
        runs = self.isoflop.slices.runs
        N, D = runs.N[one.runs], runs.D[one.runs]
        log_C = np.log([other.C for other in self.isoflop.slices.found])
        span = np.ptp(log_C)
        names = ("parabola", "law", "minimum", "interval", "off_parabola", "off_law")
        return SliceCurves(
            slice=one,
            shade=float((log_C.max() - np.log(one.C)) / span) if span else 0.5,
            near=read_only(np.zeros(len(one.runs), dtype=bool) if near is None else near),
            dots=polyline(self.place(N, D), runs.loss[one.runs]),
            refused=refused,
            **{name: lines.get(name, NOTHING) for name in names},
        )

    def _on_slice(self, C: float, N: Array, loss: Array) -> Polyline:
        return polyline(self.place(N, self.isoflop.slices.runs.compute.D(C, N)), loss)
