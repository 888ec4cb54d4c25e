"""What the commands share: the options that say what a table holds, how they open it, and how they refuse."""

from __future__ import annotations

import argparse
import shlex
import sys
import warnings
from collections.abc import Iterable
from typing import NoReturn

from chinchilla_nb.opening import RowsLeftOutWarning, TableChoices, session_of_source
from chinchilla_nb.printable import printable
from chinchilla_nb.records.columns.checkpoints import KEEP
from chinchilla_nb.records.columns.questions import UnclearColumns, questions_text
from chinchilla_nb.session import Session

__all__ = [
    "SOURCE",
    "Parser",
    "add_allowed_functions",
    "add_table_options",
    "message",
    "opened",
    "remarks_text",
    "table_choices",
]

SOURCE = "a folder, a configuration, a table of runs or the name of a study"
"""What a command opens, in its help."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors hold no control characters."""

    def error(self, message: str) -> NoReturn:
        """Print how the command is used and what was wrong, and end with code 2."""
        super().error(printable(message))


def message(text: str) -> str:
    """Return what a command says, for a terminal."""
    return printable(f"chinchilla-nb: {text}")


def remarks_text(session: Session) -> str:
    """Return how the table of a session was read, for a terminal: a line for each remark, or nothing."""
    if not session.remarks:
        return ""
    first, *others = session.all_remarks
    return "\n  ".join([message(first), *map(printable, others)]) + "\n"


def add_allowed_functions(parser: argparse.ArgumentParser, who: str) -> None:
    """Let a command be told which functions may be named, and by whom."""
    parser.add_argument(
        "--allow-function",
        dest="allow_functions",
        metavar="MODULE:FUNCTION",
        action="append",
        default=[],
        help=f"a function that {who} may name; it is imported",
    )


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Let a command be told what a table holds."""
    table = parser.add_argument_group("what a table holds, if that cannot be recognised")
    for name, what in (
        ("N", "the parameters"),
        ("D", "the training tokens"),
        ("C", "the compute in FLOPs, or 6ND if no column is"),
        ("loss", "the loss"),
    ):
        table.add_argument(f"--{name}", metavar="COLUMN[:UNIT]", help=f"column with {what}")
    keep = "; ".join(f"{name}: {what}" for name, what in KEEP.items())
    table.add_argument("--checkpoints", choices=KEEP, help=f"what to take if rows are checkpoints, {keep}")
    table.add_argument("--failed", action="store_true", help="take runs that crashed, failed or diverged, too")


def table_choices(given: argparse.Namespace) -> TableChoices:
    """Return what was said of a table."""
    return TableChoices(given.N, given.D, given.C, given.loss, given.checkpoints, given.failed)


def opened(source: str, choices: TableChoices, allow_functions: Iterable[str] = ()) -> Session:
    """Open a source, or end the command with a sentence that says why that fails.

    Raises
    ------
    SystemExit
        With the sentence; Python prints it and ends with code 1.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RowsLeftOutWarning)  # among the remarks
            return session_of_source(source, choices, allow_functions=allow_functions)
    except UnclearColumns as error:
        sys.exit(message(f"{error.where} {error.rule}: {questions_text(error.reading, _flag)}"))
    except (OSError, TypeError, ValueError) as error:
        sys.exit(message(str(error)))


def _flag(name: str, value: str) -> str:
    return f"--{name} {shlex.quote(value)}"
