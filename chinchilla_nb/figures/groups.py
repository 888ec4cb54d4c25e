"""Loss against compute for groups of runs: the runs of each, and the lowest loss of its law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.conversion import as_positive_number, check_choice, check_type
from chinchilla_nb.engine.groups.joint_fit import GroupFit
from chinchilla_nb.engine.groups.quantities import frontier_losses, multiplier
from chinchilla_nb.figures.curve_labels import place_labels
from chinchilla_nb.figures.polyline import NOTHING, Polyline, polyline
from chinchilla_nb.figures.ticks import Axis, log_axis, within_reach

__all__ = ["GroupCurve", "GroupsFigure", "groups_figure"]

SAMPLES = 61
"""Budgets of a curve."""
LONGEST = 24
"""Most characters of the label of a curve."""


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
        The name, shortened; empty where there is no room for it.
    label_at : int
        The vertex of the line at which to write it.
    """

    name: str
    runs: NDArray[np.intp]
    dots: Polyline
    line: Polyline
    label: str
    label_at: int


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
    x = log_axis("C", [*runs.C, C, *ends[within_reach(runs.C, ends, log=True)]])
    budgets = np.geomspace(x.low, x.high, SAMPLES)
    losses = frontier_losses(fit, budgets)
    drawn = np.concatenate(list(losses.values()))
    drawn = drawn[np.isfinite(drawn)]
    typical = runs.loss if not drawn.size else drawn
    shown = within_reach(typical, runs.loss, log=True)
    y = log_axis("loss", [*typical, *runs.loss[shown]])
    lines = [polyline(budgets[np.isfinite(loss)], loss[np.isfinite(loss)]) for loss in losses.values()]
    texts = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in losses]
    places = place_labels(
        [_fractions(x, y, line) for line in lines],
        texts,
        _fractions(x, y, polyline(runs.C, runs.loss)),
        np.empty((0, 2)),
        np.concatenate([np.empty((0, 2)), *(_fractions(x, y, gap) for gap in gaps)]),
    )
    curves = []
    for group, (name, line, text, at) in enumerate(zip(losses, lines, texts, places, strict=True)):
        members = np.flatnonzero((fit.grouped.number == group) & shown)
        dots = polyline(runs.C[members], runs.loss[members])
        curves.append(GroupCurve(name, members, dots, line, "" if at is None else text, at or 0))
    return GroupsFigure(x, y, tuple(curves), tuple(gaps), int(np.count_nonzero(~shown)))


def _gap(fit: GroupFit, group: str, baseline: str, C: float) -> Polyline:
    loss = float(frontier_losses(fit, C)[group])
    if not np.isfinite(loss):
        return NOTHING
    factor = float(multiplier(fit, group, baseline, C).value)
    return polyline([C, C * factor], [loss, loss]) if np.isfinite(factor) else NOTHING


def _fractions(x: Axis, y: Axis, line: Polyline) -> NDArray[np.float64]:
    """Return points in fractions of the chart, shape (n_points, 2)."""
    along = (np.log(line.x) - np.log(x.low)) / (np.log(x.high) - np.log(x.low))
    up = (np.log(line.y) - np.log(y.low)) / (np.log(y.high) - np.log(y.low))
    return np.stack([along, up], axis=1)
