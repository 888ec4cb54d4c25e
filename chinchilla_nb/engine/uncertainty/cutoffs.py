"""The budgets C0 at which roll-outs divide the runs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_positive_array
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.problem import FEWEST_RUNS, Problem
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.groups import SAME_BUDGET

__all__ = ["as_cutoffs", "default_cutoffs", "spaced"]

Array = NDArray[Any]

APART = 2.0
"""Ratio of two C0 from which on their roll-outs count as two: closer ones fit and predict almost the same runs."""
MOST = 12
"""Most budgets that are chosen by default, so that roll-outs take seconds."""
RUNS_PER_PARAMETER = 2
"""Runs per free parameter below the smallest C0: with fewer, errors are those of a law that is hardly determined."""
FEWEST_SIZES = 3
"""Least number of distinct N, and of D, below the smallest C0: a term has two parameters, beside the common floor. For
a law of C alone, that of distinct C."""


def default_cutoffs(problem: Problem) -> Array:
    """Return the budgets C0 of roll-outs, ascending.

    Candidates are the budgets of the runs, where budgets within 2 % are one isoFLOP slice, below which there are at
    least two runs per free parameter, and three values of N and three of D, or of C for a law of compute. From the
    largest that has runs beyond it downwards, every candidate is taken that is at most half the one before, or a
    smaller share if that gave more than 12.

    Raises
    ------
    InputError
        If there is none.
    """
    runs = problem.runs
    box = problem.family.coordinates(runs, problem.bounds)
    axes = axes_of(problem.family.parameters)
    fewest = RUNS_PER_PARAMETER * int(np.count_nonzero(box.lower < box.upper))
    order = np.argsort(runs.C, kind="stable")
    C = runs.C[order]
    ends = np.flatnonzero(np.diff(np.log(C)) > SAME_BUDGET)  # the last run of each slice but the largest
    enough = [
        end
        for end in ends
        if end + 1 >= max(fewest, FEWEST_RUNS)
        and all(len(np.unique(getattr(runs, axis)[order[: end + 1]])) >= FEWEST_SIZES for axis in axes)
    ]
    if not enough:
        values = " and ".join(f"{FEWEST_SIZES} values of {axis}" for axis in axes)
        rule = f"need at least {fewest} runs with {values} below a budget"
        raise InputError("roll-outs", f"{rule}, and a run beyond it", got=repr(runs), remedy="add larger runs")
    return spaced(C[enough], max(APART, float(C[enough[-1]] / C[enough[0]]) ** (1 / (MOST - 1))))


def spaced(C: Array, ratio: float = APART) -> Array:
    """Return those of ascending budgets that are apart by at least a ratio, from the largest downwards; ascending."""
    kept: list[float] = []
    for one in C[::-1].tolist():
        if not kept or one * ratio <= kept[-1]:
            kept.append(one)
    return np.array(kept[::-1])


def as_cutoffs(cutoffs: ArrayLike, runs: Runs) -> Array:
    """Return budgets C0 that were given, ascending and each once.

    Raises
    ------
    InputError
        If there is none, one is not positive and finite, no run lies beyond it, or fewer than three lie below it.
    """
    budgets = np.unique(as_positive_array(cutoffs, "cutoffs"))
    if not len(budgets):
        raise InputError(
            "cutoffs", "must name at least one budget", got="none", remedy="leave them out for the default"
        )
    for C0 in budgets:
        below = np.count_nonzero(runs.C <= C0)
        if below < FEWEST_RUNS or below == len(runs):
            rule = f"must have at least {FEWEST_RUNS} runs of at most that compute, and one beyond it"
            got = f"{C0:.4g} with {below} of {len(runs)} runs below it"
            raise InputError(
                "cutoffs", rule, got=got, remedy=f"the runs have C from {runs.C.min():.3g} to {runs.C.max():.3g}"
            )
    return budgets
