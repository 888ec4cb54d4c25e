"""Numbers from the user: conversion to floats, without taking text, booleans or masked values for numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError

__all__ = ["as_float", "as_positive_array", "as_positive_number", "as_real_array"]

NOT_NUMBERS = (str, bytes, bytearray, bool, np.bool_, list, tuple, set, frozenset, dict)
"""Types that `float` or NumPy would convert, or search through, although they are not numbers."""
CONVERTED_KINDS = "bcmMSU"
"""Kinds of NumPy types that are no real numbers but convert to them: text is parsed, dates count days, and the
imaginary part of a complex number is dropped."""
_FLAGS = {bool, np.bool_, np.ma.core.MaskedConstant}
"""Types of items of a list that NumPy converts to numbers in silence."""


def as_float(value: Any, name: str) -> float:
    """Return a number as a float; text, booleans, complex numbers and dates are not numbers.

    Raises
    ------
    InputError
        If it is not one.
    """
    try:
        return _number(value)
    except OverflowError:
        raise InputError(name, "must be a number below 1.8e308", got=brief(value)) from None
    except Exception:  # noqa: BLE001  a value of the user may raise anything when it is converted
        raise InputError(name, "must be a number", got=brief(value)) from None


def as_positive_number(value: Any, name: str) -> float:
    """Return a positive, finite number as a float.

    Raises
    ------
    InputError
        If it is not one.
    """
    number = as_float(value, name)
    if not (np.isfinite(number) and number > 0):
        raise InputError(name, "must be positive and finite", got=str(number))
    return number


def as_real_array(values: Any, name: str) -> NDArray[np.float64]:
    """Return a float64 copy of numbers of any shape; NaN and infinity are numbers here.

    Raises
    ------
    InputError
        If a value is not a number; the error names the first one and its index.
    """
    listed = isinstance(values, (list, tuple))
    if listed and not _FLAGS.isdisjoint(map(type, values)):
        return _item_by_item(_objects(values), name)
    if np.ma.is_masked(values):
        raise InputError(name, "must be numbers", got="a masked value")
    try:
        array = np.asarray(values)
    except Exception:  # noqa: BLE001  a value of the user may raise anything when it is converted
        raise InputError(name, "must be numbers", got=brief(values)) from None
    if array.dtype.kind not in "iuf":
        # With one text among them, NumPy reads all items as text.
        return _item_by_item(_objects(values) if listed and array.dtype.kind != "O" else array, name)
    with np.errstate(over="ignore"):  # a long double beyond float64 becomes infinity
        return array.astype(np.float64)


def as_positive_array(values: Any, name: str) -> NDArray[np.float64]:
    """Return a float64 copy of a one-dimensional array of positive, finite numbers.

    Raises
    ------
    InputError
        If a value is not positive and finite; the error names the first one and its index.
    """
    array = np.atleast_1d(as_real_array(values, name))
    if array.ndim != 1:
        raise InputError(name, "must be one-dimensional", got=f"an array of shape {array.shape}")
    bad = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
    if bad.size:
        rule = "positive" if np.isfinite(array[bad[0]]) else "a finite number"
        raise InputError(name, f"must be {rule}", got=str(float(array[bad[0]])), place=f"at index {bad[0]}")
    return array


def _number(value: Any) -> float:
    """Return a number as a float.

    Raises
    ------
    Exception
        If it is not one.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0 and not np.ma.is_masked(value):
        value = value.item() if value.dtype.kind == "O" else value[()]
    kind, shape = getattr(getattr(value, "dtype", None), "kind", "f"), getattr(value, "shape", None)
    if isinstance(value, NOT_NUMBERS) or shape or kind in CONVERTED_KINDS or np.ma.is_masked(value):
        raise TypeError
    return float(value)


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    """Return the items of a list as an array, unchanged; the last one keeps NumPy from looking into them."""
    return np.array([*values, None], dtype=object)[:-1]


def _item_by_item(array: NDArray[Any], name: str) -> NDArray[np.float64]:
    numbers = np.empty(array.shape)
    for place, index in enumerate(np.ndindex(array.shape)):
        try:
            numbers[index] = as_float(array[index], name)
        except InputError as error:
            rule = "must be numbers" if array.ndim else error.rule
            where = f"at index {place if array.ndim == 1 else index}" if array.ndim else ""
            raise InputError(name, rule, got=error.got, place=where) from None
    return numbers
