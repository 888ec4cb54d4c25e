"""Roll-outs: how far off the larger runs came out, by how far they lie beyond the fitted ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.engine.uncertainty.drift import Drift
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.figures.intervals import LEVEL
from chinchilla_nb.figures.polyline import Polyline, polyline
from chinchilla_nb.figures.thinning import thin
from chinchilla_nb.figures.ticks import Axis, linear_axis, log_axis

__all__ = ["RollOutFigure", "roll_out_figure"]

REACH = 2.0
"""Most of the axis of errors, in units of the largest error, that the band takes: of one roll-out it is far wider."""
NARROWEST = 1e-9
"""Least half-width of the axis of errors; smaller errors are rounding."""


@dataclass(frozen=True, eq=False, slots=True)
class RollOutFigure:
    """Errors of held-out runs against the ratio of their compute to that of the fitted ones, with their drift.

    Attributes
    ----------
    x : Axis
        C / C0.
    y : Axis
        Log measured - log predicted loss.
    dots : Polyline
        A dot for each roll-out and held-out run that is drawn.
    part : ndarray of int
        Index of the roll-out of each dot.
    held_out : Runs
        The run of each dot.
    C0 : ndarray, shape (n_roll_outs,)
    fitted, beyond : ndarray of int, shape (n_roll_outs,)
        Number of fitted and of held-out runs of each roll-out.
    shade : ndarray, shape (n_roll_outs,)
        Position of each roll-out in the palette, in [0, 1].
    zero : Polyline
        The line of a law that holds.
    bias : Polyline
        The mean error by the model of the drift.
    band : Polyline
        Outline of its 95 % band, cut off at the ends of the axis.
    note : str
        How many of the errors are drawn; empty if all are.
    """

    x: Axis
    y: Axis
    dots: Polyline
    part: NDArray[np.intp]
    held_out: Runs
    C0: NDArray[np.float64]
    fitted: NDArray[np.intp]
    beyond: NDArray[np.intp]
    shade: NDArray[np.float64]
    zero: Polyline
    bias: Polyline
    band: Polyline
    note: str


def roll_out_figure(roll_outs: RollOuts) -> RollOutFigure:
    """Lay out the errors of roll-outs beyond budgets.

    Raises
    ------
    InputError
        If the roll-outs are by groups, or no fit succeeded.
    """
    drift, parts = Drift.of(roll_outs), roll_outs.parts
    ratio = np.concatenate([np.exp(part.distance) for part in parts])
    error = np.concatenate([part.error for part in parts])
    part = np.repeat(np.arange(len(parts)), [len(one.held_out) for one in parts])
    run = np.concatenate([np.flatnonzero(roll_outs.problem.runs.C > one.C0) for one in parts])
    known = np.flatnonzero(np.isfinite(error))
    shown = known[thin(ratio[known], error[known])]
    x = log_axis("C / C0", np.append(ratio, 1.0), "Compute beyond the fitted runs, C / C₀")
    bias, margin = (float(one) for one in drift.errors(np.log(x.high), LEVEL))
    largest = max(float(np.abs(error[known]).max(initial=0.0)), abs(bias), NARROWEST)
    ends = np.clip([bias - margin, bias + margin], -REACH * largest, REACH * largest)
    y = linear_axis("error", [*error[known], 0.0, bias, *ends], "Log measured − log predicted loss", upright=True)
    edge = np.geomspace(1.0, x.high, 61)
    mean, reach = drift.errors(np.log(edge), LEVEL)
    outline = np.concatenate([mean - reach, (mean + reach)[::-1]])
    return RollOutFigure(
        x=x,
        y=y,
        dots=polyline(ratio[shown], error[shown]),
        part=read_only(part[shown]),
        held_out=roll_outs.problem.runs.take(run[shown]),
        C0=read_only(np.array([one.C0 for one in parts])),
        fitted=read_only(np.array([len(one.fit.runs) for one in parts])),
        beyond=read_only(np.array([len(one.held_out) for one in parts])),
        shade=read_only(np.linspace(0.0, 1.0, len(parts)) if len(parts) > 1 else np.array([0.5])),
        zero=polyline([x.low, x.high], [0.0, 0.0]),
        bias=polyline([1.0, x.high], [0.0, bias]),
        band=polyline(np.concatenate([edge, edge[::-1]]), np.clip(outline, y.low, y.high)),
        note="" if len(shown) == len(error) else f"{len(shown):,} of {len(error):,} errors drawn",
    )
