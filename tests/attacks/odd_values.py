"""Values that nobody means to pass, and every caller passes some day."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["ODD_TEXTS", "ODD_VALUES", "PLAIN_VALUES"]


class Raises:
    """Raises from everything that a conversion may call."""

    def _refuse(self, *arguments: Any) -> Any:
        raise RuntimeError("several\nlines")

    __repr__ = __float__ = __int__ = __index__ = __len__ = __iter__ = __array__ = __bool__ = _refuse


class Unhashable:
    __hash__ = None

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return None


def deep(levels: int) -> list[Any]:
    """Return lists within lists."""
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


def bomb(levels: int) -> list[Any]:
    """Return lists that stand for ten times more items with each level."""
    items: list[Any] = ["x"] * 10
    for _ in range(levels):
        items = [items] * 10
    return items


def loop() -> list[Any]:
    """Return a list that contains itself."""
    items: list[Any] = []
    items.append(items)
    return items


ODD_TEXTS = (
    *("", " ", "nan", "inf", "-1", "0", "1e5", "1e999", "1_", "1__0", "１２", "1\u00a0000", "True", "None", "null"),
    *("\x00", "\n", "a\nb", "\u2028", "\ud800", "é" * 3, "x" * 5000, "9" * 5000, "[1", "f8", "float32", "f8,f8", ">f8"),
    *("os:system", "a.b:c", "__main__:x", "lambda: 0", "../..", "~", "*", "&a", "<<", "{", "!!int x", "%", "@"),
    *("param_gird", "E", "e", "alpha", "alhpa", "mae", "huber", "kaplan", "chinchilla", "transformer", "C", "N_to_D"),
)
"""Texts."""

PLAIN_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 3, 7, 0.5, -0.5, 1e-320, 1e-30, 1e18, 1e30, 1e308, -1e308, 2**63, 10**30),
    *(10**400, -(10**400), 10**5000, float("nan"), float("inf"), float("-inf")),
    *([], {}, [[]], [1], [1, 2], [1, 2, 3], [2, 1], [0, 0], [1, None], [1, "2"], [True, 2], ["a"], [1e308, 1e-308]),
    *([[1, 2], [3, 4]], {"a": 1}, {"linspace": [0, 1, 3]}, {"geomspace": [1, 10, 3]}, {"linspace": [-1e308, 1e308, 4]}),
    *({"linspace": [1, 2, 10**6]}, {"linspace": [1, 2, 10**12]}, {"linspace": [0, 1, True]}, {"geomspace": [0, 1, 2]}),
    *(
        {"linspace": [10**400, 1, 3]},
        {"geomspace": [1e-320, 1e308, 5]},
        {"name": "huber"},
        {"name": "huber", "delta": 0},
    ),
    *({"name": "log_huber", "delta": 1e-320}, {"name": "mae", "w": 1}, {"name": 1}, {"linspace": None}),
    *(list(range(30)), deep(50)),
)
"""Values that a file can hold, too."""

ODD_VALUES: tuple[Any, ...] = (
    *ODD_TEXTS,
    *PLAIN_VALUES,
    *(b"5", bytearray(b"5"), 1j, complex(1), Decimal("1.5"), Decimal("NaN"), Decimal("sNaN"), Decimal("1e400")),
    *(Fraction(1, 3), Fraction(10**400), {1, 2}, frozenset({1}), (), (1, 2), (2, 1), range(3), slice(2), Ellipsis),
    *(np.float32(2), np.float64("nan"), np.int8(5), np.uint64(2**63), np.longdouble("1e4000"), np.bool_(True)),
    *(np.str_("5"), np.datetime64("2020-01-01"), np.timedelta64(5, "s"), np.complex128(1), np.ma.masked, np.void(b"1")),
    *(np.array(3.0), np.array(True), np.array("5"), np.array([]), np.array([1.0]), np.array([1.0, 2.0, 3.0])),
    *(np.array([[1.0, 2.0]]), np.array([1, None], dtype=object), np.array(["1", "2"]), np.array([True, False])),
    *(np.ma.array([1.0, 2.0], mask=[False, True]), np.ma.array(1.0, mask=True), np.array([1 + 1j]), np.zeros((0, 2))),
    *(np.array(["2020"], "M8[Y]"), np.full(3, np.nan), np.array([1e308, 1e308]), np.array([10**400], dtype=object)),
    *(np.zeros(2, dtype=[("a", float)]), np.array([b"1"]), np.array([1, 2], dtype=">i4")),
    *(pd.NA, pd.NaT, pd.Series([1.0, 2.0]), pd.Series([1, None], dtype="Int64"), pd.Series(["1"]), pd.Timestamp(0)),
    *(pd.DataFrame({"a": [1]}), pd.Series([True]), pd.Categorical([1, 2]), pd.Interval(0, 1)),
    *(bomb(30), loop(), object(), object, len, max, Raises(), Unhashable(), NotImplemented, itertools.repeat, print),
    *(np.random.default_rng, np.float64, np.longdouble, np.floating, np.sqrt, float, int, str, lambda *arguments: 0),
)
"""Values of all kinds; each can be passed again, since none is used up."""
