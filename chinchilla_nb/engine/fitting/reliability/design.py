"""Warnings about the runs of a fit, whatever their losses: too few, too few sizes, or all of them near a line."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.fit_warning import FitWarning
from chinchilla_nb.engine.laws.parameters import axes_of, terms_of
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import percent

__all__ = ["check_design"]

RUNS_PER_PARAMETER = 2
"""With up to twice as many runs as free parameters, residuals say little about errors: the law follows most of them."""
FEWEST_SIZES = 3
"""Distinct values of N (or D) needed to identify the factor and the exponent of its term."""
DISTINCT = 1.1
"""Ratio from which two sizes count as distinct: the term of a law hardly differs between closer ones."""
NARROW = 1.5
"""Ratio of the largest to the smallest N (or D) below which every exponent fits about equally well."""
NEAR_A_LINE = 0.13
"""Root mean square distance of (log N, log D) from a line, in natural logarithms, below which two terms mix. Where D/N
varies by up to 30 % either way it is 0.12, and where it varies by a factor of four it is 0.28."""
COUNTS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def check_design(problem: Problem) -> Iterator[FitWarning]:
    """Warn about runs that cannot determine a law."""
    yield from _few_runs(problem)
    narrow = list(_few_sizes(problem))
    yield from narrow
    if not narrow and "N" in axes_of(problem.family.parameters):
        yield from _collinear(problem.runs)


def _few_runs(problem: Problem) -> Iterator[FitWarning]:
    n = int(np.count_nonzero(problem.weights()))
    fixed = sum(low == high for low, high in problem.bounds.values())
    free = len(problem.family.parameters) - fixed
    parameters = f"{COUNTS.get(free, free)} parameter{'s' if free > 1 else ''}"
    remedy = "add runs, or fix parameters with bounds"
    if n < free:
        yield FitWarning("few_runs", f"{n} runs cannot determine {parameters}", remedy)
    elif n <= RUNS_PER_PARAMETER * free:
        yield FitWarning("few_runs", f"{n} runs are few for {parameters}, so the law may be far off", remedy)


def _few_sizes(problem: Problem) -> Iterator[FitWarning]:
    for term in terms_of(problem.family.parameters):
        values = getattr(problem.runs, term.axis)
        if (why := _too_alike(values, term.axis)) is not None:
            names, remedy = f"{term.factor} and {term.exponent}", f"add runs with other {term.axis}"
            yield FitWarning("few_sizes", f"{names} are not identifiable from {why}", remedy)


def _too_alike(values: NDArray[np.float64], axis: str) -> str | None:
    """Return in which way N (or D) is too much the same in all runs; None if it is not."""
    span = float(values.max() / values.min())
    if (exact := len(np.unique(values))) < FEWEST_SIZES:
        return f"{exact} distinct {axis}"
    if span < NARROW:
        return f"{axis} that span a factor of only {span:.3g}"
    if (clear := _distinct(values)) < FEWEST_SIZES:
        return f"{clear} clearly distinct {axis}"
    return None


def _distinct(values: NDArray[np.float64]) -> int:
    """Count distinct values, up to `FEWEST_SIZES`."""
    ordered, found, at = np.sort(values), 0, 0
    while at < len(ordered) and found < FEWEST_SIZES:
        found += 1
        at = int(np.searchsorted(ordered, DISTINCT * ordered[at]))
    return found


def _collinear(runs: Runs) -> Iterator[FitWarning]:
    """Warn about runs near a line in log N and log D, from their principal axes."""
    sizes = np.log(np.stack([runs.N, runs.D], axis=1))
    _, spread, axes = np.linalg.svd(sizes - sizes.mean(axis=0), full_matrices=False)
    distance = float(spread[-1]) / np.sqrt(len(runs))
    if distance >= NEAR_A_LINE:
        return
    x, y = (sizes - sizes.mean(axis=0)).T
    off = percent(float(np.expm1(np.sqrt(np.mean((y - x * (x @ y) / (x @ x)) ** 2)))))
    together = axes[0, 0] * axes[0, 1] > 0
    yield FitWarning(
        "collinear",
        f"N and D {'move together' if together else 'trade off'} (D is within {off} of a power of N), "
        "so their effects mix",
        "add runs with other tokens per parameter, e.g. an isoFLOP slice" if together else "add runs at other budgets",
    )
