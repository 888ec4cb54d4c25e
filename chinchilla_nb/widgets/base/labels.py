"""Describe runs in words and readable units."""

from __future__ import annotations

from collections.abc import Iterable

from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import compact, plain, scientific

__all__ = ["RUNS_FOR_A_FIT", "model_facts", "run_labels", "runs_in_words"]

RUNS_FOR_A_FIT = "a fit needs at least three, preferably ten or more"
"""What panels say where there are no runs."""


def run_labels(runs: Runs, shown: Iterable[int], data_unit: str = "tokens") -> list[str]:
    """Return a plain-text description of each of these runs, with one fact per line."""
    return [_label(runs, int(index), data_unit) for index in shown]


def model_facts(N: float, D: float, C: float, data_unit: str) -> list[str]:
    """Describe the size of a model, its training data and its compute."""
    return [
        f"N {compact(N)} parameters",
        f"D {compact(D)} {data_unit} ({plain(D / N)} per parameter)",
        f"C {scientific(C)} FLOPs",
    ]


def runs_in_words(count: int) -> str:
    """Return a count as text, such as ``1 run`` or ``2,000 runs``."""
    return f"{count:,} run{'' if count == 1 else 's'}"


def _label(runs: Runs, index: int, data_unit: str) -> str:
    facts = model_facts(float(runs.N[index]), float(runs.D[index]), float(runs.C[index]), data_unit)
    names = [str(values[index]) for values in runs.columns.values() if values.dtype.kind in "OUT"]
    return "\n".join([*names, f"Loss {runs.loss[index]:.5g}", *facts])
