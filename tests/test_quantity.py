"""Numbers as people write them, and refused text."""

from __future__ import annotations

import math
import re

import pytest

from chinchilla_nb.quantity import deviation, parse_quantity, percent


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("70B", 70e9),
        ("1.4 T", 1.4e12),
        ("300k", 3e5),
        ("5.76e23", 5.76e23),
        ("1,400,000", 1.4e6),
        ("1_400_000", 1.4e6),
        ("1 400 000", 1.4e6),
        ("1\u00a0400\u202f000", 1.4e6),
        ("\u00a070\u00a0B", 70e9),
        (".5", 0.5),
        ("2e3M", 2e9),
        (7, 7.0),
        (2.5, 2.5),
    ],
)
def test_numbers(text, value):
    assert parse_quantity(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (None, "is empty"),
        ("1,5", "is '1,5', not a number"),
        ("seven", "is 'seven', not a number"),
        ("7 apples", "is '7 apples', not a number"),
        ("e5", "not a number"),
        ("1 5", "is '1 5', not a number"),
        ("14 00", "is '14 00', not a number"),
        ("1 400,000", "is '1 400,000', not a number"),
        ("1_", "is '1_', not a number"),
        ("1__0", "is '1__0', not a number"),
        ("_1", "is '_1', not a number"),
        ("1_e5", "is '1_e5', not a number"),
        ("１２", "is '１２', not a number"),
        ("١٢", "not a number"),
        ("1e５", "not a number"),
        ("True", "is 'True', not a number"),
        ("0x10", "is '0x10', not a number"),
        ("7" * 5000, "is inf, not a finite number"),
        ("x" * 5000, "x..., not a number"),
        ("-3", "is -3: it must be above 0"),
        ("0", "is 0: it must be above 0"),
        ("nan", "is nan, not a finite number"),
        ("inf", "is inf, not a finite number"),
        (float("nan"), "is nan, not a finite number"),
        (10**400, "is inf, not a finite number"),
        (True, "is True, not a number"),
        ([1], "not a number"),
    ],
)
def test_refusals(text, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.000123, "0.012 %"),
        (0.0325, "3.2 %"),
        (0.5, "50 %"),
        (0.997, "100 %"),
        (12.5, "1,250 %"),
        (math.inf, "beyond measure"),
    ],
)
def test_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (-1e-5, "0 %"),
        (0.03217, "+3.22 %"),
        (-0.9416, "−94.2 %"),
        (9.0, "+900 %"),
        (11.0, "× 12"),
        (9066.4, "× 9,067"),
    ],
)
def test_deviation(share, text):
    assert deviation(share) == text
