"""Errors in user input, as values."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.printable import printable

__all__ = [
    "FitError",
    "InputAttributeError",
    "InputError",
    "InputTypeError",
    "did_you_mean",
    "inputs_from",
    "nearest_or_all",
    "unknown_key",
]

SIMILAR = 0.5
"""Similarity (of `difflib`) from which on a known key is suggested for an unknown one: it allows a slip or two."""
MOST_NAMED = 12
"""Known names that a message lists: more do not help the reader."""


class InputError(ValueError):
    """Something a user gave cannot be used.

    ``str()`` joins the parts into one sentence, ``D must be positive, got -3.0 in row 17 of df.csv: correct the row``.
    A panel shows the parts next to its own label and field instead; no code takes the sentence apart.

    Parameters
    ----------
    where : str
        Name of the wrong input, as a user writes it: ``D``, ``bounds['alpha']``.
    rule : str
        The condition that is violated, or the problem: ``must be positive``.
    got : str, optional
        The value that violates the rule, as the message shows it.
    place : str, optional
        Where the value stands: ``in row 17 of df.csv``.
    remedy : str, optional
        What to do about it.
    source : str, optional
        The file that the input comes from: ``the configuration 'study.yaml'``.
    """

    def __init__(
        self, where: str, rule: str, *, got: str = "", place: str = "", remedy: str = "", source: str = ""
    ) -> None:
        self.where, self.rule, self.got, self.place, self.remedy = where, rule, got, place, remedy
        self.source = source
        super().__init__(self._sentence())

    @property
    def problem(self) -> str:
        """The sentence without `where`, for a field whose label already names it."""
        got = " ".join(part for part in (f"got {self.got}" if self.got else "", self.place) if part)
        problem = self.rule
        if got:
            problem += f", {got}" if self.got else f" {got}"
        return problem + (f": {self.remedy}" if self.remedy else "")

    def come_from(self, source: str) -> InputError:
        """Return the same error, of the same kind, about an input that comes from a source."""
        return _restore(type(self), self.where, self.rule, self.got, self.place, self.remedy, source)

    def _sentence(self) -> str:
        sentence = f"{self.where} {self.problem}" if self.where else self.problem
        # Shown in a terminal: what it quotes may come from somebody else's file.
        return printable(f"in {self.source}, {sentence}" if self.source else sentence)

    def __reduce__(self) -> tuple[object, ...]:
        # By default an exception is pickled with its message, which is not what the constructor takes.
        return _restore, (type(self), self.where, self.rule, self.got, self.place, self.remedy, self.source)


class InputTypeError(InputError, TypeError):
    """A value is of a kind that cannot be used where the API reference documents a TypeError; it is one as well."""


class InputAttributeError(InputError, AttributeError):
    """An attribute has no value yet, or not for this law; ``hasattr`` is False then."""


class FitError(InputError):
    """The runs cannot be fitted, or not with these options."""


def _restore(
    kind: type[InputError], where: str, rule: str, got: str, place: str, remedy: str, source: str
) -> InputError:
    return kind(where, rule, got=got, place=place, remedy=remedy, source=source)


@contextmanager
def inputs_from(source: str) -> Iterator[None]:
    """Name the source of the inputs in errors that a block raises; an empty source adds nothing."""
    try:
        yield
    except InputError as error:
        if not source:
            raise
        raise error.come_from(source) from error.__cause__


def unknown_key(where: str, key: object, known: Iterable[str], kind: str = "key") -> InputError:
    """Return the error for an unknown key, which names the nearest known key."""
    known = list(known)
    choices = f"choose from {', '.join(known)}" if known else "it takes none"
    return InputError(where, f"has no {kind} {brief(key)}", remedy=did_you_mean(key, known) or choices)


def did_you_mean(key: object, known: Iterable[str]) -> str:
    """Return a remedy that suggests the known name most similar to a key; empty if none is similar."""
    known, text = list(known), key if isinstance(key, str) else brief(key)
    # A name that differs in case only comes first: 'c' is nearer to 'C' than to any longer name.
    near = [name for name in known if name.lower() == text.lower()]
    near = near or difflib.get_close_matches(text, known, n=1, cutoff=SIMILAR)
    return f"did you mean {near[0]!r}?" if near else ""


def nearest_or_all(key: object, known: Iterable[str]) -> str:
    """Return a remedy that suggests the known name most similar to a key, or else names the first of them."""
    known = list(known)
    shown = ", ".join(known[:MOST_NAMED])
    more = f" and {len(known) - MOST_NAMED:,} more" if len(known) > MOST_NAMED else ""
    return did_you_mean(key, known) or f"choose from {shown}{more}"
