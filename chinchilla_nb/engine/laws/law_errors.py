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
ROUND_OFF = 1e-9
"""Largest bias that is written as 0, relative to the errors: that of least squares is 0 but for round-off."""


@dataclass(frozen=True, slots=True)
class LawErrors:
    """The errors of a law for runs, measured minus predicted loss, in units of the loss.

    Attributes
    ----------
    bias : float
        Their mean: positive where the law predicts losses that are too low. Another tokenizer, text or unit of the loss
        gives all runs about the same error, which is in the bias.
    spread : float
        Their standard deviation about the bias: what a constant offset does not explain.
    """

    bias: float
    spread: float

    @property
    def rms(self) -> float:
        """The root of their mean square."""
        return float(np.hypot(self.bias, self.spread))

    @property
    def text(self) -> str:
        """The errors in words, without a full stop."""
        if not np.isfinite(self.rms):
            return "the law predicts losses beyond all numbers for some of these runs"
        sign = "+" if self.bias >= 0 else "−"
        average = "0" if abs(self.bias) <= ROUND_OFF * self.rms else f"{sign}{plain(abs(self.bias), DIGITS)}"
        return (
            f"measured − predicted {average} on average, "
            f"RMS {plain(self.rms, DIGITS)}, spread about the average {plain(self.spread, DIGITS)}"
        )


def law_errors(law: Law, runs: Runs) -> LawErrors:
    """Return the errors of a law for runs; infinite if it predicts a loss that is beyond float64.

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
        if not np.isfinite(errors).all():
            return LawErrors(-np.inf, np.inf)
        size = max(float(np.abs(errors).max()), np.finfo(float).tiny)  # so that no square overflows
        return LawErrors(float(errors.mean()), size * float(np.std(errors / size)))
