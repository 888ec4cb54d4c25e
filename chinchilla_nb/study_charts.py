"""Charts of studies: how far off choices are, against what a study varied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from chinchilla_nb.drawing import draw_study
from chinchilla_nb.engine.conversion import check_choice, check_type
from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.figures.studies import STUDY_ERRORS, study_figure

__all__ = ["study_chart"]

VARIED = ("seeds", "target", "loss", "noise", "design", "law", "scaling_factor")
"""Columns of a study that say what was asked."""
_MOST_LINES = 7
"""Most lines of a chart: more cannot be told apart."""


def study_chart(table: pd.DataFrame, against: str, by: str | None = None, error: str = "N_error") -> Figure:
    """Draw the errors of a study: their median and the middle half of the projects.

    Parameters
    ----------
    table : DataFrame
        What `study` returns, or some of its rows: choose them where it varied more than is drawn.
    against : str
        What is along the horizontal axis: ``"seeds"`` for how many are needed, ``"target"`` for how far the runs reach,
        ``"loss"`` for what to minimise, or another of ``noise``, ``design``, ``law`` and ``scaling_factor``.
    by : str, optional
        Another of these, with a line for each of its choices.
    error : str, default "N_error"
        ``"N_error"`` and ``"D_error"`` are drawn as factors, ``"loss_error"`` and ``"deadweight_share"`` in per cent.

    Returns
    -------
    Figure
        A matplotlib figure; ``savefig`` saves it.

    Raises
    ------
    ValueError
        If a column is missing or has too many choices, or the study varied something that is not drawn.
    """
    check_type(table, "table", pd.DataFrame)
    check_choice(error, "error", tuple(STUDY_ERRORS))
    for name, column in (("against", against), ("by", by)):
        if column is not None or name == "against":
            check_choice(column, name, VARIED)
    for column in (against, error, *([] if by is None else [by])):
        if column not in table.columns:
            raise unknown_key("the table", column, list(map(str, table.columns)), kind="column")
    if not len(table):
        raise InputError("table", "must have a row", got="none")
    _check_drawn(table, {against, by})
    groups = [""] * len(table) if by is None else _labels(table[by], by)
    if len(set(groups)) > _MOST_LINES:
        rule = f"must be a column of at most {_MOST_LINES} choices"
        raise InputError("by", rule, got=f"{len(set(groups))} of {by}", remedy="choose rows of the table")
    errors = table[error].to_numpy(dtype=float)
    return draw_study(study_figure(_places(table[against]), groups, errors, against, error), by)


def _places(column: pd.Series[Any]) -> list[Any]:
    """Return the values of a column as numbers above 0, or else as text."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    if bool((np.isfinite(values) & (values > 0)).all()):
        return values.tolist()
    return _labels(column, str(column.name))


def _labels(column: pd.Series[Any], by: str) -> list[str]:
    if by == "target":
        return [f"{value:.4g} FLOPs" for value in column]
    if by == "scaling_factor":
        return [f"{value:g} times" if value else "no scaled run" for value in column]
    return [str(value) for value in column]


def _check_drawn(table: pd.DataFrame, drawn: set[str | None]) -> None:
    """Refuse to mix the errors of different questions in one median."""
    for name in VARIED:
        if name not in drawn and name in table.columns and table[name].nunique(dropna=False) > 1:
            found = ", ".join(map(str, table[name].unique()[:3]))
            remedy = f"give it as `against` or `by`, or choose rows: table[table.{name} == ...]"
            raise InputError("table", f"must have one {name}", got=found, remedy=remedy)
