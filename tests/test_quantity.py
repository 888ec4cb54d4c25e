"""Numbers as people write them, and refused text."""

from __future__ import annotations

import math
import re

import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import (
    compact,
    deviation,
    flop_rate,
    interval_text,
    known_digits,
    level_percent,
    multiple_text,
    parse_number,
    parse_quantity,
    percent,
    rounded,
    split_list,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.99, "9.99"),
        (10.0, "10"),
        (30.44, "30.4"),
        (99.5, "99.5"),
        (1012.6, "1,013"),
        (123456, "123,456"),
        (1.07e9, "1.07×10⁹"),
    ],
)
def test_multiples_of_the_largest_run_are_written_alike_at_every_size(value, text):
    assert multiple_text(value) == text


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
    ("level", "text"),
    [
        (0.95, "95 %"),
        (0.975, "97.5 %"),
        (1 / 3, "33.3 %"),
        (0.1 + 0.2, "30 %"),
        (0.999999, "99.9999 %"),
        (0.99999999, "99.999999 %"),
        (1 - 1e-6 / 3, "99.9999667 %"),
        (1e-6, "0.0001 %"),
    ],
)
def test_a_level_is_written_so_that_it_is_neither_0_nor_100(level, text):
    assert level_percent(level) == text


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


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.45, 3, "0.450"), (1.0, 2, "1.0"), (406.4, 2, "410"), (1234.5, 3, "1,230"), (66.0, 2, "66"), (1e-7, 2, "10⁻⁷")],
)
def test_zeros_at_the_end_are_kept_where_they_say_how_much_is_known(value, digits, text):
    assert rounded(value, digits) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "digits"),
    [
        (0.34, 0.312, 0.371, 3),  # half the interval is 0.030: 0.340
        (406.4, 13, 1928, 2),  # 960: 410
        (1.7, 1.26, 1.72, 3),
        (2.1, 2.0999, 2.1001, 4),  # no more than four
        (5.0, 1e-3, 7e9, 2),  # no fewer than two
        (1.7, 0.2, math.inf, 2),
        (0.0, 0.0, 0.3, 2),
        (0.34, 0.34, 0.34, 4),
    ],
)
def test_a_value_has_the_digits_that_its_interval_leaves(value, low, high, digits):
    assert known_digits(value, low, high) == digits


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.3121, 0.3712, "0.312 – 0.371"),
        (12.94, 1927.8, "13 – 1,930"),
        (0.336, 0.45, "0.336 – 0.450"),
        (0, 1.72, "below 1.7"),
        (0.2, math.inf, "above 0.20"),
        (0, math.inf, "not known"),
        (0.34, 0.34, "fixed"),
        (0.34 - 2e-9, 0.34 + 2e-9, "± 2×10⁻⁹"),
    ],
)
def test_an_interval_is_written_with_two_digits_of_its_half(low, high, text):
    assert interval_text(low, high).replace("\u2009", " ") == text


def test_sizes_have_their_own_way_of_writing():
    assert interval_text(4.595e9, 1.0055e10, compact).replace("\u2009", " ") == "4.6B – 10.1B"


@pytest.mark.parametrize("text", ["5,009", "0,123", "-4,871", "12,345", "3,141e2", "5,009 k"])
def test_one_comma_before_three_digits_is_refused(text):
    # In many languages 5,009 is five and nine thousandths.
    with pytest.raises(InputError, match=r"which may be .* or .*: write it without a comma"):
        parse_number(text)


@pytest.mark.parametrize(("text", "number"), [("1,234,567", 1234567.0), ("12,345.6", 12345.6), ("1,234.", 1234.0)])
def test_commas_that_can_only_group_digits_are_read(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["0,35", "5,009", "1,5", "64,128", "1,234,567", "0,35, 0,5", " 0,35 ", "1,234,567.5"])
def test_a_list_in_which_a_comma_may_be_part_of_a_number_is_refused(text):
    with pytest.raises(
        InputError, match=r"in which a comma may be part of a number: write decimals with a point, and a"
    ):
        split_list(text)


@pytest.mark.parametrize(
    ("text", "count"), [("0.35, 0.5", 2), ("1,2,3", 3), ("64 ,128", 2), ("a,b", 2), ("5", 1), ("1, 2,", 3)]
)
def test_a_list_is_split_at_its_commas(text, count):
    assert len(split_list(text)) == count


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (989e12, "989 TFLOP/s"),
        (1.979e15, "1.979 PFLOP/s"),
        (312e12, "312 TFLOP/s"),
        (999.96e12, "1 PFLOP/s"),
        (2e18, "2 EFLOP/s"),
        (1.5e9, "1.5 GFLOP/s"),
        (2e7, "2×10⁷ FLOP/s"),
    ],
)
def test_flop_rates_have_the_prefix_of_their_unit(value, text):
    assert flop_rate(value) == text
