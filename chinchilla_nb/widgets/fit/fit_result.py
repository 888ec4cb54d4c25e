"""What the panel of the fit says of a fit: the law, whether it is an optimum, and what to do about warnings."""

from __future__ import annotations

from html import escape

from chinchilla_nb.engine.fitting.fit import Fit, FitWarning
from chinchilla_nb.engine.fitting.loss_words import loss_in_words
from chinchilla_nb.engine.laws.symbols import in_symbols
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.quantity import plain
from chinchilla_nb.widgets.base.fit_badge import chip
from chinchilla_nb.widgets.base.labels import runs_in_words

__all__ = ["fit_facts", "warning_text"]

_REMEDIES = {
    "compute": "keep the convention for plans, or choose the C of the runs under Compute in the configuration",
}
"""What to do in a panel about warnings, by code, where the remedy of a cell is code."""


def fit_facts(fit: Fit, budget: float | None, uncertainty: Uncertainty | None, roll_outs: RollOuts | None) -> str:
    """Return the badge of a fit and how the law was found, as HTML; the arguments are those of `badge`."""
    facts = (
        f"{loss_in_words(fit.loss_fn)}: {plain(fit.objective, 4)} per run · {runs_in_words(len(fit.runs))} · "
        f"{fit.starts_text}, {fit.optima:,} distinct optim{'um' if fit.optima == 1 else 'a'}"
    )
    badge = chip(fit, budget, uncertainty, roll_outs)
    return f'<div class="cnb-facts">{badge}<span class="cnb-muted">{escape(facts)}</span></div>'


def warning_text(warning: FitWarning) -> str:
    """Return a warning with what to do about it in a panel, and with symbols as in the law."""
    return in_symbols(f"{warning.message}: {_REMEDIES.get(warning.code, warning.remedy)}")
