"""Describe runs in words and readable units."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import compact, plain, scientific

__all__ = ["RUNS_FOR_A_FIT", "RunLabels", "model_facts", "run_labels", "runs_in_words"]

RUNS_FOR_A_FIT = "a fit needs at least three, preferably ten or more"
"""What panels say where there are no runs."""
MOST_TEXTS = 6
"""Columns of text that a description has: with more, it would hide the chart."""


def run_labels(runs: Runs, shown: Iterable[int], data_unit: str = "tokens", law: Law | None = None) -> list[str]:
    """Return a plain-text description of each of these runs, with one fact per line; with a law, its predictions."""
    return RunLabels().of(runs, shown, data_unit, law)


class RunLabels:
    """Descriptions of runs, those of the last runs kept: another law changes only the lines of its predictions."""

    def __init__(self) -> None:
        self._runs: Runs | None = None
        self._data_unit = ""
        self._known: dict[int, str] = {}

    def of(self, runs: Runs, shown: Iterable[int], data_unit: str, law: Law | None) -> list[str]:
        """Return what `run_labels` returns."""
        rows = [int(index) for index in shown]
        if runs is not self._runs or data_unit != self._data_unit:
            self._runs, self._data_unit, self._known = runs, data_unit, {}
        for row in rows:
            if row not in self._known:
                self._known[row] = _label(runs, row, data_unit)
        labels = [self._known[row] for row in rows]
        if law is None:
            return labels
        with np.errstate(all="ignore"):
            predicted = np.asarray(law.loss(runs.N[rows], runs.D[rows]), dtype=float)
        residuals = runs.loss[rows] - predicted
        return [
            f"{label}\nPredicted loss: {plain(loss, 5)}\nResidual: {'−' if residual < 0 else '+'}{plain(abs(residual))}"
            for label, loss, residual in zip(labels, predicted, residuals, strict=True)
        ]


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
    N, D, C = (float(values[index]) for values in (runs.N, runs.D, runs.C))
    texts = {name: values[index] for name, values in runs.columns.items() if values.dtype.kind in "OUT"}
    known = [f"{name}: {text}" for name, text in texts.items() if isinstance(text, str) and text]
    return "\n".join(
        [
            *known[:MOST_TEXTS],
            f"N: {compact(N)} parameters",
            f"D: {compact(D)} {data_unit} ({plain(D / N)} per parameter)",
            f"C: {scientific(C)} FLOPs",
            f"Loss: {plain(runs.loss[index], 5)}",
        ]
    )
