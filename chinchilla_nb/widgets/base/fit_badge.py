"""The badge of a fit: whether an optimum was found, and whether anything calls for care."""

from __future__ import annotations

from html import escape

from chinchilla_nb.engine.fitting.fit import Fit, FitStatus
from chinchilla_nb.engine.uncertainty.cautions import cautions
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["badge", "chip"]

_UNFINISHED = {
    FitStatus.UNFINISHED: ("muted", "Running"),
    FitStatus.STALLED: ("warn", "No optimum reached"),
    FitStatus.CANCELLED: ("warn", "Cancelled: best so far"),
}


def badge(
    fit: Fit, budget: float | None, uncertainty: Uncertainty | None, roll_outs: RollOuts | None
) -> tuple[str, str]:
    """Return the kind of the badge of a fit, ``"good"``, ``"warn"`` or ``"muted"``, and what it says.

    Parameters
    ----------
    fit : Fit
    budget : float or None
        The budget that is planned with, in FLOPs; None if there is none.
    uncertainty : Uncertainty or None
        That of the fit, if it is known.
    roll_outs : RollOuts or None
        Those of the fit, likewise.
    """
    if fit.status is not FitStatus.CONVERGED:
        return _UNFINISHED[fit.status]
    found = cautions(fit, budget, uncertainty, roll_outs)
    if fit.warnings:
        found = (f"{len(fit.warnings)} warning{'' if len(fit.warnings) == 1 else 's'}", *found)
    return ("warn", " · ".join(["Optimum found", *found])) if found else ("good", "✓ Optimum found")


def chip(fit: Fit, budget: float | None, uncertainty: Uncertainty | None, roll_outs: RollOuts | None) -> str:
    """Return the badge of a fit as HTML, with what an optimum means."""
    kind, said = badge(fit, budget, uncertainty, roll_outs)
    by = "the intervals and the warnings" if fit.warnings else "the intervals"
    meaning = (
        "No small change of the parameters lowers the loss, and no other start led lower. "
        f"How far predictions can be off is said by {by}."
    )
    hint = f' title="{meaning}"' if fit.status is FitStatus.CONVERGED else ""
    return f'<span class="cnb-chip cnb-{kind}"{hint}>{escape(said)}</span>'
