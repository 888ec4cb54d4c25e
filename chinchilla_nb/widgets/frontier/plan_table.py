"""Plans in words: the tiles of one, and the table of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chinchilla_nb.engine.planning.constraints import Constraints, constraints_text
from chinchilla_nb.engine.planning.plan import Plan
from chinchilla_nb.figures import data_title, ratio_title
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import compact, interval_text, percent, plain, rounded, scientific
from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv
from chinchilla_nb.widgets.base.style import tiles

__all__ = ["plan_label", "plan_tiles", "plans_csv", "plans_html"]

Write = Callable[[float, int], str]
"""Formats a number, rounded to a number of digits."""


def plan_label(constraints: Constraints) -> str:
    """Return the constraints of a plan as panels write numbers, such as ``C = 5.36×10²¹, N = 20B``."""

    def write(name: str, value: float) -> str:
        return f"{name.replace('_', ' ')} = {_GIVEN.get(name, plain)(value, 4)}"

    return constraints_text(constraints, write)


def plan_tiles(plan: Plan, row: Mapping[str, Any], data_unit: str) -> str:
    """Return the numbers of a plan as tiles, each with its interval if `row`, that of `plan_row`, has it."""
    titles = _titles(data_unit)
    found: dict[str, tuple[str, ...]] = {
        name: (titles[name], *_cell(name, row).split("\n")) for name in _WRITTEN if name in plan.amounts
    }
    if plan.deadweight_compute is not None:
        share = plan.deadweight_compute / plan.training_FLOPs
        found["deadweight_compute"] = ("Deadweight compute", "none" if share == 0 else percent(share))
    shown = tiles([found[name] for name in found if name not in _hidden(plan.amounts)])
    return f'<div class="cnb-plan">{shown}</div>'


def plans_html(rows: Mapping[str, Mapping[str, Any]], data_unit: str) -> str:
    """Return the rows of a table of plans, by label, as HTML, each number with its interval below it."""
    # With inference beside it, the compute says what training takes.
    shown = [name for name in _WRITTEN if name != "training_FLOPs"]
    names = [name for name in shown if any(name in row and name not in _hidden(row) for row in rows.values())]
    titles = _titles(data_unit)
    # A name and its value stay on one line.
    cells = [
        [label.replace(" = ", "\u00a0=\u00a0"), *(_cell(name, row) for name in names)] for label, row in rows.items()
    ]
    table = html_table(cells, ["Plan", *(titles[name] for name in names)], named_rows=True, table_class="cnb-runs")
    return f'<div class="cnb-plans">{table}</div>'


def plans_csv(rows: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return the rows of a table of plans as CSV; a number that a plan lacks is empty."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    columns = {name: [_plain(row.get(name)) for row in rows.values()] for name in names}
    return spreadsheet_csv({"plan": list(rows), **columns})


_WRITTEN: dict[str, tuple[str, Write, int]] = {
    "C": ("Compute (FLOPs)", scientific, 3),
    "N": ("Parameters N", compact, 3),
    "D": ("", compact, 3),
    "tokens_per_parameter": ("", rounded, 3),
    "loss": ("Loss", rounded, 4),
    "training_FLOPs": ("Training", scientific, 3),
    "inference_FLOPs": ("Inference", scientific, 3),
    "deadweight_compute": ("Deadweight compute", scientific, 2),
    "epochs": ("Epochs", rounded, 3),
    "days": ("Days", rounded, 3),
    "cost": ("Cost", plain, 3),
}
"""How each number is called and written; what D counts is added."""


_GIVEN: dict[str, Write] = {
    "C": scientific,
    "N": compact,
    "D": compact,
    "inference_tokens": compact,
    "unique_tokens": compact,
}
"""How constraints are written that `plain` does not write."""


def _titles(data_unit: str) -> dict[str, str]:
    own = {"D": data_title(data_unit), "tokens_per_parameter": ratio_title(data_unit)}
    return {name: own.get(name, title) for name, (title, *_) in _WRITTEN.items()}


def _hidden(amounts: Mapping[str, Any]) -> set[str]:
    """Return what a plan without inference need not show: its training is all of C."""
    return set() if amounts.get("inference_FLOPs") else {"training_FLOPs", "inference_FLOPs"}


def _cell(name: str, row: Mapping[str, Any]) -> str:
    if name not in row:
        return ""
    _, write, digits = _WRITTEN[name]
    text = write(row[name], digits) if row[name] else "0"
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    if low is None or high is None or low == high:
        return text
    return f"{text}\n{interval_text(low, high, write, digits)}"


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    return value if isinstance(value, (int, float)) else str(value)
