"""A table of the runs that refuses to be changed in place, because that would not change the runs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from chinchilla_nb.engine.errors import InputError

__all__ = ["ReadOnlyColumn", "ReadOnlyTable"]

CHANGING = (
    *("__delitem__", "__setitem__", "insert", "isetitem", "pop", "update"),
    *("__iadd__", "__iand__", "__ifloordiv__", "__imod__", "__imul__", "__ior__", "__ipow__", "__isub__"),
    *("__itruediv__", "__ixor__"),
    # Where pandas keeps the result of other operations in place, and of those on a column that it remembers.
    *("_maybe_cache_changed", "_update_inplace"),
)
"""Methods that change a table or a column."""
INPLACE = (
    *("backfill", "bfill", "clip", "drop", "drop_duplicates", "dropna", "eval", "ffill", "fillna", "interpolate"),
    *("mask", "pad", "query", "rename", "rename_axis", "replace", "reset_index", "set_index", "sort_index"),
    *("sort_values", "where"),
)
"""Methods that change a table or a column with ``inplace=True``."""
INDEXERS = ("at", "iat", "iloc", "loc")


def _refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise InputError(
        "database.df",
        "must not be changed in place, because it is a copy of the runs",
        remedy="change table = database.df.copy(), and assign database.df = table",
    )


class _ReadOnlyIndexer:
    """An indexer such as ``df.loc`` that only reads."""

    def __init__(self, indexer: Any) -> None:
        self._indexer = indexer

    __setitem__ = _refuse

    def __getitem__(self, key: Any) -> Any:
        return self._indexer[key]

    def __call__(self, *args: Any, **kwargs: Any) -> _ReadOnlyIndexer:
        return _ReadOnlyIndexer(self._indexer(*args, **kwargs))

    def __getattr__(self, name: str) -> Any:  # pandas reads with other methods of an indexer, too
        return getattr(self._indexer, name)


def _not_inplace(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _refuse() if kwargs.get("inplace") else method(self, *args, **kwargs)

    return called


def _reading(indexer: property) -> property:
    return property(lambda self: _ReadOnlyIndexer(indexer.__get__(self)))


def _read_only(kind: type) -> type:
    """Give a subclass of a class of pandas the methods that refuse changes."""
    base = kind.__bases__[0]
    for name in CHANGING:
        if hasattr(base, name):
            setattr(kind, name, _refuse)
    for name in INPLACE:
        if hasattr(base, name):
            setattr(kind, name, _not_inplace(getattr(base, name)))
    for name in INDEXERS:
        setattr(kind, name, _reading(getattr(base, name)))
    return kind


def _sealed(array: Any, live: Any) -> Any:
    """Return an array that cannot be written to if it shares the memory of the live values of a column."""
    if isinstance(array, np.ndarray) and isinstance(live, np.ndarray) and np.may_share_memory(array, live):
        array = array.view()
        array.flags.writeable = False
    return array


@_read_only
class ReadOnlyColumn(pd.Series):
    """A column of a `ReadOnlyTable`; what is derived from it is an ordinary Series.

    Its arrays cannot be written to: pandas 3 makes them so, and pandas 2 does not.
    """

    @property
    def _constructor(self) -> Callable[..., pd.Series[Any]]:
        return pd.Series

    @property
    def values(self) -> Any:
        """The values, as an array that cannot be written to."""
        return _sealed(super().values, super().values)

    def to_numpy(self, *args: Any, **kwargs: Any) -> Any:
        """Return the values as an array, which cannot be written to unless it is a copy."""
        return _sealed(super().to_numpy(*args, **kwargs), super().values)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return _sealed(super().__array__(*args, **kwargs), super().values)

    def __reduce__(self) -> tuple[Any, ...]:
        return pd.Series, (self.copy(),)


@_read_only
class ReadOnlyTable(pd.DataFrame):
    """A table that is not changed in place, nor are its columns; what is derived from it, as by ``copy()``, can be.

    Raises
    ------
    InputError
        If it is changed in place.
    ValueError
        If the array of a column is: NumPy says that it is read-only.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return ReadOnlyColumn(found, copy=False) if isinstance(found, pd.Series) else found

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("columns", "index") or (not name.startswith("_") and name in self.columns):
            _refuse()
        super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return pd.DataFrame, (self.copy(),)
