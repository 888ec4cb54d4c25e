"""The efficient frontier: where the runs lie relative to it, and what to train with a compute budget."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.symbols import in_symbols
from chinchilla_nb.engine.planning.extrapolation import outside_the_runs
from chinchilla_nb.engine.planning.off_frontier import OffFrontier, off_frontier
from chinchilla_nb.engine.planning.plan import Plan
from chinchilla_nb.engine.planning.scaling import next_budget
from chinchilla_nb.engine.run_keys import is_among
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.engine.uncertainty.uncertainty import LossKind
from chinchilla_nb.figures import (
    LEVEL,
    Ends,
    FrontierFigure,
    FrontierIntervals,
    RunOutline,
    basis_in_words,
    frontier_figure,
    frontier_intervals,
    loss_figure,
    run_outline,
)
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.publishing.plan_listing import plan_label
from chinchilla_nb.quantity import number_text, plain
from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.export import ExportControl
from chinchilla_nb.widgets.base.filter_note import FilterNote
from chinchilla_nb.widgets.base.fit_badge import badge, chip
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.labels import RunLabels, model_facts
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.project_files import Folders, ProjectFiles
from chinchilla_nb.widgets.base.staleness import changed_since_fit
from chinchilla_nb.widgets.base.style import note, sentence
from chinchilla_nb.widgets.charts.chart_runs import chart_runs
from chinchilla_nb.widgets.charts.group_legend import GroupLegend
from chinchilla_nb.widgets.charts.law_lines import SHEET as LAW_SHEET
from chinchilla_nb.widgets.charts.scale_choice import ScaleChoice
from chinchilla_nb.widgets.frontier.budget import Budget
from chinchilla_nb.widgets.frontier.budget_control import BudgetControl
from chinchilla_nb.widgets.frontier.chart_modes import ChartModes
from chinchilla_nb.widgets.frontier.chart_modes import Ends as Region
from chinchilla_nb.widgets.frontier.compute_note import ComputeNote
from chinchilla_nb.widgets.frontier.forecast_control import ForecastControl
from chinchilla_nb.widgets.frontier.frontier_charts import FrontierCharts
from chinchilla_nb.widgets.frontier.frontier_picture import FrontierPicture
from chinchilla_nb.widgets.frontier.model_size import ModelSize
from chinchilla_nb.widgets.frontier.nearest_configuration import NearestConfiguration
from chinchilla_nb.widgets.frontier.next_run import allocation_values, next_run_tiles
from chinchilla_nb.widgets.frontier.next_runs_control import NextRunsControl
from chinchilla_nb.widgets.frontier.off_frontier_control import OffFrontierControl
from chinchilla_nb.widgets.frontier.overlay_control import OverlayControl
from chinchilla_nb.widgets.frontier.plan_control import PlanControl
from chinchilla_nb.widgets.frontier.publish_control import PublishControl
from chinchilla_nb.widgets.frontier.selection import Selection

__all__ = ["FrontierPanel"]

DPI = 150
SHRINK = 10.0
"""Axes that end further beyond the largest budget on the slider than by this factor follow the runs again."""
_NO_RUNS_C = (1e18, 1e22)


class FrontierPanel(Panel):
    """The planes C-N, C-D and N-D and loss against compute, with an adjustable compute budget.

    Parameters
    ----------
    source : Chinchilla or Session
    allow_folders : iterable of str or path
        Folders where forecasts may be saved and opened by path, besides the project's.

    Attributes
    ----------
    budget : Budget
    size : ModelSize
        Size of the next model relative to the compute-optimal one.
    budget_control : BudgetControl
    charts : FrontierCharts
    modes : ChartModes
        The modes of the mouse on the charts.
    scale : ScaleChoice
        Whether the charts are logarithmic.
    allocation : HTML
        N, D, tokens per parameter and predicted loss at the budget.
    stale : HTML
        What has changed since the fit; empty if nothing has.
    caution : HTML
        How far that lies outside the runs; empty if it does not.
    compute : ComputeNote
        Whether the C of the runs is that of the convention.
    off_frontier : OffFrontierControl
        The cost of a smaller or larger model.
    next_runs : NextRunsControl
        The runs after which N* at the budget is expected to be known best.
    overlays : OverlayControl
        Lays published laws and forecasts over the runs.
    forecasts : ForecastControl
        Saves and opens forecasts, and lists them.
    plans : PlanControl
        Plans under constraints, and the table that compares them.
    filter_note : FilterNote
        The filter that the charts follow.
    groups : GroupLegend
        The column that colours the runs, and the groups that charts show.
    publish : PublishControl
        Saves a report, and a Chinchilla table.
    selection : Selection
        The selected runs, below the chart in which they were selected.
    export : ExportControl
        Images, table and code to save or copy.
    """

    sheets = ("charts/charts.css", "charts/groups.css", "frontier/frontier.css", LAW_SHEET)
    snapshot_of_view = ("grouped_by", "hidden_groups")
    snapshot_of = ("fit", "uncertainty", "roll_outs", "law_by_hand", "overlays")

    def __init__(self, source: Any, *, allow_folders: Folders = ()) -> None:
        super().__init__(source)
        self._figure: FrontierFigure | None = None
        self._outline: RunOutline | None = None
        self._apart: RunOutline | None = None
        self._labels, self._excluded_labels = RunLabels(), RunLabels()
        self._shown = chart_runs(self.session)
        self._intervals: FrontierIntervals | None = None
        self._covered = (0.0, 0.0)
        self._reached: tuple[float, float] | None = None  # N and D of a planned run that axes reach out to
        self._on_chart = Writing()  # axes must not move under a mouse that drags the budget
        self.budget, self.size = Budget(), ModelSize()
        self.budget_control = BudgetControl(self.guard, self.budget)
        self.charts = FrontierCharts()
        self.allocation, self.caution, self.stale = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        self.off_frontier = OffFrontierControl(self.guard, self.size)
        self.next_runs = NextRunsControl(self.guard, self.session, self.budget)
        files = ProjectFiles(self.session, allow_folders)
        self.forecasts = ForecastControl(self.guard, self.session, files)
        self.overlays = OverlayControl(self.guard, self.session)
        self.export = ExportControl(
            self.guard,
            {"png": self._image("png"), "svg": self._image("svg"), "csv": lambda: self._table},
            {"png": "frontier", "svg": "frontier", "csv": "runs"},
        )
        self.selection = Selection(self.guard, self.session)
        self.plans = PlanControl(
            self.guard, self.session, self.budget, lambda: self.budget_control.chosen_hardware, self._draw_budget
        )
        self.publish = PublishControl(self.guard, self.session, lambda: self.budget_control.chosen_hardware)
        self.compute = ComputeNote(self.guard, self.session)
        self.groups = GroupLegend(self.guard, self.session)
        self.filter_note = FilterNote(self.guard, self.session)
        self.charts.children = (*self.charts.children, self.selection)
        self.modes = ChartModes(
            self.guard,
            self.charts,
            self._choose,
            self._follow_zoom,
            self._select_region,
            self._select_rows,
            self._toggle_row,
        )
        above = ipywidgets.Box([self.modes.hint])
        above.add_class("cnb-bar")
        above.add_class("cnb-hint")
        self.scale = ScaleChoice(self.guard, self.session)
        looks = ipywidgets.Box([self.modes, self.scale])
        looks.add_class("cnb-bar")
        looks.add_class("cnb-looks")
        self.compose(self.filter_note, self._columns(looks, above, self.groups, self.charts))
        self.budget.observe(self._move, "C")
        self.budget.observe(self._share_budget, ["C", "chosen"])
        self.watch(self._follow_budget, "budget")
        self.size.observe(self._redraw, "factor")
        for field in (self.budget_control.hardware_toggle, *self.budget_control.hardware.fields):
            field.observe(self._redraw, "value")  # plans take their days and costs from it
        self.watch(self._draw, "revision", "settings", "fit")
        self.watch_view(self._draw, "grouped_by", "hidden_groups")
        self.watch_view(self._show_selected, "selected")
        self.watch(self._draw_intervals, "uncertainty", "roll_outs")
        self.watch(self.publish.clear, "revision", "settings", "fit")
        self.watch(self.publish.update_intervals, "uncertainty")
        self.watch(self.publish.outdate, "roll_outs", "budget", "collected_plans", "suggested_runs")
        self.watch(self.publish.outdate, "law_by_hand", "overlays", "forecasts")
        self.watch(self._draw_scale, "chart_scale")
        self.watch(self._show_pending, "uncertainty_progress", "roll_outs_progress")
        self.watch(self._show_forecasts, "revision", "forecasts")
        self.watch(self._show_plans, "collected_plans")
        self.watch(self._show_next_runs, "suggested_runs")
        self.watch(self._show_laws, "revision", "settings", "fit", "law_by_hand", "overlays", "forecasts")
        self._draw()
        self._show_laws()
        self._follow_budget()
        self._show_forecasts()
        self._stop_watching = self.session.watch_uncertainty()

    def _columns(self, *charts: ipywidgets.DOMWidget) -> ipywidgets.Box:
        """Return the charts with what stands beside them, or above and below them on a narrow page."""
        answer = ipywidgets.VBox([self.budget_control, self.stale, self.allocation])
        # Below the charts, because a note that appears above them would move them under a mouse that drags the budget.
        tools = ipywidgets.VBox([self.compute, self.caution, self.off_frontier])
        more_tools = ipywidgets.VBox([self.next_runs, self.publish, self.overlays, self.forecasts, self.export])
        shown = ipywidgets.VBox(charts)
        # In the order in which a narrow page shows them, which is that of the Tab key.
        body = ipywidgets.Box([answer, shown, tools, self.plans, more_tools])
        names = ("cnb-answer", "cnb-shown", "cnb-tools", "cnb-planned", "cnb-more-tools")
        for part, name in zip((*body.children, body), (*names, "cnb-frontier"), strict=True):
            part.add_class(name)
        return body

    def close(self) -> None:
        """Stop watching the session and remove the panel from the page."""
        self._stop_watching()
        super().close()

    @guarded
    def _draw(self, _change: Any = None) -> None:
        """Redraw everything after the runs, the law or the settings have changed."""
        runs, settings = self.session.runs, self.session.settings
        if len(runs):
            lowest, largest = float(runs.C.min()), float(runs.C.max())
            default = next_budget(settings.scaling_factor or DEFAULT_FACTOR, runs, settings.seed_regime)
        else:
            (lowest, default), largest = settings.seed_regime.C if settings.seed_regime else _NO_RUNS_C, 0.0
        self._figure = None  # so that `_move` leaves the budget to be drawn below, with the rest
        self.budget.follow(lowest, largest, default)
        self.selection.refresh()
        self.filter_note.show()
        self._show_stale()
        self.compute.show()
        self.next_runs.show()
        self._draw_all()

    def _show_stale(self) -> None:
        """Say that the law is not that of the current runs and settings, as this panel may be shown without its fit."""
        changed = changed_since_fit(self.session)
        said = f"{changed}. The numbers and charts below show the law of that fit; fit again to update them."
        self.stale.value = note("warn", said) if changed else ""

    @guarded
    def _show_plans(self, _change: Any) -> None:
        self.plans.show_table()

    @guarded
    def _show_next_runs(self, _change: Any) -> None:
        self.next_runs.show()

    @guarded
    def _draw_scale(self, _change: Any) -> None:
        self.scale.follow()
        if self._figure is not None:
            self._draw_all()

    @guarded
    def _draw_intervals(self, _change: Any) -> None:
        """Redraw what depends on the uncertainty."""
        if self._figure is None or self.session.fit is None or self._figure.law is not self.session.fit.law:
            return  # the fit is new, and will be drawn with its intervals
        self._intervals = self._intervals_over(self._covered)
        self.charts.show_intervals(self._intervals)
        self.plans.update_intervals()
        self._draw_budget()

    def _intervals_over(self, C_range: tuple[float, float]) -> FrontierIntervals | None:
        """Return the intervals of the frontier over a range of budgets; None if they are not known."""
        uncertainty, roll_outs, known = self.session.uncertainty, self.session.roll_outs, self._intervals
        if uncertainty is None:
            return None
        if known is None or known.uncertainty is not uncertainty or known.roll_outs is not roll_outs:
            known = None
        return known if known and known.cover(C_range) else frontier_intervals(uncertainty, C_range, roll_outs)

    @guarded
    def _show_forecasts(self, _change: Any = None) -> None:
        self.forecasts.show()

    @guarded
    def _show_laws(self, _change: Any = None) -> None:
        """Draw the laws beside the fit; budgets and plans stay those of the fit."""
        self.overlays.show()
        self.charts.show_laws(self.session.drawn_laws)

    @guarded
    def _move(self, change: Any) -> None:
        if self._figure is None:
            return
        low, high = self._covered
        left = high > SHRINK * self.budget.range[1] and not self._on_chart
        if low <= change["new"] <= high and not left:
            self._draw_budget()
        else:
            self._draw_all()

    @guarded
    def _share_budget(self, _change: Any) -> None:
        """Let the other panels know the budget that was chosen here."""
        if self.budget.chosen:
            self.session.budget = self.budget.C

    @guarded
    def _follow_budget(self, _change: Any = None) -> None:
        """Take over the budget that was chosen in another panel or in code."""
        chosen = self.session.budget
        if chosen is not None and chosen != self.budget.C:
            self.budget.type(number_text(chosen))

    @guarded
    def _redraw(self, _change: Any) -> None:
        self._draw_budget()

    def _choose(self, C: float) -> None:
        """Set the budget chosen on a chart, limited to the range of the slider."""
        before = self.budget.C
        with self._on_chart:
            self.budget.choose(self.budget.clamp(C, self._covered[1]))
        if self.budget.C == before:
            self._draw_budget()  # moves a marker that was dragged off the frontier back to it

    def _follow_zoom(self) -> None:
        self.charts.follow_zoom()
        self._draw_budget()

    def _draw_all(self) -> None:
        session = self.session
        chosen = self._shown = chart_runs(session)
        runs, excluded, fit, unit = chosen.runs, chosen.excluded, session.fit, session.data_unit
        self._covered = self.budget.range
        self._intervals = self._intervals_over(self._covered)
        # Those of the last drawing hold for most runs.
        self._outline = outline = run_outline(runs, self._outline)
        self._apart = apart = run_outline(excluded, self._apart)
        self._figure = frontier_figure(
            outline,
            fit,
            regime=session.settings.seed_regime,
            off_frontier=self._reached,
            C_range=self._covered,
            excluded=apart,
            data_unit=unit,
            intervals=self._intervals,
            scale=session.chart_scale,
        )
        loss = None
        if len(runs):
            loss = loss_figure(
                outline,
                fit,
                C_range=self._covered,
                excluded=apart,
                intervals=self._intervals,
                scale=session.chart_scale,
            )
        law = None if fit is None else fit.law
        excluded_labels = self._excluded_labels.of(excluded, self._figure.shown_excluded, unit, law)
        self.charts.show(
            self._figure,
            loss,
            self._labels.of(runs, self._figure.shown, unit, law),
            [f"Excluded\n{label}" for label in excluded_labels],
            chosen.dots(self._figure.shown, self._figure.shown_excluded),
        )
        self.groups.show(chosen)
        self.modes.follow_marks()
        self.charts.show_selected(self.selection.mask)
        self._draw_budget()

    def _select_region(self, names: tuple[str, str] | None, ends: Region | None) -> None:
        """Select the runs that charts show and that lie in a box; None clears the selection."""
        runs = self.session.all_runs
        rows = np.sort(np.concatenate([self._shown.rows, self._shown.excluded_rows]))
        for name, (low, high) in zip(names or (), ends or (), strict=True):
            values = getattr(runs, name)[rows]
            rows = rows[(values >= low) & (values <= high)]
        if names is None:
            self.selection.select(rows[:0])
            self.selection.forget()
        else:
            self._select_rows(names, rows)

    def _select_rows(self, names: tuple[str, str], rows: NDArray[np.intp]) -> None:
        """Select runs by a box or a lasso in the chart with these axes, and list them below it."""
        self.charts.place_below(self.selection, names)
        self.selection.select(rows)

    def _toggle_row(self, names: tuple[str, str], row: int) -> None:
        """Select the run that was clicked in the chart with these axes, or no more, and list those below it."""
        self.charts.place_below(self.selection, names)
        self.selection.toggle(row)

    @guarded
    def _show_selected(self, _change: Any) -> None:
        """Mark the selected runs in all charts, whatever has selected them."""
        if not self.selection.selecting:
            self.modes.drop()
            self.selection.forget()
        self.charts.show_selected(self.selection.mask)

    def _draw_budget(self) -> None:
        """Redraw what depends only on the budget, and show what to train with it."""
        if self._figure is None:
            return
        C, best, chosen, outside, unit = self.budget.C, None, None, None, self.session.data_unit
        real: NearestConfiguration | None = None
        self.export.clear_link()
        fit = self.session.fit
        if fit is None:
            # Not how: a page has no cells, and this panel alone no button.
            todo = "fit a law to the runs" if len(self.session.runs) else "add runs and fit a law to them"
            self.allocation.value = note("good", f"To see what to train with this budget, {todo}.")
        else:
            try:
                best = off_frontier(fit.law, C, 1.0, fit.runs.compute)
                chosen = off_frontier(fit.law, C, self.size.factor, fit.runs.compute)
            except ValueError as error:
                self.allocation.value = note("warn", in_symbols(stopped(str(error))))
            else:
                self.allocation.value = next_run_tiles(
                    chosen,
                    unit,
                    self._ends(C, chosen),
                    basis="" if self._intervals is None else basis_in_words(self._intervals.uncertainty),
                    pending=self._pending,
                    convention=fit.runs.compute.text,
                    size="" if self.size.optimal else self.size.in_words,
                )
                real = NearestConfiguration.at(self.session, C)
                self.allocation.value += real.html
                outside = outside_the_runs(fit.law, fit.runs, C)
        cautions = ["" if fit is None else _unsure(fit, C, self.session)]
        cautions.append("" if outside is None else note("warn", sentence(outside.text(unit))))
        cautions.append("" if real is None else real.warning)
        self.caution.value = "".join(cautions)
        self.off_frontier.show(chosen, unit)
        self.forecasts.offer(chosen, of_budget=self.size.optimal)
        self.plans.refresh()
        self.export.show(self._allocation(chosen, real))
        off = chosen if not self.size.optimal else None
        tooltips = (
            _tooltip("Next run", best, C, unit, "Drag to change the budget"),
            _tooltip(self.size.in_words.capitalize(), off, C, unit),
        )
        other = _place(off)
        if self.plans.plan is not None:
            plan = self.plans.plan
            other, tooltips = (plan.N, plan.D, plan.loss), (tooltips[0], _plan_tooltip(plan, unit))
        if self._reach_out(other and other[:2]):
            return
        self.charts.move_budget(C, _place(best), other, tooltips)

    def _reach_out(self, planned: tuple[float, float] | None) -> bool:
        """Draw all on other axes if a planned run is off them, or was and has moved; return whether that was needed."""
        if self._figure is None or self._on_chart or planned == self._reached:
            return False
        if self._reached is None and (planned is None or not self._figure.stretches_for(*planned)):
            return False
        # First without: what a run may stretch are the axes that show none.
        self._reached = planned if self._reached is None else None
        self._draw_all()
        return True

    def _allocation(
        self, chosen: OffFrontier | None, real: NearestConfiguration | None
    ) -> dict[str, float | str] | None:
        fit, C = self.session.fit, self.budget.C
        if chosen is None or fit is None:
            return None
        ends, convention = self._ends(C, chosen), fit.runs.compute.text
        values = allocation_values(C, chosen, self.session.data_unit, ends, convention, self.size.factor)
        return values | (real.values if real is not None and self.size.optimal else {})

    def _ends(self, C: float, chosen: OffFrontier) -> dict[str, Ends]:
        """Return the intervals of what is not chosen: off the frontier, those of the loss alone."""
        if self._intervals is None:
            return {}
        if self.size.optimal:
            return self._intervals.at(C)
        uncertainty, roll_outs = self._intervals.uncertainty, self.session.roll_outs
        given: dict[str, LossKind] = {"loss": "mean", "new_run": "new-run"}
        found = {name: uncertainty.predict_loss(chosen.N, chosen.D, LEVEL, kind) for name, kind in given.items()}
        if roll_outs is not None and roll_outs.parts:
            for name, kind in given.items():
                found[f"{name}_as_done"] = uncertainty.predict_loss(chosen.N, chosen.D, LEVEL, kind, roll_outs)
        return {name: (float(one.low), float(one.high)) for name, one in found.items()}

    @property
    def _pending(self) -> bool:
        """Whether the interval that the roll-outs widen may still come."""
        session = self.session
        return session.uncertainty_progress is not None or session.roll_outs_progress is not None

    @guarded
    def _show_pending(self, change: Any) -> None:
        """Show whether an interval is still to come, when work in the background begins or ends."""
        if (change["old"] is None) != (change["new"] is None):
            self._draw_budget()

    def _image(self, kind: str) -> Callable[[], Callable[[], bytes]]:
        """Return what draws an image of the charts as they are when it is called."""
        return lambda: partial(self._picture.image, kind, DPI)

    def snapshot(self) -> dict[str, Any]:
        """Return a PNG of the charts."""
        from chinchilla_nb.drawing import SNAPSHOT_DPI

        return {"image/png": self.picture("png", SNAPSHOT_DPI)}

    def picture(self, kind: str, dpi: int) -> bytes:
        """Return the charts as they are on the page, drawn with matplotlib because bqplot draws only in open pages.

        Ranges, scales, runs with their groups, curves, laws beside the fit and the marks of the budget are those of the
        page; colours are of a light one.

        Parameters
        ----------
        kind : str
            ``"png"`` or ``"svg"``.
        dpi : int
            Pixels per inch, 10 to 1,000; the image is 11 inches wide.

        Raises
        ------
        InputError
            If it is another kind of image, or the resolution is too low or too high.
        """
        return self._picture.image(kind, dpi)

    @property
    def _picture(self) -> FrontierPicture:
        """What the charts show now."""
        return FrontierPicture.of(self.charts, self.session, self._shown)

    def _table(self) -> bytes:
        """Write the runs as CSV, with columns for exclusion and for the predictions of the fit where they apply."""
        session, runs = self.session, self.session.all_runs
        ours: dict[str, Any] = {}
        if len(session.excluded_runs):
            ours["excluded"] = is_among(runs, session.excluded)
        if session.fit is not None:
            predicted = session.fit.law.loss(runs.N, runs.D)
            ours |= {"predicted_loss": predicted, "residual": runs.loss - predicted}
        theirs = {f"{name} (recorded)" if name in ours else name: values for name, values in runs.columns.items()}
        table = {"C": runs.C, "N": runs.N, "D": runs.D, "loss": runs.loss, **ours, **theirs}
        named = "convention" if "convention" not in theirs else "convention of C"
        return spreadsheet_csv({**table, named: [f"C = {runs.compute.text}"] * len(runs)})


def _unsure(fit: Fit, C: float, session: Session) -> str:
    """Return the badge of a fit that calls for care, as this panel may be shown without its fit; empty otherwise."""
    known = session.uncertainty, session.roll_outs
    kind, _ = badge(fit, C, *known)
    return f'<div class="cnb-facts">{chip(fit, C, *known)}</div>' if kind == "warn" else ""


def _place(run: OffFrontier | None) -> tuple[float, float, float] | None:
    return None if run is None else (run.N, run.D, run.loss)


def _plan_tooltip(plan: Plan, data_unit: str) -> str:
    facts = model_facts(plan.N, plan.D, plan.training_FLOPs, data_unit)
    return "\n".join([f"Plan: {plan_label(plan.constraints)}", f"Predicted loss {plain(plan.loss, 4)}", *facts])


def _tooltip(title: str, run: OffFrontier | None, C: float, data_unit: str, *more: str) -> str:
    """Return the tooltip of a model to train; empty without one."""
    if run is None:
        return ""
    facts = model_facts(run.N, run.D, C, data_unit)
    return "\n".join([title, f"Predicted loss {plain(run.loss, 4)}", *facts, *more])
