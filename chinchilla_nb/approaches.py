"""Approaches 1, 2 and 3 of Hoffmann et al. 2022 on the runs of a project, as a DataFrame."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from chinchilla_nb.checks import as_positive_number
from chinchilla_nb.engine.approaches.comparison import Comparison, compare_approaches
from chinchilla_nb.engine.approaches.slices import TOLERANCE
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.scaling import next_budget
from chinchilla_nb.engine.uncertainty.interval import as_level
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.session import Session

__all__ = ["ThreeApproaches"]


class ThreeApproaches:
    """What a project offers to compare approaches 1, 2 and 3.

    Attributes
    ----------
    session : Session
        Holds the runs and the fit.
    logger : Logger
    uncertainty : callable
        Estimates the uncertainty of the last fit.
    """

    session: Session
    logger: logging.Logger
    uncertainty: Callable[..., Any]

    def approaches(
        self,
        C: float | None = None,
        level: float = 0.95,
        *,
        tolerance: float = TOLERANCE,
        by: str | None = None,
        draws: int = 1000,
        rng: np.random.Generator | int | None = 0,
    ) -> pd.DataFrame:
        """Compare three ways to find N* and D*: the envelope, isoFLOP parabolas, and the parametric fit.

        The runs are those of the last fit; without a fit, the first two approaches use all runs. An approach that
        cannot be computed has NaN, and ``attrs["notes"]`` says why.

        Parameters
        ----------
        C : float, optional
            The budget in FLOPs of N*, D* and loss; by default that of the next model in the report.
        level : float, default 0.95
            Level of the intervals.
        tolerance : float, default 0.05
            Relative difference of C up to which runs are of one isoFLOP slice.
        by : str, optional
            Column of the runs whose values are the slices, instead of the tolerance.
        draws : int, default 1000
            Number of resamples for the intervals of the first two approaches.
        rng : Generator or int, default 0
            The same seed gives the same intervals.

        Returns
        -------
        DataFrame
            Index envelope, isoflop, parametric; columns a, b, the exponents of N* and D* in C, and N, D and loss at the
            budget, each with its ends, such as a_low and a_high. ``attrs`` has C, level, ``compute``, how C follows
            from N and D, ``rule``, what makes a slice, ``slices``, the C of each slice with a minimum, ``refused``,
            every other slice with the reason, ``notes``, a list for each approach, and ``bias``, what approach 2 does
            wrong on these slices.

        Raises
        ------
        ValueError
            If there are no runs with N and D, no approach can be computed, or an argument is not valid.
        """
        level = as_level(level)
        budget = self._compared_budget() if C is None else as_positive_number(C, "C")
        found = self.compare_approaches(tolerance=tolerance, by=by, draws=draws, rng=rng)
        table = pd.DataFrame.from_dict(
            {name: _row(quantities) for name, quantities in found.at(budget, level).items()}, orient="index"
        )
        table.attrs |= {"C": budget, "level": level, **_described(found, budget)}
        for name, reason in found.failures.items():
            self.logger.warning(f"{name}: {reason}")
        if table.attrs["bias"]:
            self.logger.info(table.attrs["bias"])
        return table

    def compare_approaches(
        self,
        *,
        tolerance: float = TOLERANCE,
        by: str | None = None,
        draws: int = 1000,
        rng: np.random.Generator | int | None = 0,
    ) -> Comparison:
        """Return what `approaches` tabulates as a value: slices, parabolas, envelope and laws, for any budget.

        Parameters as for :meth:`approaches`; ``visualizer.approaches`` draws it.

        Returns
        -------
        Comparison

        Raises
        ------
        ValueError
            If there are no runs with N and D, no approach can be computed, or an argument is not valid.
        """
        fit = self.session.fit
        if fit is None:
            self.session.check_compute()
            return compare_approaches(self.session.runs, None, tolerance, by, draws, rng)
        return compare_approaches(fit, self._known_uncertainty(), tolerance, by, draws, rng)

    def _compared_budget(self) -> float:
        settings, fit = self.session.settings, self.session.fit
        runs = self.session.runs if fit is None else fit.runs
        return next_budget(settings.scaling_factor or DEFAULT_FACTOR, runs, settings.seed_regime)

    def _known_uncertainty(self) -> Uncertainty | None:
        """Return the uncertainty of the last fit, estimated if it is not known; None if it cannot be."""
        try:
            found = self.session.uncertainty or self.uncertainty(rng=0).value
        except InputError as error:  # a loss of one's own has none, and a law of compute alone has no frontier in N
            self.logger.warning(f"parametric: {error}")
            return None
        return found if isinstance(found, Uncertainty) else None


def _row(quantities: dict[str, Any]) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, one in quantities.items():
        row |= {name: float(one.value), f"{name}_low": float(one.low), f"{name}_high": float(one.high)}
    return row


def _described(found: Comparison, C: float) -> dict[str, Any]:
    """Return what a table says about its slices, in plain values, which pandas can copy and compare."""
    isoflop = found.isoflop
    return {
        "compute": found.slices.runs.compute.text,
        "rule": found.slices.rule,
        "slices": [one.slice.C for one in isoflop.parabolas] if isoflop else [],
        "refused": [str(one) for one in isoflop.refused] if isoflop else [],
        "notes": {name: list(notes) for name, notes in found.notes.items()},
        "bias": found.bias.text(C) if found.bias else "",
    }
