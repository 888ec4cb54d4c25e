"""Warnings about parameters at a bound, at the end of what a fit considers, or held where the runs reject it."""

from __future__ import annotations

from collections.abc import Iterator

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.fit_warning import FitWarning
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.laws.parameters import Parameter, Term, terms_of
from chinchilla_nb.quantity import plain

__all__ = ["check_limits"]

SAME = 1e-9
"""Relative difference up to which a parameter is at a bound; a solver that is held by one ends exactly there."""
VANISHED = 1e-8
"""An exponent less than this above its lower bound leaves a term flat over any range of runs."""
REJECTION = 0.001
"""Share of runs that follow a bound and yet contradict it as much, below which the runs reject it."""
FEW, FEW_REJECTION = 20, 0.01
"""With at most so many runs, this share is enough: with few degrees of freedom, errors hardly ever reach 1 in 1000."""


def check_limits(problem: Problem, near: Linearised) -> Iterator[FitWarning]:
    """Warn about parameters that end where a bound or the search does, and about bounds that the runs reject."""
    values, parameters = near.law.as_dict(), problem.family.parameters
    for index, parameter in enumerate(parameters):
        if parameter.name in problem.bounds:
            yield from _bounded(parameter, values[parameter.name], problem.bounds[parameter.name], near, index)
    for term in terms_of(parameters):
        yield from _at_the_ends(term, problem, near)


def _bounded(
    parameter: Parameter, value: float, limits: tuple[float, float], near: Linearised, index: int
) -> Iterator[FitWarning]:
    name, (low, high) = parameter.name, limits
    at_low, at_high = (abs(value - limit) <= SAME * limit for limit in limits)
    # A law cannot go below the least value, so that a bound there does not hold it: a parameter at zero has its own
    # warning.
    held = high > low > parameter.least and at_low, high > low and at_high
    if any(held):
        ends = f"{plain(low, 6)}, {plain(high, 6)}"
        yield FitWarning("at_bound", f"{name} = {plain(value, 4)} is held by its bounds ({ends})", "widen them")
    if not (low == high or any(held)):
        return
    pull = near.pull(index)
    enough = FEW_REJECTION if len(near.error) <= FEW else REJECTION
    if pull.p < enough and (pull.t > 0 or low > parameter.least):
        better = "larger" if pull.t > 0 else "smaller"
        yield FitWarning(
            "rejected",
            f"the runs reject {name} = {plain(value, 4)}: a {better} value fits better, by "
            f"{abs(pull.t):.3g} standard errors (p = {pull.p:.1g})",
            f"widen the bounds of {name}, or check the runs",
        )


def _at_the_ends(term: Term, problem: Problem, near: Linearised) -> Iterator[FitWarning]:
    """Warn about a term at the ends of the ranges that a fit considers, where the user has set no bounds."""
    values = near.law.as_dict()
    index = [parameter.name for parameter in problem.family.parameters].index(term.exponent)
    exponent, free = values[term.exponent], term.exponent not in problem.bounds
    at_lowest = free and exponent <= near.box.lower[index] + VANISHED
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
            "these runs may have an irreducible loss, which this law does not have: fit Chinchilla's law",
        )
    elif free and exponent >= near.box.upper[index]:
        yield FitWarning(
            "at_bound",
            f"{term.exponent} = {exponent:.3g} is at the largest exponent the fit considers",
            f"check for outliers at the smallest {term.axis}, or add runs in between",
        )
