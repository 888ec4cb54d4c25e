"""Work on a table grows with its size, not with the square of it: twice the input takes about twice the time."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.columns.reading import read_columns
from chinchilla_nb.records.columns.sources import Source
from chinchilla_nb.records.importing import preview_import
from chinchilla_nb.records.run_query import match_runs
from chinchilla_nb.records.tables import read_table


def imported(name: str, text: str) -> None:
    table = read_table(name, text.encode())
    read_columns(table)
    preview_import(table, {name: Source(name) for name in ("N", "D", "loss")})


def csv_text(names: list[str]) -> str:
    return f"N,D,loss,{','.join(names)}\n1,1,2.5,{','.join('1' for _ in names)}\n"


def filtered(query: str) -> None:
    with contextlib.suppress(InputError):  # of an unknown word or an open quote
        match_runs(query, {"a": np.array(["x"])})


LARGE: dict[str, Callable[[int], None]] = {
    "equal names": lambda size: imported("a.csv", csv_text(["x"] * size)),
    "names": lambda size: imported("a.csv", csv_text([f"x{name}" for name in range(size)])),
    "columns of JSON": lambda size: imported(
        "a.json",
        json.dumps({**{name: [1] * size for name in ("N", "D", "loss")}, **{f"x{name}": [1] for name in range(size)}}),
    ),
    "rows of JSON with a column each": lambda size: imported(
        "a.json", json.dumps([{"N": 1, "D": 1, "loss": 2, f"x{name}": 1} for name in range(size)])
    ),
    "quotes": lambda size: imported("a.csv", csv_text(['"' * size])),
    "spaces": lambda size: filtered("x" + " " * 10 * size + "x"),
    "spaces before a quote": lambda size: filtered("x" + " " * 10 * size + '"'),
    "words": lambda size: filtered("x " * (size // 10)),
}


@pytest.mark.parametrize("name", LARGE)
def test_time_grows_in_proportion(name: str) -> None:
    """A square would need 64 times the time for 8 times the size; caches and a busy machine may treble it."""

    def seconds(size: int) -> float:
        began = time.process_time()
        LARGE[name](size)
        return time.process_time() - began

    few = min(seconds(3_000) for _ in range(3))
    many = min(seconds(24_000) for _ in range(2))
    assert many < 24 * few + 0.1


def test_equal_names_in_a_project_are_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "df.csv").write_text(csv_text(["x"] * 9_000))
    began = time.process_time()
    with pytest.raises(ValueError, match="has two columns named 'x'"):
        Database(tmp_path)
    assert time.process_time() - began < 2
