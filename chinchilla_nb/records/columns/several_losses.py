"""Tables with several rows for a run, each with its loss on other data: the training's, the validation's, a task's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from chinchilla_nb.records.columns.candidates import Candidate
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.search import find_column
from chinchilla_nb.records.columns.values import Columns
from chinchilla_nb.records.tables import Table

__all__ = ["losses_in_rows"]

_SPLITS = "split phase subset partition evalsplit datasplit stage mode set"
_SPLIT_VALUES = frozenset(
    ["train", "training", "trn", "val", "valid", "validation", "dev", "eval", "evaluation", "test", "heldout"]
)
_DATA = (
    "dataset evaldataset evaldata evalset evaluation evaltask task taskname benchmark domain corpus testset valset "
    "validationset datasetname source metric metricname"
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
    if (
        split is not None
        and len(_values(table, split)) > 1
        and _SPLIT_VALUES & {value.strip().lower() for value in _values(table, split)}
    ):
        return _why(table, split)
    data = find_column(_DATA, names, columns, numbers=False)
    if data is None or columns[data].are_numbers or len(_values(table, data)) < 2:
        return ""
    run = find_column(_RUNS, names, columns, numbers=False)
    keys = [
        (row.get(run) if run else None, *(float(taken[one].numbers[number]) for one in ("N", "D") if one in taken))
        for number, row in enumerate(table.rows)
    ]
    of_run: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for key, row in zip(keys, table.rows, strict=True):
        of_run[key].add(str(row.get(data)))
    shared = sum(len(of_run[key]) > 1 for key in keys)
    return _why(table, data) if 2 * shared > len(keys) else ""


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
