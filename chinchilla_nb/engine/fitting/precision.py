"""The floating-point type in which a fit is polished."""

from __future__ import annotations

from typing import Any

import numpy as np

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputTypeError

__all__ = ["as_precision"]


def as_precision(written: Any) -> type[np.floating[Any]]:
    """Return a floating-point type, given as a type or by its name.

    Raises
    ------
    InputTypeError
        If it is not one, or too narrow for L-BFGS-B to converge.
    """
    try:
        # NumPy would read None as float64, and write out all of a list in its error.
        dtype = np.dtype(written) if isinstance(written, (str, type, np.dtype)) else None
    except Exception:  # noqa: BLE001  NumPy raises many kinds of errors, SyntaxError among them, for what is no type
        dtype = None
    if dtype is None:
        raise InputTypeError("dtype", "must be a floating-point type", got=brief(written))
    if dtype.kind != "f" or dtype.itemsize < np.dtype(np.float64).itemsize:
        rule = "must be float64 or wider for L-BFGS-B to converge"
        raise InputTypeError("dtype", rule, got=dtype.name)
    kind: type[np.floating[Any]] = dtype.type
    return kind
