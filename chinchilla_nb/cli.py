"""The command ``chinchilla-nb``: the workbench in a browser, without opening a notebook."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import signal
import socket
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chinchilla_nb import __version__
from chinchilla_nb.checks import as_folder
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
from chinchilla_nb.printable import printable
from chinchilla_nb.records.tables import FORMATS_TEXT
from chinchilla_nb.report_command import report_main
from chinchilla_nb.run_origin import PROJECT_FILE
from chinchilla_nb.serving.address import LOCAL, Address, parse_address
from chinchilla_nb.serving.page import notebook, title
from chinchilla_nb.serving.process import serving
from chinchilla_nb.session import Session

__all__ = ["main"]

STUDY = "python_stdlib"
IDLE_HOURS = 12.0
"""Hours after which the kernel of an open page that nobody uses ends: a page left open overnight is not needed, and its
kernel holds some 300 MB."""
MOST_HOURS = 1e6
"""A century; Python's durations end at three thousand times as many."""
SECONDS_PER_HOUR = 3600.0
EXAMPLES = f"""
examples:
  chinchilla-nb                the runs in ./df.csv, or the shipped study if there are none
  chinchilla-nb project        a folder of runs; new runs are appended to its df.csv
  chinchilla-nb config.yaml    a configured project
  chinchilla-nb runs.csv       a table of runs; the file is not changed
  chinchilla-nb mlruns         logs of a tracker or training framework, followed as they grow (docs: Runs from trackers)
  chinchilla-nb http://localhost:5000  runs of an MLflow server
  chinchilla-nb {STUDY}  a study that comes with the package
  chinchilla-nb report runs.csv --out report.html  a fit and its report as one file, without the workbench

tables:
  {FORMATS_TEXT};
  a folder of JSON files, one for each run.

  Which columns hold N, D, C and the loss, and in which units, is recognised by names, values and C = 6ND, and printed.
  If a table leaves a question, the command names the columns and stops. Then say what they mean:

  chinchilla-nb runs.csv --N params_total --loss eval/loss    columns
  chinchilla-nb runs.csv --N size:M --C "compute:PF-days"     a column and its unit
  chinchilla-nb runs.csv --D "steps*batch_size*2048"          a product of columns and numbers
  chinchilla-nb runs.csv --N 125M --checkpoints lowest        one model, with a row for each checkpoint
  chinchilla-nb runs.csv --C 6ND                              no column is compute

behind a proxy (JupyterHub, jupyter-server-proxy):
  chinchilla-nb --port 8866 --base-url /user/name/proxy/8866/
  chinchilla-nb --port 8866 --base-url https://hub.example.org/user/name/proxy/8866/
                               if the proxy does not pass on its own name as Host
"""


def main(arguments: Sequence[str] | None = None) -> str | None:
    """Serve the workbench until Ctrl-C; return an error message to exit with if that fails.

    Parameters
    ----------
    arguments : sequence of str, optional
        Used instead of those of the command line.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["report"]:
        return report_main(words[1:])
    given = _parser().parse_args(words)
    source = given.source or default_source()
    choices = table_choices(given)
    session = opened(source, choices, given.allow_functions)
    if importlib.util.find_spec("voila") is None:
        return message("Voila, which shows the workbench, is not installed: run pip install 'voila>=0.5.8'")
    if given.port and not _is_free(given.port):
        return message(f"port {given.port} cannot be used: choose another, or omit --port to use a free one")
    sys.stderr.write(remarks_text(session))
    folder = str(Path.cwd())
    page = notebook(source, folder, given.allow_functions, given.allow_folders, choices.given(), given.address.path)
    return _serve(page, _name(title(source, folder), session), given)


def default_source() -> str:
    """Return what to open if no source is given: the current folder if it holds runs, else the shipped study."""
    return "." if Path(PROJECT_FILE).is_file() else STUDY


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="chinchilla-nb",
        description="Open the workbench on training runs in a browser, on this machine only.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", help=SOURCE)
    parser.add_argument("--port", type=_port, default=0, help="port to serve on; a free one by default")
    parser.add_argument(
        "--base-url",
        dest="address",
        metavar="PATH",
        type=_address,
        default=LOCAL,
        help="path under which a reverse proxy on this machine serves the page, removed by the proxy or not; with the "
        "address of the proxy before it, no other is admitted",
    )
    parser.add_argument(
        "--idle-hours",
        metavar="HOURS",
        type=_hours,
        default=IDLE_HOURS,
        help="end the kernel of an open page that has not been used for so long, %(default)g by default; 0 for never; "
        "reloading the page starts another",
    )
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="only print the address")
    add_allowed_functions(parser, "the page and a configuration")
    parser.add_argument(
        "--allow-folder",
        dest="allow_folders",
        metavar="FOLDER",
        action="append",
        type=_folder,
        default=[],
        help="a folder whose files the page may read and write, besides the project's",
    )
    add_table_options(parser)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"a port is a whole number from 1 to 65535, got {text!r}")


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _hours(text: str) -> float:
    with contextlib.suppress(ValueError):
        hours = float(text)
        if 0 <= hours < MOST_HOURS:
            return hours
    raise argparse.ArgumentTypeError(f"the hours are a number from 0 to {MOST_HOURS:,.0f}, got {text!r}")


def _folder(text: str) -> str:
    try:
        return str(as_folder(text, "the folder"))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _name(called: str, session: Session) -> str:
    """Describe what is opened: how many runs there are, or where new ones will go."""
    count, folder = len(session.runs), getattr(session.database, "project_dir", None)
    if count or folder is None:
        return f"{called} ({count} run{'' if count == 1 else 's'})"
    return f"{called} (no runs yet: those you add or import go to {Path(folder) / 'df.csv'})"


def _serve(notebook: dict[str, Any], what: str, given: argparse.Namespace) -> str | None:
    _end_as_with_ctrl_c()
    served = serving(notebook, given.port, given.address, SECONDS_PER_HOUR * given.idle_hours)
    with contextlib.suppress(KeyboardInterrupt), served as server:
        if server is None:
            return message("the server did not start: see above")
        sys.stdout.write(f"\n  The workbench on {printable(what)} is at  {server.url}\n\n")
        if given.address.is_proxied and not given.address.origin:
            sys.stdout.write("  Behind a proxy, put the address of the proxy before this path.\n")
        sys.stdout.write("  Press Ctrl-C to stop it.\n\n")
        sys.stdout.flush()
        if given.browser and _has_screen():
            webbrowser.open(server.link.as_uri())
        with _saying_that_it_stops():
            return message("the server ended unexpectedly: see above") if server.wait() else None
    return None


@contextlib.contextmanager
def _saying_that_it_stops() -> Iterator[None]:
    """Say at once that the command has been told to stop: its kernels take a second or two to end."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        # The terminal may have been closed.
        with contextlib.suppress(OSError):
            sys.stdout.write("\n  Stopping the workbench ...\n")
            sys.stdout.flush()
        raise


def _end_as_with_ctrl_c() -> None:
    """Clean up when the terminal closes or the process is told to end, unless the user asked to ignore that: nohup."""
    for name in {"SIGTERM", "SIGHUP"} & {one.name for one in signal.Signals}:
        if signal.getsignal(signal.Signals[name]) is not signal.SIG_IGN:
            signal.signal(signal.Signals[name], lambda *_: sys.exit(0))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As Voila does: a port whose last connections have just been closed can be used again.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _has_screen() -> bool:
    """Return whether a browser window can open; otherwise a text browser could start in the terminal."""
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
