"""How sure a plan is: the same question, asked of every law that the runs allow."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.stack import stacked
from chinchilla_nb.engine.planning.constraints import Constraints
from chinchilla_nb.engine.planning.plan import Plan, make_plan
from chinchilla_nb.engine.uncertainty.quantities import Quantities
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["plan_intervals"]

GEOMETRY = ("C", "N", "D", "tokens_per_parameter", "training_FLOPs", "inference_FLOPs", "epochs", "days", "cost")
"""What follows from N and D without the law."""
NOT_ASKED = ("deadweight_compute",)
"""The difference of two numbers that have intervals, and 0 at every optimum, whatever the law."""


def plan_intervals(plan: Plan, uncertainty: Uncertainty, level: float = 0.95) -> dict[str, tuple[float, float]]:
    """Return the ends of the interval of each number of a plan that is made with the law of the fit.

    Every law that the uncertainty allows makes its own plan under the same constraints. Of real architectures, the
    one of the plan is kept. What the constraints determine has an interval without width.

    Parameters
    ----------
    plan : Plan
    uncertainty : Uncertainty
    level : float

    Raises
    ------
    InputError
        If an argument is of another type, or the level is not between 0 and 1.
    """
    check_type(plan, "plan", Plan)
    check_type(uncertainty, "uncertainty", Uncertainty)
    given = plan.constraints
    if given.models is not None:
        given = dataclasses.replace(given, models=None, N=plan.N)
    values = plan.amounts
    fixed = _fixed(given) | {name for name in values if values[name] == 0}
    asked = [name for name in values if name not in fixed and name not in NOT_ASKED]
    found = uncertainty.interval_of(_quantities(given, plan.compute, asked), level)
    known = {name: (values[name], values[name]) for name in values if name in fixed and name not in NOT_ASKED}
    ends = zip(found.low.tolist(), found.high.tolist(), strict=True)
    return known | dict(zip(asked, ends, strict=True))


def _fixed(given: Constraints) -> set[str]:
    """Return what the constraints determine, whatever the law."""
    if given.size_is_known:
        return set(GEOMETRY)
    fixed: set[str] = {name for name in ("C", "loss", "N", "D", "tokens_per_parameter") if name in given.given}
    if "N" in fixed:
        fixed.add("inference_FLOPs")
    if "C" in fixed and given.inference_tokens is None:
        fixed |= {"training_FLOPs", "days", "cost"}
    if "D" in fixed:
        fixed.add("epochs")
    return fixed


def _quantities(given: Constraints, compute: Compute, names: list[str]) -> Quantities:
    def of_many(laws: Sequence[Law]) -> NDArray[np.float64]:
        """Return the numbers of the plan of each law, shape (n_laws, n); NaN for a law that has none."""
        try:
            # A single law may have a closed form, and with kinks in the compute there is no common solution.
            if len(laws) > 1 and compute.kinks.size:
                return np.concatenate([of_many([law]) for law in laws])
            plan = make_plan(laws[0] if len(laws) == 1 else stacked(laws), given, compute)
            found = [getattr(plan, name) for name in names]
            return np.stack([np.broadcast_to(np.nan if one is None else one, len(laws)) for one in found], axis=1)
        except InputError:
            if len(laws) == 1:
                return np.full((1, len(names)), np.nan)
            middle = len(laws) // 2
            return np.concatenate([of_many(laws[:middle]), of_many(laws[middle:])])

    return Quantities(lambda law: of_many([law])[0], np.ones(len(names), dtype=bool), of_many)
