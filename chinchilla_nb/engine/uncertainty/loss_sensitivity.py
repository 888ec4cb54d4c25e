"""How much the optimum of a budget depends on the loss of a fit: the same runs, fitted with other losses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from numpy.typing import ArrayLike

from chinchilla_nb.engine.conversion import as_positive_number, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import solve
from chinchilla_nb.engine.fitting.loss_words import loss_in_words
from chinchilla_nb.engine.fitting.losses import LossFunction, asymmetric_mae, log_huber, loss_name, mse
from chinchilla_nb.engine.fitting.problem import same_function
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.allocation import optima
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import compact, scientific

__all__ = ["COMPARED", "LossSensitivity", "LossSensitivityProgress", "iter_loss_sensitivity"]

COMPARED: tuple[LossFunction, ...] = (asymmetric_mae, partial(log_huber, delta=1e-3), mse)
"""The losses that fits are repeated with: the default, that of Hoffmann et al. (2022), equation 3, and least squares.
They differ in what they make of outliers and of noise that lies on one side of the law."""


@dataclass(frozen=True, eq=False, slots=True)
class LossSensitivity:
    """Fits of the same runs that minimise different losses.

    Attributes
    ----------
    fits : tuple of Fit
        That of the question first, then those with the other losses.
    """

    fits: tuple[Fit, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the losses."""
        return tuple(loss_name(fit.loss_fn) for fit in self.fits)

    def allocate(self, C: ArrayLike) -> dict[str, tuple[Any, Any]]:
        """Return N* and D* at budgets for each loss, by its name; NaN where a law has no optimum.

        Parameters
        ----------
        C : array_like
            Budgets in FLOPs.
        """
        return {name: optima(fit.law, C, fit.runs.compute) for name, fit in zip(self.names, self.fits, strict=True)}

    def text(self, C: float) -> str:
        """Return N* at a budget with each loss, in a sentence without a full stop.

        Raises
        ------
        InputError
            If the budget is not positive and finite.
        """
        C = as_positive_number(C, "C")
        found = [(float(optima(fit.law, C, fit.runs.compute)[0]), loss_in_words(fit.loss_fn)) for fit in self.fits]
        parts = [f'{compact(N) if N == N else "no optimum"} with "{loss}"' for N, loss in found]
        return f"N* at {scientific(C)} FLOPs is {', '.join(parts)}"

    def __repr__(self) -> str:
        lines = [f"{name}: {fit.law}" for name, fit in zip(self.names, self.fits, strict=True)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [
            (name, *(f"{value:.4g}" for value in fit.law.as_dict().values()))
            for name, fit in zip(self.names, self.fits, strict=True)
        ]
        return html_table(rows, ["loss", *self.fits[0].law.as_dict()], named_rows=True)


@dataclass(frozen=True, eq=False, slots=True)
class LossSensitivityProgress:
    """Progress of the fits with other losses.

    Attributes
    ----------
    done, total : int
        Number of fits done, and in all.
    result : LossSensitivity or None
        The last progress holds it.
    """

    done: int
    total: int
    result: LossSensitivity | None = None


def iter_loss_sensitivity(fit: Fit) -> Iterator[LossSensitivityProgress]:
    """Repeat a fit with the losses of `COMPARED` that it has not minimised, yielding progress after each.

    Parameters
    ----------
    fit : Fit
        Its runs, law, starts, weights and bounds hold for all.

    Raises
    ------
    InputTypeError
        If it is something else.
    """
    check_type(fit, "fit", Fit)
    others = [loss for loss in COMPARED if not same_function(loss, fit.loss_fn)]
    yield LossSensitivityProgress(0, len(others))
    fits = [fit]
    for done, loss in enumerate(others, 1):
        try:
            fits.append(solve(replace(fit.problem, loss_fn=loss)))
        except InputError:
            continue  # these runs cannot be fitted with it, such as losses of zero with logarithms
        yield LossSensitivityProgress(done, len(others))
    yield LossSensitivityProgress(len(others), len(others), LossSensitivity(tuple(fits)))
