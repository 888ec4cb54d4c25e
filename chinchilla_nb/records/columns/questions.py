"""The questions that a table leaves open, as an error that says how each can be answered."""

from __future__ import annotations

from collections.abc import Callable

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.columns.candidates import Candidate, quantity_range
from chinchilla_nb.records.columns.checkpoints import KEEP
from chinchilla_nb.records.columns.choosing import Question
from chinchilla_nb.records.columns.given import NOT_READ
from chinchilla_nb.records.columns.reading import Reading

__all__ = ["UnclearColumns", "option_text", "questions_text"]

LONGEST_HEADER = 400
"""Characters of the names of columns that an error shows."""
IN_THE_RUN_LOG = "or open a folder and choose the columns when importing the file in its run log"
Answer = Callable[[str, str], str]
"""Writes the answer to a question: ``N='params'`` for a quantity and what it is read from."""


class UnclearColumns(InputError):
    """A table does not say what its columns mean.

    Attributes
    ----------
    reading : Reading
        With its questions.
    """

    reading: Reading

    @classmethod
    def of(cls, where: str, reading: Reading) -> UnclearColumns:
        """Return the error for a table that leaves questions; `where` names the table."""
        columns = ", ".join(reading.table.columns)
        shown = columns if len(columns) <= LONGEST_HEADER else f"{columns[:LONGEST_HEADER]}..."
        rule = f"does not say what its columns ({shown}) mean"
        error = cls(where, rule, remedy=questions_text(reading, _python))
        error.reading = reading
        return error


def questions_text(reading: Reading, answer: Answer) -> str:
    """Return the questions of a reading and the answers to choose from, in one line."""
    asked = [f"{one.why}: give {_answers(one, answer)}" for one in reading.questions.values()]
    return "; ".join([*asked, IN_THE_RUN_LOG])


def option_text(quantity: str, option: Candidate) -> str:
    """Return what an option would read: ``params_total: 20M to 600M``."""
    return f"{option.text}: {quantity_range(quantity, option.numbers)}"


def _answers(question: Question, answer: Answer) -> str:
    name = question.quantity
    if name == "checkpoints":
        return " or ".join(answer(name, keep) for keep in KEEP)
    answers = [f"{answer(name, option.text)} ({quantity_range(name, option.numbers)})" for option in question.options]
    if name == "C":
        answers.append(f"{answer(name, NOT_READ)} (no column is compute)")
    if not answers:
        answers = [answer(name, "COLUMN")]
    return " or ".join(answers)


def _python(name: str, value: str) -> str:
    return f"{name}={value!r}"
