"""Tables with several rows for a run, each with its loss on other data: the training's, the validation's, a task's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from chinchilla_nb.records.columns.candidates import Candidate
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.search import find_column
from chinchilla_nb.records.columns.values import Columns
from chinchilla_nb.records.columns.word_lists import words_of
from chinchilla_nb.records.tables import Table

__all__ = ["losses_in_rows"]

_SPLITS = "split phase subset partition evalsplit datasplit stage mode set"
_SPLIT_VALUES = words_of("train training trn val valid validation dev eval evaluation test heldout")
_DATA = (
    "dataset datasetname valdata evaldata testdata validationdata heldoutdata valdataset evaldataset testdataset "
    "valset evalset testset validationset evaluation evaltask evaldomain task taskname benchmark domain corpus source "
    "metric metricname"
)
_RUNS = "runid runname run id name model modelname experiment"
MOST_SHOWN = 3
"""Values of a column that a question shows."""


def losses_in_rows(names: Mapping[str, ColumnName], columns: Columns, taken: Mapping[str, Candidate]) -> str:
    """Return why the rows of a table are not runs but several losses of each; empty if nothing speaks for it.

    Parameters
    ----------
    names : mapping of str to ColumnName
    columns : Columns
    taken : mapping of str to Candidate
        How the quantities are read, as far as that is known.
    """
    table = columns.table
    split = find_column(_SPLITS, names, columns, numbers=False)
    splits = [] if split is None else [value.strip().lower() for value in _values(table, split)]
    if split is not None and len(splits) > 1 and _SPLIT_VALUES.intersection(splits):
        return _why(table, split)
    found = [find_column(name, names, columns, numbers=False) for name in _DATA.split()]
    if not any(found):
        return ""
    run = find_column(_RUNS, names, columns, numbers=False)
    runs = [
        (row.get(run) if run else None, *(float(taken[one].numbers[number]) for one in ("N", "D") if one in taken))
        for number, row in enumerate(table.rows)
    ]
    several = (column for column in found if column is not None and _differs_in_runs(table, column, runs))
    return next((_why(table, column) for column in several), "")


def _differs_in_runs(table: Table, column: str, runs: Sequence[tuple[object, ...]]) -> bool:
    """Return whether most rows share their run with one that has another text in a column."""
    texts: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for run, row in zip(runs, table.rows, strict=True):
        if isinstance(row.get(column), str):
            texts[run].add(row[column])
    return 2 * sum(len(texts[run]) > 1 for run in runs) > len(runs)


def _values(table: Table, column: str) -> list[str]:
    """Return the distinct texts of a column, in their order."""
    return list(
        dict.fromkeys(value for row in table.rows if isinstance(value := row.get(column), str) and value.strip())
    )


def _why(table: Table, column: str) -> str:
    values = _values(table, column)
    shown = ", ".join(map(repr, values[:MOST_SHOWN])) + (", ..." if len(values) > MOST_SHOWN else "")
    several = f"rows differ in {column!r} ({shown}), so that a run has several losses"
    return f"{several}; leave the rows of one of them in the table, or take all"
