"""Values from the user, as they enter the engine: conversion to floats, and checks of the types of other values.

Text, booleans and masked values are not taken for numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError, InputTypeError

__all__ = [
    "as_array",
    "as_flag",
    "as_float",
    "as_generator",
    "as_positive_array",
    "as_positive_number",
    "as_positive_values",
    "as_range",
    "as_real_array",
    "as_magnitudes",
    "check_callable",
    "check_choice",
    "check_type",
    "first_items",
]

NOT_NUMBERS = (str, bytes, bytearray, bool, np.bool_, list, tuple, set, frozenset, dict)
"""Types that `float` or NumPy would convert, or search through, although they are not numbers."""
CONVERTED_KINDS = "bcmMSUV"
"""Kinds of NumPy types that are no real numbers but convert to them: text and raw bytes are parsed, dates count days,
and the imaginary part of a complex number is dropped."""
MOST_DIMENSIONS = 8
"""Of nested lists; NumPy reads up to 64, and ten times as many values for every dimension in which lists repeat."""
MOST_VALUES = 10_000_000
"""In nested lists; as an array they take seconds and a gigabyte."""
_FLAGS = {bool, np.bool_, np.ma.core.MaskedConstant}
"""Types of items of a list that NumPy converts to numbers in silence."""


def as_float(value: Any, name: str) -> float:
    """Return a number as a float; text, booleans, complex numbers and dates are not numbers.

    Raises
    ------
    InputError
        If it is not one.
    """
    if type(value) is float:  # most are, and charts convert thousands of them
        return value
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


def as_range(values: Any, name: str) -> tuple[float, float]:
    """Return the lowest and the highest number of a range, both positive and finite.

    Raises
    ------
    InputError
        If there are not two such numbers, or the first is the larger one.
    """
    ends = first_items(values, 2)
    if ends is None or len(ends) != 2:
        raise InputError(name, "must be two numbers, the lowest and the highest", got=brief(values))
    low, high = (as_positive_number(end, name) for end in ends)
    if low > high:
        got = f"{low:g} to {high:g}".replace("e+", "e")
        raise InputError(name, "must run from low to high", got=got)
    return low, high


def as_flag(value: Any, name: str) -> bool:
    """Return True or False; 1 and 0 are taken for them, but no text, which would be true whatever it says.

    Raises
    ------
    InputTypeError
        If it is something else.
    """
    if isinstance(value, (bool, np.bool_)) or (type(value) is int and value in (0, 1)):
        return bool(value)
    raise InputTypeError(name, "must be True or False", got=brief(value))


def check_type(value: Any, name: str, *types: type) -> None:
    """Check that a value is an instance of one of some types; NoneType stands for None.

    Raises
    ------
    InputTypeError
        If it is not.
    """
    # A class has the methods that a protocol asks for, too, but they lack their instance.
    if not isinstance(value, types) or isinstance(value, type):
        names = " or ".join("None" if one is type(None) else one.__name__ for one in types)
        raise InputTypeError(name, f"must be of type {names}", got=brief(value))


def check_callable(value: Any, name: str) -> None:
    """Check that a value can be called.

    Raises
    ------
    InputTypeError
        If it cannot.
    """
    if not callable(value):
        raise InputTypeError(name, "must be callable", got=brief(value))


def check_choice(value: Any, name: str, choices: Sequence[str]) -> None:
    """Check that a value is one of some texts.

    Raises
    ------
    InputError
        If it is not.
    """
    if not (isinstance(value, str) and value in choices):
        raise InputError(name, f"must be {' or '.join(map(repr, choices))}", got=brief(value))


def as_generator(rng: Any) -> np.random.Generator:
    """Return a random number generator, a new one if a seed or None is given.

    Raises
    ------
    InputTypeError
        If it is neither a generator nor a seed.
    """
    try:
        # NumPy takes True for the seed 1, texts in a list for numbers, and searches lists in lists without end.
        if isinstance(rng, (bool, np.bool_)) or (isinstance(rng, np.ndarray) and rng.dtype.kind not in "iu"):
            raise TypeError
        if isinstance(rng, (list, tuple)) and not all(type(part) is int for part in rng):
            raise TypeError
        return np.random.default_rng(rng)
    except Exception:  # noqa: BLE001  NumPy raises many kinds of errors for what is not a seed
        rule = "must be a seed (a whole number from 0) or a numpy Generator"
        raise InputTypeError("rng", rule, got=brief(rng)) from None


def as_array(values: Any) -> NDArray[Any]:
    """Return values as NumPy reads them, but no lists that stand for more than fits into memory.

    Raises
    ------
    Exception
        If NumPy cannot read them, or lists are nested deeply or stand for more than ten million values.
    """
    if isinstance(values, (list, tuple)) and _count(values, {}, 1) > MOST_VALUES:
        raise OverflowError
    return np.asarray(values)


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
        array = as_array(values)
    except Exception:  # noqa: BLE001  a value of the user may raise anything when it is converted
        raise InputError(name, "must be numbers", got=brief(values)) from None
    if array.dtype.kind not in "iuf":
        # With one text among them, NumPy reads all items as text.
        return _item_by_item(_objects(values) if listed and array.dtype.kind != "O" else array, name)
    with np.errstate(over="ignore"):  # a long double beyond float64 becomes infinity
        return array.astype(np.float64)


def as_positive_values(values: Any, name: str) -> NDArray[np.float64]:
    """Return a float64 copy of positive, finite numbers of any shape, also of a single one.

    Raises
    ------
    InputError
        If a value is not positive and finite; the error names the first one and its index.
    """
    array = as_real_array(values, name)
    if array.ndim == 0:
        return np.array(as_positive_number(array[()], name))
    _check_positive(array, name)
    return array


def as_positive_array(values: Any, name: str) -> NDArray[np.float64]:
    """Return a float64 copy of a one-dimensional array of positive, finite numbers; a single one is an array of one.

    Raises
    ------
    InputError
        If it has more dimensions, or a value is not positive and finite.
    """
    array = np.atleast_1d(as_real_array(values, name))
    if array.ndim != 1:
        raise InputError(name, "must be one-dimensional", got=f"an array of shape {array.shape}")
    _check_positive(array, name)
    return array


def _check_positive(array: NDArray[np.float64], name: str) -> None:
    bad = np.argwhere(~(np.isfinite(array) & (array > 0)))
    if len(bad):
        index = tuple(bad[0].tolist())
        rule = "positive" if np.isfinite(array[index]) else "a finite number"
        place = f"at index {index[0] if array.ndim == 1 else index}"
        raise InputError(name, f"must be {rule}", got=str(float(array[index])), place=place)


def as_magnitudes(**given: Any) -> list[NDArray[np.float64]]:
    """Return positive numbers by name as float64 arrays, which broadcast; infinity and NaN are passed on.

    Raises
    ------
    InputError
        If one is not a number, zero or negative, or the shapes do not broadcast.
    """
    values_of = {name: as_real_array(values, name) for name, values in given.items()}
    for name, values in values_of.items():
        if (values <= 0).any():
            raise InputError(name, "must be positive", got=str(values[values <= 0].flat[0]))
    shapes = [values.shape for values in values_of.values()]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        got = f"shapes {' and '.join(map(str, shapes))}"
        raise InputError(" and ".join(values_of), "must broadcast", got=got) from None
    return list(values_of.values())


def first_items(values: Any, most: int) -> list[Any] | None:
    """Return the items of a list or another iterable, up to one more than `most`; None if it has no items to give.

    A text and a mapping have none: their characters and keys are not what a user lists.
    """
    if isinstance(values, (str, bytes, bytearray, Mapping)):
        return None
    try:
        return list(itertools.islice(values, most + 1))
    except Exception:  # noqa: BLE001  a value of the user may raise anything when it is read
        return None


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


def _count(values: Sequence[Any], counts: dict[int, int], dimensions: int) -> int:
    """Return how many values lists stand for; the same list is counted once and multiplied."""
    if dimensions > MOST_DIMENSIONS:
        raise TypeError
    count = len(values)
    for value in values:
        if isinstance(value, (list, tuple)):
            if id(value) not in counts:
                counts[id(value)] = _count(value, counts, dimensions + 1)
            count += counts[id(value)]
    return count


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
