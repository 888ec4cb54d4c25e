"""The efficient frontier: where the runs lie, and what to train with a compute budget."""

from __future__ import annotations

from typing import Any

import ipywidgets

from chinchilla_nb.engine.allocation import allocate
from chinchilla_nb.engine.scaling import next_budget
from chinchilla_nb.figures import FrontierFigure, compact, frontier_figure
from chinchilla_nb.widgets.budget import BudgetControl
from chinchilla_nb.widgets.charts import FrontierCharts
from chinchilla_nb.widgets.labels import run_labels
from chinchilla_nb.widgets.panel import Panel, guarded
from chinchilla_nb.widgets.style import note, tiles

__all__ = ["FrontierPanel"]

DEFAULT_FACTOR = 10.0
"""Times the largest compute so far that the budget starts at where no scaling factor is set."""

_NO_RUNS_C = (1e18, 1e22)


class FrontierPanel(Panel):
    """The planes C-N, C-D and N-D with a compute budget to move.

    Parameters
    ----------
    source : Chinchilla or Session

    Attributes
    ----------
    budget : BudgetControl
    charts : FrontierCharts
    allocation : HTML
        N, D, tokens per parameter and predicted loss at the budget.
    """

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._figure: FrontierFigure | None = None
        self._covered = (0.0, 0.0)
        self.budget = BudgetControl()
        self.allocation = ipywidgets.HTML()
        self.charts = FrontierCharts()
        self.compose(self.budget, self.allocation, self.charts)
        self.budget.observe(self._move, "C")
        self.watch(self._draw, "revision", "settings", "fit")
        self._draw()

    @guarded
    def _draw(self, _change: Any = None) -> None:
        """Draw everything anew: the runs, the law or the settings have changed."""
        runs, settings = self.session.runs, self.session.settings
        if len(runs):
            lowest, largest = float(runs.C.min()), float(runs.C.max())
            default = next_budget(settings.scaling_factor or DEFAULT_FACTOR, runs, settings.seed_regime)
        else:
            (lowest, default), largest = settings.seed_regime.C if settings.seed_regime else _NO_RUNS_C, 0.0
        self._figure = None  # the budget that moves now is drawn below, with the rest
        self.budget.follow(lowest, largest, default)
        self._draw_all()

    @guarded
    def _move(self, change: Any) -> None:
        if self._figure is None:
            return
        low, high = self._covered
        if low <= change["new"] <= high:
            self._draw_budget()
        else:
            self._draw_all()

    def _draw_all(self) -> None:
        runs, settings, fit = self.session.runs, self.session.settings, self.session.fit
        self._covered = self.budget.range
        self._figure = frontier_figure(runs, fit, regime=settings.seed_regime, C_range=self._covered)
        self.charts.show(self._figure, run_labels(runs, self._figure.shown))
        self._draw_budget()

    def _draw_budget(self) -> None:
        """Draw what depends on the budget alone, and say what it buys."""
        if self._figure is None:
            return
        C, point = self.budget.C, None
        fit = self.session.fit
        if fit is None:
            todo = (
                "press Fit, or call cc.fit()"
                if len(self.session.runs)
                else "record runs with cc.append(N=..., D=..., loss=...)"
            )
            self.allocation.value = note("good", f"To see what this budget should train, {todo}.")
        else:
            try:
                N, D = (float(value) for value in allocate(fit.law, C))
            except ValueError as error:
                self.allocation.value = note("warn", f"{error}.")
            else:
                point = (N, D)
                self.allocation.value = tiles(
                    [
                        ("Parameters N", compact(N)),
                        ("Training tokens D", compact(D)),
                        ("Tokens per parameter", f"{D / N:.3g}"),
                        ("Predicted loss", f"{float(fit.law.loss(N, D)):.4g}"),
                    ]
                )
        self.charts.move_budget(self._figure, C, point)
