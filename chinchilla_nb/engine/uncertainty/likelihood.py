"""Uncertainty as the laws whose objective is hardly above that of the fit: profile likelihood."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize
from scipy.special import stdtrit

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.uncertainty.linear import gradients
from chinchilla_nb.engine.uncertainty.quantities import Quantities
from chinchilla_nb.engine.uncertainty.region import Region
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["ProfileLikelihood"]

Array = NDArray[Any]

DIFFERENCE = 1e-4
"""Step of a difference quotient, in standard errors of the coordinate."""
TOLERANCE = 1e-6
"""Tolerance of an end of an interval, in standard errors; that of the increase of the objective is relative."""
LARGEST_RATIO = 50.0
"""Largest difference of logarithms from the fit that is followed; an interval that reaches further has no end."""
BOUNDARY = 0.02
"""Share of the increase of the objective up to which a law lies on the boundary of the set: a minimisation that cannot
go on from there has found an end."""
STAGES = (0.25, 0.5, 0.75, 1.0)
"""Shares of the standard errors of an interval by which the set of laws grows."""
MOVE, MOVES = 2.0, 30
"""Longest move of a coordinate at once, in standard errors, and most moves in one stage."""
STEPS = 200
"""Most iterations of one minimisation."""


@dataclass(frozen=True, eq=False)
class ProfileLikelihood(Uncertainty):
    """The uncertainty of a fit as the set of laws whose objective exceeds the minimum by a stated increase.

    The interval of a quantity is its range over the set, which is the profile likelihood interval of Venzon and
    Moolgavkar (1988). For least squares the increase is that of the F test, f (1 + t^2 / (n - p)) [Bates and Watts
    1988, section 6.1.2]; for another loss it is scaled by the variance and the curvature of its slopes [Stafford 1996],
    t^2 V sum w^2 / (2 c). A loss with kinks is smoothed over the runs closest to the law.
    """

    def _limits(self, quantities: Quantities, tail: float) -> tuple[Array, Array]:
        """Minimise and maximise each quantity over the set."""
        slopes = gradients(self.near, quantities)
        found = [
            [_Extreme(self.region, tail, quantities, index, sign).end(slopes[index]) for sign in (-1.0, 1.0)]
            for index in range(len(slopes))
        ]
        low, high = np.array(found).reshape(-1, 2).T
        return np.maximum(low, 0.0), high

    @property
    def covariance(self) -> Array:
        """A set of laws has no covariance."""
        raise InputError("method", "must be one that has a covariance", got="'profile'", remedy="choose 'sandwich'")


@dataclass(frozen=True, eq=False, slots=True)
class _Extreme:
    """One end of the range of one quantity over a region: `sign` is 1 for the high end and -1 for the low end."""

    region: Region
    tail: float
    quantities: Quantities
    index: int
    sign: float

    def end(self, slope: Array) -> float:
        """Return the end, from the derivatives of the quantity by theta; infinite, or 0, where there is none."""
        region, log = self.region, self.quantities.logarithmic[self.index]
        none = np.inf if self.sign > 0 else 0.0
        at_fit = self._quantity(region.theta)
        deviation = float(np.sqrt(slope @ region.covariance @ slope))
        if not (np.isfinite(at_fit) and np.isfinite(deviation)):
            return none
        if deviation == 0 or self._reach == 0:
            return float(np.exp(at_fit) if log else at_fit)
        z, found = self._optimised(at_fit, deviation, slope)
        end = self._quantity(self._theta(z))
        if not found or not np.isfinite(end) or (log and abs(end - at_fit) > LARGEST_RATIO):
            return none
        return float(np.exp(end) if log else end)

    def _optimised(self, at_fit: float, deviation: float, slope: Array) -> tuple[Array, bool]:
        """Return the end in standard errors of the free coordinates, and whether it is one.

        It is tried from that of the linearised law. If it lies far from there, the set grows in stages: a valley of
        laws is curved, and a minimisation without limits leaves it.
        """
        region, free = self.region, self.region.size > 0
        first = self.sign * self._reach * (region.covariance @ slope)[free] / deviation / region.size[free]
        z, found = self._followed(first, 1.0, at_fit, deviation)
        if found and np.abs(z - first).max() < MOVE:
            return z, True
        z = STAGES[0] * first
        for share in STAGES:
            z, found = self._followed(z, share, at_fit, deviation)
        return z, found

    def _followed(self, z: Array, share: float, at_fit: float, deviation: float) -> tuple[Array, bool]:
        """Return the end of a set that reaches a share of the standard errors, in short moves from z."""
        region, free = self.region, self.region.size > 0
        lower, upper = ((end - region.theta)[free] / region.size[free] for end in (region.box.lower, region.box.upper))
        z = np.clip(z, lower, upper)
        for _ in range(MOVES):
            low, high = np.maximum(lower, z - MOVE), np.minimum(upper, z + MOVE)
            result = self._moved(z, (low, high), share, at_fit, deviation)
            z = result.x
            found = bool(result.success or abs(self._room(z, share)) <= BOUNDARY)
            if not found or np.all((z > low) & (z < high) | (z <= lower) | (z >= upper)):
                return z, found
        return z, False

    def _moved(
        self, z: Array, near: tuple[Array, Array], share: float, at_fit: float, deviation: float
    ) -> OptimizeResult:
        """Move the quantity as far as the set, and limits of this move, allow."""
        region, free = self.region, self.region.size > 0

        def aim(z: Array) -> float:
            value = self._quantity(self._theta(z))
            return -self.sign * (value - at_fit) / deviation if np.isfinite(value) else 1 / TOLERANCE

        def aim_slope(z: Array) -> Array:
            steps = DIFFERENCE * np.eye(len(z))
            return np.array([(aim(z + step) - aim(z - step)) / (2 * DIFFERENCE) for step in steps])

        def room_slope(z: Array, share: float) -> Array:
            gradient = region.objective.value_and_gradient(self._theta(z))[1]
            return np.asarray(-gradient[free] * region.size[free] / (share**2 * self._increase))

        with np.errstate(all="ignore"), warnings.catch_warnings():
            # SciPy before 1.13 warns of a step beyond the bounds, which it then shortens.
            warnings.filterwarnings("ignore", "Values in x were outside bounds", RuntimeWarning)
            return minimize(
                aim,
                z,
                jac=aim_slope,
                bounds=list(zip(*near, strict=True)),
                constraints={"type": "ineq", "fun": self._room, "jac": room_slope, "args": (share,)},
                method="SLSQP",
                options={"ftol": TOLERANCE, "maxiter": STEPS},
            )

    @property
    def _reach(self) -> float:
        return -float(stdtrit(self.region.scores.degrees, self.tail))

    @property
    def _increase(self) -> float:
        return self.region.increase(self._reach)

    def _room(self, z: Array, share: float) -> float:
        """Return what is left of the increase of the objective for a share of the standard errors, relative to it."""
        increase = share**2 * self._increase
        return 1 - (float(self.region.objective.value(self._theta(z))) - self.region.value) / increase

    def _theta(self, z: Array) -> Array:
        """Return theta at a distance from the minimum, in standard errors of the free coordinates."""
        region, theta = self.region, self.region.theta.copy()
        theta[region.size > 0] += z * region.size[region.size > 0]
        return np.clip(theta, region.box.lower, region.box.upper)

    def _quantity(self, theta: Array) -> float:
        value = self.quantities.of(self.region.box.law(theta))[self.index]
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.log(value) if self.quantities.logarithmic[self.index] else value)
