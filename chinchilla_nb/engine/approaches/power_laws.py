"""N*, D* and the lowest loss as functions of compute, through optima that were found at some budgets.

N* and D* follow power laws, straight lines in logarithms through the optima by least squares [Hoffmann et al. 2022,
section 3.1]. The loss follows L = E + A / C^gamma with E >= 0, the frontier of the parametric law [equation 10], by
least squares of the loss: with gamma given it is linear in E and A, so that one search over gamma finds the optimum.
All is computed for many draws at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_FOR_LOSS", "PowerLaws"]

Array = NDArray[Any]

FEWEST_FOR_LOSS = 4
"""Optima through which a curve with the three parameters E, A and gamma is not an interpolation."""
GAMMAS = np.geomspace(5e-3, 2.0, 61)
"""Exponents that are tried first; those of published frontiers lie between 0.05 and 0.3."""
ROUNDS, FINER = 3, np.linspace(-1.0, 1.0, 21)
"""Further rounds, each over a range around the best exponent that is a tenth as wide: the last is within 1e-4 of it."""
LEAST_VARIANCE = 1e-20
"""Variance of log C up to which budgets are equal and differ in rounding."""
BLOCK = 1 << 21
"""Numbers computed at once, which bounds memory for many draws."""


@dataclass(frozen=True, eq=False, slots=True)
class PowerLaws:
    """Power laws through optima; each array has one value per draw, shape (m,), NaN for a draw without a law.

    Attributes
    ----------
    centre : float
        The logarithm of C at which `log_N`, `log_D` and the term of the loss are given.
    a, b : ndarray
        Exponents of N* and D* in C.
    log_N, log_D : ndarray
        Logarithms of N* and D* at the centre.
    E, A, gamma : ndarray
        The loss is E + A exp(-gamma (log C - centre)).
    """

    centre: float
    a: Array
    b: Array
    log_N: Array
    log_D: Array
    E: Array
    A: Array
    gamma: Array

    @classmethod
    def through(cls, log_C: Array, log_N: Array, log_D: Array, loss: Array, centre: float) -> PowerLaws:
        """Return the laws through optima, one a column, of m draws, shapes (m, k); NaN where a draw lacks one."""
        x = log_C - centre
        a, at_N = _lines(x, log_N)
        b, at_D = _lines(x, log_D)
        rows = max(1, BLOCK // (x.shape[1] * len(GAMMAS)))
        parts = [_loss_curves(x[first : first + rows], loss[first : first + rows]) for first in range(0, len(x), rows)]
        E, A, gamma = (np.concatenate(values) for values in zip(*parts, strict=True))
        return cls(centre, a, b, at_N, at_D, E, A, gamma)

    def N(self, C: Array) -> Array:
        """Return N* at budgets, shape (m, n_budgets)."""
        return _power(self.log_N, self.a, np.log(C) - self.centre)

    def D(self, C: Array) -> Array:
        """Return D* at budgets, shape (m, n_budgets)."""
        return _power(self.log_D, self.b, np.log(C) - self.centre)

    def loss(self, C: Array) -> Array:
        """Return the lowest loss at budgets, shape (m, n_budgets)."""
        term = _power(np.zeros_like(self.gamma), -self.gamma, np.log(C) - self.centre)
        with np.errstate(over="ignore"):
            return np.asarray(self.E[:, None] + self.A[:, None] * term)


def _power(log_factor: Array, exponent: Array, distance: Array) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.exp(log_factor[:, None] + np.outer(exponent, distance)))


def _lines(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the slope of the line of least squares through the points of each row, and its value at x = 0."""
    known = np.isfinite(y)
    count = known.sum(axis=1)
    x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = x.sum(axis=1) / count, y.sum(axis=1) / count
        off = np.where(known, x - mean_x[:, None], 0.0)
        squares = (off**2).sum(axis=1)
        slope = (off * y).sum(axis=1) / np.where(_is_spread(squares, count), squares, np.nan)
    return slope, mean_y - slope * mean_x


def _is_spread(squares: Array, count: Array) -> Array:
    """Return whether budgets differ by more than their rounding, so that they determine a slope."""
    return np.asarray((count > 1) & (squares > LEAST_VARIANCE * count))


def _loss_curves(x: Array, y: Array) -> tuple[Array, Array, Array]:
    """Return E, A and gamma of the curve through the points of each row; NaN for rows with fewer than four."""
    known = np.isfinite(y)
    enough = known.sum(axis=1) >= FEWEST_FOR_LOSS
    # Squares of very small or large losses leave float64.
    unit = np.max(np.where(known, np.abs(y), 0.0), axis=1)
    unit = np.where(unit > 0, unit, 1.0)
    y = y / unit[:, None]
    gamma = np.broadcast_to(GAMMAS, (len(x), len(GAMMAS)))
    step = np.log(GAMMAS[1] / GAMMAS[0])
    for _ in range(ROUNDS + 1):
        E, A, squares = _given_gamma(x, y, known, gamma)
        best = np.argmin(np.where(np.isfinite(squares), squares, np.inf), axis=1)[:, None]
        found = [np.take_along_axis(values, best, axis=1)[:, 0] for values in (E, A, gamma)]
        gamma = found[2][:, None] * np.exp(step * FINER)
        step /= 10
    E, A, best_gamma = (np.where(enough, values, np.nan) for values in found)
    return E * unit, A * unit, best_gamma


def _given_gamma(x: Array, y: Array, known: Array, gamma: Array) -> tuple[Array, Array, Array]:
    """Return E, A and the squares for each row and exponent, shapes (m, n_exponents)."""
    count = known.sum(axis=1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):  # a term that overflows does not fit
        u = np.where(known[:, :, None], np.exp(-x[:, :, None] * gamma[:, None, :]), 0.0)
        loss = np.where(known, y, 0.0)
        mean_u, mean_y = u.sum(axis=1) / count, (loss.sum(axis=1)[:, None]) / count
        product, square = np.einsum("mk,mkg->mg", loss, u), np.einsum("mkg,mkg->mg", u, u)
        A = (product - count * mean_u * mean_y) / (square - count * mean_u**2)
        A = np.where(A > 0, A, 0.0)
        E = mean_y - A * mean_u
        # Without a floor where the best one is negative.
        A = np.where(E < 0, product / square, A)
        E = np.maximum(E, 0.0)
        error = np.where(known[:, :, None], E[:, None, :] + A[:, None, :] * u - loss[:, :, None], 0.0)
    return E, A, np.einsum("mkg,mkg->mg", error, error)
