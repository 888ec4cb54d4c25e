"""Import runs from other files: read a table, guess what each column holds, and check every row.

Nothing is dropped silently: a row that cannot be used is reported with its place in the file and the reason, a column
that cannot be kept with its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from chinchilla_nb.checks import as_names, brief
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import parse_quantity
from chinchilla_nb.records.rows import REQUIRED, CheckedRow, row_of
from chinchilla_nb.records.tables import Rejected, Table, read_table

__all__ = ["UNITS", "Preview", "Rejected", "Source", "Table", "guess_sources", "preview_import", "read_table"]

UNITS = {"×1": 1.0, "×k": 1e3, "×M": 1e6, "×B": 1e9, "×T": 1e12, "PF-days": 8.64e19}
"""Units that the numbers in a column may have; a PF-day is 10¹⁵ FLOP/s for 86,400 s."""

# Names in order of preference, in lower case and without anything but letters and digits.
_NAMES = {
    "loss": "loss valloss validationloss evalloss testloss finalloss finalvalloss finalevalloss lossfinal trainloss "
    "trainingloss finaltrainloss nll crossentropy ce l",
    "C": "c flop flops trainingflop trainingflops trainflop trainflops totalflop totalflops compute trainingcompute "
    "traincompute computeflop computeflops floptotal",
    "N": "n params param parameters nparams numparams numparameters nparameters modelsize modelparams modelparameters "
    "totalparams totalparameters paramcount parametercount nonembeddingparams paramsnonembedding nonembparams size",
    "D": "d tokens ntokens numtokens trainingtokens traintokens totaltokens tokensseen tokenstrained numtrainingtokens "
    "datasize datasetsize trainingdata samples nsamples numsamples trainingsamples trainsamples samplesseen examples",
}
# If no name matches: a column whose name has a word of the first set and none of the second.
_WORDS = {
    "loss": ({"loss", "nll"}, {"per", "std", "stderr", "min", "scale", "aux"}),
    "C": ({"flop", "flops", "compute"}, {"per", "utilization", "optimal"}),
    "N": ({"params", "param", "parameters"}, {"per", "embedding", "ratio"}),
    "D": ({"tokens", "samples", "examples"}, {"per", "unique", "batch", "ratio", "second"}),
}
_UNIT_WORDS = {
    "k": "×k",
    "thousands": "×k",
    "m": "×M",
    "millions": "×M",
    "b": "×B",
    "billions": "×B",
    "t": "×T",
    "trillions": "×T",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a quantity comes from: a column, and the unit of its numbers, a key of `UNITS`.

    Raises
    ------
    InputError
        If the column is no text, or the unit is unknown.
    """

    column: str
    unit: str = "×1"

    def __post_init__(self) -> None:
        check_type(self.column, "column", str)
        if not (isinstance(self.unit, str) and self.unit in UNITS):
            raise InputError("unit", f"must be one of {', '.join(UNITS)}", got=brief(self.unit))


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
    """

    rows: tuple[CheckedRow, ...]
    rejected: tuple[Rejected, ...]
    left_out: tuple[str, ...]


def guess_sources(columns: Sequence[str]) -> dict[str, Source]:
    """Guess which columns hold N, D, C and loss, and in which units, from their names.

    Returns
    -------
    dict of str to Source
        Only the quantities that were recognised; no column is used twice.

    Raises
    ------
    InputError
        If `columns` is not a list of names.
    """
    named = {column: _words(column) for column in as_names(columns, "columns")}
    joined: dict[str, list[str]] = {}
    for column, (words, _) in named.items():
        joined.setdefault("".join(words), []).append(column)
    sources: dict[str, Source] = {}
    for quantity, names in _NAMES.items():
        for name in names.split():
            _take(quantity, joined.get(name, []), named, sources)
    for quantity, (wanted, unwanted) in _WORDS.items():
        found = [column for column, (words, _) in named.items() if wanted & {*words} and not unwanted & {*words}]
        _take(quantity, found, named, sources)
    return sources


def preview_import(table: Table, sources: Mapping[str, Source], known: Runs | None = None) -> Preview:
    """Return what importing a table would add.

    Parameters
    ----------
    table : Table
    sources : mapping of str to Source
        For loss and at least two of N, D and C. In each row that lacks the third, it follows from C = 6ND.
    known : Runs, optional
        Runs already in the log: a row with the same N, D and loss is rejected, so that a file can be imported again.

    Raises
    ------
    ValueError
        If columns for loss or for two of N, D and C are missing, one column is used twice, or an argument is of
        another type.
    """
    check_type(table, "table", Table)
    check_type(known, "known", Runs, type(None))
    _check(sources, table.columns)
    used = {source.column for source in sources.values()}
    others = [name for name in table.columns if name not in used]
    left_out = tuple(name for name in others if name in REQUIRED)
    kept = {name for name in others if name not in REQUIRED}
    have = set() if known is None else set(zip(known.N.tolist(), known.D.tolist(), known.loss.tolist(), strict=True))
    rows: list[CheckedRow] = []
    rejected = list(table.rejected)
    for place, values in zip(table.places, table.rows, strict=True):
        try:
            row = _row(values, sources, kept)
            if (row["N"], row["D"], row["loss"]) in have:
                raise InputError("", "is already in the log: a run has the same N, D and loss")
        except InputError as error:
            rejected.append(Rejected.of(place, error))
        else:
            rows.append(row)
    return Preview(tuple(rows), tuple(sorted(rejected, key=lambda one: one.place)), left_out)


def _take(
    quantity: str, found: Sequence[str], named: Mapping[str, tuple[list[str], str]], sources: dict[str, Source]
) -> None:
    used = {source.column for source in sources.values()}
    free = [column for column in found if column not in used]
    if quantity not in sources and free:
        sources[quantity] = Source(free[0], named[free[0]][1])


def _words(column: str) -> tuple[list[str], str]:
    """Split a column name into lower-case words, without the unit at its end, and that unit."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", column)
    words = re.findall(r"[a-z0-9]+", spaced.lower())
    if words[-2:] in (["pf", "days"], ["petaflop", "days"]):
        return [*words[:-2], "compute"] if len(words) == 2 else words[:-2], "PF-days"
    if len(words) > 1 and words[-1] in _UNIT_WORDS:
        unit = _UNIT_WORDS[words[-1]]
        return words[: -2 if words[-2] == "in" else -1], unit
    return words, "×1"


def _check(sources: Mapping[str, Source], columns: Sequence[str]) -> None:
    check_type(sources, "sources", Mapping)
    for quantity, source in sources.items():
        if not (isinstance(quantity, str) and quantity in _NAMES):
            raise unknown_key("sources", quantity, _NAMES, "quantity")
        check_type(source, f"sources[{quantity!r}]", Source)
        if source.column not in columns:
            raise InputError(quantity, f"is assigned to {source.column!r}, but there is no such column")
    if "loss" not in sources:
        raise InputError("", "choose the column that holds the loss")
    if len(sources) < 3:
        missing = " and ".join(name for name in ("N", "D", "C") if name not in sources)
        rule = "are not assigned, and C = 6ND gives only one of them"
        raise InputError(missing, rule, remedy="choose columns for two of N, D and C")
    names = [source.column for source in sources.values()]
    for name in names:
        if names.count(name) > 1:
            both = " and ".join(quantity for quantity, source in sources.items() if source.column == name)
            raise InputError(both, f"cannot both come from column {name!r}", remedy="choose another for one of them")


def _row(values: Mapping[str, Any], sources: Mapping[str, Source], kept: AbstractSet[str]) -> CheckedRow:
    numbers = dict(_numbers(values, sources))
    if "loss" not in numbers:
        raise InputError(f"loss ({sources['loss'].column})", "is empty")
    absent = [name for name in ("N", "D", "C") if name not in numbers]
    if len(absent) > 1:
        raise InputError(" and ".join(absent), "are missing", remedy="two of N, D and C are needed")
    if absent == ["N"]:
        numbers["N"] = numbers["C"] / (6 * numbers["D"])
    elif absent == ["D"]:
        numbers["D"] = numbers["C"] / (6 * numbers["N"])
    others = {name: _one_line(value) for name, value in values.items() if name in kept and not _is_empty(value)}
    return row_of(numbers, others)


def _numbers(values: Mapping[str, Any], sources: Mapping[str, Source]) -> Iterator[tuple[str, float]]:
    """Yield the quantities in a row; a wrong value is an error, a missing one is not."""
    for quantity, source in sources.items():
        value = values.get(source.column)
        if not _is_empty(value) and (quantity == "loss" or value == value):  # a NaN loss means divergence
            try:
                own_unit = isinstance(value, str) and value.strip()[-1].isalpha()
                yield quantity, parse_quantity(value) * (1.0 if own_unit else UNITS[source.unit])
            except InputError as error:
                raise InputError(f"{quantity} ({source.column})", error.rule, remedy=error.remedy) from None


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _one_line(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value
