"""Warnings about what the runs of a fit cannot support, each with a remedy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.design import check_design
from chinchilla_nb.engine.fitting.reliability.fit_warning import FitWarning
from chinchilla_nb.engine.fitting.reliability.limits import check_limits
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.reliability.precision import check_precision
from chinchilla_nb.engine.laws.allocation import allocate, has_optimum
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import Runs

__all__ = ["FitWarning", "diagnose"]


def diagnose(problem: Problem, law: Law) -> tuple[FitWarning, ...]:
    """Return warnings about what the runs cannot support, and about bounds that hold the law or that they reject."""
    near = Linearised.of(problem, law)
    return (
        *check_design(problem),
        *check_limits(problem, near),
        *check_precision(problem, near),
        *_outside_the_runs(law, problem.runs),
    )


def _outside_the_runs(law: Law, runs: Runs) -> Iterator[FitWarning]:
    if not has_optimum(law):
        return
    C = float(runs.C.max())
    with np.errstate(over="ignore", under="ignore"):
        N, D = allocate(law, C)
        ratio, seen = float(D / N), runs.D / runs.N
    if not seen.min() <= ratio <= seen.max():
        yield FitWarning(
            "extrapolation",
            f"the optimum at C = {C:.2g} has {ratio:.3g} tokens per parameter; the runs have {seen.min():.3g} "
            f"to {seen.max():.3g}",
            "add runs on both sides of it before trusting the frontier",
        )
