"""The objective over the start grid, seen along alpha and beta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.runs import read_only

__all__ = ["LandscapeFigure", "landscape_figure"]

_ALPHA, _BETA = 3, 4
SPAN = 1e6
"""Times the lowest objective at which the scale of colours ends: terrible starts are all alike."""


@dataclass(frozen=True, eq=False, slots=True)
class LandscapeFigure:
    """The lowest objective that any start with these exponents has.

    Attributes
    ----------
    alpha, beta : ndarray
        Starting values, ascending.
    objective : ndarray, shape (n_alpha, n_beta)
        Least over E, A and B; infinite where every start overflows.
    shade : ndarray, shape (n_alpha, n_beta)
        Its place between the lowest, 0, and the highest, 1, on a logarithmic scale.
    best : tuple of int
        Indices of the lowest.
    """

    alpha: NDArray[np.float64]
    beta: NDArray[np.float64]
    objective: NDArray[np.float64]
    shade: NDArray[np.float64]
    best: tuple[int, int]


def landscape_figure(fit: Fit) -> LandscapeFigure:
    """Lay out the objective over the starts that a fit was screened at."""
    axes = fit.starts_grid.log_axes()
    cube = np.where(np.isfinite(fit.landscape), fit.landscape, np.inf).reshape([len(axis) for axis in axes])
    orders = [np.argsort(axes[i], kind="stable") for i in (_ALPHA, _BETA)]
    lowest = cube.min(axis=(0, 1, 2))[np.ix_(*orders)]
    best = np.unravel_index(int(np.argmin(lowest)), lowest.shape)
    return LandscapeFigure(
        alpha=read_only(axes[_ALPHA][orders[0]].copy()),
        beta=read_only(axes[_BETA][orders[1]].copy()),
        objective=read_only(lowest),
        shade=read_only(_shade(lowest)),
        best=(int(best[0]), int(best[1])),
    )


def _shade(objective: NDArray[np.float64]) -> NDArray[np.float64]:
    finite = objective[np.isfinite(objective)]
    if not finite.size:
        return np.ones(objective.shape)
    # An exact start would be infinitely far below the others in logarithms.
    floor = max(float(finite.min()), float(finite.max()) / SPAN, np.finfo(float).tiny)
    top = min(float(finite.max()), floor * SPAN)
    if not top > floor:
        return np.where(np.isfinite(objective), 0.0, 1.0)
    return np.asarray(np.log(np.clip(objective, floor, top) / floor) / np.log(top / floor))
