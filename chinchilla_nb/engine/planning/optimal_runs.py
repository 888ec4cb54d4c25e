"""Compute-optimal runs for a list of model sizes or of budgets, as in table 3 of Hoffmann et al. 2022."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.conversion import as_positive_number, as_positive_values, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.allocation import allocate, compute_optimal_D
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.uncertainty.interval import as_level
from chinchilla_nb.engine.uncertainty.quantities import Quantities
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["OptimalRuns", "optimal_runs"]

Array = NDArray[np.float64]
Ends = tuple[Array, Array]

FACTORS = (1.0, 10.0, 100.0, 1000.0)
"""Budgets of a table for which none are given, as multiples of the largest compute of the runs."""
ROUNDING = 0.005
"""Budgets are chosen in three digits: one that is so near to a multiple is that multiple."""
MOST_ROWS = 1_000
"""More rows than anybody reads are those of a list that was meant for something else."""


@dataclass(frozen=True, eq=False, slots=True)
class OptimalRuns:
    """Compute-optimal runs, a row for each.

    Attributes
    ----------
    fit : Fit
        The fit whose law they are optimal for.
    given : str
        ``"N"`` or ``"C"``: what the rows were asked for.
    N, D, C, loss : ndarray, shape (n,)
        Parameters, tokens, FLOPs of training, and the loss that the law predicts for this N and D.
    hardware : Hardware or None
    level : float
        Of the intervals.
    uncertainty : Uncertainty or None
        That of the intervals; None if there are none.
    ends : mapping of str to (ndarray, ndarray)
        Ends of the intervals by name, of what is not given. N, D and C are those of the optimum; the loss is that of
        the N and D of the row.
    """

    fit: Fit
    given: str
    N: Array
    D: Array
    C: Array
    loss: Array
    hardware: Hardware | None = None
    level: float = 0.95
    uncertainty: Uncertainty | None = None
    ends: Mapping[str, Ends] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Array]:
        """The numbers by name, each followed by the ends of its interval, ``_low`` and ``_high``."""
        values = {"N": self.N, "D": self.D, "C": self.C, "tokens_per_parameter": self.D / self.N, "loss": self.loss}
        ends = dict(self.ends)
        for name, of in (("days", Hardware.days), ("cost", Hardware.cost)):
            found = None if self.hardware is None else of(self.hardware, self.C)
            if found is not None:
                values[name] = found
                if "C" in ends:
                    low, high = ends["C"]
                    ends[name] = low * (found / self.C), high * (found / self.C)
        columns: dict[str, Array] = {}
        for name, value in values.items():
            columns[name] = value
            if name in ends:
                columns[f"{name}_low"], columns[f"{name}_high"] = ends[name]
        return columns


def optimal_runs(
    fit: Fit,
    *,
    N: ArrayLike | None = None,
    C: ArrayLike | None = None,
    budget: float | None = None,
    hardware: Hardware | None = None,
    uncertainty: Uncertainty | None = None,
    level: float = 0.95,
) -> OptimalRuns:
    """Return the compute-optimal run of each model size, or of each budget.

    Parameters
    ----------
    fit : Fit
        Its law, and how C follows from N and D.
    N : array_like, shape (n,), optional
        Model sizes: D is the number of tokens for which each is compute-optimal.
    C : array_like, shape (n,), optional
        Budgets in FLOPs. With neither, the largest compute of the runs, 10, 100 and 1,000 times that, and `budget`.
    budget : float, optional
        A budget in FLOPs that is planned for.
    hardware : Hardware, optional
        What trains the models, for days and costs.
    uncertainty : Uncertainty, optional
        That of the fit, for intervals.
    level : float

    Raises
    ------
    InputError
        If both N and C are given, a value is not positive and finite, there are none or more than 1,000,
        the law has no optimum there, or the uncertainty is that of another fit.
    """
    check_type(fit, "fit", Fit)
    check_type(hardware, "hardware", Hardware, type(None))
    check_type(uncertainty, "uncertainty", Uncertainty, type(None))
    level = as_level(level)
    budget = None if budget is None else as_positive_number(budget, "budget")
    if N is not None and C is not None:
        raise InputError("", "give either N, the model sizes, or C, the budgets, not both")
    if uncertainty is not None and uncertainty.fit is not fit:
        raise InputError("uncertainty", "must be of the fit", remedy="estimate it again")
    compute = fit.runs.compute
    if N is not None:
        sizes = _rows(N, "N")
        tokens = compute_optimal_D(fit.law, sizes, compute)
        budgets = np.asarray(compute.C(sizes, tokens), dtype=float)
    else:
        budgets = _rows(_default_budgets(fit, budget) if C is None else C, "C")
        sizes, tokens = allocate(fit.law, budgets, compute)
    loss = fit.law.loss(sizes, tokens)
    given = "C" if N is None else "N"
    found = OptimalRuns(fit, given, sizes, tokens, budgets, loss, hardware, level, uncertainty)
    return found if uncertainty is None else _with_ends(found, uncertainty)


def _default_budgets(fit: Fit, budget: float | None) -> Array:
    """Return multiples of the largest compute of the runs, and a budget, ascending."""
    budgets: Array = fit.runs.C.max() * np.array(FACTORS)
    if budget is None or np.isclose(budgets, budget, rtol=ROUNDING, atol=0.0).any():
        return budgets
    return np.sort([*budgets, budget])


def _rows(values: Any, name: str) -> Array:
    rows = np.atleast_1d(as_positive_values(values, name))
    if rows.ndim != 1 or not 0 < len(rows) <= MOST_ROWS:
        got = f"an array of shape {rows.shape}" if rows.ndim != 1 else f"{len(rows):,}"
        raise InputError(name, f"must be 1 to {MOST_ROWS:,} numbers", got=got)
    return rows


def _with_ends(runs: OptimalRuns, uncertainty: Uncertainty) -> OptimalRuns:
    """Return the runs with their intervals; what follows from another number has the ends that follow from its ends."""
    compute, level = runs.fit.runs.compute, runs.level
    loss = uncertainty.predict_loss(runs.N, runs.D, level)
    ends = {"loss": (loss.low, loss.high)}
    if runs.given == "C":
        at = uncertainty.allocate(runs.C, level)
        asked = {"N": "N", "D": "D", "tokens_per_parameter": "D_per_N"}
        ends |= {name: (at[source].low, at[source].high) for name, source in asked.items()}
    else:
        D = uncertainty.interval_of(_optimal_tokens(runs.N, compute), level)
        ends |= {
            "D": (D.low, D.high),
            "tokens_per_parameter": (D.low / runs.N, D.high / runs.N),
            "C": (_compute_at(compute, runs.N, D.low), _compute_at(compute, runs.N, D.high)),
        }
    return replace(runs, ends=ends)


def _compute_at(compute: Compute, N: Array, D: Array) -> Array:
    """Return the compute at the end of an interval of D, which is 0 or infinite where that has no limit."""
    known = (D > 0) & np.isfinite(D)
    return np.where(known, compute.C(N, np.where(known, D, 1.0)), D)


def _optimal_tokens(N: Array, compute: Compute) -> Quantities:
    """Return the tokens at which models are compute-optimal, as quantities of a law; NaN where there is no optimum."""

    def of(law: Law) -> Array:
        try:
            return compute_optimal_D(law, N, compute)
        except InputError:
            if len(N) == 1:
                return np.array([np.nan])
            return np.concatenate([_optimal_tokens(N[[place]], compute).of(law) for place in range(len(N))])

    return Quantities(of, np.ones(len(N), dtype=bool))
