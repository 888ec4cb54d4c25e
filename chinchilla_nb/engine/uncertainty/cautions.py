"""Why predictions of a fit call for care, besides its warnings: one answer for panels and reports."""

from __future__ import annotations

from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.quantity import multiple_text

__all__ = ["cautions"]

FAR = 10.0
"""Budget as a multiple of the largest run beyond which predictions call for care: runs are usually scaled by ten, and
predictions grow less certain with each further decade."""
ROUNDING = 1.01
"""Budgets are rounded to three digits."""


def cautions(fit: Fit, C: float | None, uncertainty: Uncertainty | None) -> tuple[str, ...]:
    """Return why predictions of a fit call for care, in a few words each; empty if only its warnings can say so.

    Parameters
    ----------
    fit : Fit
    C : float or None
        The budget that is planned with, in FLOPs; None if there is none.
    uncertainty : Uncertainty or None
        That of this fit; another one is not regarded.
    """
    found = []
    if uncertainty is not None and uncertainty.fit is fit and (uncertainty.too_few or uncertainty.undetermined):
        found.append("some parameters are hardly determined")
    times = 0.0 if C is None else C / float(fit.runs.C.max())
    if times > FAR * ROUNDING:
        found.append(f"the budget is {multiple_text(times)} times the largest run")
    return tuple(found)
