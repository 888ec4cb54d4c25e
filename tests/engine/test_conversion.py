"""What counts as a number, alone and in arrays."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb.engine.conversion import as_float, as_positive_array, as_positive_number, as_real_array
from chinchilla_nb.engine.errors import InputError


class Raises:
    def __float__(self):
        raise RuntimeError("no number")


NUMBERS = [
    (3, 3.0),
    (-2.5, -2.5),
    (np.int64(7), 7.0),
    (np.uint8(7), 7.0),
    (np.float32(0.5), 0.5),
    (np.longdouble(0.25), 0.25),
    (np.array(2.0), 2.0),
    (np.array(Decimal("0.5"), dtype=object), 0.5),
    (Decimal("1e-3"), 1e-3),
    (Fraction(1, 4), 0.25),
    (2**60, 2.0**60),
]
NOT_NUMBERS = [
    *(None, True, np.True_, "5", "１２", np.str_("5"), b"5", bytearray(b"5"), 1j, np.complex128(1), np.array("5")),
    *(np.datetime64("2020-01-01"), np.timedelta64(5, "s"), pd.NA, np.ma.masked, Raises(), object()),
    *([1.0], (1.0,), {1.0}, {"a": 1}, np.array([1.0]), pd.Series([1.0]), np.ma.array(1.0, mask=True), 10**400),
    *(Fraction(10**400), Decimal("sNaN")),
]


@pytest.mark.parametrize(("value", "number"), NUMBERS, ids=lambda value: type(value).__name__)
def test_numbers_of_all_types_are_numbers(value, number):
    assert as_float(value, "x") == number
    assert as_real_array([value, 1], "x").tolist() == [number, 1.0]
    assert as_positive_array([abs(value), 1], "x").tolist() == [abs(number), 1.0]


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=lambda value: type(value).__name__)
def test_what_only_converts_to_a_number_is_not_one(value):
    for check, given in (
        (as_float, value),
        (as_positive_number, value),
        (as_real_array, [1.0, value]),
        (as_positive_array, (1.0, 2, value)),
    ):
        with pytest.raises(InputError, match=r"^x must (be|have) .*got ") as caught:
            check(given, "x")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        np.array([True, False]),
        np.array(["1", "2"]),
        np.array(["2020"], "M8[Y]"),
        np.array([1 + 1j]),
        np.ma.array([1.0, 2.0], mask=[False, True]),
        pd.Series([1, None], dtype="Int64"),
        pd.Series(["1"]),
        np.array([1, "2"], dtype=object),
        [[1, 2], [3]],
        "12",
        {"a": 1},
        {1, 2},
        iter([1.0]),
    ],
    ids=lambda values: type(values).__name__,
)
def test_arrays_that_only_convert_to_numbers_are_refused(values):
    with pytest.raises(InputError, match=r"^x must be .*got "):
        as_positive_array(values, "x")


def test_a_flag_in_an_array_without_dimensions_is_not_a_number():
    for check in (as_float, as_real_array):
        with pytest.raises(InputError, match=r"^x must be a number, got "):
            check(np.array(True), "x")


def test_the_first_that_is_not_a_number_is_named_with_its_index():
    with pytest.raises(InputError, match=r"^x must be numbers, got 'b' at index 2$"):
        as_real_array([1, 2.0, "b", "c"], "x")
    with pytest.raises(InputError, match=r"^x must be numbers, got True at index 1$"):
        as_real_array([1, True], "x")
    with pytest.raises(InputError, match=r"^x must be numbers, got None at index \(1, 0\)$"):
        as_real_array([[1, 2], [None, 3]], "x")


@pytest.mark.parametrize(
    "values", [pd.Series([1, 2]), pd.Series([1, 2], dtype="Int64"), (1, 2), range(1, 3), np.array([1, 2], dtype=object)]
)
def test_sequences_of_all_types_are_arrays(values):
    assert as_positive_array(values, "x").tolist() == [1.0, 2.0]


def test_an_array_is_a_copy_and_a_long_double_beyond_float64_is_infinite():
    given = np.array([1.0, 2.0])
    assert not np.shares_memory(as_real_array(given, "x"), given)
    huge = np.longdouble(np.finfo(float).max) * 4
    assert as_real_array([huge], "x")[0] == np.inf
