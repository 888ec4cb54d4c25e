"""Why predictions of a fit call for care, besides its warnings: one answer for panels and reports."""

from __future__ import annotations

from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.quantity import multiple_text

__all__ = ["cautions"]

FAR = 10.0
"""Budget as a multiple of the largest run beyond which predictions call for care: runs are usually scaled by ten, and
predictions grow less certain with each further decade."""
ROUNDING = 1.01
"""Budgets are rounded to three digits."""


def cautions(fit: Fit, C: float | None, uncertainty: Uncertainty | None, roll_outs: RollOuts | None) -> tuple[str, ...]:
    """Return why predictions of a fit call for care, in a few words each; empty if only its warnings can say so.

    Parameters
    ----------
    fit : Fit
    C : float or None
        The budget that is planned with, in FLOPs; None if there is none.
    uncertainty : Uncertainty or None
        That of this fit; another one is not regarded.
    roll_outs : RollOuts or None
        Those of its problem, likewise.
    """
    found = []
    if uncertainty is not None and uncertainty.fit is fit:
        if uncertainty.too_few or uncertainty.undetermined:
            found.append("some parameters are hardly determined")
        if uncertainty.noise.repeated is not None and uncertainty.noise.repeated.rejects_the_law:
            found.append("the law misses the runs by more than their noise")
    if roll_outs is not None and roll_outs.problem.alike(fit.problem):
        found += [f"larger runs came out {side} than predicted" for side in roll_outs.sides]
    times = 0.0 if C is None else C / float(fit.runs.C.max())
    if times > FAR * ROUNDING:
        found.append(f"the budget is {multiple_text(times)} times the largest run")
    return tuple(found)
