"""The columns that may hold a quantity, by name and values, in every unit that is plausible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.quantity import compact, plain
from chinchilla_nb.records.columns.meanings import LETTER, Match, Mismatch, match
from chinchilla_nb.records.columns.meanings.compute import BUDGET, RATE_OR_TOTAL
from chinchilla_nb.records.columns.meanings.data import BYTES
from chinchilla_nb.records.columns.meanings.losses import BITS_PER_BYTE, BITS_PER_TOKEN, LIKELIHOOD, PERPLEXITY
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.sources import AnySource, Source
from chinchilla_nb.records.columns.units import UNITS, USUAL, units_for
from chinchilla_nb.records.columns.values import Columns, Values, is_plausible
from chinchilla_nb.records.columns.word_lists import words_of
from chinchilla_nb.records.lowest_values import is_lowest_of_another

__all__ = ["EMPTY", "Candidate", "Considered", "find_candidates", "likely_columns", "quantity_range", "range_text"]

_DOUBTS = {BYTES: "counts bytes", RATE_OR_TOTAL: "may hold FLOPs or FLOP/s", BUDGET: "may hold compute, money or time"}
"""What must be asked about a variant, by its name."""
_TRANSFORMED = words_of("reducible excess normalized normalised relative centered centred standardized")
"""Words for numbers that were computed from a loss, and that a law of losses does not describe."""
_IN_BRACKETS = words_of(
    "n d c total active activated non no not without excl excluding incl including with w o ex embedding embeddings "
    "emb embeds embed params param parameters parameter tokens token toks samples trainable train training model all "
    "flop flops count seen overall the of est estimated approx measured final raw lm head heads layers nonembedding"
)
"""Words in brackets that are no units, because they say what is counted."""
_MULTIPLES = words_of("ten tens hundred hundreds dozen dozens k m b t g")
"""Words beside others that may be units."""
EMPTY = "is empty"
"""Why a column without values is not taken."""
ROWS_OF_A_SETTING = 3
"""Rows from which on a constant loss is no measurement but a setting, such as the weight of an auxiliary loss, and
whole numbers below a letter L are layers."""


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """A way to read a quantity.

    Attributes
    ----------
    source : Source or Product
    variant : str
        What it would be, as of `Match`.
    rank : int
        As of `Match`.
    numbers : ndarray of float64, shape (n_rows,)
    doubt : str
        Why it must not be taken without a question, unless compute decides; empty if there is no doubt.
    unit_is_open : bool
        Whether the doubt is about the unit, which must then be stated with the column.
    """

    source: AnySource
    variant: str
    rank: int
    numbers: NDArray[np.float64]
    doubt: str = ""
    unit_is_open: bool = False

    @property
    def text(self) -> str:
        """As it is given on the command line, with the unit if that is open."""
        as_they_are = isinstance(self.source, Source) and self.source.unit == "×1"
        return f"{self.source}:x1" if self.unit_is_open and as_they_are else str(self.source)


@dataclass(frozen=True, slots=True)
class Considered:
    """A column whose name mentions a quantity that it does not hold.

    Attributes
    ----------
    column, quantity : str
    why : str
        As of `Mismatch`.
    rank : int or None
        That of its name, if only its values rule it out; None if its name does.
    """

    column: str
    quantity: str
    why: str
    rank: int | None = None


def find_candidates(
    quantity: str, names: Mapping[str, ColumnName], columns: Columns
) -> tuple[list[Candidate], list[Considered]]:
    """Return the ways to read a quantity from the columns of a table, and the columns that its name rules out.

    Parameters
    ----------
    quantity : str
        N, D, C or loss.
    names : mapping of str to ColumnName
    columns : Columns
    """
    found: list[Candidate] = []
    ruled_out: list[Considered] = []
    for column, name in names.items():
        says = match(quantity, name)
        if says is None:
            continue
        if is_lowest_of_another(column, names):
            says = Mismatch("holds the lowest value of another column")
        if isinstance(says, Mismatch):
            ruled_out.append(Considered(column, quantity, says.why))
        elif why := _contradiction(name, says, columns[column], quantity):
            ruled_out.append(Considered(column, quantity, why, says.rank))
        else:
            found += readings_of(quantity, name, says, columns)
    return found, ruled_out


def readings_of(quantity: str, name: ColumnName, says: Match, columns: Columns) -> Iterator[Candidate]:
    """Yield the ways to read a column, one for each unit that it may have."""
    if quantity == "loss":
        yield from _readings_of_loss(name, says, columns)
        return
    if name.log:
        offered = [name.log] if name.log in UNITS else ["10^x", "e^x"]
    else:
        offered = [name.unit] if name.unit in units_for(quantity) else ["×1"]
    plausible = [one for one in offered if is_plausible(quantity, columns.quantity(Source(name.column, one)))]
    if len(plausible) == 1:
        source = Source(name.column, plausible[0])
        unknown = _unknown_unit(name)
        doubt = f"{name.column!r} {_DOUBTS[says.variant]}" if says.variant in _DOUBTS else unknown
        yield Candidate(source, says.variant, says.rank, columns.quantity(source), doubt, bool(unknown))
        return
    if says.rank >= LETTER:
        return
    span = range_text(columns[name.column].numbers)
    doubt = f"{name.column!r} holds {span}, and its unit is not certain"
    for one in plausible or [unit for unit in units_for(quantity) if unit in USUAL]:
        source = Source(name.column, one)
        numbers = columns.quantity(source)
        if is_plausible(quantity, numbers):
            yield Candidate(source, says.variant, says.rank, numbers, doubt, unit_is_open=True)


def _unknown_unit(name: ColumnName) -> str:
    """Return the doubt about a count whose name states something in brackets, or a multiple, that is not understood."""
    beside = frozenset(name.words) if len(name.words) > 1 else frozenset()
    unknown = sorted(set(name.in_brackets) - _IN_BRACKETS | _MULTIPLES & beside)
    return f"{name.column!r} says {' '.join(unknown)!r}, which may be a unit" if unknown else ""


def _readings_of_loss(name: ColumnName, says: Match, columns: Columns) -> Iterator[Candidate]:
    """Yield the ways to read a loss, whose unit is never one of thousands or millions."""
    units, doubt = _units_of_loss(name, says)
    raw = columns.quantity(Source(name.column))
    if units == ["×1"] and not doubt and np.isfinite(raw).any() and not is_plausible("loss", raw):
        units, doubt = ["×1", "ln"], f"{name.column!r} holds {range_text(raw)}, unlike a loss in nats per token"
    for unit in units:
        source = Source(name.column, unit)
        numbers = columns.quantity(source)
        if unit == "×1" or is_plausible("loss", numbers):
            yield Candidate(source, says.variant, says.rank, numbers, doubt, unit_is_open=len(units) > 1)


def _units_of_loss(name: ColumnName, says: Match) -> tuple[list[str], str]:
    """Return the units that a column of losses may have, and the doubt about them."""
    column, words = name.column, name.all_words
    if name.log:
        return (["×1", "e^x"] if name.log == "log" else [name.log]), f"{column!r} may hold logarithms of the loss"
    if says.form == PERPLEXITY:
        per_token = not {"word", "words", "byte", "char"} & words
        return ["ln"], "" if per_token else f"{column!r} holds a perplexity that is not per token"
    if says.form == LIKELIHOOD:
        return ["-x"], f"{column!r} holds log-likelihoods, whose negative is a loss if they are per token"
    if says.form == BITS_PER_BYTE:
        return ["×1"], f"{column!r} is in bits per byte, and so would E, A and B of the law be"
    if _TRANSFORMED & words:
        return ["×1"], f"{column!r} is not the loss itself"
    if says.form == BITS_PER_TOKEN or {"bits", "bit"} & words:
        return ["bits", "×1"], f"{column!r} is in bits, not in nats"
    return ["×1"], f"{column!r} is not per token" if {"byte", "char", "word"} & words else ""


def likely_columns(quantity: str, free: Iterable[str], columns: Columns) -> list[Candidate]:
    """Return the columns whose numbers a quantity can have, to be offered in a question."""
    found = []
    for column in free:
        values = columns[column]
        if not values.are_numbers or (values.is_constant and quantity == "loss"):
            continue
        numbers = columns.quantity(Source(column))
        if is_plausible(quantity, numbers):
            found.append(Candidate(Source(column), "", LETTER, numbers, "its name does not say so"))
    return found


def quantity_range(quantity: str, numbers: NDArray[np.float64]) -> str:
    """Return the range of a quantity in words, as it is usually written: ``20M to 600M``, and ``3.2 to 5.01``."""
    return range_text(numbers, plain if quantity == "loss" else compact)


def range_text(numbers: NDArray[np.float64], write: Callable[[float], str] = plain) -> str:
    """Return the range of numbers in words: ``20000000 to 600000000``."""
    valid = numbers[np.isfinite(numbers)]
    if not valid.size:
        return "no numbers"
    low, high = write(float(valid.min())), write(float(valid.max()))
    return low if low == high else f"{low} to {high}"


def _contradiction(name: ColumnName, says: Match, values: Values, quantity: str) -> str:
    """Return how the values of a column contradict its name, as of `Mismatch`; empty if they do not."""
    if not values.filled:
        return EMPTY
    if not values.are_numbers:
        return f"holds text such as {values.text}" if values.text else "holds no numbers"
    valid = values.numbers[np.isfinite(values.numbers)]
    if quantity != "loss":
        return "" if valid.size else "holds no numbers"
    if values.is_constant and valid.size >= ROWS_OF_A_SETTING:
        return "holds the same number in all rows"
    if name.letter and valid.size >= ROWS_OF_A_SETTING and (valid == np.round(valid)).all():
        return "holds whole numbers, as of layers"
    if says.form != LIKELIHOOD and valid.size and (valid <= 0).mean() > 0.5:
        return "holds negative numbers and zeros, and a loss must be positive"
    return ""
