"""Errors of a study against one of the things that it varied, with a line for each choice of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.figures.polyline import Polyline, polyline
from chinchilla_nb.figures.ticks import Axis, linear_axis, log_axis

__all__ = ["STUDY_ERRORS", "StudyFigure", "StudyLine", "study_figure"]

Array = NDArray[Any]

STUDY_ERRORS: Mapping[str, tuple[str, Callable[[Array], Array]]] = {
    "N_error": ("N* off by a factor of", lambda error: np.exp(np.abs(error))),
    "D_error": ("D* off by a factor of", lambda error: np.exp(np.abs(error))),
    "loss_error": ("Predicted loss off by (%)", lambda error: 100 * np.expm1(np.abs(error))),
    "deadweight_share": ("Deadweight compute (%)", lambda share: 100 * share),
}
"""Columns of a study that can be drawn: the title of their axis, and how their values are drawn."""
_LEAST_PERCENT = 1e-3
"""Errors below a thousandth of a per cent are drawn there."""
_SPREAD = 0.06
"""Distance of the lines of two choices at one place, as a fraction of the distance of two places."""
_MOST_TICKS = 8
"""Most numbers along the horizontal axis that are its ticks."""
_TITLES = {
    "seeds": "Seed runs",
    "target": "Budget (FLOPs)",
    "loss": "Loss that is minimised",
    "law": "True law",
    "design": "Design",
    "noise": "Noise",
    "scaling_factor": "Scaling factor",
}


@dataclass(frozen=True, eq=False, slots=True)
class StudyLine:
    """The errors of one choice: its name, the median at each place, and bars for the middle half."""

    name: str
    median: Polyline
    bars: tuple[Polyline, ...]


@dataclass(frozen=True, eq=False, slots=True)
class StudyFigure:
    """Errors of a study.

    Attributes
    ----------
    x, y : Axis
    joined : bool
        Whether places along the horizontal axis are numbers, so that medians are joined by lines.
    lines : tuple of StudyLine
    note : str
        How many fits have no error, as their laws have no optimum; empty if there are none.
    """

    x: Axis
    y: Axis
    joined: bool
    lines: tuple[StudyLine, ...]
    note: str


def study_figure(places: Sequence[Any], groups: Sequence[Any], errors: Array, against: str, error: str) -> StudyFigure:
    """Lay out the errors of a study.

    Parameters
    ----------
    places : sequence, length n
        For each fit, what is drawn along the horizontal axis: numbers above 0, or the names of choices.
    groups : sequence, length n
        For each fit, the choice whose line it belongs to.
    errors : ndarray, shape (n,)
        Values of the column `error`; NaN for fits without an optimum.
    against : str
        The column of the places.
    error : str
        One of `STUDY_ERRORS`.
    """
    title, drawn = STUDY_ERRORS[error]
    values, known = drawn(errors), np.isfinite(errors)
    least = 1.0 if error in ("N_error", "D_error") else _LEAST_PERCENT
    numeric = all(isinstance(place, (int, float)) and place > 0 for place in places)
    order = sorted(set(places)) if numeric else list(dict.fromkeys(places))
    at = np.array([order.index(place) for place in places])
    names = list(dict.fromkeys(groups))
    member = np.array([names.index(group) for group in groups])
    gap = min((b / a for a, b in pairwise(order)), default=1.0) if numeric else 1.0
    lines = []
    for number, name in enumerate(names):
        aside = _SPREAD * (number - (len(names) - 1) / 2)
        found = []
        for index, place in enumerate(order):
            chosen = values[known & (member == number) & (at == index)]
            if chosen.size:
                along = float(place) * gap**aside if numeric else index + aside
                found.append((along, *np.maximum(np.quantile(chosen, [0.25, 0.5, 0.75]), least)))
        lines.append(_line(str(name), np.array(found).reshape(-1, 4)))
    drawn_values = [part for line in lines for part in (line.median.y, *(bar.y for bar in line.bars))]
    heights = np.concatenate([*drawn_values, [least]] if least == 1.0 or not known.any() else drawn_values)
    missing = int((~known).sum())
    note = f"{missing:,} of {len(errors):,} fits have no optimum and are left out" if missing else ""
    x = _number_axis(against, order) if numeric else _choice_axis(against, order)
    return StudyFigure(x, log_axis("error", heights, title), numeric, tuple(lines), note)


def _line(name: str, found: Array) -> StudyLine:
    x, low, median, high = found.T
    bars = tuple(polyline([place, place], ends) for place, *ends in zip(x, low, high, strict=True))
    return StudyLine(name, polyline(x, median), bars)


def _number_axis(against: str, places: Sequence[float]) -> Axis:
    name = "C" if against == "target" else against
    axis = log_axis(name, places, _TITLES.get(against, against))
    if len(places) > _MOST_TICKS:
        return axis
    ticks = np.array(places, dtype=float)
    return replace(axis, ticks=read_only(ticks), tick_labels=tuple(map(axis.text, ticks)))


def _choice_axis(against: str, places: Sequence[Any]) -> Axis:
    ticks = np.arange(len(places), dtype=float)
    axis = linear_axis(against, [-0.4, len(places) - 0.6], _TITLES.get(against, against))
    return replace(axis, ticks=read_only(ticks), tick_labels=tuple(map(str, places)))
