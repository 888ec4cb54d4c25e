"""Import runs from a table whose columns are known: check every row.

Nothing is dropped silently: a row that cannot be used is reported with its place in the file and the reason, a column
that cannot be kept with its name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.conversion import as_flag, check_choice, check_type
from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.records.column_case import columns_of, existing_columns
from chinchilla_nb.records.columns.cells import is_empty
from chinchilla_nb.records.columns.checkpoints import KEEP, Checkpoints, kept_rows
from chinchilla_nb.records.columns.meanings import QUANTITIES
from chinchilla_nb.records.columns.names import read_names
from chinchilla_nb.records.columns.reading import Reading
from chinchilla_nb.records.columns.ready_numbers import ready_numbers
from chinchilla_nb.records.columns.run_states import DIVERGED, RunStates
from chinchilla_nb.records.columns.sources import AnySource, Product, Source
from chinchilla_nb.records.columns.summaries import summary_rows
from chinchilla_nb.records.columns.values import LARGEST_LOSS, Columns
from chinchilla_nb.records.rows import REQUIRED, CheckedRow, are_plain, check_columns, row_of, row_of_plain
from chinchilla_nb.records.tables import Rejected, Table
from chinchilla_nb.records.tables.table import is_blank, one_line

__all__ = ["Preview", "preview_import", "preview_reading"]


@dataclass(frozen=True, eq=False, slots=True)
class Preview:
    """What an import would do.

    Attributes
    ----------
    rows : tuple of mapping of str to value
        Runs that `Database.extend` accepts without another check: they were checked here and cannot be changed.
    rejected : tuple of Rejected
        Rows that cannot be used, in the order of the file.
    left_out : tuple of str
        Columns that are not kept, because a run has a quantity of that name.
    into : mapping of str to str
        Columns of the log into which the values of others go, because their names differ only in case.
    """

    rows: tuple[CheckedRow, ...]
    rejected: tuple[Rejected, ...]
    left_out: tuple[str, ...]
    into: Mapping[str, str] = field(default_factory=dict)


def preview_reading(reading: Reading, known: Runs | None = None, *, failed: bool = False) -> Preview:
    """Return what importing a table as it was read would add; arguments and errors as for `preview_import`."""
    check_type(reading, "reading", Reading)
    check_type(known, "known", Runs, type(None))
    failed = as_flag(failed, "failed")
    numbers = {quantity: way.numbers for quantity, way in reading.taken.items()}
    return _preview(reading.table, reading.sources, known, reading.checkpoints, reading.keep, numbers, failed=failed)


def preview_import(
    table: Table,
    sources: Mapping[str, AnySource],
    known: Runs | None = None,
    *,
    checkpoints: Checkpoints | None = None,
    keep: str = "all",
    failed: bool = False,
) -> Preview:
    """Return what importing a table would add.

    Parameters
    ----------
    table : Table
    sources : mapping of str to Source or Product
        For loss and at least two of N, D and C. In each row that lacks the third, it follows from C = 6ND.
    known : Runs, optional
        Runs already in the log: a row with the same N, D and loss is rejected, so that a file can be imported again.
    checkpoints : Checkpoints, optional
        Which rows belong to one run.
    keep : {"last", "lowest", "all"}
        Which of those rows become runs.
    failed : bool
        Whether to take runs whose state says that they did not finish, and those whose loss has diverged to a finite
        number.

    Raises
    ------
    ValueError
        If columns for loss or for two of N, D and C are missing, one column is used twice, or an argument is of
        another type.
    """
    check_type(table, "table", Table)
    check_type(known, "known", Runs, type(None))
    check_type(checkpoints, "checkpoints", Checkpoints, type(None))
    check_choice(keep, "keep", tuple(KEEP))
    failed = as_flag(failed, "failed")
    return _preview(table, sources, known, checkpoints, keep, {}, failed=failed)


def _preview(
    table: Table,
    sources: Mapping[str, AnySource],
    known: Runs | None,
    checkpoints: Checkpoints | None,
    keep: str,
    numbers: Mapping[str, NDArray[np.float64]],
    *,
    failed: bool,
) -> Preview:
    """Return what `preview_import` says; ``numbers`` has what sources give in each row, as far as that is known."""
    _check(sources, table.columns)
    used = {column for source in sources.values() for column in source.columns}
    others = [name for name in table.columns if name not in used]
    losses = _losses(table, sources["loss"], checkpoints, keep)
    sizes = _sizes_of_runs(table, sources.get("N"), checkpoints)
    values = {number: {**table.rows[number], **sizes.get(number, {})} for number in losses}
    ready = ready_numbers(table, sources, numbers)
    for number in sizes if "N" in ready else ():
        ready["N"][number] = None
    kept = _Kept.of(table, frozenset(others).difference(REQUIRED))
    rows, refused = _checked(values, losses, sources, kept, _Refusals(table, known, failed=failed), ready)
    if not failed:
        refused |= _diverged(rows)
    rejected = [*table.rejected, *(Rejected.of(table.places[number], error) for number, error in refused.items())]
    accepted = tuple(row for number, row in rows.items() if number not in refused)
    return Preview(
        rows=accepted,
        rejected=tuple(sorted(rejected, key=lambda one: one.place)),
        left_out=tuple(name for name in others if name in REQUIRED),
        into={} if known is None else existing_columns(columns_of(accepted), known.columns),
    )


def _checked(
    values: Mapping[int, Mapping[str, Any]],
    losses: Mapping[int, float | None],
    sources: Mapping[str, AnySource],
    kept: _Kept,
    refusals: _Refusals,
    ready: Mapping[str, Sequence[float | None]],
) -> tuple[dict[int, CheckedRow], dict[int, InputError]]:
    """Return the rows that are runs, by number, and why others are none."""
    rows: dict[int, CheckedRow] = {}
    refused: dict[int, InputError] = {}
    for number, loss in losses.items():
        try:
            refusals.check_kind(number, values[number])
            known = {quantity: numbers[number] for quantity, numbers in ready.items()}
            row = _row(values[number], sources, kept, loss, known)
            refusals.check_twice(row, number, values[number])
        except InputError as error:
            refused[number] = error
        else:
            rows[number] = row
    return rows, refused


def _diverged(rows: Mapping[int, CheckedRow]) -> dict[int, InputError]:
    """Return the rows whose loss has diverged; none if the losses are not in nats per token, where any may be large."""
    large = {number: row["loss"] for number, row in rows.items() if row["loss"] > LARGEST_LOSS}
    if 2 * len(large) > len(rows):
        return {}
    return {
        number: InputError("", DIVERGED, place=f"(its loss is {loss:.4g}, above {LARGEST_LOSS:g})")
        for number, loss in large.items()
    }


def _losses(table: Table, loss: AnySource, checkpoints: Checkpoints | None, keep: str) -> Mapping[int, float | None]:
    """Return the rows to import, by number, with the loss that takes the place of their own, if one does."""
    if checkpoints is None or keep == "all":
        return dict.fromkeys(range(len(table.rows)))
    kept = kept_rows(checkpoints, Columns(table).quantity(loss), keep)
    return kept if keep == "lowest" else dict.fromkeys(kept)


def _sizes_of_runs(
    table: Table, N: AnySource | None, checkpoints: Checkpoints | None
) -> Mapping[int, Mapping[str, Any]]:
    """Return what N is read from in rows that lack it, by number, if the rest of the run has one value: logged once."""
    if checkpoints is None or not isinstance(N, Source):
        return {}
    runs = checkpoints.run.tolist()
    known: dict[int, set[Any]] = defaultdict(set)
    for run, row in zip(runs, table.rows, strict=True):
        if not is_empty(row.get(N.column)) and not _is_nan(row[N.column]):
            known[run].add(row[N.column])
    lacking = [number for number, row in enumerate(table.rows) if is_empty(row.get(N.column)) or _is_nan(row[N.column])]
    return {number: {N.column: next(iter(known[run]))} for number in lacking if len(known[run := runs[number]]) == 1}


@dataclass(frozen=True, eq=False, slots=True)
class _Kept:
    """The columns that runs keep besides their quantities.

    Attributes
    ----------
    names : set of str
    are_plain : bool
        Whether runs keep all of their values as they are.
    """

    names: AbstractSet[str]
    are_plain: bool

    @classmethod
    def of(cls, table: Table, names: AbstractSet[str]) -> _Kept:
        try:
            check_columns(names)
        except InputError:
            return cls(names, are_plain=False)  # each row that has such a column says so
        columns: dict[str, list[Any]] = {name: [] for name in names}
        for row in table.rows:  # not every column of every row: a table may have as many columns as rows, nearly empty
            for name, value in row.items():
                if name in columns:
                    columns[name].append(value)
        return cls(names, all(map(are_plain, columns.values())))

    def row(self, numbers: Mapping[str, float], values: Mapping[str, Any]) -> CheckedRow:
        """Return a run with these numbers, and with what the columns hold in a row of the table."""
        if self.are_plain:
            others = {name: value for name, value in values.items() if name in self.names and value not in _BLANK}
            return row_of_plain(numbers, others)
        others = {
            name: one_line(value) if isinstance(value, str) else value
            for name, value in values.items()
            if name in self.names and not is_blank(value)
        }
        return row_of(numbers, others)


class _Refusals:
    """Refuses rows that are no runs to fit: failed ones, and those that are there already.

    Parameters
    ----------
    table : Table
    known : Runs or None
    failed : bool
        Whether failed runs are accepted.
    """

    def __init__(self, table: Table, known: Runs | None, *, failed: bool) -> None:
        names = read_names(table.columns)
        self._places = table.places
        self._known = set() if known is None else set(_keys(known))
        self._states = RunStates({} if failed else names)
        self._summaries = summary_rows(table)
        self._seed = next((column for column, name in names.items() if "seed" in name.words), None)
        self._seen: dict[tuple[Any, ...], int] = {}

    def check_kind(self, number: int, values: Mapping[str, Any]) -> None:
        """Raise an InputError if a row is no run but a summary of others, or its run did not finish."""
        if number in self._summaries:
            raise InputError("", "sums up other rows", place=f"({self._summaries[number]})")
        self._states.check(values)

    def check_twice(self, row: CheckedRow, number: int, values: Mapping[str, Any]) -> None:
        """Raise an InputError if a run is in the log or in the file already."""
        numbers = row["N"], row["D"], row["loss"]
        if numbers in self._known:
            raise InputError("", "is already in the log: a run has the same N, D and loss")
        key = (*numbers, None if self._seed is None else values.get(self._seed))
        if key in self._seen:
            raise InputError("", "is in the file twice", place=f"(line {self._seen[key]} holds the same run)")
        self._seen[key] = self._places[number]


_BLANK = (None, "")
"""The cells without a value among plain ones."""


def _keys(runs: Runs) -> Iterator[tuple[float, float, float]]:
    return zip(runs.N.tolist(), runs.D.tolist(), runs.loss.tolist(), strict=True)


def _check(sources: Mapping[str, AnySource], columns: Sequence[str]) -> None:
    check_type(sources, "sources", Mapping)
    for quantity, source in sources.items():
        if not (isinstance(quantity, str) and quantity in QUANTITIES):
            raise unknown_key("sources", quantity, QUANTITIES, "quantity")
        check_type(source, f"sources[{quantity!r}]", Source, Product)
        for column in source.columns:
            if column not in columns:
                raise InputError(quantity, f"is assigned to {column!r}, but there is no such column")
    if "loss" not in sources:
        raise InputError("", "choose the column that holds the loss")
    if len(sources) < 3:
        missing = " and ".join(name for name in ("N", "D", "C") if name not in sources)
        rule = "are not assigned, and C = 6ND gives only one of them"
        raise InputError(missing, rule, remedy="choose columns for two of N, D and C")
    names = [source.column for source in sources.values() if isinstance(source, Source)]
    for name in names:
        if names.count(name) > 1:
            both = " and ".join(quantity for quantity, source in sources.items() if name in source.columns)
            raise InputError(both, f"cannot both come from column {name!r}", remedy="choose another for one of them")


def _row(
    values: Mapping[str, Any],
    sources: Mapping[str, AnySource],
    kept: _Kept,
    loss: float | None,
    known: Mapping[str, float | None],
) -> CheckedRow:
    numbers = {quantity: number for quantity, number in known.items() if number is not None}
    if len(numbers) < len(sources):
        numbers = dict(_numbers(values, sources, known))
    if "loss" not in numbers:
        raise InputError(f"loss ({_label(sources['loss'])})", "is empty")
    if loss is not None and loss == loss:
        numbers["loss"] = loss
    absent = [name for name in ("N", "D", "C") if name not in numbers]
    if len(absent) > 1:
        raise InputError(" and ".join(absent), "are missing", remedy="two of N, D and C are needed")
    if absent == ["N"]:
        numbers["N"] = numbers["C"] / (6 * numbers["D"])
    elif absent == ["D"]:
        numbers["D"] = numbers["C"] / (6 * numbers["N"])
    return kept.row(numbers, values)


def _numbers(
    values: Mapping[str, Any], sources: Mapping[str, AnySource], known: Mapping[str, float | None]
) -> Iterator[tuple[str, float]]:
    """Yield the quantities in a row; a wrong value is an error, a missing one is not."""
    for quantity, source in sources.items():
        number = known.get(quantity)
        if number is not None:
            yield quantity, number
            continue
        if quantity != "loss" and any(_is_nan(values.get(column)) for column in source.columns):
            continue  # in a loss, NaN means divergence
        try:
            number = source.number(values)
        except InputError as error:
            raise InputError(f"{quantity} ({_label(source)})", error.rule, remedy=error.remedy) from None
        if number is not None:
            yield quantity, number


def _label(source: AnySource) -> str:
    return source.column if isinstance(source, Source) else str(source)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
