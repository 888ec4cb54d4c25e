"""Loss against compute for groups of runs: the runs of each, and the lowest loss of its law."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.conversion import as_positive_number, check_choice, check_type
from chinchilla_nb.engine.groups.joint_fit import GroupFit
from chinchilla_nb.engine.groups.quantities import frontier_losses, multiplier
from chinchilla_nb.figures.polyline import NOTHING, Polyline, polyline
from chinchilla_nb.figures.ticks import Axis, linear_axis, log_axis, within_reach
from chinchilla_nb.printable import shortened

__all__ = ["GroupCurve", "GroupsFigure", "groups_figure"]

SAMPLES = 61
"""Budgets of a curve."""
LONGEST = 18
"""Most characters of the label of a curve."""
CHARACTER, GAP, MOST_ROOM = 0.027, 0.04, 0.45
"""Widths of a character and of the gap before a label, and the most room for labels, as shares of the width of the
chart: charts on usual pages have 280 pixels or more."""
APART = 0.065
"""Least distance of two labels, as a share of the height of the chart."""


@dataclass(frozen=True, eq=False, slots=True)
class GroupCurve:
    """A group of runs.

    Attributes
    ----------
    name : str
    runs : ndarray of int
        Which of the grouped runs are of this group.
    dots : Polyline
        Compute and loss of these runs.
    line : Polyline
        The lowest loss of its law at each compute; empty for a law without an optimum.
    label : str
        The name, shortened, which stands behind the right end of the line.
    label_y : float
        The loss at which it stands, away from other labels; NaN without a line.
    """

    name: str
    runs: NDArray[np.intp]
    dots: Polyline
    line: Polyline
    label: str
    label_y: float


@dataclass(frozen=True, eq=False, slots=True)
class GroupsFigure:
    """Groups of runs.

    Attributes
    ----------
    x : Axis
        Compute.
    y : Axis
        Loss.
    curves : tuple of GroupCurve
    gaps : tuple of Polyline
        From the budget on the curve of each group to the compute with which the baseline reaches the same loss.
    beyond : int
        Number of runs whose loss lies above the axis.
    """

    x: Axis
    y: Axis
    curves: tuple[GroupCurve, ...]
    gaps: tuple[Polyline, ...]
    beyond: int


def groups_figure(fit: GroupFit, baseline: str, C: float) -> GroupsFigure:
    """Lay out loss against compute, with the gap between each group and a baseline at a budget of C FLOPs.

    Raises
    ------
    InputError
        If an argument is something else, or there is no such group.
    """
    check_type(fit, "fit", GroupFit)
    check_choice(baseline, "baseline", fit.grouped.names)
    C, runs = as_positive_number(C, "C"), fit.grouped.runs
    gaps = [_gap(fit, name, baseline, C) for name in fit.grouped.names if name != baseline]
    gaps = [gap for gap in gaps if len(gap)]
    ends = np.array([end for gap in gaps for end in gap.x])
    reached = np.array([*runs.C, C, *ends[within_reach(runs.C, ends, log=True)]])
    budgets = np.geomspace(reached.min(), reached.max(), SAMPLES)
    texts = [shortened(name, LONGEST) for name in fit.grouped.names]
    room = min(GAP + CHARACTER * max(map(len, texts)), MOST_ROOM)
    x = log_axis("C", [*reached, reached.max() * (reached.max() / reached.min()) ** (room / (1 - room))])
    losses = frontier_losses(fit, budgets)
    drawn = np.concatenate(list(losses.values()))
    drawn = drawn[np.isfinite(drawn)]
    typical = runs.loss if not drawn.size else drawn
    shown = within_reach(typical, runs.loss, log=False)
    y = linear_axis("loss", [*typical, *runs.loss[shown]], "Loss L", upright=True)
    lines = [polyline(budgets[np.isfinite(loss)], loss[np.isfinite(loss)]) for loss in losses.values()]
    places = _apart(np.array([line.y[-1] if len(line) else np.nan for line in lines]), APART * (y.high - y.low))
    curves = []
    for group, (name, line, text, place) in enumerate(zip(losses, lines, texts, places.tolist(), strict=True)):
        members = np.flatnonzero((fit.grouped.number == group) & shown)
        dots = polyline(runs.C[members], runs.loss[members])
        curves.append(GroupCurve(name, members, dots, line, text, place))
    return GroupsFigure(x, y, tuple(curves), tuple(gaps), int(np.count_nonzero(~shown)))


def _apart(wanted: NDArray[np.float64], distance: float) -> NDArray[np.float64]:
    """Return places near the wanted ones with at least a distance between them, in the same order."""
    order = np.argsort(wanted)[: np.count_nonzero(np.isfinite(wanted))]
    found = wanted.copy()
    for below, above in itertools.pairwise(order):
        found[above] = max(found[above], found[below] + distance)
    if order.size:
        found[order] -= np.mean(found[order] - wanted[order])  # as far below the wanted places as above them
    return found


def _gap(fit: GroupFit, group: str, baseline: str, C: float) -> Polyline:
    loss = float(frontier_losses(fit, C)[group])
    if not np.isfinite(loss):
        return NOTHING
    factor = float(multiplier(fit, group, baseline, C).value)
    return polyline([C, C * factor], [loss, loss]) if np.isfinite(factor) else NOTHING
