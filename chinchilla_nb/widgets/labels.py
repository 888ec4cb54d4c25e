"""What is known of a run, in words and units a person reads."""

from __future__ import annotations

from collections.abc import Iterable

from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures import compact, scientific

__all__ = ["run_labels", "runs_in_words"]


def run_labels(runs: Runs, shown: Iterable[int]) -> list[str]:
    """Return plain text on each of these runs, one fact a line."""
    return [_label(runs, int(index)) for index in shown]


def runs_in_words(count: int) -> str:
    """Write ``1 run`` or ``2,000 runs``."""
    return f"{count:,} run{'' if count == 1 else 's'}"


def _label(runs: Runs, index: int) -> str:
    N, D = float(runs.N[index]), float(runs.D[index])
    lines = [
        f"Loss {runs.loss[index]:.5g}",
        f"N {compact(N)} parameters",
        f"D {compact(D)} tokens ({D / N:.3g} per parameter)",
        f"C {scientific(float(runs.C[index]))} FLOPs",
    ]
    names = [str(values[index]) for values in runs.columns.values() if values.dtype.kind in "OUT"]
    return "\n".join([*names, *lines])
