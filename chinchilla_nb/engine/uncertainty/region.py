"""The laws around a fit whose objective is hardly above the minimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.lattice import profiled_lattice
from chinchilla_nb.engine.fitting.newton import newton
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised, point_of
from chinchilla_nb.engine.fitting.reliability.scores import Scores
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.family import Coordinates, Law
from chinchilla_nb.engine.laws.parameters import LARGEST_EXPONENT
from chinchilla_nb.engine.uncertainty.refitting import objective_of

__all__ = ["Region", "scanned_values"]

Array = NDArray[Any]

SMOOTHED = 0.1
"""Share of a typical error over which a kink is smoothed, on its steep side: enough for a minimisation by gradients."""
STEPS = 200
"""Most Newton steps of one minimisation."""
EXPONENTS = (0.0, *np.geomspace(0.02, LARGEST_EXPONENT, 14))
"""Exponents at which laws all over the range are fitted."""
FLOORS = np.linspace(0.0, 1.0, 8)
"""Irreducible losses at which they are fitted, in units of the smallest loss."""


@dataclass(frozen=True, eq=False, slots=True)
class Region:
    """The laws around a minimum of an objective.

    Attributes
    ----------
    fit : Fit
    objective : Objective
    box : Coordinates
    theta : ndarray, shape (p,)
        The minimum.
    value : float
        The objective there.
    size : ndarray, shape (p,)
        Standard errors of the coordinates; zero for one that is fixed.
    covariance : ndarray, shape (p, p)
    scores : Scores
    """

    fit: Fit
    objective: Objective
    box: Coordinates
    theta: Array
    value: float
    size: Array
    covariance: Array
    scores: Scores

    @classmethod
    def of(cls, fit: Fit, near: Linearised) -> Region:
        """Return the laws around a fit; a loss with kinks is smoothed over the runs closest to the law."""
        objective = objective_of(fit)
        if objective.loss.has_kink:
            typical = float(np.median(np.abs(objective.residuals(near.theta))))
            objective = objective.smoothed(SMOOTHED * typical / objective.loss.steepness)
        best = newton(objective, near.theta, near.box, STEPS)
        theta, size = best.theta.astype(float), np.sqrt(np.diag(near.covariance))
        return cls(fit, objective, near.box, theta, float(best.value), size, near.covariance, near.scores)

    def best_with(self, held: Mapping[str, float], law: Law | None = None) -> tuple[Law, float]:
        """Return the best law with some parameters held at values, and its distance in standard errors.

        Parameters
        ----------
        held : mapping of str to float
            Values by parameter.
        law : Law, optional
            A law to start from; by default the best of a lattice of exponents.
        """
        problem = self.fit.problem
        runs, bounds = problem.runs, {**problem.bounds, **{name: (value, value) for name, value in held.items()}}
        box = problem.family.coordinates(runs, bounds)
        objective = replace(self.objective, predictor=box.predictor(runs.take(problem.weights() > 0)))
        lattice = None if law is not None else profiled_lattice(objective)
        start = lattice.best if lattice is not None else box.theta(point_of(law or self.fit.law))
        best = newton(objective, start, box, STEPS)
        return box.law(best.theta.astype(float)), self.distance(float(best.value))

    def increase(self, reach: float) -> float:
        """Return the increase of the objective within which laws lie, for a number of standard errors."""
        size = self.scores.size
        per_run = float(size @ size / size.sum())
        return reach**2 * self.scores.variance * per_run / (2 * self.scores.curvature * self.objective.scale)

    def distance(self, value: float) -> float:
        """Return the distance in standard errors of a law with an objective."""
        return float(np.sqrt(max(value - self.value, 0.0) / self.increase(1.0)))


def scanned_values(problem: Problem) -> dict[str, tuple[float, ...]]:
    """Return values all over the range of each exponent and irreducible loss of a law, inside the bounds, by name."""
    scans = {"exponent": EXPONENTS, "floor": tuple(float(problem.runs.loss.min()) * FLOORS)}
    box = problem.family.coordinates(problem.runs, problem.bounds)
    found = {}
    for parameter, least, largest in zip(problem.family.parameters, box.lower, box.upper, strict=True):
        low, high = problem.bounds.get(parameter.name, (0.0, np.inf))
        if parameter.kind == "exponent":  # a coordinate itself: some laws have no exponents near zero
            low, high = max(low, float(least)), min(high, float(largest))
        if low < high and parameter.kind in scans:
            ends = {float(end) for end in (low, high) if np.isfinite(end)}
            inside = {float(value) for value in scans[parameter.kind] if low <= value <= high}
            found[parameter.name] = tuple(sorted(ends | inside))
    return found
