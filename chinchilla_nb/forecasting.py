"""Forecast a run: which run is meant, what the numbers are, and the versions of the packages."""

from __future__ import annotations

import numbers
import platform
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy

from chinchilla_nb import __version__
from chinchilla_nb.checks import as_positive_number, as_texts, brief
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.scaling import compute_optimal_run
from chinchilla_nb.engine.uncertainty.frontier_uncertainty import FrontierUncertainty
from chinchilla_nb.engine.uncertainty.given import HoldsUncertainty, as_uncertainty
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.records.forecast import OTHER_COMPUTE, Forecast

__all__ = ["DEFINITIONS", "forecast", "forecast_run", "package_versions", "planned_run"]

DEFINITIONS = MappingProxyType(
    {
        "N": "number of parameters",
        "D": "training tokens",
        "C": "compute in FLOPs, 6ND",
        "loss": "loss at the end of training, as in the runs",
    }
)
"""What N, D, C and loss are with C = 6ND, unless a forecast says otherwise."""


def forecast(
    uncertainty: Uncertainty | HoldsUncertainty | FrontierUncertainty,
    run: float | tuple[float, float],
    level: float = 0.95,
    *,
    roll_outs: RollOuts | None = None,
    definitions: Mapping[str, str] | None = None,
    models: ModelTable | None = None,
) -> Forecast:
    """Forecast the loss of a run, to be saved, and scored once it is trained.

    Parameters
    ----------
    uncertainty : Uncertainty or FrontierUncertainty
        That of the fit whose law is believed, ``fit.uncertainty()``, or what ``cc.uncertainty()`` returns.
    run : float, or tuple of float
        A budget C in FLOPs, of which the optimum is forecast, or N and D. A law of compute forecasts budgets only.
    level : float, default 0.95
        Level of the intervals for the run.
    roll_outs : RollOuts, optional
        ``fit.roll_outs()``; without them there is only the interval if the law holds.
    definitions : mapping of str to str, optional
        What N, D, C and loss are, such as ``{"N": "parameters without embeddings"}``.
    models : ModelTable, optional
        The models from which that of a budget is chosen; any size by default.

    Raises
    ------
    InputError
        If a number is not positive, the law has no optimum at the budget, or the roll-outs are of other runs.
    """
    check_type(models, "models", ModelTable, type(None))
    if isinstance(uncertainty, FrontierUncertainty):
        known, versions = _meaning(uncertainty.fit.runs.compute, definitions), package_versions()
        C = as_positive_number(run, "C")
        return Forecast.of_compute(uncertainty, C, roll_outs, level=level, definitions=known, versions=versions)
    uncertainty = as_uncertainty(uncertainty)
    fit = uncertainty.fit
    N, D = planned_run(fit.law, run, models, fit.runs.compute)
    of_budget = isinstance(run, numbers.Real)
    return forecast_run(uncertainty, N, D, roll_outs, of_budget=of_budget, level=level, definitions=definitions)


def forecast_run(
    uncertainty: Uncertainty,
    N: float,
    D: float,
    roll_outs: RollOuts | None,
    *,
    of_budget: bool,
    level: float = 0.95,
    definitions: Mapping[str, str] | None = None,
) -> Forecast:
    """Forecast a run of N parameters on D tokens; parameters and errors as for `forecast` and `Forecast.of`."""
    check_type(uncertainty, "uncertainty", Uncertainty)
    return Forecast.of(
        uncertainty,
        N,
        D,
        roll_outs,
        of_budget=of_budget,
        level=level,
        definitions=_meaning(uncertainty.fit.runs.compute, definitions),
        versions=package_versions(),
    )


def _meaning(compute: Compute, own: Mapping[str, str] | None) -> dict[str, str]:
    """Return what N, D, C and loss are under a compute convention, unless own definitions say otherwise."""
    known = dict(DEFINITIONS)
    if compute != SIX_ND:
        known |= {"C": f"compute in FLOPs, {compute.text}", OTHER_COMPUTE: compute.text}
    return known if own is None else {**known, **as_texts(own, "definitions")}


def planned_run(law: Law, run: Any, models: ModelTable | None, compute: Compute) -> tuple[float, float]:
    """Return N and D of a run that is given as a budget C, of which they are the optimum, or as a pair.

    Raises
    ------
    InputError
        If it is neither, a number is not positive, or the law has no optimum at the budget.
    """
    if isinstance(run, numbers.Real):
        planned = compute_optimal_run(law, as_positive_number(run, "C"), models, compute)
        return float(planned.N), planned.D
    if not isinstance(run, tuple) or len(run) != 2:  # a list would be taken for two budgets elsewhere
        raise InputError("run", "must be a budget C, or a tuple (N, D)", got=brief(run))
    N, D = run
    return as_positive_number(N, "N"), as_positive_number(D, "D")


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that a forecast was made with."""
    return {
        "chinchilla_nb": __version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
    }
