"""What the panel of the fit says of a fit: the law, whether it is an optimum, and what to do about warnings."""

from __future__ import annotations

from html import escape

from chinchilla_nb.engine.fitting.fit import Fit, FitStatus, FitWarning
from chinchilla_nb.engine.fitting.losses import loss_name
from chinchilla_nb.quantity import plain, scientific
from chinchilla_nb.widgets.base.labels import runs_in_words

__all__ = ["badge", "fit_facts", "warning_text"]

FAR = 10.0
"""Budget as a multiple of the largest run beyond which the badge of a fit warns: runs are usually scaled by ten, and
predictions grow less certain with each further decade."""
ROUNDING = 1.01
"""Budgets are rounded to three digits."""

_UNFINISHED = {
    FitStatus.UNFINISHED: ("muted", "Running"),
    FitStatus.STALLED: ("warn", "No optimum reached"),
    FitStatus.CANCELLED: ("warn", "Cancelled: best so far"),
}
_MEANING = (
    "No small change of the parameters lowers the loss, and no other start led lower. "
    "How far predictions can be off is said by the intervals and the warnings."
)
_REMEDIES = {
    "compute": "keep the convention for plans, or choose the C of the runs under Compute in the configuration",
}
"""What to do in a panel about warnings, by code, where the remedy of a cell is code."""


def badge(fit: Fit, budget: float | None) -> tuple[str, str]:
    """Return the kind of the badge of a fit, ``"good"``, ``"warn"`` or ``"muted"``, and what it says.

    Parameters
    ----------
    fit : Fit
    budget : float or None
        The budget that is planned with, in FLOPs; None if there is none.
    """
    if fit.status is not FitStatus.CONVERGED:
        return _UNFINISHED[fit.status]
    cautions = []
    if fit.warnings:
        cautions.append(f"{len(fit.warnings)} warning{'' if len(fit.warnings) == 1 else 's'}")
    times = 0.0 if budget is None else budget / float(fit.runs.C.max())
    if times > FAR * ROUNDING:
        multiple = f"{times:,.0f}" if times < 1e5 else scientific(times, 2)
        cautions.append(f"the budget is {multiple} times the largest run")
    return ("warn", " · ".join(["Optimum found", *cautions])) if cautions else ("good", "✓ Optimum found")


def fit_facts(fit: Fit, budget: float | None) -> str:
    """Return the badge of a fit and how the law was found, as HTML; `budget` as for `badge`."""
    kind, said = badge(fit, budget)
    facts = (
        f"{loss_name(fit.loss_fn)} {plain(fit.objective, 4)} per run · {runs_in_words(len(fit.runs))} · "
        f"{fit.starts_text}, {fit.optima:,} distinct optim{'um' if fit.optima == 1 else 'a'}"
    )
    hint = f' title="{escape(_MEANING)}"' if fit.status is FitStatus.CONVERGED else ""
    return (
        f'<div class="cnb-facts"><span class="cnb-chip cnb-{kind}"{hint}>{escape(said)}</span>'
        f'<span class="cnb-muted">{escape(facts)}</span></div>'
    )


def warning_text(warning: FitWarning) -> str:
    """Return a warning with what to do about it in a panel."""
    return f"{warning.message}: {_REMEDIES.get(warning.code, warning.remedy)}"
