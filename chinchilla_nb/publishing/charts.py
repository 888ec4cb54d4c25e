"""The charts of a report, as SVG in its page."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import numpy as np

from chinchilla_nb.drawing import draw_frontier, draw_predictions, draw_roll_outs, svg_of
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.figures import Polyline, frontier_figure, frontier_intervals, prediction_figure, roll_out_figure
from chinchilla_nb.figures.dot_groups import DotGroups
from chinchilla_nb.session import Session
from chinchilla_nb.session_groups import groups_of, hidden_among

__all__ = ["coloured_groups", "fit_charts", "roll_out_chart"]


def fit_charts(session: Session, fit: Fit, uncertainty: Uncertainty | None) -> list[str]:
    """Return the charts of a fit as HTML: the planes, if it is a law of N and D, and predictions.

    Groups of runs, hidden ones, the laws beside the fit and the scale are those that panels show.
    """
    charts = []
    seen = np.flatnonzero(~hidden_among(session, fit.runs))
    runs, groups = fit.runs.take(seen), coloured_groups(session, fit.runs.take(seen))
    left_out = len(fit.runs) - len(runs)
    hidden = f" {left_out:,} of {len(fit.runs):,} runs belong to hidden groups." if left_out else ""
    if "N" in axes_of(fit.problem.family.parameters):
        C, intervals = fit.runs.C, None
        if uncertainty is not None:
            intervals = frontier_intervals(uncertainty, (float(C.min()), float(C.max())), session.roll_outs)
        excluded = session.excluded_runs
        planes = frontier_figure(
            runs,
            fit,
            regime=session.settings.seed_regime,
            excluded=excluded.take(~hidden_among(session, excluded)),
            data_unit=session.data_unit,
            intervals=intervals,
            scale=session.chart_scale,
        )
        caption = "Runs, curves of equal predicted loss and the efficient frontier in the planes C-N, C-D and N-D."
        drawn = draw_frontier(planes, None, beside=session.drawn_laws, groups=groups)
        charts.append(_chart(svg_of(drawn, "planes"), caption + hidden))
    if not len(runs):
        return charts
    predictions = prediction_figure(runs.loss, fit.predictions[seen], runs.C)
    caption = "Predicted and measured losses, their differences by compute, and how these are distributed."
    return [*charts, _chart(svg_of(draw_predictions(predictions, groups), "predictions"), caption + hidden)]


def coloured_groups(session: Session, runs: Runs) -> DotGroups | None:
    """Return the groups that colour these runs; None if their loss does."""
    groups, column = groups_of(session, runs), session.view.grouped_by
    return None if groups is None or column is None else DotGroups(column, groups)


def roll_out_chart(session: Session) -> str:
    """Return the chart of the roll-outs of a session as HTML, without hidden groups; empty if there are none."""
    roll_outs = session.roll_outs
    if roll_outs is None or not roll_outs.parts:
        return ""
    figure = roll_out_figure(roll_outs)
    seen = ~hidden_among(session, figure.held_out)
    figure = replace(figure, dots=Polyline(figure.dots.x[seen], figure.dots.y[seen]), part=figure.part[seen])
    caption = "Errors of the law, fitted to the runs below a budget, on the runs beyond it, and their drift."
    return _chart(svg_of(draw_roll_outs(figure), "roll-outs"), caption)


def _chart(svg: str, caption: str) -> str:
    drawn = svg.replace("<svg", f'<svg role="img" aria-label="{escape(caption)}"', 1)
    return f'<figure><div class="paper">{drawn}</div><figcaption>{escape(caption)}</figcaption></figure>'
