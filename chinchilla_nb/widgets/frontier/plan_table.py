"""The numbers of a plan as tiles, and those of several as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chinchilla_nb.engine.planning.plan import Plan
from chinchilla_nb.publishing.amounts import AMOUNTS
from chinchilla_nb.publishing.plan_listing import hidden_amounts, plan_cell, plan_titles
from chinchilla_nb.quantity import percent
from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv
from chinchilla_nb.widgets.base.style import tiles

__all__ = ["plan_tiles", "plans_csv"]


def plan_tiles(plan: Plan, row: Mapping[str, Any], data_unit: str) -> str:
    """Return the numbers of a plan as tiles, each with its interval if `row`, that of `plan_row`, has it."""
    titles = plan_titles(data_unit)
    found: dict[str, tuple[str, ...]] = {
        name: (titles[name], *plan_cell(name, row).split("\n")) for name in AMOUNTS if name in plan.amounts
    }
    if plan.deadweight_compute is not None:
        share = plan.deadweight_compute / plan.training_FLOPs
        found["deadweight_compute"] = ("Deadweight compute", "none" if share == 0 else percent(share))
    shown = tiles([found[name] for name in found if name not in hidden_amounts(plan.amounts)])
    return f'<div class="cnb-plan">{shown}</div>'


def plans_csv(rows: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return the rows of a table of plans as CSV; a number that a plan lacks is empty."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    columns = {name: [_plain(row.get(name)) for row in rows.values()] for name in names}
    return spreadsheet_csv({"plan": list(rows), **columns})


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    return value if isinstance(value, (int, float)) else str(value)
