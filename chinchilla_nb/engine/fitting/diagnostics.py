"""Warnings about what the runs of a fit cannot support, each with a remedy."""

from __future__ import annotations

from collections.abc import Iterator

from chinchilla_nb.engine.compute.agreement import disagreement
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.design import check_design
from chinchilla_nb.engine.fitting.reliability.fit_warning import FitWarning
from chinchilla_nb.engine.fitting.reliability.limits import check_limits
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.reliability.outliers import check_outliers
from chinchilla_nb.engine.fitting.reliability.precision import check_precision
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.extrapolation import outside_the_runs
from chinchilla_nb.engine.runs import Runs

__all__ = ["FitWarning", "diagnose"]


def diagnose(problem: Problem, law: Law) -> tuple[FitWarning, ...]:
    """Return warnings about what the runs cannot support, and about bounds that hold the law or that they reject."""
    near = Linearised.of(problem, law)
    return (
        *check_design(problem),
        *check_outliers(problem, near),
        *check_limits(problem, near),
        *check_precision(problem, near),
        *_outside_the_runs(law, problem.runs),
        *_other_compute(problem.runs),
    )


def _outside_the_runs(law: Law, runs: Runs) -> Iterator[FitWarning]:
    found = outside_the_runs(law, runs, float(runs.C.max()))
    if found is not None:
        yield FitWarning("extrapolation", found.message(), found.remedy)


def _other_compute(runs: Runs) -> Iterator[FitWarning]:
    found = disagreement(runs)
    if found is not None:
        yield FitWarning("compute", found.message, found.remedy)
