"""Calls of functions that a user gives, with a value per run: `loss_fn(y_true, y_pred)` and `weight_fn(C)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.cancellation import Cancelled
from chinchilla_nb.engine.conversion import as_array, as_real_array
from chinchilla_nb.engine.errors import FitError, InputError

__all__ = ["LONGEST_REASON", "per_run"]

Array = NDArray[Any]

LONGEST_REASON = 200
"""Maximum number of characters of a user's exception in a message."""


def per_run(function: Callable[..., Any], where: str, kind: str, /, **arguments: Array) -> Array:
    """Call a function on arrays with one value per run, and return its result, one real number per run.

    Parameters
    ----------
    function : callable
        Gets copies, so that it cannot change the runs.
    where : str
        What an error calls the function.
    kind : str
        What it returns per run: ``loss`` or ``weight``.
    **arguments : ndarray, shape (n_runs,)
        Its arguments in their order, by the names that an error uses.

    Returns
    -------
    ndarray of a floating-point type, shape (n_runs,)
        In the precision of the function.

    Raises
    ------
    FitError
        If the function raises an exception, changes an argument, or does not return one real number per run.
    """
    copies = {name: values.copy() for name, values in arguments.items()}
    shape = next(iter(arguments.values())).shape
    with np.errstate(all="ignore"):
        try:
            returned = function(*copies.values())
        except Cancelled:
            raise
        except Exception as error:
            raise FitError(
                where,
                f"raised {brief(error, LONGEST_REASON)} on {shape[0]} runs",
                remedy=f"call it with {' and '.join(arguments)} as arrays to see where",
            ) from error
    for name, values in arguments.items():
        # What it returns may then be right for other arguments, and a fit would minimise that without any sign of it.
        if not _equal(copies[name], values):
            remedy = f"let it compute with a copy, np.array({name})"
            raise FitError(where, f"must not change its argument {name}", remedy=remedy)
    return _one_each(returned, where, kind, shape)


def _equal(one: Array, other: Array) -> bool:
    # The first comparison is faster, and mostly enough; predictions may overflow to NaN.
    return np.array_equal(one, other) or np.array_equal(one, other, equal_nan=True)


def _one_each(returned: Any, where: str, kind: str, shape: tuple[int, ...]) -> Array:
    """Return what a function has returned as an array of real numbers.

    Raises
    ------
    FitError
        If it is not one real number per run.
    """
    try:
        values = as_array(returned)
    except Exception:  # noqa: BLE001  what a user's function returns may raise anything when it is converted
        raise FitError(where, f"must return one {kind} per run", got=brief(returned)) from None
    if values.shape != shape:
        raise FitError(where, f"must return one {kind} per run, shape {shape}", got=f"shape {values.shape}")
    if np.ma.is_masked(returned):
        raise FitError(where, f"must return one {kind} per run", got="masked values")
    if values.dtype.kind in "fiub":
        return values if values.dtype.kind == "f" else values.astype(np.float64)
    if values.dtype.kind == "O":
        try:
            return as_real_array(values, where)
        except InputError as error:
            raise FitError(where, "must return real numbers", got=error.got, place=error.place) from None
    raise FitError(where, "must return real numbers", got=f"an array of {values.dtype}")
