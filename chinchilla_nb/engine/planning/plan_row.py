"""A plan as the row of a table."""

from __future__ import annotations

from typing import Any

from chinchilla_nb.engine.planning.plan import Plan
from chinchilla_nb.engine.planning.plan_intervals import plan_intervals
from chinchilla_nb.engine.uncertainty.interval import as_level
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["plan_row"]


def plan_row(plan: Plan, uncertainty: Uncertainty | None = None, level: float = 0.95) -> dict[str, Any]:
    """Return the numbers of a plan by name, each with the ends of its interval, its model and its compute convention.

    Parameters
    ----------
    plan : Plan
    uncertainty : Uncertainty, optional
        That of the fit of the law; without it, there are no intervals.
    level : float

    Raises
    ------
    InputError
        If the level is not between 0 and 1.
    """
    level = as_level(level)
    ends = {} if uncertainty is None else plan_intervals(plan, uncertainty, level)
    row: dict[str, Any] = {}
    for name, value in plan.amounts.items():
        row[name] = value
        if name in ends:
            row[f"{name}_low"], row[f"{name}_high"] = ends[name]
    if plan.model_config is not None:
        row["model_config"] = plan.model_config
    return row | {"compute": plan.compute.text}
