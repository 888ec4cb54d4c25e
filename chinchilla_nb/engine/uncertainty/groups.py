"""Groups of runs that are resampled together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs

__all__ = ["numbered_groups"]

SAME_BUDGET = 0.02
"""Relative difference of C up to which neighbouring runs belong to one isoFLOP slice: N and D are often rounded."""


def numbered_groups(runs: Runs, by: str | None, method: str) -> NDArray[np.intp]:
    """Return the number of the group of each run, from 0, shape (n_runs,).

    Parameters
    ----------
    by : str, optional
        A column of the runs; its values are the groups. By default, isoFLOP slices for the stratified bootstrap, and
        repeated runs, with the same N and D, for the wild cluster bootstrap.

    Raises
    ------
    InputError
        If the runs have no such column.
    """
    check_type(by, "by", str, type(None))
    if by is not None:
        values = runs.columns.get(by, getattr(runs, by, None) if by in ("N", "D", "C", "loss") else None)
        if values is None:
            known = ", ".join(["N", "D", "C", *runs.columns])
            raise InputError("by", "must be a column of the runs", got=brief(by), remedy=f"choose one of {known}")
        return _numbered(np.asarray(values).astype(str))
    if method == "stratified":
        order = np.argsort(runs.C, kind="stable")
        slices = np.empty(len(runs), dtype=np.intp)
        slices[order] = np.concatenate([[0], np.cumsum(np.diff(np.log(runs.C[order])) > SAME_BUDGET)])
        return slices
    return _numbered(np.stack([runs.N, runs.D], axis=1))


def _numbered(values: NDArray[Any]) -> NDArray[np.intp]:
    _, number = np.unique(values, axis=0, return_inverse=True)
    return number.reshape(-1).astype(np.intp)
