"""Numbers in columns of text: which mark of a column is the decimal one is decided for the column, or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.tables.missing import MISSING

__all__ = ["convert_columns"]

# Digits of other scripts and underscores, which `int` and `float` accept, are not numbers of a table.
LONGEST_WHOLE = 400
"""Digits of the longest whole number."""
_INTEGER = re.compile(rf"[-+]?[0-9]{{1,{LONGEST_WHOLE}}}")
_FLOAT = re.compile(r"[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|(?i:nan|inf(?:inity)?))")
_NOT_FINITE = re.compile(r"[-+]?(?i:nan|inf(?:inity)?)")
_LIST = re.compile(r"[0-9]+(?:,[0-9]+)+")
"""Several numbers in one cell, such as 0,1,2,3."""
_LEADING_ZERO = re.compile(r"0[0-9]+")
_PLAIN = frozenset("0123456789.eE+-")
"""Characters of numbers without marks that group digits."""
_GROUPS = " \u00a0\u2009\u202f'\u2019"
"""Marks that group digits and are never decimal marks."""


def _form(decimal: str, group: str) -> re.Pattern[str]:
    """Return the pattern of a number with these marks and, perhaps, letters behind it, as in 70B."""
    decimal, group = re.escape(decimal), re.escape(group)
    grouped = rf"[1-9][0-9]{{0,2}}(?:(?:{group}[0-9]{{3}})+|(?:[{_GROUPS}][0-9]{{3}})+)(?:{decimal}[0-9]*)?"
    plain = rf"[0-9]*(?:{decimal}[0-9]*)?(?:[eE][-+\u2212]?[0-9]+)?"  # nobody groups digits before an exponent
    return re.compile(rf"(?P<number>[-+\u2212]?(?=[{decimal}]?[0-9])(?:{grouped}|{plain}))(?P<suffix>\s*[^\W\d_]*)")


_BEGINS = re.compile(r"[-+\u2212]?[.,]?[0-9]")
"""The beginning of every number with either mark."""
_SIMPLE = re.compile(r"([0-9]+(?:\.[0-9]+)?)[^\W\d_]*")
"""A number without signs, groups and exponent, which has the form of each mark that stands in it."""
_FORMS = {".": _form(".", ","), ",": _form(",", ".")}
"""Numbers by their decimal mark; the other mark groups digits."""
_OTHER = {".": ",", ",": "."}
_WITHOUT_GROUPS = {mark: str.maketrans("", "", _GROUPS + other) for mark, other in _OTHER.items()}


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What the cells of a column say about its decimal mark.

    Attributes
    ----------
    cells : list of str
        Those that are numbers with either mark, without the letters behind them.
    possible : tuple of str
        Marks with which all of them are numbers.
    characters : set of str
        What stands in them.
    """

    cells: list[str]
    possible: tuple[str, ...]
    characters: AbstractSet[str]

    @classmethod
    def among(cls, cells: Iterable[Any]) -> _Numbers | None:
        """Return the numbers of a column, None if less than half of its filled cells are numbers, or some are lists."""
        counts = Counter([cell.strip() for cell in cells if isinstance(cell, str)])
        plain = _plain_numbers(list(counts))
        if plain is not None and plain.numbers:
            may_be_groups = all(map(_FORMS[","].fullmatch, plain.texts)) if "." in plain.characters else True
            return cls(plain.texts, tuple(_FORMS) if may_be_groups else (".",), plain.characters)
        numbers = {text: number for text in counts if (number := _number_in(text))}
        others = [text for text in counts if text not in numbers and text.lower() not in MISSING]
        others = [text for text in others if not _NOT_FINITE.fullmatch(text)]
        lists = [text for text in (*numbers, *others) if "," in text and _LIST.fullmatch(text)]
        holds_lists = not set(lists).issubset(numbers.values())
        if holds_lists or not numbers or sum(map(counts.__getitem__, numbers)) < sum(map(counts.__getitem__, others)):
            return None
        found = list(numbers.values())
        possible = tuple(mark for mark, form in _FORMS.items() if all(map(form.fullmatch, found)))
        return cls(found, possible, frozenset("".join(found)))

    @property
    def proven(self) -> str:
        """The decimal mark, if only one is possible."""
        return self.possible[0] if len(self.possible) == 1 else ""

    @property
    def is_open(self) -> bool:
        """Whether each mark that is there may be the decimal one or group digits."""
        return len(self.possible) == len(_FORMS) and (self.has(".") or self.has(","))

    def has(self, mark: str) -> bool:
        """Return whether a mark stands in the column."""
        return mark in self.characters

    def shows_groups(self, marks: str, decimal: str) -> bool:
        """Return whether it is certain that marks group digits: 1,234,567 or 1,234.5 stands in the column."""
        if self.characters.isdisjoint(marks):
            return False
        counts = [(sum(map(cell.count, marks)), decimal in cell) for cell in self.cells]
        return any(count > 1 or (count == 1 and with_decimal) for count, with_decimal in counts)

    def looks_whole(self) -> bool:
        """Return whether three zeros follow every comma: 20,000 is hardly a number with decimals."""
        return all(re.search(",000(?![0-9])", cell) for cell in self.cells if "," in cell)


def convert_columns(
    columns: Mapping[str, Sequence[Any]], *, semicolons: bool = False
) -> tuple[dict[str, list[Any]], list[str]]:
    """Convert columns of text that hold only numbers, to integers if all of them are.

    A comma is a decimal mark where the column shows it (5,01 or 1.234,5), or where another column shows it, or
    semicolons separate the columns, and no column contradicts. A mark groups digits only where the column shows it
    (1,234,567). Other numbers with commas stay text, such as 5,009, which is never read as 5009.

    Parameters
    ----------
    columns : mapping of str to sequence
        Cells by column; those that are not text are kept. Whole numbers with a leading zero are text: names of runs.
    semicolons : bool
        Whether semicolons separate the columns, as spreadsheets write them where the comma is decimal.

    Returns
    -------
    columns : dict of str to list
        Empty cells of numbers are None.
    notes : list of str
        In which columns commas are decimal, and in which marks group digits.

    Raises
    ------
    InputError
        If points in a column may be decimal marks or group digits, because commas are decimal marks in the file.
    """
    found = {name: numbers for name, cells in columns.items() if (numbers := _Numbers.among(cells))}
    marks = {name: _decimal_mark(name, found, semicolons=semicolons) for name in found}
    converted = {name: _converted(cells, marks.get(name, "")) for name, cells in columns.items()}
    decimal = [name for name, mark in marks.items() if mark == ","]
    grouped = [name for name, mark in marks.items() if mark and found[name].has(_OTHER[mark])]
    notes = [
        f"{said} in {', '.join(names)}"
        for said, names in (("the comma is the decimal mark", decimal), ("digits are grouped", grouped))
        if names
    ]
    return converted, notes


class _Plain(NamedTuple):
    """The numbers of a column that has nothing else and no marks but decimal points.

    Attributes
    ----------
    texts : list of str
        As they are written, without empty cells.
    numbers : list of int or list of float
        Integers if all of them are.
    characters : set of str
        What stands in them.
    has_leading_zero : bool
        Whether a whole number begins with a zero.
    """

    texts: list[str]
    numbers: list[Any]
    characters: AbstractSet[str]
    has_leading_zero: bool


def _plain_numbers(texts: Sequence[str]) -> _Plain | None:
    """Return the numbers of a column without a look at each in turn; None if there is anything but plain numbers."""
    filled = [text for text in texts if text]
    characters = set("".join(filled))
    if not characters <= _PLAIN:
        return None
    are_whole = characters.isdisjoint(".eE")
    if are_whole and max(map(len, filled), default=0) > LONGEST_WHOLE:
        return None
    try:
        numbers = list(map(int if are_whole else float, filled))
    except ValueError:
        return None
    zero = any(text[0] == "0" and text.isdecimal() and len(text) > 1 for text in filled)
    return _Plain(filled, numbers, characters, zero)


def _number_in(cell: str) -> str:
    """Return the number that a cell holds with either decimal mark, without letters behind it; empty if none."""
    if not _BEGINS.match(cell):  # as most texts
        return ""
    if simple := _SIMPLE.fullmatch(cell):  # as most numbers
        return simple[1]
    found = next((found for form in _FORMS.values() if (found := form.fullmatch(cell))), None)
    return found["number"] if found else ""


def _decimal_mark(name: str, found: Mapping[str, _Numbers], *, semicolons: bool) -> str:
    """Return the decimal mark of a column, empty if it is not certain and the cells must stay text."""
    numbers = found[name]
    if not numbers.possible or (any(map(numbers.has, _GROUPS)) and not numbers.shows_groups(_GROUPS, ".")):
        return ""
    if not numbers.is_open:
        mark = numbers.proven or "."
        if not numbers.has(_OTHER[mark]) or numbers.shows_groups(_OTHER[mark], mark):
            return mark
        if mark == ",":
            raise _either(name, numbers)
        return ""
    others = [one for key, one in found.items() if key != name]
    proven = {one.proven for one in others} - {""}
    if numbers.has("."):
        if numbers.has(",") or proven == {","}:
            raise _either(name, numbers)
        return "."
    contradicted = "." in proven or any(one.is_open and one.has(".") for one in others)
    expected = "," in proven or semicolons
    return "," if expected and not contradicted and not numbers.looks_whole() else ""


def _either(name: str, numbers: _Numbers) -> InputError:
    """Return the error for points that may be decimal marks or group digits."""
    cell = next(cell for cell in numbers.cells if "." in cell and _FORMS[","].fullmatch(cell))
    return InputError(
        f"column {brief(name)}",
        f"holds {brief(cell)}, which may be {cell.replace('.', '')} or {cell}, because commas are decimal marks "
        "elsewhere in the file",
        remedy="write its numbers without marks that group digits",
    )


def _converted(cells: Sequence[Any], mark: str) -> list[Any]:
    """Return cells as numbers if all are, with None for those that say that there is none; else as text."""
    plain = _plain_numbers([cell.strip() for cell in cells if isinstance(cell, str)]) if mark in ("", ".") else None
    if plain is not None and not plain.has_leading_zero:
        numbers = iter(plain.numbers)
        return [
            cell if not isinstance(cell, str) else next(numbers) if cell and not cell.isspace() else None
            for cell in cells
        ]
    kind = _kind_of(cells, mark)
    if kind is None and mark != ",":
        return list(cells)
    texts = [_with_point(cell.strip(), mark) if isinstance(cell, str) else "" for cell in cells]
    if any(map(_LEADING_ZERO.fullmatch, texts)):
        return list(cells)
    if kind is None:
        return [text if isinstance(cell, str) else cell for cell, text in zip(cells, texts, strict=True)]
    return [
        cell if not isinstance(cell, str) else None if text.lower() in MISSING else kind(text)
        for cell, text in zip(cells, texts, strict=True)
    ]


def _kind_of(cells: Sequence[Any], mark: str) -> type[int | float] | None:
    """Return the kind of number that all filled cells of text are, None at the first that is of neither."""

    def texts() -> Iterator[str]:
        stripped = (cell.strip() for cell in cells if isinstance(cell, str))
        return (_with_point(cell, mark) for cell in stripped if cell.lower() not in MISSING)

    if all(map(_INTEGER.fullmatch, texts())):
        return int
    return float if all(map(_FLOAT.fullmatch, texts())) else None


def _with_point(text: str, mark: str) -> str:
    """Return a number with a point for its decimal mark and without marks that group digits, other text unchanged."""
    found = _FORMS[mark].fullmatch(text) if mark else None
    if found is None:
        return text
    number = found["number"].translate(_WITHOUT_GROUPS[mark]).replace(mark, ".").replace("\N{MINUS SIGN}", "-")
    return number + found["suffix"]
