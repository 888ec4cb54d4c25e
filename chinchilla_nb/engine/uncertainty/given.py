"""An uncertainty as it is given to a function: that of a fit, or what holds one."""

from __future__ import annotations

import inspect
from typing import Protocol

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputTypeError
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["HoldsUncertainty", "as_uncertainty"]


class HoldsUncertainty(Protocol):
    """What `Chinchilla.uncertainty` returns: an uncertainty with DataFrames around it."""

    @property
    def value(self) -> Uncertainty:
        """The uncertainty of the fit."""
        ...


def as_uncertainty(given: Uncertainty | HoldsUncertainty) -> Uncertainty:
    """Return the uncertainty of a fit, whichever of the two is given.

    Raises
    ------
    InputTypeError
        If it is neither.
    """
    # Without calling anything of a stranger's object.
    found = given if isinstance(given, Uncertainty) else inspect.getattr_static(given, "value", None)
    if isinstance(given, type) or not isinstance(found, Uncertainty):
        remedy = "pass fit.uncertainty() or cc.uncertainty()"
        raise InputTypeError("uncertainty", "must be of type Uncertainty", got=brief(given), remedy=remedy)
    return found
