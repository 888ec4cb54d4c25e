"""The command ``chinchilla-nb report``: fit the runs of a source, and write the report as one file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from chinchilla_nb.checks import as_file_path
from chinchilla_nb.command_options import (
    SOURCE,
    Parser,
    add_allowed_functions,
    add_table_options,
    message,
    opened,
    remarks_text,
    table_choices,
)
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.printable import printable
from chinchilla_nb.session import Session
from chinchilla_nb.whole_file import explain_write_errors, write_whole

__all__ = ["report_main"]

REPORT = "report.html"
"""Name of the file, in the current folder, if none is given."""
EXAMPLES = """
examples:
  chinchilla-nb report runs.csv                    report.html in the current folder
  chinchilla-nb report project --out law.html      a project, with the settings of its configuration
  chinchilla-nb report runs.csv --N params_total   columns, as for the workbench

The file is that of cc.save_report() after cc.fit(). A folder named "report" is opened with chinchilla-nb ./report.
"""


def report_main(arguments: Sequence[str]) -> str | None:
    """Fit and write a report; return an error message to exit with if that fails.

    Parameters
    ----------
    arguments : sequence of str
        Those after the name of the command.
    """
    given = _parser().parse_args(arguments)
    session = opened(given.source, table_choices(given), given.allow_functions)
    sys.stderr.write(remarks_text(session))
    try:
        file = as_file_path(given.out, "--out")
        if file.is_dir() or not file.parent.is_dir():  # before work that takes long
            raise InputError("--out", "must be a file in a folder that exists", got=repr(given.out))
        fit = session.run_fit()
        sys.stdout.write(f"{_printable_lines(repr(fit))}\n")
        sys.stdout.flush()  # intervals take longer than the fit
        _estimate(session)
        from chinchilla_nb.publishing.report_page import report_page  # imports matplotlib, which is slow

        page = report_page(session)
        with explain_write_errors(file):
            write_whole(file, page.encode())
    except OSError as error:
        return message(f"{error.filename!r}: {error.strerror}")
    except ValueError as error:
        return message(str(error))
    sys.stdout.write(f"saved {printable(str(file))}\n")
    return None


def _printable_lines(text: str) -> str:
    """Return lines without control characters."""
    return "\n".join(printable(line) for line in text.splitlines())


def _estimate(session: Session) -> None:
    """Estimate intervals and roll-outs, and say which of them the runs do not allow."""
    fit = session.fit
    assert fit is not None
    try:
        session.uncertainty = fit.uncertainty(rng=0)
    except InputError as error:
        _say(f"the report has no intervals: {error}")
    try:
        session.roll_outs = fit.roll_outs()
    except InputError as error:
        _say(f"the report has no roll-outs: {error}")


def _say(text: str) -> None:
    sys.stderr.write(f"{message(text)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="chinchilla-nb report",
        description="Fit a scaling law to training runs, print it, and write a report with its intervals and charts.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="RUNS", help=SOURCE)
    parser.add_argument(
        "--out", metavar="FILE", default=REPORT, help="the HTML file, which is replaced; %(default)s by default"
    )
    add_allowed_functions(parser, "a configuration")
    add_table_options(parser)
    return parser
