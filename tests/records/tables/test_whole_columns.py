"""Columns that are converted at once give what cells give that are looked at one by one."""

from __future__ import annotations

import dataclasses
import random

import pytest

from chinchilla_nb.records.tables.number_columns import convert_columns
from chinchilla_nb.records.tables.separated import read_separated

NUMBERS = ["0", "7", "-3", "+4", "12.5", ".5", "1.", "1e9", "2.5E-3", "123456789012345678901234567890", "1.500", "-0"]
ODD = ["", " ", "NaN", "-", "n/a", "1_000", "007", "0.07", "1e", "--1", "٣", "70B", "1,5", "inf", "e5", "9" * 401]


def one_by_one(cells: list[str]) -> list[object]:
    """Return a column of numbers without marks as Python reads each cell; None for an empty one."""
    texts = [cell.strip() for cell in cells]
    is_whole = not any(set(text) & set(".eE") for text in texts)
    return [None if not text else int(text) if is_whole else float(text) for text in texts]


def test_a_column_of_plain_numbers_holds_what_each_cell_holds():
    draw = random.Random(0)
    for _ in range(300):
        cells = draw.choices([*NUMBERS, "", " "], k=draw.randint(1, 12))
        found, _ = convert_columns({"x": cells})
        assert list(map(repr, found["x"])) == list(map(repr, one_by_one(cells)))


@pytest.mark.parametrize("odd", ODD)
def test_one_cell_that_is_no_plain_number_is_read_as_before(odd):
    expected = {
        "": [1.5, 20.0, None],
        " ": [1.5, 20.0, None],
        "NaN": [1.5, 20.0, "nan"],
        "-": [1.5, 20.0, None],
        "n/a": [1.5, 20.0, None],
        "0.07": [1.5, 20.0, 0.07],
        "inf": [1.5, 20.0, float("inf")],
        "9" * 401: [1.5, 20.0, float("inf")],
    }.get(odd, ["1.5", "20", odd])
    found, _ = convert_columns({"x": ["1.5", "20", odd]})
    assert list(map(str, found["x"])) == list(map(str, expected))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_text_without_quotes_gives_the_table_of_one_with_quotes(separator, end):
    rows = [
        ["N", "D", "loss", "name"],
        ["1e9", " 2e10 ", "2.5", "a b"],
        [""],
        ["---", "---", "---", "---"],
        ["# comment"],
        ["2e9", "2e10", "", "c"],
        ["3e9", "2e10", "2.25"],
        ["4e9", "2e10", "2.125", "d", ""],
        ["5e9", "2e10", "2.0", "e"],
    ]
    text = end.join(separator.join(row) for row in rows) + end
    plain, quoted = (read_separated("runs.csv", one, ".csv") for one in (text, text.replace("name", '"name"', 1)))
    assert dataclasses.astuple(plain) == dataclasses.astuple(quoted)
    assert plain.places[:2] == (2, 6)
