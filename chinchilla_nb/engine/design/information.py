"""What runs tell about a law that is linear in its parameters near one point, and what one more run would add.

A penalised M-estimate near theta has the covariance H^-1 G H^-1, with H = I + sum h v v' and G = I + sum g v v' over
the runs: v is the derivative of the relative prediction of a run by theta, h the curvature of its loss and g the
variance of its score [Huber 1964]. Theta is measured in standard deviations of what is known without runs, so that I is
the information in the bounds of the parameters. With weights in proportion to the precision of the runs h = g, and the
covariance is the inverse of the Fisher information.

One more run changes H and G by a matrix of rank one, and H^-1 by that of Sherman and Morrison (1950):
(H + h v v')^-1 = H^-1 - h (H^-1 v) (H^-1 v)' / (1 + h v' H^-1 v).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Information", "Observations"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Observations:
    """What each of n runs tells about theta.

    Leading axes, if any, are laws that are considered at the same time.

    Attributes
    ----------
    slope : ndarray, shape (..., n, p)
        Derivatives v of the relative predictions.
    curvature, noise : ndarray, shape (..., n)
        Curvatures h of the losses, and variances g of their slopes.
    """

    slope: Array
    curvature: Array
    noise: Array

    def one(self, index: int) -> tuple[Array, Array, Array]:
        """Return v, h and g of one run, shapes (..., p), (...) and (...)."""
        return self.slope[..., index, :], self.curvature[..., index], self.noise[..., index]

    def none(self) -> Observations:
        """Return no runs of this kind."""
        return Observations(self.slope[..., :0, :], self.curvature[..., :0], self.noise[..., :0])

    def in_sets(self, count: int) -> Observations:
        """Return the runs as sets of equal numbers, one set after the other, shapes (..., count, n / count)."""
        *leading, n, p = self.slope.shape
        curvature, noise = (one.reshape(*leading, count, n // count) for one in (self.curvature, self.noise))
        return Observations(self.slope.reshape(*leading, count, n // count, p), curvature, noise)


@dataclass(frozen=True, eq=False, slots=True)
class Information:
    """What some runs tell about theta, together with what is known without runs.

    Attributes
    ----------
    inverse : ndarray, shape (..., p, p)
        H^-1.
    noise : ndarray, shape (..., p, p)
        G.
    """

    inverse: Array
    noise: Array

    @classmethod
    def of(cls, runs: Observations) -> Information:
        """Add up what runs tell."""
        known = np.eye(runs.slope.shape[-1])
        hessian, noise = (
            known + np.swapaxes(runs.slope, -1, -2) @ (runs.slope * size[..., None])
            for size in (runs.curvature, runs.noise)
        )
        return cls(np.linalg.inv(hessian), noise)

    def variance(self, target: Array) -> Array:
        """Return the variance of a target, from its derivatives by theta, shape (..., p)."""
        moved = _product(self.inverse, target)
        return _dot(moved, _product(self.noise, moved))

    def variance_with(self, runs: Observations, target: Array) -> Array:
        """Return the variance of a target after each of n runs, on its own, has been added, shape (..., n)."""
        slope, curvature = runs.slope, runs.curvature
        followed = slope @ self.inverse
        moved = _product(self.inverse, target)
        share = curvature * _product(slope, moved) / (1 + curvature * _dot(followed, slope))
        after = moved[..., None, :] - share[..., None] * followed
        return np.asarray(_dot(after, after @ self.noise) + runs.noise * _dot(after, slope) ** 2)

    def plus(self, runs: Observations, index: int, times: int = 1) -> Information:
        """Return the information after one of the runs has been added; with ``times=-1``, after it has been removed."""
        slope, curvature, noise = runs.one(index)
        curvature, noise = times * curvature, times * noise
        followed = _product(self.inverse, slope)
        factor = curvature / (1 + curvature * _dot(followed, slope))
        return Information(
            self.inverse - factor[..., None, None] * _outer(followed),
            self.noise + noise[..., None, None] * _outer(slope),
        )


def _product(matrix: Array, vector: Array) -> Array:
    return np.asarray((matrix @ vector[..., None])[..., 0])


def _dot(one: Array, other: Array) -> Array:
    return np.asarray(np.sum(one * other, axis=-1))


def _outer(vector: Array) -> Array:
    return np.asarray(vector[..., :, None] * vector[..., None, :])
