"""The collected plans of a session as a table, and how their numbers are called and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chinchilla_nb.engine.planning.constraints import Constraints, constraints_text
from chinchilla_nb.html_table import html_table
from chinchilla_nb.planned_runs import CollectedPlan
from chinchilla_nb.publishing.amounts import AMOUNTS, Write, amount_text, amount_titles
from chinchilla_nb.quantity import compact, plain, scientific

__all__ = ["hidden_amounts", "plan_cell", "plan_label", "plan_titles", "plans_table"]

_GIVEN: dict[str, Write] = {
    "C": scientific,
    "N": compact,
    "D": compact,
    "inference_tokens": compact,
    "unique_tokens": compact,
}
"""How constraints are written that `plain` does not write."""


def plan_label(constraints: Constraints) -> str:
    """Return the constraints of a plan as panels write numbers, such as ``C = 5.36×10²¹, N = 20B``."""

    def write(name: str, value: float) -> str:
        return f"{name.replace('_', ' ')} = {_GIVEN.get(name, plain)(value, 4)}"

    return constraints_text(constraints, write)


def plans_table(plans: Iterable[CollectedPlan], data_unit: str, table_class: str) -> str:
    """Return plans as an HTML table, each number with its interval below it."""
    rows = {plan_label(one.plan.constraints): one.row for one in plans}
    # With inference beside it, the compute says what training takes.
    shown = [name for name in AMOUNTS if name != "training_FLOPs"]
    names = [name for name in shown if any(name in row and name not in hidden_amounts(row) for row in rows.values())]
    titles = plan_titles(data_unit)
    # A name and its value stay on one line.
    cells = [
        [label.replace(" = ", "\u00a0=\u00a0"), *(plan_cell(name, row) for name in names)]
        for label, row in rows.items()
    ]
    return html_table(cells, ["Plan", *(titles[name] for name in names)], named_rows=True, table_class=table_class)


def plan_titles(data_unit: str) -> dict[str, str]:
    """Return how the numbers of a plan are called, by name."""
    return {**amount_titles(data_unit), "C": "Compute (FLOPs)"}


def hidden_amounts(amounts: Mapping[str, Any]) -> set[str]:
    """Return what a plan without inference need not show: its training is all of C."""
    return set() if amounts.get("inference_FLOPs") else {"training_FLOPs", "inference_FLOPs"}


def plan_cell(name: str, row: Mapping[str, Any]) -> str:
    """Return a number of a plan, with its interval on a line below it; empty if the plan lacks it."""
    if name not in row:
        return ""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    return amount_text(name, row[name], None if low is None or high is None or low == high else (low, high))
