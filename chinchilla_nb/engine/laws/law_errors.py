"""How far runs lie from a law that was not fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import Law, losses_of
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import plain

__all__ = ["LawErrors", "law_errors"]

DIGITS = 3
"""Digits of an error."""


@dataclass(frozen=True, slots=True)
class LawErrors:
    """The errors of a law for runs, measured minus predicted loss, in units of the loss.

    Attributes
    ----------
    bias : float
        Their mean: positive where the law predicts losses that are too low. Another tokenizer, text or unit of the loss
        gives all runs about the same error, which is in the bias.
    rms : float
        The root of their mean square.
    """

    bias: float
    rms: float

    @property
    def spread(self) -> float:
        """Their standard deviation about the bias: what a constant offset does not explain."""
        return float(np.sqrt(max(self.rms**2 - self.bias**2, 0.0)))

    @property
    def text(self) -> str:
        """The errors in words, without a full stop."""
        sign = "+" if self.bias >= 0 else "−"
        return (
            f"measured − predicted {sign}{plain(abs(self.bias), DIGITS)} on average, "
            f"RMS {plain(self.rms, DIGITS)}, spread about the average {plain(self.spread, DIGITS)}"
        )


def law_errors(law: Law, runs: Runs) -> LawErrors:
    """Return the errors of a law for runs.

    Raises
    ------
    InputError
        If there are no runs, or they have no N and D and the law needs them.
    """
    check_type(law, "law", Law)
    check_type(runs, "runs", Runs)
    if not len(runs):
        raise InputError("runs", "must be at least one", got="none")
    with np.errstate(all="ignore"):
        errors = runs.loss - losses_of(law, runs)
        return LawErrors(float(errors.mean()), float(np.sqrt(np.mean(errors**2))))
