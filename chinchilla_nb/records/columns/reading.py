"""How a table is read: which columns are N, D, C and the loss, what must be asked, and what is said of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.conversion import check_choice, check_type
from chinchilla_nb.engine.sentences import sentence
from chinchilla_nb.quantity import compact
from chinchilla_nb.records.columns.candidates import (
    Candidate,
    Considered,
    find_candidates,
    likely_columns,
    quantity_range,
)
from chinchilla_nb.records.columns.checkpoints import KEEP, Checkpoints, find_checkpoints
from chinchilla_nb.records.columns.choosing import Choices, Question, choose
from chinchilla_nb.records.columns.given import given_readings
from chinchilla_nb.records.columns.meanings import QUANTITIES
from chinchilla_nb.records.columns.meanings.data import BYTES, DATA_SET, SAMPLES
from chinchilla_nb.records.columns.mixed_settings import mixed_settings
from chinchilla_nb.records.columns.names import ColumnName, read_names
from chinchilla_nb.records.columns.products import data_products, is_repeated
from chinchilla_nb.records.columns.several_losses import losses_in_rows
from chinchilla_nb.records.columns.sources import AnySource, Product, Source
from chinchilla_nb.records.columns.units import UNITS
from chinchilla_nb.records.columns.values import Columns
from chinchilla_nb.records.rows import REQUIRED
from chinchilla_nb.records.tables import Table

__all__ = ["Reading", "read_columns"]

T = TypeVar("T")
MOST_OFFERED = 6
"""Columns that a question offers; the form has all of them."""
MOST_LOOKED_AT = 100
"""Columns of unknown names whose values are read to be offered; tables of trackers have thousands."""


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """How a table is read.

    Attributes
    ----------
    table : Table
    taken : mapping of str to Candidate
        By quantity; one that is missing here is a question, or follows from C = 6ND.
    questions : mapping of str to Question
        By quantity, and ``checkpoints``; a table with questions must not be imported before they are answered.
    considered : tuple of Considered
        Columns whose names mention a quantity that they do not hold.
    notes : tuple of str
        What else was decided, in sentences without full stops.
    checkpoints : Checkpoints or None
        Which rows belong to one run, if the table has a row for each checkpoint.
    keep : str
        Which of those rows are taken: a key of `KEEP`.
    doubt : str
        Why rows that are taken as runs may be checkpoints, without a full stop; empty if nothing says so.
    """

    table: Table
    taken: Mapping[str, Candidate]
    questions: Mapping[str, Question]
    considered: tuple[Considered, ...]
    notes: tuple[str, ...]
    checkpoints: Checkpoints | None
    keep: str
    doubt: str = ""

    @property
    def sources(self) -> dict[str, AnySource]:
        """Where each quantity comes from."""
        return {quantity: way.source for quantity, way in self.taken.items()}

    @property
    def data_unit(self) -> str:
        """What D counts."""
        variant = self.taken["D"].variant if "D" in self.taken else ""
        return {BYTES: "bytes", SAMPLES: "samples"}.get(variant, "tokens")

    def sentences(
        self, runs: Sequence[Mapping[str, Any]] = (), take_last: str = "set checkpoints to 'last'"
    ) -> list[str]:
        """Return what was taken and decided, in sentences.

        Parameters
        ----------
        runs : sequence of mapping of str to value
            The runs that are taken of the table, as of `Preview.rows`: ranges and differences are theirs, without rows
            that are left out; of all rows by default.
        take_last : str
            What to do to take the last of the rows that may be checkpoints.
        """
        numbers = {quantity: _numbers(quantity, way, runs) for quantity, way in self.taken.items()}
        said = [f"{_taken(quantity, way, numbers[quantity])}." for quantity, way in self.taken.items()]
        if "C" not in self.taken and {"N", "D"} <= self.taken.keys() and "C" not in self.questions:
            said.append("C = 6ND.")
        mixed = self._mixed(runs or self.table.rows, numbers.get("N"))
        doubt = self.doubt and (
            f"{self.doubt}, and each row is taken as a run; if the rows of an N are checkpoints of one run, {take_last}"
        )
        said += [sentence(note) for note in (*self.notes, doubt, mixed, *self.table.notes) if note]
        if self.checkpoints is not None and "checkpoints" not in self.questions:
            rows, trained = len(self.table.rows), self.checkpoints.runs_in_words
            taken = f"{KEEP[self.keep]} is taken"
            said.append(f"{rows:,} rows are checkpoints of {trained}, because {self.checkpoints.why}: {taken}.")
        return said

    def _mixed(self, runs: Sequence[Mapping[str, Any]], N: NDArray[np.float64] | None) -> str:
        """Return in which settings runs differ; empty if in none."""
        used = {column for source in self.sources.values() for column in source.columns}
        return mixed_settings(_names(self.table), runs, N, used)


def read_columns(
    table: Table, *, N: Any = None, D: Any = None, C: Any = None, loss: Any = None, checkpoints: str | None = None
) -> Reading:
    """Return how a table is read: which columns are N, D, C and the loss, by their names, values and consistency.

    Parameters
    ----------
    table : Table
    N, D, C, loss : str, number, Source or Product, optional
        What is known already: a column ``tokens``, a column and its unit ``tokens:B``, a product
        ``steps*batch_size*2048``, a number ``125M`` for all rows; for C also ``6ND``, if no column is compute.
    checkpoints : {"last", "lowest", "all"}, optional
        Which rows become runs, if there is one for each checkpoint: the last of each run, that with the lowest smoothed
        loss, or all. The last by default.

    Returns
    -------
    Reading
        Its `questions` are what cannot be decided: such a table must not be imported as it is.

    Raises
    ------
    InputError
        If a column that is given does not exist or holds no numbers, or an argument is of another type.
    """
    check_type(table, "table", Table)
    if checkpoints is not None:
        check_choice(checkpoints, "checkpoints", tuple(KEEP))
    columns, names = Columns(table), _names(table)
    found: dict[str, list[Candidate]] = {}
    given: dict[str, Candidate | None] = {}
    considered: list[Considered] = []
    for quantity, value in (("N", N), ("D", D), ("C", C), ("loss", loss)):
        if value is None:
            found[quantity], ruled_out = find_candidates(quantity, names, columns)
            considered += ruled_out
            continue
        found[quantity] = given_readings(quantity, value, names, columns)
        if len(found[quantity]) < 2:
            given[quantity] = found[quantity][0] if found[quantity] else None
    _drop_used(found, given)
    products = list(data_products(names, columns, found["N"] if "N" not in given else []))
    if "D" not in given:
        found["D"] = _doubted(found["D"], products, repeated=is_repeated(names, columns))
    choices = choose(found, given, products, considered)
    if "loss" in choices.taken and loss is None and (several := losses_in_rows(names, columns, choices.taken)):
        choices.ask("loss", several, [choices.taken["loss"]])
    _offer(choices, names, columns, found, considered)
    history, doubt = _history(choices, names, columns, checkpoints)
    return Reading(
        table,
        MappingProxyType(_in_order(choices.taken)),
        MappingProxyType(_in_order(choices.questions)),
        tuple(considered),
        tuple(choices.notes),
        history,
        checkpoints or "last",
        doubt,
    )


def _in_order(by_quantity: Mapping[str, T]) -> dict[str, T]:
    """Return what is known by quantity, N first; the question about checkpoints comes last."""
    return {name: by_quantity[name] for name in (*QUANTITIES, "checkpoints") if name in by_quantity}


def _names(table: Table) -> dict[str, ColumnName]:
    optuna = "value" in table.columns and {"number", "state"} <= set(table.columns)
    return read_names(table.columns, optuna=optuna)


def _drop_used(found: dict[str, list[Candidate]], given: Mapping[str, Candidate | None]) -> None:
    """Drop ways to read a column that the user has given to another quantity."""
    for quantity, ways in found.items():
        if quantity not in given:
            # A product may share its columns: D of tokens per parameter is a multiple of N.
            sources = [way.source for way in given.values() if way is not None]
            used = {one.column for one in sources if isinstance(one, Source)}
            found[quantity] = [way for way in ways if not used & set(way.source.columns)]


def _doubted(ways: Sequence[Candidate], products: Sequence[Candidate], *, repeated: bool) -> list[Candidate]:
    """Doubt that D is the size of a data set that was read several times, or samples of which the length is known."""
    doubted = []
    for way in ways:
        doubt = way.doubt
        if repeated and way.variant == DATA_SET:
            doubt = f"{str(way.source)!r} is the size of a data set, and another column counts epochs"
        elif products and way.variant == SAMPLES:
            doubt = f"{str(way.source)!r} counts samples, and another column has their length"
        doubted.append(replace(way, doubt=doubt))
    if any(way.doubt != doubt.doubt for way, doubt in zip(ways, doubted, strict=True)):
        doubted += [replace(product, rank=ways[0].rank) for product in products]
    return doubted


def _offer(
    choices: Choices,
    names: Mapping[str, ColumnName],
    columns: Columns,
    found: Mapping[str, Sequence[Candidate]],
    considered: Sequence[Considered],
) -> None:
    """Offer the columns whose names mention no quantity, in the questions about a quantity that no name mentions."""
    mentioned = {one.column for one in considered}
    mentioned |= {column for ways in found.values() for way in ways for column in way.source.columns}
    free = [column for column in names if column not in mentioned][:MOST_LOOKED_AT]
    for quantity, question in list(choices.questions.items()):
        if question.options:
            continue
        why = question.why
        if ruled_out := next((one for one in considered if one.quantity == quantity), None):
            why += f" ({ruled_out.column!r} {ruled_out.why})"
        options = likely_columns(quantity, free, columns)[:MOST_OFFERED]
        choices.questions[quantity] = Question(quantity, why, tuple(options))


def _history(
    choices: Choices, names: Mapping[str, ColumnName], columns: Columns, keep: str | None
) -> tuple[Checkpoints | None, str]:
    """Return the checkpoints of a table, or why rows taken as runs may be some; ask where neither is likely enough."""
    if columns.table.columns[: len(REQUIRED)] == REQUIRED and keep is None:
        return None, ""  # written by this package, with one row for each run
    sources = {quantity: way.source for quantity, way in choices.taken.items()}
    history = find_checkpoints(names, columns, sources)
    if history is not None and history.few and keep is None:
        return None, history.why
    if history is not None and not history.certain and keep is None:
        why = f"the rows may be runs, or checkpoints of {history.runs_in_words}, because {history.why}"
        choices.questions["checkpoints"] = Question("checkpoints", why, ())
    return None if keep == "all" else history, ""


def _numbers(quantity: str, way: Candidate, runs: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Return a quantity of runs, or of all rows if there are no runs."""
    return np.array([run[quantity] for run in runs], dtype=float) if runs else way.numbers


def _taken(quantity: str, way: Candidate, numbers: NDArray[np.float64]) -> str:
    span = quantity_range(quantity, numbers[numbers > 0])  # rows with others are left out
    source = way.source
    if isinstance(source, Product):
        if not source.columns:
            return f"{quantity} is {span}, {way.variant}"
        factor = f" × {compact(source.factor)}" if source.factor != 1 else ""
        return f"{quantity} is {' × '.join(map(repr, source.columns))}{factor} ({span})"
    assert isinstance(source, Source)
    unit = "" if source.unit == "×1" else f", {UNITS[source.unit].words}"
    variant = f", {way.variant}" if way.variant else ""
    return f"{quantity} is column {source.column!r}{variant}{unit} ({span})"
