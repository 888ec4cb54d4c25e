"""The objective over the start grid, as a function of the two exponents of a law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.engine.runs import read_only

__all__ = ["LandscapeFigure", "landscape_figure"]

SPAN = 1e6
"""Ratio of the highest to the lowest objective on the colour scale; differences between worse starts do not matter."""


@dataclass(frozen=True, eq=False, slots=True)
class LandscapeFigure:
    """The lowest objective of all starts with given exponents.

    Attributes
    ----------
    exponents : tuple of Parameter
        The exponents of N and of D.
    others : tuple of Parameter
        The parameters that the objective is minimised over.
    across, up : ndarray
        Starting values of the two exponents, ascending.
    law : tuple of float
        The two exponents of the fitted law.
    objective : ndarray, shape (n_across, n_up)
        The lowest objective; infinite where every start overflows.
    shade : ndarray, shape (n_across, n_up)
        Its position between the lowest, 0, and the highest, 1, on a logarithmic scale.
    best : tuple of int
        Indices of the lowest objective.
    """

    exponents: tuple[Parameter, Parameter]
    others: tuple[Parameter, ...]
    across: NDArray[np.float64]
    up: NDArray[np.float64]
    law: tuple[float, float]
    objective: NDArray[np.float64]
    shade: NDArray[np.float64]
    best: tuple[int, int]


def landscape_figure(fit: Fit) -> LandscapeFigure:
    """Lay out the objective over the starts of a fit."""
    parameters, axes = fit.problem.family.parameters, fit.problem.starts.log_axes()
    cube = np.where(np.isfinite(fit.landscape), fit.landscape, np.inf).reshape([len(axis) for axis in axes])
    across, up = (index for index, parameter in enumerate(parameters) if parameter.kind == "exponent")
    others = tuple(index for index in range(len(axes)) if index not in (across, up))
    orders = [np.argsort(axes[index], kind="stable") for index in (across, up)]
    lowest = cube.min(axis=others)[np.ix_(*orders)]
    best = np.unravel_index(int(np.argmin(lowest)), lowest.shape)
    found = tuple(fit.law.as_dict().values())
    return LandscapeFigure(
        exponents=(parameters[across], parameters[up]),
        others=tuple(parameters[index] for index in others),
        across=read_only(axes[across][orders[0]].copy()),
        up=read_only(axes[up][orders[1]].copy()),
        law=(found[across], found[up]),
        objective=read_only(lowest),
        shade=read_only(_shade(lowest)),
        best=(int(best[0]), int(best[1])),
    )


def _shade(objective: NDArray[np.float64]) -> NDArray[np.float64]:
    finite = objective[np.isfinite(objective)]
    if not finite.size:
        return np.ones(objective.shape)
    # The logarithm of an exact start would be minus infinity.
    floor = max(float(finite.min()), float(finite.max()) / SPAN, np.finfo(float).tiny)
    top = min(float(finite.max()), floor * SPAN)
    if not top > floor:
        return np.where(np.isfinite(objective), 0.0, 1.0)
    return np.asarray(np.log(np.clip(objective, floor, top) / floor) / np.log(top / floor))
