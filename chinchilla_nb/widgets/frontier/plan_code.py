"""Plans as Python code that runs by itself: the law and the compute are written out, so that no session is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.compute.tabulated import TabulatedCompute
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.kaplan import KaplanLaw
from chinchilla_nb.engine.planning.constraints import Constraints
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.plan import Plan
from chinchilla_nb.engine.planning.real_models import model_sizes
from chinchilla_nb.quantity import number_text

__all__ = ["plan_code"]

WRITTEN = (Constraints, Hardware, KaplanLaw, PowerCompute, ProductCompute, ScalingLaw, TabulatedCompute)
"""Values that are written by their fields; `chinchilla_nb` has all of their classes."""
MOST_SIZES = 20
"""Sizes of a model search that are written: those nearest to the one that is best, which stays the best of them."""


def plan_code(plans: Mapping[str, tuple[Fit, Plan]], origin: str) -> str:
    """Return code that makes plans again, without their intervals; empty if a law or compute of the user's own is used.

    Parameters
    ----------
    plans : mapping of str to (Fit, Plan)
        By name, each with the fit whose law makes it.
    origin : str
        Where the runs of the fits are, for a comment; empty for runs in memory.
    """
    laws = {fit: f"law_{number}" for number, fit in enumerate(dict.fromkeys(fit for fit, _ in plans.values()), 1)}
    if len(laws) == 1:
        laws = dict.fromkeys(laws, "law")
    values = [*(fit.law for fit in laws), *(plan.compute for _, plan in plans.values())]
    if not all(isinstance(value, WRITTEN) for value in values):
        return ""
    names = sorted({*_names(plans), "Constraints", "make_plan"})
    lines = [f"from chinchilla_nb import {', '.join(names)}", ""]
    of = f" of {origin!r}" if origin else ""
    for fit, name in laws.items():
        lines += [f"# fitted to {len(fit.runs):,} runs{of}", f"{name} = {_code(fit.law)}"]
    lines += ["plans = {", *(f"    {name!r}: {_call(laws[fit], plan)}," for name, (fit, plan) in plans.items()), "}"]
    return "\n".join([*lines, "{name: plan.amounts for name, plan in plans.items()}"])


def _call(law: str, plan: Plan) -> str:
    compute = "" if plan.compute == SIX_ND else f", {_code(plan.compute)}"
    return f"make_plan({law}, {_code(plan.constraints, near=float(plan.N))}{compute})"


def _names(plans: Mapping[str, tuple[Fit, Plan]]) -> Iterator[str]:
    """Yield the names of the classes in the code."""
    for fit, plan in plans.values():
        used = [fit.law, *([] if plan.compute == SIX_ND else [plan.compute])]
        yield from (type(value).__name__ for value in used)
        if plan.constraints.hardware is not None:
            yield Hardware.__name__


def _code(value: Any, near: float = 0.0) -> str:
    """Return a value as code; of the sizes of a model search, those near to a size."""
    if isinstance(value, ModelTable):
        sizes = model_sizes(value)
        return _code(np.sort(sizes[np.argsort(abs(np.log(sizes / near)))[:MOST_SIZES]]))
    if is_dataclass(value):
        known = ((one.name, getattr(value, one.name)) for one in fields(value))
        return f"{type(value).__name__}({', '.join(f'{name}={_code(one, near)}' for name, one in _given(known))})"
    if isinstance(value, (np.ndarray, list, tuple)):
        return f"[{', '.join(_code(one) for one in np.asarray(value).tolist())}]"
    return number_text(value) if isinstance(value, float) else repr(value)


def _given(values: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in values if value is not None)
