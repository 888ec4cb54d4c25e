"""Texts of the run log: how many runs there are and count, what a button needs, and the first steps."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.labels import RUNS_FOR_A_FIT, runs_in_words

__all__ = ["counts_in_words", "first_steps", "tooltip"]


def counts_in_words(session: Session, included: NDArray[np.bool_]) -> list[str]:
    """Return the number of runs, and of those in the fit, that match the filter, and that are excluded."""
    count, excluded = len(included), int(np.count_nonzero(~included))
    parts = [runs_in_words(count)]
    if excluded or session.view.query:
        parts.append(f"{len(session.runs):,} in the fit")
    if session.view.query:
        parts.append(f"{np.count_nonzero(session.matching_runs):,} match its filter")
    if excluded:
        parts.append(f"{excluded:,} excluded in this session")
    return parts


def tooltip(button: ipywidgets.Button, does: str, needs: str) -> str:
    """Return what a button does, or what must be done before it can be used."""
    return needs if button.disabled else does


def first_steps(project_dir: Any) -> str:
    """Return the ways to add runs to an empty log, as HTML."""
    ways = [
        "Press <b>Add a run</b> and fill in N, D and its final loss.",
        "Press <b>Import</b> to add a CSV, JSON or Parquet file; what its columns mean is recognised, or asked.",
    ]
    if project_dir is not None:
        code = f"Chinchilla({str(project_dir)!r}).append(N=…, D=…, loss=…)"
        ways.append(f"Call <code>{escape(code)}</code> at the end of a training job: the run appears here by itself.")
    lines = "".join(f"<li>{way}</li>" for way in ways)
    return f'<div class="cnb-empty"><b>No runs yet</b>: {RUNS_FOR_A_FIT}.<ul>{lines}</ul></div>'
