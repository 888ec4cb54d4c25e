"""Intervals along the efficient frontier: bands around its curves, and the region of N* and D* at a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import in_proportion
from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.engine.uncertainty.draws import Draws
from chinchilla_nb.engine.uncertainty.drift import Drift, distance_beyond
from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.figures.polyline import NOTHING, Polyline, polyline

__all__ = ["LEVEL", "FrontierIntervals", "Ends", "basis_in_words", "frontier_intervals"]

LEVEL = 0.95
"""Level of the intervals that are shown."""
PER_DECADE = 12
"""Budgets per decade, between which intervals are interpolated: ends of intervals are nearly straight in logarithms."""
BEYOND = 3.0
"""Decades by which the budgets reach beyond the axes on either side, so that zooming and panning show the bands too."""

IN_REGION = 17
"""Vertices of the region of an optimum where its isoFLOP line may bend."""

Ends = tuple[float, float]
"""The low and the high end of an interval; the low one may be 0 and the high one infinite."""
_METHODS = {
    "pairs": "pairs bootstrap",
    "bayesian": "Bayesian bootstrap",
    "stratified": "stratified bootstrap",
    "wild": "wild bootstrap",
    "wild-cluster": "wild cluster bootstrap",
    "residual": "residual bootstrap",
    "profile": "profile likelihood",
    "sandwich": "sandwich covariance",
}
Box = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False, slots=True)
class FrontierIntervals:
    """Intervals of what is compute-optimal, over a range of budgets.

    Attributes
    ----------
    uncertainty : Uncertainty
    roll_outs : RollOuts or None
        Of the runs of the fit, beyond budgets.
    C : ndarray, shape (n,)
        Budgets in FLOPs, ascending.
    intervals : dict of str to Interval
        Of ``N``, ``D``, ``D_per_N`` and ``loss`` for these budgets, and of ``new_run``, the loss of a single run; with
        roll-outs also ``loss_as_done`` and ``new_run_as_done``, widened by them. Each is of shape (n,).
    """

    uncertainty: Uncertainty
    roll_outs: RollOuts | None
    C: NDArray[np.float64]
    intervals: Mapping[str, Interval]

    @property
    def compute(self) -> Compute:
        """How C follows from N and D."""
        return self.uncertainty.fit.runs.compute

    def _D(self, C: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
        # In proportion, in an order of divisions that keeps charts the same to the bit.
        compute = self.compute
        return np.asarray(compute.D(C, 1.0) / N if in_proportion(compute) else compute.D(C, N))

    def _N(self, C: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        compute = self.compute
        return np.asarray(compute.N(C, 1.0) / D if in_proportion(compute) else compute.N(C, D))

    def cover(self, C_range: Ends) -> bool:
        """Return whether a range of budgets, such as the view after zooming out, lies well within these."""
        return bool(self.C[0] < C_range[0] and C_range[1] < self.C[-1])

    def at(self, C: float) -> dict[str, Ends]:
        """Return the intervals at a budget in this range, interpolated in logarithms."""
        return {name: (self._end(C, found.low), self._end(C, found.high)) for name, found in self.intervals.items()}

    def region(self, C: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return N and D at the ends of the region of N* and D* at a budget.

        Because N* and D* spend the budget, the region is a segment of the isoFLOP line: in logarithms, an ellipse
        without width.
        """
        compute = self.compute
        ends = np.clip(self.at(C)["N"], 1.0, compute.N(C, 1.0))
        N = ends if in_proportion(compute) else np.geomspace(ends[0], ends[1], IN_REGION)
        return N, self._D(C, N)

    def band(self, box: Box) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return N and D along the outline of the band around the frontier, cut off at the sides of a box.

        Each budget contributes a segment of its isoFLOP line, as in `region`. Empty if the band lies outside.
        """
        found = self.intervals["N"]
        low = np.maximum.reduce([found.low, np.full_like(self.C, box["N"][0]), self._N(self.C, box["D"][1])])
        high = np.minimum.reduce([found.high, np.full_like(self.C, box["N"][1]), self._N(self.C, box["D"][0])])
        inside = (low <= high) & (self.C >= box["C"][0]) & (self.C <= box["C"][1])
        C = self.C[inside]
        N = np.concatenate([low[inside], high[inside][::-1]])
        return N, self._D(np.concatenate([C, C[::-1]]), N)

    def loss_band(self, C: Ends, loss: Ends) -> Polyline:
        """Return the outline of the band around the lowest predicted loss, cut off at ends of C and of the loss."""
        found = self.intervals["loss"]
        low, high = np.maximum(found.low, loss[0]), np.minimum(found.high, loss[1])
        inside = (low <= high) & (self.C >= C[0]) & (self.C <= C[1])
        if not inside.any():
            return NOTHING
        budgets = self.C[inside]
        return polyline(np.concatenate([budgets, budgets[::-1]]), np.concatenate([low[inside], high[inside][::-1]]))

    def _end(self, C: float, ends: NDArray[np.float64]) -> float:
        """Interpolate one end of the intervals; where a neighbouring interval has no such end, there is none."""
        right = int(np.clip(np.searchsorted(self.C, C), 1, len(self.C) - 1))
        near = ends[right - 1 : right + 1]
        unlimited = (near == 0) | np.isinf(near)
        if unlimited.any():
            return float(near[unlimited][0])
        return float(np.exp(np.interp(np.log(C), np.log(self.C[right - 1 : right + 1]), np.log(near))))


def frontier_intervals(uncertainty: Uncertainty, C_range: Ends, roll_outs: RollOuts | None = None) -> FrontierIntervals:
    """Return the intervals of what is compute-optimal, for a range of budgets and some decades beyond it.

    Parameters
    ----------
    uncertainty : Uncertainty
    C_range : tuple of float
    roll_outs : RollOuts, optional
        Of the runs of the fit, beyond budgets. Without a fit that succeeded they say nothing.
    """
    low, high = np.log10(C_range) + BEYOND * np.array([-1, 1])
    C = 10 ** np.linspace(low, high, 1 + int(np.ceil(PER_DECADE * (high - low))))
    found = uncertainty.allocate(C, LEVEL)
    N, D = found["N"].value, found["D"].value
    known = np.isfinite(N)
    new_run = Interval(np.full_like(C, np.nan), np.zeros_like(C), np.full_like(C, np.inf))
    if known.any():
        one = uncertainty.predict_loss(N[known], D[known], LEVEL, "new-run")
        for name in ("value", "low", "high"):
            getattr(new_run, name)[known] = getattr(one, name)
    found = {**found, "new_run": new_run}
    if roll_outs is not None and roll_outs.parts:
        runs = uncertainty.fit.runs
        drift, distance = Drift.of(roll_outs), distance_beyond(runs, 1.0, runs.compute.D(C, 1.0))
        for name in ("loss", "new_run"):
            one = drift.widened(found[name], distance, LEVEL)
            ends = np.where(known, one.low, 0.0), np.where(known, one.high, np.inf)
            found[f"{name}_as_done"] = Interval(one.value, *ends)
    return FrontierIntervals(uncertainty, roll_outs, read_only(C), found)


def basis_in_words(uncertainty: Uncertainty) -> str:
    """Return what the intervals of an uncertainty are based on: ``pairs bootstrap, 1,000 draws``."""
    draws = f", {len(uncertainty.theta):,} draws" if isinstance(uncertainty, Draws) else ""
    return _METHODS[uncertainty.method] + draws
