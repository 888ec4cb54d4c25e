"""Uncertainty as laws drawn from what the runs allow."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.uncertainty.quantities import Quantities
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["Draws"]

Array = NDArray[Any]

FEWEST_DRAWS = 40
"""With fewer draws, a 95 % interval would have to reach beyond all of them."""


@dataclass(frozen=True, eq=False)
class Draws(Uncertainty):
    """The uncertainty of a fit, as the fits of resamples of its runs.

    Attributes
    ----------
    theta : ndarray, shape (draws, n_parameters)
        The laws in the coordinates of the fit, a law a row.
    failed : int
        Number of draws that are missing, because no optimum was proven.
    """

    theta: Array
    failed: int

    @functools.cached_property
    def laws(self) -> tuple[Law, ...]:
        """The law of each draw."""
        return tuple(self.box.law(theta) for theta in self.theta)

    @functools.cached_property
    def params(self) -> Array:
        """The parameters of each draw, shape (draws, n_parameters)."""
        return np.array([list(law.as_dict().values()) for law in self.laws])

    @property
    def at_bound(self) -> int:
        """The number of draws with a parameter at the end of its range, where the refit would have gone beyond it."""
        free = self.near.free
        return int(np.any(((self.theta <= self.box.lower) | (self.theta >= self.box.upper)) & free, axis=1).sum())

    @property
    def covariance(self) -> Array:
        """The covariance of the parameters over the draws, shape (n_parameters, n_parameters)."""
        return np.cov(self.params, rowvar=False)

    @property
    def notes(self) -> tuple[str, ...]:
        """What limits these intervals, in sentences without a full stop."""
        found, total = list(super().notes), len(self.theta) + self.failed
        if len(self.theta) < FEWEST_DRAWS:
            found.append(
                f"{len(self.theta)} draws are too few for 95 % intervals: those of {FEWEST_DRAWS} or more are wider"
            )
        if self.failed:
            have, are = ("has", "is") if self.failed == 1 else ("have", "are")
            found.append(f"{self.failed:,} of {total:,} refits {have} no proven optimum and {are} left out")
        if self.at_bound:
            end = "ends" if self.at_bound == 1 else "end"
            found.append(f"{self.at_bound:,} of {total:,} refits {end} at a bound of a parameter")
        return tuple(found)

    def _limits(self, quantities: Quantities, tail: float) -> tuple[Array, Array]:
        """Return percentiles of the draws.

        They lie further out than those of the level, by as much as Student's t and the degrees of freedom that the
        parameters used up widen an interval of least squares [Hesterberg 2015, section 4.4].
        """
        drawn = quantities.of_each(self.laws)
        degrees = self.near.scores.degrees
        further = np.sqrt(1 + np.count_nonzero(self.near.free) / degrees) * stdtrit(degrees, tail)
        share = float(ndtr(further))
        # A law without an optimum has N* anywhere.
        low = np.quantile(np.where(np.isnan(drawn), 0.0, drawn), share, axis=0)
        high = np.quantile(np.where(np.isnan(drawn), np.inf, drawn), 1 - share, axis=0, method="higher")
        return low, high
