"""Approach 3: the frontier of a law fitted to all runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from chinchilla_nb.engine.conversion import as_positive_values
from chinchilla_nb.engine.errors import FitError
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.allocation import exponents, has_optimum, optima
from chinchilla_nb.engine.laws.notation import TEXT
from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["Parametric", "parametric_frontier"]


@dataclass(frozen=True, eq=False, slots=True)
class Parametric:
    """The frontier of a fitted law.

    Attributes
    ----------
    fit : Fit
    uncertainty : Uncertainty or None
        Of the fit; without it, the ends of intervals are NaN.
    """

    fit: Fit
    uncertainty: Uncertainty | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What limits this approach, in sentences without a full stop."""
        if self.uncertainty is None:
            return ("the intervals need the uncertainty of the fit, which is not known",)
        return self.uncertainty.notes

    def interval(self, level: float = 0.95) -> dict[str, Interval]:
        """Return the intervals of a and b, the exponents of N* and D* in C, by name."""
        if self.uncertainty is not None:
            found = self.uncertainty.interval(level)
            return {name: found[name] for name in ("a", "b")}
        a, b = exponents(self.fit.law, compute=self.fit.runs.compute)
        return {"a": _alone(np.array(a)), "b": _alone(np.array(b))}

    def allocate(self, C: ArrayLike, level: float = 0.95) -> dict[str, Interval]:
        """Return N*, D* and the loss there for budgets of C FLOPs, by the names N, D and loss."""
        budgets = as_positive_values(C, "C")
        if self.uncertainty is not None:
            found = self.uncertainty.allocate(budgets, level)
            return {name: found[name] for name in ("N", "D", "loss")}
        N, D = optima(self.fit.law, budgets, self.fit.runs.compute)
        return {"N": _alone(N), "D": _alone(D), "loss": _alone(self.fit.law.loss(N, D))}


def parametric_frontier(fit: Fit, uncertainty: Uncertainty | None) -> Parametric:
    """Return the frontier of a fit.

    Raises
    ------
    FitError
        If its law has no interior optimum.
    """
    if not has_optimum(fit.law):
        remedy = "fit runs that span a wider range of N and D"
        raise FitError("the fitted law", "has no compute-optimal allocation", got=fit.law.equation(TEXT), remedy=remedy)
    return Parametric(fit, uncertainty)


def _alone(value: np.ndarray) -> Interval:
    nothing = np.full(value.shape, np.nan)
    return Interval(value, nothing, nothing)
