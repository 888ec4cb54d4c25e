"""The charts of a report, as SVG in its page."""

from __future__ import annotations

from html import escape

from chinchilla_nb.drawing import draw_frontier, draw_predictions, draw_roll_outs, svg_of
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.figures import frontier_figure, frontier_intervals, prediction_figure, roll_out_figure
from chinchilla_nb.session import Session

__all__ = ["fit_charts", "roll_out_chart"]


def fit_charts(session: Session, fit: Fit, uncertainty: Uncertainty | None) -> list[str]:
    """Return the charts of a fit as HTML: the planes, if it is a law of N and D, and predictions."""
    charts = []
    if "N" in axes_of(fit.problem.family.parameters):
        C, intervals = fit.runs.C, None
        if uncertainty is not None:
            intervals = frontier_intervals(uncertainty, (float(C.min()), float(C.max())), session.roll_outs)
        planes = frontier_figure(
            fit.runs,
            fit,
            regime=session.settings.seed_regime,
            excluded=session.excluded_runs,
            data_unit=session.data_unit,
            intervals=intervals,
        )
        caption = "Runs, curves of equal predicted loss and the efficient frontier in the planes C-N, C-D and N-D."
        charts.append(_chart(svg_of(draw_frontier(planes, None), "planes"), caption))
    predictions = prediction_figure(fit.runs.loss, fit.predictions, fit.runs.C)
    caption = "Predicted and measured losses, their differences by compute, and how these are distributed."
    return [*charts, _chart(svg_of(draw_predictions(predictions), "predictions"), caption)]


def roll_out_chart(roll_outs: RollOuts | None) -> str:
    """Return the chart of roll-outs as HTML; empty if there are none."""
    if roll_outs is None or not roll_outs.parts:
        return ""
    caption = "Errors of the law, fitted to the runs below a budget, on the runs beyond it, and their drift."
    return _chart(svg_of(draw_roll_outs(roll_out_figure(roll_outs)), "roll-outs"), caption)


def _chart(svg: str, caption: str) -> str:
    drawn = svg.replace("<svg", f'<svg role="img" aria-label="{escape(caption)}"', 1)
    return f'<figure><div class="paper">{drawn}</div><figcaption>{escape(caption)}</figcaption></figure>'
