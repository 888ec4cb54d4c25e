"""The grammar of the queries that select runs.

::

    query      = both, {"or", both}
    both       = one, {["and"], one}
    one        = {"not"}, (condition | text | "(", query, ")")
    condition  = column, ("<" | "<=" | ">" | ">=" | "=" | "==" | "!=" | "~" | "!~"), value
    column     = word | quoted
    value      = word, {suffix or three digits or unit} | quoted
    text       = word | quoted

A word ends at a blank, a quote, a bracket or a sign. Quotes, also backticks, keep blanks. ``&`` and ``|`` stand for
``and`` and ``or``, and ``≤``, ``≥`` and ``≠`` for ``<=``, ``>=`` and ``!=``. The numbers of
C, N and D may have the units that fields accept: ``C > 10 PF-days``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeAlias

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import SUFFIXES
from chinchilla_nb.records.typed_number import UNIT_OF_COLUMN, typed_number

__all__ = ["KEYWORDS", "All", "Comparison", "Not", "OneOf", "Query", "Text", "parse_query"]

KEYWORDS = ("and", "or", "not")
LONGEST_SHOWN = 60
"""Characters of a name or a value that a message shows."""
LONGEST_UNIT = 3
"""Words behind the first of a number: ``5.76 x 10^23 FLOPs`` has as many."""
MOST_LISTED = 2
"""Values of a list for which a message writes conditions."""
MOST_BRACKETS = 50
"""Brackets inside each other; more are a mistake, and Python could not follow thousands."""

_TOKEN = re.compile(
    r"""\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|`(?P<back>[^`]*)`|(?P<sign><=|>=|!=|!~|==?|<|>|~|[≤≥≠])
    |(?P<no_sign>[≈≃≅])|(?P<bracket>[()])|(?P<symbol>&&?|\|\|?)|(?P<word>(?:(?!!=|!~)[^\s"`()<>=~≤≥≠≈≃≅&|])+))""",
    re.VERBOSE,
)
_SYMBOLS = {"&": "and", "|": "or"}
_TYPED_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!="}
_DIGITS = re.compile(r"[0-9]{3}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A condition on one column, such as ``loss < 3``."""

    column: str
    sign: str
    value: str


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is searched for in all columns of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Not:
    """What does not hold."""

    query: Query


@dataclass(frozen=True, slots=True)
class All:
    """What holds together; nothing in it holds for every run."""

    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """What holds in one way at least."""

    queries: tuple[Query, ...]


Query: TypeAlias = "Comparison | Text | Not | All | OneOf"

NOTHING = All(())
"""A query without conditions."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A part of a query.

    Attributes
    ----------
    kind : str
        quoted, sign, bracket, keyword, word or end.
    text : str
    """

    kind: str
    text: str

    def is_keyword(self, name: str) -> bool:
        return self.kind == "keyword" and self.text == name

    def is_bracket(self, bracket: str) -> bool:
        return self.kind == "bracket" and self.text == bracket


def parse_query(text: str) -> Query:
    """Return what a query asks for.

    Raises
    ------
    InputError
        If it does not follow the grammar.
    """
    parser = _Parser(_tokens(text))
    query = parser.one_of()
    if parser.next.is_bracket(")"):
        raise InputError("", "a bracket is closed that was not opened", remedy="remove it or write ( before it")
    return query


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            rest = brief(text[position:].strip())
            raise InputError("", f"a quote is not closed: {rest}", remedy="close it, or leave it out")
        tokens.append(_token(found))
        position = found.end()
    return [*tokens, _Token("end", "")]


def _token(found: re.Match[str]) -> _Token:
    kind, text = next((name, part) for name, part in found.groupdict().items() if part is not None)
    if kind in ("double", "single", "back"):
        return _Token("quoted", text)
    if kind == "sign":
        return _Token("sign", _TYPED_SIGNS.get(text, text))
    if kind == "no_sign":
        remedy = "write <, <=, >, >=, = or !=, or ~ or !~ for a part of a text"
        raise InputError("", f"{text} is no operator", remedy=remedy)
    if kind == "symbol":
        return _Token("keyword", _SYMBOLS[text[0]])
    if kind == "word" and text.lower() in KEYWORDS:
        return _Token("keyword", text.lower())
    return _Token(kind, text)


def _unfinished(word: str, side: str) -> InputError:
    return InputError("", f"finish the query: {word!r} needs a condition {side} it")


def _listed(tokens: Sequence[_Token]) -> list[str]:
    """Return the values of a list in brackets at the beginning of some tokens; none if they begin otherwise."""
    inside = list(takewhile(lambda token: token.kind in ("word", "quoted"), tokens[1:]))
    texts = [token.text if token.kind == "quoted" else token.text.strip(",") for token in inside]
    is_closed = tokens[0].is_bracket("(") and tokens[len(inside) + 1].is_bracket(")")
    return [_quoted(text) for text in texts if text] if is_closed else []


def _quoted(text: str) -> str:
    """Return a text as a message writes it in a query: in quotes unless it is a word."""
    text = text[:LONGEST_SHOWN]
    found = _TOKEN.fullmatch(text)
    return text if found is not None and found["word"] is not None and text.lower() not in KEYWORDS else f'"{text}"'


class _Parser:
    """Reads tokens one by one; a method for each line of the grammar."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens, self._position, self._brackets = tokens, 0, 0

    @property
    def next(self) -> _Token:
        return self._tokens[self._position]

    def one_of(self) -> Query:
        parts = [self._both()]
        while self.next.is_keyword("or"):
            if parts == [NOTHING]:
                raise _unfinished("or", "before")
            self._take()
            parts.append(self._both())
            if parts[-1] == NOTHING:
                raise _unfinished("or", "behind")
        return parts[0] if len(parts) == 1 else OneOf(tuple(parts))

    def _both(self) -> Query:
        parts: list[Query] = []
        while not (self.next.kind == "end" or self.next.is_bracket(")") or self.next.is_keyword("or")):
            if self.next.is_keyword("and"):
                if not parts:
                    raise _unfinished("and", "before")
                self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Query:
        negated = False
        while self.next.is_keyword("not"):
            self._take()
            negated = not negated
        query = self._bracket() if self.next.is_bracket("(") else self._condition()
        return Not(query) if negated else query

    def _bracket(self) -> Query:
        self._take()
        self._brackets += 1
        if self._brackets > MOST_BRACKETS:
            raise InputError("", f"there are more than {MOST_BRACKETS} brackets inside each other")
        query = self.one_of()
        if query == NOTHING:
            raise _unfinished("(", "behind")
        if not self.next.is_bracket(")"):
            raise InputError("", "a bracket is not closed", remedy="write ) behind it")
        self._take()
        self._brackets -= 1
        return query

    def _condition(self) -> Query:
        before, first = self._tokens[self._position - 1], self._take()
        if first.kind in ("end", "keyword") or first.is_bracket(")"):
            raise _unfinished(before.text, "behind")
        if first.kind == "sign":
            raise InputError("", f"{first.text} needs a column before it", remedy="write it as loss < 3")
        if self.next.kind != "sign":
            self._refuse_list(first)
            return Text(first.text)
        sign = self._take().text
        value = self._value(f"{first.text[:LONGEST_SHOWN]} {sign}")
        unit = UNIT_OF_COLUMN.get(first.text.upper())
        return Comparison(first.text, sign, value if unit is None else self._with_unit(value, unit))

    def _refuse_list(self, word: _Token) -> None:
        """Raise an InputError if this word and what follows are a list of values, as in ``name in (a, b)``."""
        before = [token for token in self._tokens[: self._position - 1] if not token.is_keyword("not")]
        if not (word.kind == "word" and word.text.lower() == "in" and before and before[-1].kind in ("word", "quoted")):
            return
        values = _listed(self._tokens[self._position :])
        if values:
            negated = self._tokens[self._position - 2].is_keyword("not")
            sign, joined = ("!=", " and ") if negated else ("=", " or ")
            shown = values if len(values) == MOST_LISTED else [*values[:MOST_LISTED], "..."]
            written = joined.join(f"{_quoted(before[-1].text)} {sign} {value}" for value in shown)
            raise InputError("", "'in' is no operator", remedy=f"write {written}")

    def _with_unit(self, value: str, unit: str) -> str:
        """Return a value with the words behind it that are its power of ten or its unit."""
        behind = list(takewhile(lambda token: token.kind == "word", self._tokens[self._position :][:LONGEST_UNIT]))
        for count in range(len(behind), 0, -1):
            written = " ".join([value, *(token.text for token in behind[:count])])
            with suppress(InputError):
                typed_number(written, unit)
                self._position += count
                return written
        return value

    def _value(self, before: str) -> str:
        if self.next.kind == "quoted":
            return self._take().text
        if self.next.kind != "word":
            raise InputError("", f"finish the condition: {before} needs a value")
        parts = [self._take().text]
        while parts[0][0].isdigit() and self.next.kind == "word" and _DIGITS.fullmatch(self.next.text):
            parts.append(self._take().text)
        if parts[0][-1].isdigit() and self.next.kind == "word" and self.next.text in SUFFIXES:
            parts.append(self._take().text)
        return " ".join(parts)

    def _take(self) -> _Token:
        token = self.next
        self._position = min(self._position + 1, len(self._tokens) - 1)
        return token
