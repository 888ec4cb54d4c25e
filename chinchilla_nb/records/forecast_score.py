"""How a run came out, against what was forecast of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.uncertainty.interval import interval_title
from chinchilla_nb.quantity import percent, signed

__all__ = ["ForecastScore"]


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """How a run came out, against its forecast.

    Attributes
    ----------
    loss, predicted : float
        Measured and predicted loss of the run.
    sigmas : dict of str to float
        Distance from the centre of each interval, by its name, in log loss: negative if the run came out better. One
        sigma is the distance of the end on that side, divided by the normal quantile of the level, so that a run at the
        end of a 95 % interval is 1.96 sigmas away.
    inside : dict of str to bool
        Whether each interval contains it.
    """

    loss: float
    predicted: float
    sigmas: Mapping[str, float]
    inside: Mapping[str, bool]

    @property
    def error(self) -> float:
        """Log measured - log predicted loss."""
        return float(np.log(self.loss) - np.log(self.predicted))

    def __str__(self) -> str:
        better = "better" if self.error < 0 else "worse"
        where = "; ".join(
            f"{'inside' if self.inside[key] else 'outside'} the interval {interval_title(key)} ({signed(sigma)} sigmas)"
            for key, sigma in self.sigmas.items()
        )
        return f"loss {self.loss:.5g}, {percent(abs(np.expm1(self.error)))} {better} than predicted: {where}"
