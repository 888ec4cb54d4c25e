"""Uncertainty from the curvature of the objective and the variance of its slopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.uncertainty.linear import gradients, linear_limits
from chinchilla_nb.engine.uncertainty.quantities import Quantities, parameters
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["Sandwich"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Sandwich(Uncertainty):
    """The uncertainty of a fit from its sandwich covariance [Huber 1967; White 1980], with Student's t.

    It needs no refits, and takes quantities, or the logarithms of factors, sizes and losses, as linear functions of the
    law near the fit; with few runs, profiles and resamples show how far from linear they are.
    """

    @property
    def covariance(self) -> Array:
        """The covariance of the parameters, shape (n_parameters, n_parameters)."""
        law = self.fit.law
        asked = parameters(law, self.fit.runs)
        gradient = gradients(self.near, asked)[: len(law.as_dict())]
        scale = np.where(asked.logarithmic, asked.of(law), 1.0)[: len(gradient)]
        gradient = gradient * scale[:, None]
        return np.asarray(gradient @ self.near.robust_covariance @ gradient.T)

    def _limits(self, quantities: Quantities, tail: float) -> tuple[Array, Array]:
        return linear_limits(self.near, self.near.robust_covariance, quantities, tail)
