"""Approaches 1, 2 and 3 on the same runs: the envelope, the isoFLOP parabolas and the parametric fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from chinchilla_nb.engine.approaches.envelope import Envelope, fit_envelope
from chinchilla_nb.engine.approaches.frontier_estimate import FrontierEstimate
from chinchilla_nb.engine.approaches.isoflop import IsoFlop, fit_isoflop
from chinchilla_nb.engine.approaches.parametric import Parametric, parametric_frontier
from chinchilla_nb.engine.approaches.slice_bias import SliceBias, slice_bias
from chinchilla_nb.engine.approaches.slices import TOLERANCE, Slices, find_slices
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import (
    as_generator,
    as_positive_number,
    as_positive_values,
    check_choice,
    check_type,
)
from chinchilla_nb.engine.errors import FitError, InputError
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.interval import Interval, as_level
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["APPROACHES", "Comparison", "compare_approaches"]

APPROACHES = ("envelope", "isoflop", "parametric")
"""Approaches 1, 2 and 3 [Hoffmann et al. 2022, section 3]."""
MOST_DRAWS = 20_000
"""More resamples would move the ends of an interval by less than a fiftieth of its width."""
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """The three approaches on the same runs.

    Attributes
    ----------
    slices : Slices
        The isoFLOP slices that were found.
    envelope : Envelope or None
    isoflop : IsoFlop or None
    parametric : Parametric or None
    failures : mapping of str to str
        For each approach that is None, why it could not be computed.
    bias : SliceBias or None
        What approach 2 does wrong on these slices, if the fitted law holds; None without approach 2 or a law, and for a
        law that has no minimum on two of the slices.
    """

    slices: Slices
    envelope: Envelope | None
    isoflop: IsoFlop | None
    parametric: Parametric | None
    failures: Mapping[str, str]
    bias: SliceBias | None

    def at(self, C: float, level: float = 0.95) -> dict[str, dict[str, Interval]]:
        """Return a, b, and N*, D* and the loss at a budget for each approach by name; NaN for one without an answer.

        Raises
        ------
        InputError
            If the budget is not positive and finite, or the level is not between 0 and 1.
        """
        C, level = as_positive_number(C, "C"), as_level(level)
        return {name: {**self._exponents(name, level), **self.allocate(name, C, level)} for name in APPROACHES}

    def allocate(self, name: str, C: ArrayLike, level: float = 0.95) -> dict[str, Interval]:
        """Return N*, D* and the loss there by one approach for budgets of C FLOPs; NaN if it has no answer.

        Raises
        ------
        InputError
            If there is no such approach, a budget is not positive and finite, or the level is not between 0 and 1.
        """
        check_choice(name, "name", APPROACHES)
        one, budgets = self._frontier(name), as_positive_values(C, "C")
        if one is not None:
            return one.allocate(budgets, level)
        return _unknown(("N", "D", "loss"), budgets.shape)

    def _exponents(self, name: str, level: float) -> dict[str, Interval]:
        one = self._frontier(name)
        return _unknown(("a", "b"), ()) if one is None else one.interval(level)

    @property
    def notes(self) -> dict[str, tuple[str, ...]]:
        """For each approach by name, why it has no answer or what limits it, in sentences without a full stop."""
        found = {name: (reason,) for name, reason in self.failures.items()}
        for name in APPROACHES:
            one = getattr(self, name)
            if one is not None:
                found[name] = one.notes
        return {name: found[name] for name in APPROACHES}

    def _frontier(self, name: str) -> FrontierEstimate | Parametric | None:
        """Return what has the intervals of an approach; None if it has no answer."""
        one: Envelope | IsoFlop | Parametric | None = getattr(self, name)
        return one if one is None or isinstance(one, Parametric) else one.estimate


def _unknown(names: tuple[str, ...], shape: tuple[int, ...]) -> dict[str, Interval]:
    none = np.full(shape, np.nan)
    return {name: Interval(none, none, none) for name in names}


def compare_approaches(
    source: Fit | Runs,
    uncertainty: Uncertainty | None = None,
    tolerance: float = TOLERANCE,
    by: str | None = None,
    draws: int = 1000,
    rng: np.random.Generator | int | None = None,
) -> Comparison:
    """Find N*, D* and the lowest loss as functions of compute by approaches 1, 2 and 3 of Hoffmann et al. 2022.

    Approaches 1 and 2 give each run the same weight.

    Parameters
    ----------
    source : Fit or Runs
        The fit whose law is approach 3, and whose runs all approaches use; or runs alone, without approach 3.
    uncertainty : Uncertainty, optional
        Of the fit, for the intervals of approach 3.
    tolerance : float
        Relative difference of C up to which runs are of one isoFLOP slice: 0.05 for 5 %.
    by : str, optional
        Column of the runs whose values are the slices, instead of the tolerance.
    draws : int
        Number of resamples for the intervals of approaches 1 and 2.
    rng : Generator or int, optional
        The same seed gives the same intervals.

    Raises
    ------
    InputError
        If an argument cannot be used, the runs have no N and D, or `uncertainty` is of another fit.
    FitError
        If no approach has an answer.
    """
    check_type(source, "source", Fit, Runs)
    check_type(uncertainty, "uncertainty", Uncertainty, type(None))
    if uncertainty is not None and uncertainty.fit is not source:
        raise InputError("uncertainty", "must be of this fit", remedy="pass source.uncertainty()")
    if isinstance(draws, (bool, np.bool_)) or not (isinstance(draws, (int, np.integer)) and 2 <= draws <= MOST_DRAWS):
        raise InputError("draws", f"must be a whole number from 2 to {MOST_DRAWS:,}", got=brief(draws))
    runs, generator = source.runs if isinstance(source, Fit) else source, as_generator(rng)
    slices = find_slices(runs, tolerance, by)
    failures: dict[str, str] = {}

    def attempted(name: str, approach: Callable[[], Result]) -> Result | None:
        try:
            return approach()
        except FitError as error:
            failures[name] = str(error)
            return None

    envelope = attempted("envelope", lambda: fit_envelope(runs, slices.tolerance, draws, generator))
    isoflop = attempted("isoflop", lambda: fit_isoflop(slices, draws, generator))
    parametric = attempted("parametric", lambda: _parametric(source, uncertainty))
    if len(failures) == len(APPROACHES):
        raise FitError("the approaches", "have no answer", got="; ".join(failures.values()))
    bias = _bias(isoflop, parametric)
    return Comparison(slices, envelope, isoflop, parametric, MappingProxyType(failures), bias)


def _bias(isoflop: IsoFlop | None, parametric: Parametric | None) -> SliceBias | None:
    if isoflop is None or parametric is None:
        return None
    try:
        return slice_bias(isoflop, parametric.fit.law)
    except FitError:  # the law is so far from these runs that it has no minimum on their slices
        return None


def _parametric(source: Fit | Runs, uncertainty: Uncertainty | None) -> Parametric:
    if isinstance(source, Runs):
        raise FitError("the parametric law", "has not been fitted", remedy="fit it first")
    return parametric_frontier(source, uncertainty)
