"""What a forecast is made of: the run that is meant, the versions of the packages, and what the numbers are."""

from __future__ import annotations

import platform
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy

from chinchilla_nb import __version__
from chinchilla_nb.checks import as_positive_number, brief
from chinchilla_nb.engine.conversion import first_items
from chinchilla_nb.engine.errors import InputError

__all__ = ["DEFINITIONS", "as_run", "package_versions"]

DEFINITIONS = MappingProxyType(
    {
        "N": "number of parameters",
        "D": "training tokens",
        "C": "compute in FLOPs, 6ND",
        "loss": "loss at the end of training, as in the runs",
    }
)
"""What N, D, C and loss are, unless a forecast says otherwise."""


def as_run(run: Any) -> tuple[float, float]:
    """Return N and D of a run that is given as a pair.

    Raises
    ------
    InputError
        If it is not a pair of positive numbers.
    """
    pair = first_items(run, 2)
    if pair is None or len(pair) != 2:
        raise InputError("run", "must be a budget C, or a pair of N and D", got=brief(run))
    N, D = pair
    return as_positive_number(N, "N"), as_positive_number(D, "D")


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that a forecast was made with."""
    return {
        "chinchilla_nb": __version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
    }
