"""The columns of a run of MLflow, alike for its stores of files, its databases and its servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chinchilla_nb.records.importers.run_values import number_or_text

__all__ = ["run_columns"]

_INTERNAL = "mlflow."
"""What the names of tags begin with that describe the library, not the run."""


def run_columns(
    *,
    experiment: str,
    run_id: Any,
    status: Any,
    params: Mapping[str, str],
    metrics: Mapping[str, Any],
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """Return the columns of a run.

    Parameters
    ----------
    experiment : str
        Name of the experiment.
    run_id, status : str
        As MLflow has them.
    params, tags : mapping of str to str
        By name.
    metrics : mapping of str to float
        By the name of the column: ``metrics.NAME`` or ``lowest.NAME``.
    """
    return {
        "experiment": experiment,
        "run_id": run_id,
        "status": status,
        **{f"params.{name}": number_or_text(value) for name, value in params.items()},
        **metrics,
        **{f"tags.{name}": value for name, value in tags.items() if not name.startswith(_INTERNAL)},
    }
