"""Tables with one row for each checkpoint of a run: recognise them, and take one row of each run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.search import find_column
from chinchilla_nb.records.columns.sources import AnySource
from chinchilla_nb.records.columns.values import Columns

__all__ = ["KEEP", "Checkpoints", "find_checkpoints", "kept_rows"]

KEEP = {
    "last": "the last checkpoint of each run",
    "lowest": "the checkpoint of each run with the lowest loss, as the mean of five",
    "all": "every row as a run",
}
"""Which rows of a table of checkpoints become runs."""
SMOOTHED = 5
"""Checkpoints whose mean loss is compared, so that the lowest one is not the one with the luckiest batch."""
FEWEST = 5
"""Rows of a run from which on equal steps between them show that they are its checkpoints."""
FEWEST_SAID = 3
"""Rows of a size from which on equal steps are said, though plans of runs have them too."""
_RUNS = "runid runname run id uid uuid runuuid trial trialid experimentid wandbid"
_MODELS = "name model modelname experiment config group label checkpoint job jobname"
_STEPS = (
    "step globalstep trainerglobalstep iteration iter iters iterations steps epoch trainstep trainingstep nsteps "
    "numsteps update updates batch batchidx"
)


@dataclass(frozen=True, eq=False, slots=True)
class Checkpoints:
    """Which rows are checkpoints of the same run.

    Attributes
    ----------
    run : ndarray of int, shape (n_rows,)
        Number of the run that a row belongs to.
    progress : ndarray of float64, shape (n_rows,)
        Its step, or its tokens.
    why : str
        What shows it: ``'run_id' repeats while 'step' rises``.
    certain : bool
        Whether the rows cannot be runs of their own.
    few : bool
        Whether the rows of each size are so few that they are taken for runs unless the user says otherwise.
    """

    run: NDArray[np.intp]
    progress: NDArray[np.float64]
    why: str
    certain: bool
    few: bool = False

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return int(self.run.max()) + 1

    @property
    def runs_in_words(self) -> str:
        """How many runs there are."""
        return "one run" if self.n_runs == 1 else f"{self.n_runs:,} runs"


def find_checkpoints(
    names: Mapping[str, ColumnName], columns: Columns, sources: Mapping[str, AnySource]
) -> Checkpoints | None:
    """Return which rows are checkpoints of one run; None if each row is a run."""
    rows = columns.table.rows
    N = columns.quantity(sources["N"]) if "N" in sources else np.ones(len(rows))
    data = sources["D"].columns if "D" in sources else ()
    step = find_column(_STEPS, names, columns)
    step = step if step is not None and not columns[step].is_constant else None
    progress_column = step or (data[0] if len(data) == 1 else None)
    if progress_column is None or len(rows) < 2:
        return None
    identity = _identity(names, columns, N)
    used = {progress_column, *(column for source in sources.values() for column in source.columns)}
    if identity is None:
        return _of_unnamed_runs(N, progress_column, columns, used, is_step=step is not None)
    is_run = "".join(names[identity].words) in _RUNS.split()
    return _of_named_runs(identity, progress_column, columns, used, is_run=is_run, is_step=step is not None)


def _of_named_runs(
    identity: str, progress_column: str, columns: Columns, used: Collection[str], *, is_run: bool, is_step: bool
) -> Checkpoints | None:
    """Return the checkpoints of runs, or of models, that a column names; None if each row is a run."""
    progress = columns[progress_column].numbers
    run = _numbered(columns.texts(identity))
    if not is_run:
        run = _split(run, progress, columns, used)
    rises = not _is_same_in_runs(progress, run)
    even = _is_even(run, progress)
    if not rises or not (is_run or is_step or even):  # models that were trained for several D
        return None
    certain = is_run or (is_step and even and not _repeated(run, progress))
    return Checkpoints(run, progress, f"{identity!r} repeats while {progress_column!r} rises", certain)


def _of_unnamed_runs(
    N: NDArray[np.float64], progress_column: str, columns: Columns, used: Collection[str], *, is_step: bool
) -> Checkpoints | None:
    """Return the checkpoints of runs that stand one after another, or side by side; None if each row is a run."""
    progress = columns[progress_column].numbers
    run = _segments(progress, N)
    if _is_even(run, progress):
        return Checkpoints(run, progress, f"{progress_column!r} rises in equal steps", is_step)
    why = f"{progress_column!r} has equal steps in the rows of each N"
    of_size = _numbered(list(map(str, N.tolist())))
    run = _split(of_size, progress, columns, used)
    if _is_even(run, progress):
        return Checkpoints(run, progress, why, certain=False)
    if _is_even(of_size, progress, FEWEST_SAID) and not _repeated(of_size, progress):
        return Checkpoints(of_size, progress, why, certain=False, few=True)
    return None


def _identity(names: Mapping[str, ColumnName], columns: Columns, N: NDArray[np.float64]) -> str | None:
    """Return the column that names runs or models; one that names models of several sizes alike, a project, is none."""
    for wanted in f"{_RUNS} {_MODELS}".split():
        column = find_column(wanted, names, columns, numbers=False)
        if column is None:
            continue
        run = _numbered(columns.texts(column))
        if _is_same_in_runs(N, run):
            return column
    return None


def _split(
    run: NDArray[np.intp], progress: NDArray[np.float64], columns: Columns, used: Collection[str]
) -> NDArray[np.intp]:
    """Return the runs after telling apart those of one model that pass the same step, by their seed or other settings.

    Parameters
    ----------
    run, progress
        As of `Checkpoints`.
    columns : Columns
    used : collection of str
        Columns that are no settings.
    """
    repeated = _repeated(run, progress)
    for column in columns.table.columns:
        if not repeated:
            break
        if column in used:
            continue
        value = _numbered(columns.texts(column))
        values = int(value.max()) + 1
        if not 1 < values <= len(run) / FEWEST:
            continue
        finer = _numbered(run * values + value)
        left = _repeated(finer, progress)
        if left < repeated and np.median(np.bincount(finer)) >= min(FEWEST, np.median(np.bincount(run))):
            run, repeated = finer, left
    return run


def _is_same_in_runs(values: NDArray[np.float64], run: NDArray[np.intp]) -> bool:
    """Return whether the finite values of each run are equal."""
    finite = np.isfinite(values)
    values, run = values[finite], run[finite]
    of_run = np.full(run.max(initial=-1) + 1, np.nan)
    of_run[run] = values
    return bool((values == of_run[run]).all())


def _repeated(run: NDArray[np.intp], progress: NDArray[np.float64]) -> int:
    """Return how many rows have the run and the progress of another."""
    known = ~np.isnan(progress)
    step = _numbered(progress[known])
    both = run[known] * (step.max(initial=0) + 1) + step
    return len(both) - len(np.unique(both))


def kept_rows(checkpoints: Checkpoints, loss: NDArray[np.float64], keep: str) -> dict[int, float]:
    """Return the rows to take, one of each run, and the loss of each.

    Parameters
    ----------
    checkpoints : Checkpoints
    loss : ndarray of float64, shape (n_rows,)
        NaN where none was logged, or where it diverged.
    keep : {"last", "lowest"}

    Notes
    -----
    A run whose loss is finite first and NaN from some checkpoint on has diverged: the row of its first NaN is taken,
    which is reported as such. Trackers also leave NaN, or nothing, in rows that log something else; there, finite
    losses follow.
    """
    kept: dict[int, float] = {}
    for rows in _rows_of(checkpoints.run):
        ordered = rows[np.argsort(checkpoints.progress[rows], kind="stable")]
        finite = np.flatnonzero(np.isfinite(loss[ordered]))
        if not finite.size:
            kept[int(ordered[-1])] = np.nan
            continue
        end = int(finite[-1])
        if finite.size == end + 1 < len(ordered) and end > 0:
            kept[int(ordered[end + 1])] = np.nan
            continue
        chosen = ordered[finite]
        if keep == "last":
            kept[int(chosen[-1])] = float(loss[chosen[-1]])
        else:
            smooth = _smoothed(loss[chosen])
            place = int(np.argmin(smooth))
            kept[int(chosen[place])] = float(smooth[place])
    return dict(sorted(kept.items()))


def _smoothed(loss: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each loss and its neighbours; fewer of them at the ends."""
    window = np.ones(min(SMOOTHED, len(loss)))
    counts = np.convolve(np.ones(len(loss)), window, mode="same")
    return np.convolve(loss, window, mode="same") / counts


def _numbered(values: Sequence[str] | NDArray[Any]) -> NDArray[np.intp]:
    """Return values as numbers from 0, in the order in which they first appear."""
    listed = values if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    return pd.factorize(listed)[0].astype(np.intp, copy=False)


def _rows_of(run: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return the rows of each run."""
    order = np.argsort(run, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(run[order])) + 1)


def _segments(progress: NDArray[np.float64], N: NDArray[np.float64]) -> NDArray[np.intp]:
    """Number the runs of a table without names: another begins where N changes or the progress does not rise."""
    known = np.where(np.isfinite(N), N, 0.0)
    begins = (np.diff(known) != 0) | ~(np.diff(progress) >= 0)
    return np.concatenate([[0], np.cumsum(begins)]).astype(np.intp)


def _is_even(run: NDArray[np.intp], progress: NDArray[np.float64], fewest: int = FEWEST) -> bool:
    """Return whether the runs have several rows each, mostly at equal steps: a plan of runs has other ratios."""
    if np.median(np.bincount(run)) < fewest:
        return False
    steps = [np.diff(np.unique(progress[rows])) for rows in _rows_of(run) if len(rows) >= fewest]
    steps = [one for one in steps if one.size]
    return bool(steps) and bool(np.mean([np.mean(np.isclose(one, np.median(one), rtol=0.05)) for one in steps]) > 0.7)
