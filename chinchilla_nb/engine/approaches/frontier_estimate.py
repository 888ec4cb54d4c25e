"""A frontier that an approach found, with its intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtrit

from chinchilla_nb.engine.approaches.power_laws import PowerLaws
from chinchilla_nb.engine.conversion import as_positive_values
from chinchilla_nb.engine.uncertainty.interval import Interval, tail_of

__all__ = ["FrontierEstimate", "percentiles"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class FrontierEstimate:
    """Power laws of N* and D* in C, and the lowest loss, with the same of resamples of the runs.

    Attributes
    ----------
    laws : PowerLaws
        Of the runs; arrays of one value.
    draws : PowerLaws
        Of the resamples.
    degrees : float
        Degrees of freedom from which the resamples know the noise of a run; infinite if they do not assume any.
    """

    laws: PowerLaws
    draws: PowerLaws
    degrees: float = np.inf

    @property
    def failed(self) -> int:
        """Number of resamples that have no law."""
        return int(np.count_nonzero(np.isnan(self.draws.a)))

    def interval(self, level: float = 0.95) -> dict[str, Interval]:
        """Return the intervals of a and b, the exponents of N* and D* in C, by name.

        Raises
        ------
        InputError
            If the level is not between 0 and 1.
        """
        return {
            name: self._around(getattr(self.laws, name), getattr(self.draws, name)[:, None], level, ())
            for name in ("a", "b")
        }

    def allocate(self, C: ArrayLike, level: float = 0.95) -> dict[str, Interval]:
        """Return N*, D* and the loss there for budgets of C FLOPs, by the names N, D and loss.

        Raises
        ------
        InputError
            If a budget is not positive and finite, or the level is not between 0 and 1.
        """
        budgets = as_positive_values(C, "C")
        flat = budgets.ravel()
        found = {name: (getattr(self.laws, name)(flat), getattr(self.draws, name)(flat)) for name in ("N", "D", "loss")}
        return {name: self._around(value[0], drawn, level, budgets.shape) for name, (value, drawn) in found.items()}

    def _around(self, value: Array, drawn: Array, level: float, shape: tuple[int, ...]) -> Interval:
        low, high = percentiles(drawn, tail_of(level), self.degrees)
        return Interval(value.reshape(shape), low.reshape(shape), high.reshape(shape))


def percentiles(drawn: Array, tail: float, degrees: float) -> tuple[Array, Array]:
    """Return the ends of the interval of each column of draws, shape (m, n), NaN where most draws are.

    The percentiles lie further out than those of the level, by as much as Student's t exceeds the normal distribution
    [Hesterberg 2015, section 4.4].
    """
    share = float(ndtr(stdtrit(degrees, tail))) if np.isfinite(degrees) else tail
    known = np.isfinite(drawn)
    enough = known.sum(axis=0) * 2 >= len(drawn)
    drawn = np.where(enough, np.where(known, drawn, np.nan), 0.0)
    low, high = np.nanquantile(drawn, [share, 1 - share], axis=0)
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)
