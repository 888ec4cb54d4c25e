"""The suggested next runs of a session as a table."""

from __future__ import annotations

from chinchilla_nb.html_table import html_table
from chinchilla_nb.planned_runs import SuggestedRuns
from chinchilla_nb.quantity import compact, percent, plain, scientific

__all__ = ["suggestion_note", "suggestion_table"]


def suggestion_table(suggested: SuggestedRuns, data_unit: str, table_class: str) -> str:
    """Return the suggested runs as an HTML table: their sizes, and what is known after each."""
    chosen = suggested.chosen
    rows = [
        (scientific(C), compact(N), compact(D), plain(D / N), percent(after), percent(fall))
        for N, D, C, after, fall in zip(chosen.N, chosen.D, chosen.C, chosen.after, chosen.fall, strict=True)
    ]
    head = ("C (FLOPs)", "N", f"D ({data_unit})", "D/N", "Error after it", "Fall of the variance")
    return html_table(rows, head, table_class=table_class)


def suggestion_note(suggested: SuggestedRuns) -> str:
    """Return what the columns of the table mean, in sentences."""
    now = percent(float(suggested.chosen.before[0]))
    return (
        f"The error is the standard error of log {suggested.target}, now {now}, once a run and those above it are "
        "trained, if the law holds. The fall is a share of the present variance."
    )
