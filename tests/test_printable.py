"""Text of others, in a terminal: messages stay single lines of plain characters whatever a file is called or holds."""

from __future__ import annotations

import io
import json
import subprocess
import unicodedata
import warnings

import pytest
from command import environment, write_script
from hypothesis import given
from hypothesis import strategies as st

from chinchilla_nb import Chinchilla, Database
from chinchilla_nb._logger import get_logger
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.opening import RowsLeftOutWarning, open_session
from chinchilla_nb.printable import printable

TITLE = "\x1b]0;gone\x07"
"""Changes the title of most terminals."""
HOSTILE = f"{TITLE}\x9b2J\r\u202e\nchinchilla-nb: all is well"


def control_characters(text):
    """Characters that a terminal interprets; line breaks at the end are the program's own."""
    return [c for c in text.rstrip("\n") if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c == "\u202e"]


@given(st.text(st.characters(codec=None)))
def test_nothing_in_a_printable_text_is_control_characters(text):
    assert control_characters(printable(text)) == []
    printable(text).encode()  # no surrogate is left


@pytest.mark.parametrize("text", ["", "runs.csv", "Größe – 研究 👩‍🔬 ", "C:\\runs", "a\xa0b", "\\x1b"])
def test_what_people_write_stays_as_it_is(text):
    assert printable(text) == text


def test_escapes_are_those_of_python():
    assert printable("\x1b[2J\n\udce9\u202e") == r"\x1b[2J\n\udce9\u202e"


def test_errors():
    error = InputError(f"name{HOSTILE}", f"is not {HOSTILE}", got=HOSTILE, place=HOSTILE, remedy=HOSTILE)
    assert control_characters(str(error)) == []
    assert r"\x1b]0;gone\x07" in str(error)


def test_logs():
    logger = get_logger("INFO", "test")
    for handler in logger.handlers:
        handler.console.file = written = io.StringIO()
        handler.console.width = 300
    logger.warning("saved %s", HOSTILE)
    assert control_characters(written.getvalue()) == []
    assert r"\x1b]0;gone\x07" in written.getvalue()


def test_a_row_that_is_left_out(tmp_path):
    (tmp_path / "runs.csv").write_text(f"N,D,loss\n1e6,2e7,3.2\n2e6,2e7,{TITLE}\n", encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        open_session(tmp_path / "runs.csv")
    (warning,) = (one for one in caught if issubclass(one.category, RowsLeftOutWarning))
    assert control_characters(str(warning.message)) == []


def test_objects_in_a_folder_of_such_a_name(tmp_path, capfd):
    folder = tmp_path / HOSTILE
    folder.mkdir()
    database = Database(folder, log_level="INFO")
    database.append(N=1e8, D=1e9, loss=3.0)
    assert control_characters(repr(database)) == []
    assert control_characters(repr(Chinchilla(folder))) == []
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set("".join(capfd.readouterr()))


@pytest.mark.parametrize(
    "arguments",
    [
        [f"nowhere{HOSTILE}"],
        [f"notes{HOSTILE}.txt"],
        [f"config{HOSTILE}.json"],
        [f"runs{HOSTILE}.csv"],
        ["two", HOSTILE],
        ["--port", HOSTILE],
    ],
    ids=["nothing", "another file", "a configuration", "a table", "two", "a port"],
)
def test_the_command_refuses_such_names_in_plain_characters(tmp_path, arguments):
    (tmp_path / f"notes{HOSTILE}.txt").write_text("")
    (tmp_path / f"config{HOSTILE}.json").write_text(json.dumps({HOSTILE: 1}))
    (tmp_path / f"runs{HOSTILE}.csv").write_text(f"a{TITLE},b,c\n1,2,3\n")
    ended = subprocess.run(
        [*write_script(tmp_path), *arguments],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode in {1, 2}
    lines = [line for line in ended.stderr.splitlines() if not line.startswith(("usage: ", " "))]
    assert len(lines) == 1
    assert control_characters(lines[0]) == []
