"""How well a Jacobian determines its parameters, whatever their units."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["condition_numbers"]

SINGULAR = 1e13
"""Condition number from which on a Jacobian is singular, except for rounding."""


def condition_numbers(jacobian: NDArray[Any]) -> NDArray[Any]:
    """Return the condition number of each Jacobian with its columns scaled to one length.

    Parameters
    ----------
    jacobian : ndarray, shape (..., n, n_parameters)

    Returns
    -------
    ndarray, shape (...)
        Infinite if a Jacobian is singular, as with fewer rows than parameters. That of the normal matrix is the square.
    """
    if jacobian.shape[-2] < jacobian.shape[-1]:
        return np.full(jacobian.shape[:-2], np.inf)
    length = np.linalg.norm(jacobian, axis=-2, keepdims=True)
    scaled = jacobian / np.where(length > 0, length, 1.0)  # a column of zeros stays one, and the Jacobian singular
    singular = np.linalg.svd(scaled, compute_uv=False)
    with np.errstate(divide="ignore"):
        ratio = singular[..., 0] / singular[..., -1]
    return np.where(ratio > SINGULAR, np.inf, ratio)
