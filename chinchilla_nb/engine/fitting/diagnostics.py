"""Warnings about what the runs of a fit cannot support, each with a remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.allocation import has_optimum
from chinchilla_nb.engine.laws.family import Coordinates, Law
from chinchilla_nb.engine.laws.parameters import terms_of
from chinchilla_nb.engine.planning.extrapolation import outside_the_runs
from chinchilla_nb.engine.runs import Runs

__all__ = ["FitWarning", "diagnose"]

Bounds = Mapping[str, tuple[float, float]]

COLLINEAR = 0.995
"""Correlation of log N and log D beyond which only rounding and noise separate their terms."""
VANISHED = 1e-8
"""An exponent less than this above its lower bound leaves a term flat over any range of runs."""
NORMAL_MEDIAN = 1.4826
"""Ratio of the standard deviation to the median absolute value, for normal errors."""
UNCERTAIN = 0.5
"""Relative standard error beyond which an exponent is reported as poorly determined."""
FEWEST_SIZES = 3
"""Distinct values of N (or D) needed to identify the factor and the exponent of its term."""
TINY = 1e-300
"""Keeps a scale of zero from dividing."""
SINGULAR = 1e-15
"""Relative singular value below which a direction counts as undetermined and is left out of the covariance."""
COUNTS = {3: "three", 4: "four", 5: "five", 6: "six"}


@dataclass(frozen=True, slots=True)
class FitWarning:
    """A reason not to trust part of a fit.

    Attributes
    ----------
    code : str
        Identifier for programs, e.g. ``collinear``.
    message : str
        What is wrong, with the numbers.
    remedy : str
        What to do about it.
    """

    code: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}"


def diagnose(problem: Problem, law: Law) -> tuple[FitWarning, ...]:
    """Return warnings about what the runs cannot support and about parameters that ended at a bound."""
    box = problem.family.coordinates(problem.runs, problem.bounds)
    return (
        *_too_few(problem),
        *_no_spread(problem),
        *_at_bounds(law, problem.bounds),
        *_at_the_ends(law, problem, box),
        *_poorly_determined(law, problem, box),
        *_outside_the_runs(law, problem.runs),
    )


def _too_few(problem: Problem) -> Iterator[FitWarning]:
    wanted = len(problem.family.parameters)
    if len(problem.runs) < wanted:
        yield FitWarning(
            "few_runs",
            f"{len(problem.runs)} runs cannot determine {COUNTS.get(wanted, wanted)} parameters",
            "add runs, or fix parameters with bounds",
        )


def _no_spread(problem: Problem) -> Iterator[FitWarning]:
    runs, constant = problem.runs, False
    for term in terms_of(problem.family.parameters):
        values = np.unique(getattr(runs, term.axis))
        if len(values) < FEWEST_SIZES:
            constant = constant or len(values) == 1
            yield FitWarning(
                "few_sizes",
                f"{term.factor} and {term.exponent} are not identifiable from {len(values)} distinct {term.axis}",
                f"add runs with other {term.axis}",
            )
    if not constant and len(runs) > 2:
        correlation = float(np.corrcoef(np.log(runs.N), np.log(runs.D))[0, 1])
        if abs(correlation) > COLLINEAR:
            yield FitWarning(
                "collinear",
                f"N and D move together (correlation of their logarithms {correlation:.4f}), so their effects mix",
                "add runs with other tokens per parameter, e.g. an isoFLOP slice",
            )


def _at_bounds(law: Law, bounds: Bounds) -> Iterator[FitWarning]:
    values = law.as_dict()
    for name, (low, high) in bounds.items():
        if low < high and (np.isclose(values[name], low) or np.isclose(values[name], high)):
            yield FitWarning(
                "at_bound", f"{name} = {values[name]:.4g} is held by its bounds ({low:g}, {high:g})", "widen them"
            )


def _at_the_ends(law: Law, problem: Problem, box: Coordinates) -> Iterator[FitWarning]:
    """Warn about parameters at the ends of their ranges where the user has set no bounds."""
    values, bounds, parameters = law.as_dict(), problem.bounds, problem.family.parameters
    lowest = dict(zip((parameter.name for parameter in parameters), box.lower, strict=True))
    highest = dict(zip((parameter.name for parameter in parameters), box.upper, strict=True))
    for parameter in parameters:
        if parameter.kind == "floor" and values[parameter.name] <= 0 and parameter.name not in bounds:
            yield FitWarning(
                "zero",
                f"{parameter.name} = 0: these runs show no sign of an irreducible loss",
                f"add larger runs, or bound {parameter.name} from below",
            )
    for term in terms_of(parameters):
        exponent, free = values[term.exponent], term.exponent not in bounds
        at_lowest = free and exponent <= lowest[term.exponent] + VANISHED
        if values[term.factor] <= 0 or (at_lowest and exponent <= VANISHED):
            name = term.factor if values[term.factor] <= 0 else term.exponent
            yield FitWarning(
                "zero",
                f"{name} = 0: {term.size} does not matter in these runs",
                f"add runs that span a wider range of {term.axis}",
            )
        elif at_lowest:
            yield FitWarning(
                "at_bound",
                f"{term.exponent} = {exponent:.3g} is at the smallest exponent the fit considers",
                "these runs may have an irreducible loss, which this law does not have: fit law='chinchilla'",
            )
        elif free and exponent >= highest[term.exponent]:
            yield FitWarning(
                "at_bound",
                f"{term.exponent} = {exponent:.3g} is at the largest exponent the fit considers",
                f"check for outliers at the smallest {term.axis}, or add runs in between",
            )


def _poorly_determined(law: Law, problem: Problem, box: Coordinates) -> Iterator[FitWarning]:
    """Warn about exponents with a large standard error in the linearised fit, sigma^2 (J^T J)^-1."""
    runs, family = problem.runs, problem.family
    if len(runs) <= len(family.parameters) or not has_optimum(law):
        return
    # Relative errors, so that large losses do not dominate.
    jacobian = box.predictor(runs).at(box.theta(_point(law))).jacobian() / (runs.loss / box.unit)[:, None]
    relative = law.loss(runs.N, runs.D) / runs.loss - 1
    # The median is robust to outliers.
    sigma = NORMAL_MEDIAN * float(np.median(np.abs(relative)))
    names = [parameter.name for parameter in family.parameters]
    free = [i for i, name in enumerate(names) if name not in problem.bounds or len(set(problem.bounds[name])) == 2]
    columns = jacobian[:, free]
    size = np.maximum(np.linalg.norm(columns, axis=0), TINY)
    covariance = np.linalg.pinv((columns / size).T @ (columns / size), rcond=SINGULAR)
    errors = sigma * np.sqrt(np.maximum(np.diag(covariance), 0)) / size
    error = dict(zip((names[i] for i in free), errors, strict=True))
    for term in terms_of(family.parameters):
        value = law.as_dict()[term.exponent]
        if error.get(term.exponent, 0.0) > UNCERTAIN * value:
            yield FitWarning(
                "poorly_determined",
                f"{term.exponent} = {value:.3g} is uncertain by about {error[term.exponent]:.2g}",
                f"add runs that span a wider range of {term.axis}, or repeat runs to average out noise",
            )


def _point(law: Law) -> NDArray[np.float64]:
    """Return a law as a row of `StartGrid.points`."""
    values = zip(law.parameters, law.as_dict().values(), strict=True)
    with np.errstate(divide="ignore"):
        return np.array([np.log(value) if parameter.log_name else value for parameter, value in values])


def _outside_the_runs(law: Law, runs: Runs) -> Iterator[FitWarning]:
    found = outside_the_runs(law, runs, float(runs.C.max()))
    if found is not None:
        yield FitWarning("extrapolation", found.message(), found.remedy)
