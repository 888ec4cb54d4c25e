"""Quantities that are read for all rows at once are those that are read row by row."""

from __future__ import annotations

import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.columns.ready_numbers import ready_numbers
from chinchilla_nb.records.columns.sources import Product, Source
from chinchilla_nb.records.columns.units import UNITS
from chinchilla_nb.records.tables.table import Table

CELLS = [
    1,
    2.5,
    0,
    -1.0,
    float("nan"),
    float("inf"),
    10**400,
    True,
    None,
    "",
    "7B",
    "7 billion",
    "125m",
    "1,400,000",
    "5,009",
    "~3e9",
    "2×10^7",
    "-3",
    "nan",
    "text",
    "12 EFLOPs",
    "3.25 ± 0.01",
    "2.5 nats",
    "10^9",
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_ready_number_is_that_of_its_row(unit):
    table = Table(("x",), tuple({"x": cell} for cell in CELLS), tuple(range(1, len(CELLS) + 1)))
    source = Source("x", unit)
    ready = ready_numbers(table, {"N": source}, {}).get("N", [None] * len(CELLS))
    for cell, number in zip(CELLS, ready, strict=True):
        if number is not None:
            assert source.number({"x": cell}) == number, cell


def test_numbers_that_need_no_check_are_ready_and_others_are_not():
    table = Table(("x",), tuple({"x": cell} for cell in CELLS), tuple(range(1, len(CELLS) + 1)))
    ready = ready_numbers(table, {"N": Source("x")}, {})["N"]
    assert ready[:2] == [1.0, 2.5]
    for cell, number in zip(CELLS, ready, strict=True):
        try:
            asked = Source("x").number({"x": cell})
        except InputError:
            asked = None
        assert number == asked, cell


def test_products_are_multiplied_row_by_row():
    table = Table(("x", "y"), ({"x": 0.1, "y": 3.0},), (1,))
    assert ready_numbers(table, {"D": Product(("x", "y"), 7.0)}, {}) == {}
