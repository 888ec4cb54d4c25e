"""The charts of a simulation: runs and frontiers, the convergence of N*, and its error against the number of seeds."""

from __future__ import annotations

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.planning.scaling import optimum
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.seeds_study import SeedsStudyProgress
from chinchilla_nb.engine.simulation.simulate import SimulationProgress
from chinchilla_nb.figures import Polyline, Scale, frontier_figure
from chinchilla_nb.figures.simulation import ErrorFigure, TraceFigure, error_figure, frontier_line, trace_figure
from chinchilla_nb.quantity import compact, percent, plain
from chinchilla_nb.widgets.base.style import ACCENT, INK
from chinchilla_nb.widgets.charts.chart_card import ChartCard
from chinchilla_nb.widgets.charts.legend import SEED_REGIME, line, symbol
from chinchilla_nb.widgets.charts.plane_chart import PlaneChart
from chinchilla_nb.widgets.charts.plots import Frame, set_line
from chinchilla_nb.widgets.simulation.plan import Plan

__all__ = ["SimulationCharts", "StudyChart", "TraceChart"]


class SimulationCharts(ipywidgets.Box):
    """The plane C-N with both frontiers, the trace of N* and the study, side by side; narrow pages stack them.

    Attributes
    ----------
    plane : PlaneChart
    true_frontier : bqplot.Lines
    trace : TraceChart
    study : StudyChart
    cards : tuple of ChartCard
        These three under their titles.
    scale : str
        The scale of the plane from its next drawing on.
    empty : HTML
        Says what will be shown in place of the first two charts, before a simulation.
    key, summary : HTML
        The legend; the results of the study in words.
    """

    def __init__(self) -> None:
        self.plane, self.trace, self.study = PlaneChart(), TraceChart(), StudyChart()
        self.true_frontier = self.plane.frame.lines(colors=[ACCENT], line_style="dashed", stroke_width=2.5)
        self.plane.figure.marks = [*self.plane.figure.marks, self.true_frontier]
        self.key = ipywidgets.HTML(_key())
        self.key.add_class("cnb-key")
        self.summary = ipywidgets.HTML()
        self.summary.add_class("cnb-summary")
        self.empty = ipywidgets.HTML(_EMPTY)
        self.empty.add_class("cnb-two-charts")
        self.cards = (
            ChartCard("Runs and frontiers", self.plane.frame, self.plane.figure),
            ChartCard("Estimate of N* as runs are added", self.trace.frame, self.trace.figure),
            ChartCard("Error of N* by number of seeds", self.study.frame, self.study.figure),
        )
        self.scale: Scale = "log"
        super().__init__()
        self.add_class("cnb-charts")
        self._shown = {"simulation": False, "study": False}
        self._arrange()

    def show_all(self) -> None:
        """Hold the charts and the text that stands in for them, so that closing the panel closes all of them."""
        self.children = [self.empty, *self.cards, self.key, self.summary]

    def show_simulation(self, state: SimulationProgress, plan: Plan) -> None:
        """Draw the runs so far, both frontiers and the trace of N*."""
        self._shown["simulation"] = True
        self._arrange()
        truth, C, compute = plan.task.law, plan.numbers.budget, state.runs.compute
        # The axes include the true optimum at the target budget, so that they do not move with the fit.
        figure = frontier_figure(
            state.runs, state.fit, regime=plan.regime, next_point=optimum(truth, C, compute), scale=self.scale
        )
        plane = figure.planes[0]
        self.plane.show(plane, figure.colour, [_label(state.runs, index) for index in figure.shown])
        set_line(self.true_frontier, frontier_line(truth, plane.x, compute))
        self.plane.move_budget(plane, C, None if state.fit is None else optimum(state.fit.law, C, compute))
        counts, laws = [len(fit.runs) for fit in state.fits], [fit.law for fit in state.fits]
        self.trace.show(trace_figure(counts, laws, truth, C, state.total, compute))
        for card in self.cards[:2]:
            card.describe()

    def show_study(self, study: SeedsStudyProgress | None) -> None:
        """Show how errors fall with the number of seeds; None stands for no simulation yet."""
        self._shown["study"] = study is not None
        self._arrange()
        if study is None:
            self.summary.value = f'<span class="cnb-muted">{_STUDY_COMES}</span>'
        else:
            quartiles = study.quartiles()
            self.study.show(error_figure(study.seeds, quartiles))
            self.summary.value = _summarise(study.seeds, quartiles)
            self.cards[2].describe()

    def _arrange(self) -> None:
        """Show the charts that have something to show, and a text in place of the others: no chart is ever empty."""
        simulated, studied = self._shown["simulation"], self._shown["study"]
        charts = [*self.cards[:2]] if simulated else [self.empty]
        charts += [self.cards[2]] if studied else []
        if len(charts) == 2:
            self.add_class("cnb-pair")  # a third column would be empty
        else:
            self.remove_class("cnb-pair")
        self.children = [*charts, *([self.key] if simulated or studied else []), self.summary]


_EMPTY = (
    '<div class="cnb-empty cnb-muted">Press Run: the simulated runs with the true and the fitted frontier, '
    "and the estimate of N* as runs are added, appear here.</div>"
)
_STUDY_COMES = "Press Study to see how errors fall with the number of seeds"


class TraceChart:
    """N* as estimated from a growing number of runs.

    Attributes
    ----------
    frame : Frame
    figure : bqplot.Figure
    line, truth : bqplot.Lines
    """

    def __init__(self) -> None:
        self.frame = Frame(log_x=False)
        self.truth = self.frame.lines(colors=[ACCENT], line_style="dashed", stroke_width=2.5)
        self.line = self.frame.lines(colors=[INK], stroke_width=2.0, marker="circle", marker_size=28)
        self.figure = self.frame.figure([self.truth, self.line])

    def show(self, figure: TraceFigure) -> None:
        """Draw the estimates."""
        self.frame.show(figure.x, figure.y)
        set_line(self.truth, figure.truth)
        set_line(self.line, figure.line)


class StudyChart:
    """The error of N* against the number of seeds: its median, and a band for the middle half.

    Attributes
    ----------
    frame : Frame
    figure : bqplot.Figure
    median, band : bqplot.Lines
    """

    def __init__(self) -> None:
        self.frame = Frame()
        # A closed outline, because a band between two lines fails in the page while both are empty.
        self.band = self.frame.lines(
            colors=[INK], fill="inside", fill_colors=[INK], fill_opacities=[0.18], stroke_width=0.0, close_path=True
        )
        self.median = self.frame.lines(colors=[INK], stroke_width=2.0, marker="circle", marker_size=28)
        self.figure = self.frame.figure([self.band, self.median])

    def show(self, figure: ErrorFigure) -> None:
        """Draw the errors."""
        self.frame.show(figure.x, figure.y)
        lower, upper = figure.lower, figure.upper
        set_line(self.band, Polyline(np.append(lower.x, upper.x[::-1]), np.append(lower.y, upper.y[::-1])))
        set_line(self.median, figure.median)


def _key() -> str:
    band = '<svg width="26" height="12"><rect width="26" height="12" fill="var(--cnb-ink)" opacity=".18"/></svg>'
    diamond = '<svg width="14" height="14"><path d="M7 1L12 7L7 13L2 7Z" fill="var(--cnb-accent)"/></svg>'
    items = [
        line('stroke="var(--cnb-accent)" stroke-width="2.5" stroke-dasharray="5 3"', "True law"),
        line('stroke="var(--cnb-ink)" stroke-width="2.5"', "Estimate; median of a study"),
        f'<span class="cnb-item">{band}Middle half of a study</span>',
        f'<span class="cnb-item">{diamond}Estimate at the target budget</span>',
        line('stroke="var(--cnb-accent)" stroke-width="1.5" stroke-dasharray="6 4"', "Target budget"),
        symbol(SEED_REGIME, "Seed regime"),
    ]
    return f'<div class="cnb-legend">{"".join(items)}</div>'


def _label(runs: Runs, index: int) -> str:
    N, D = float(runs.N[index]), float(runs.D[index])
    return f"Run {index + 1}\nLoss {plain(runs.loss[index], 5)}\nN {compact(N)} parameters\nD {compact(D)} tokens"


def _summarise(seeds: NDArray[np.int64], quartiles: NDArray[np.float64]) -> str:
    """Describe the error of N* for each number of seeds, as HTML."""
    lines = []
    for count, (low, median, high) in zip(seeds, quartiles.T, strict=True):
        if not np.isnan(median):
            lines.append(
                f'<div><span class="cnb-muted">{count:,} seeds: N* off by</span> <b>{percent(median)}</b> '
                f'<span class="cnb-muted">({percent(low)} to {percent(high)})</span></div>'
            )
    return "".join(lines)
