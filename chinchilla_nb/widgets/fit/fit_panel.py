"""Fit the law to the runs, follow the progress, and read the result."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets
import numpy as np

from chinchilla_nb.engine.fitting.fit import Fit, FitProgress
from chinchilla_nb.engine.fitting.problem import FEWEST_RUNS
from chinchilla_nb.engine.laws.symbols import in_symbols
from chinchilla_nb.figures import LEVEL, prediction_figure
from chinchilla_nb.next_step import planned_budget
from chinchilla_nb.session_groups import hidden_among
from chinchilla_nb.widgets.base.filter_note import FilterNote
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.labels import RUNS_FOR_A_FIT, runs_in_words
from chinchilla_nb.widgets.base.loss_choice import LossChoice
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.parts import set_shown
from chinchilla_nb.widgets.base.staleness import changed_since_fit
from chinchilla_nb.widgets.base.style import note, sentence
from chinchilla_nb.widgets.charts.scale_choice import ScaleChoice
from chinchilla_nb.widgets.fit.fit_charts import FitCharts
from chinchilla_nb.widgets.fit.fit_result import fit_facts, warning_text
from chinchilla_nb.widgets.fit.hand_law_section import HandLawSection
from chinchilla_nb.widgets.fit.interval_bar import IntervalBar
from chinchilla_nb.widgets.fit.parameter_tiles import ParameterTiles
from chinchilla_nb.widgets.fit.profile_card import ProfileCard
from chinchilla_nb.widgets.fit.progress_curve import ProgressCurve
from chinchilla_nb.widgets.fit.residual_choice import ResidualChoice
from chinchilla_nb.widgets.fit.roll_out_section import RollOutSection
from chinchilla_nb.widgets.fit.typeset_law import parameter_texts, typeset_law

__all__ = ["FitPanel"]


class FitPanel(Panel):
    """Buttons to fit and cancel, the progress of a fit, the fitted law, and warnings.

    Parameters
    ----------
    source : Chinchilla or Session

    Attributes
    ----------
    fit_button, cancel_button : Button
    progress : FloatProgress
    state, curve, law, facts, problems : HTML
        Progress of a fit; its best objective so far; the law; how it was found; warnings and errors, each with its
        remedy.
    filter_note : FilterNote
        The filter that fits follow, and that of the fit if it is another one.
    loss : LossChoice
        What a fit minimises.
    other_losses : HTML
        N* at the budget with other losses.
    parameters : ParameterTiles
        The parameters and their intervals.
    intervals : IntervalBar
        What the intervals are based on.
    profile : ProfileCard or None
        The profile of the parameter whose interval was clicked; created by the first click.
    hand_law : HandLawSection
        A law whose parameters are set by hand, beside the fit.
    roll_outs : RollOutSection
        How the law, fitted to the smaller runs, has predicted the larger ones.
    diagnostics : ToggleButton
        Shows and hides the charts of how well the law describes the runs.
    scale : ScaleChoice
        The scale of these charts.
    residuals_of : ResidualChoice
        Whose residuals they show.
    charts : FitCharts or None
        Created when first opened, so that they cost nothing before.
    """

    snapshot_of_view = ("grouped_by", "hidden_groups")
    sheets = ("charts/charts.css", "charts/groups.css", "base/loss_choice.css", "fit/fit.css", "fit/hand_law.css")

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self._curve = ProgressCurve()
        self._timed = False
        self._fit_shown: Fit | None = None  # the best so far while a fit runs
        self._before: Fit | None = None  # the fit when the work under way began
        self.charts: FitCharts | None = None
        self.state, self.curve, self.law, self.facts, self.problems = (ipywidgets.HTML() for _ in range(5))
        self.parameters = ParameterTiles(self.guard, self._open_profile)
        self.intervals = IntervalBar(self.guard, self.session)
        self.profile: ProfileCard | None = None
        self.roll_outs = RollOutSection(self.guard, self.session)
        self.hand_law = HandLawSection(self.guard, self.session)
        self.filter_note = FilterNote(self.guard, self.session)
        self.loss, self.other_losses = LossChoice(self.guard, self.session), ipywidgets.HTML()
        law = _box("cnb-fit-law", self.law, self.parameters)
        facts = _box("cnb-fit-facts", self.facts, ipywidgets.VBox([self.intervals, self.other_losses]))
        self._above = (_box("cnb-fit-head", self._bar(), self.loss), self.filter_note, self.curve, law, facts)
        sections = _box("cnb-fit-sections", self.hand_law, self.roll_outs)
        self._parts = (self.problems, sections, self._bar_below())
        self._arrange()
        self._follow()
        self._stop_watching = self.session.watch_uncertainty()

    def _bar(self) -> ipywidgets.Box:
        """Create the buttons and the progress, and return them in a row with the title."""
        title = ipywidgets.HTML('<span class="cnb-title">Scaling law</span>')
        self.fit_button = ipywidgets.Button(description="Fit", tooltip="Fit the scaling law to the runs")
        self.fit_button.add_class("cnb-go")
        self.cancel_button = ipywidgets.Button(description="Cancel", tooltip="Stop, and keep the best law so far")
        for button in (self.fit_button, self.cancel_button):
            button.layout.width = "84px"
        self.progress = ipywidgets.FloatProgress(max=1.0)
        self.progress.add_class("cnb-progress")
        self.fit_button.on_click(self._fit)
        self.cancel_button.on_click(self._cancel)
        bar = ipywidgets.Box([title, self.fit_button, self.cancel_button, self.progress, self.state])
        bar.add_class("cnb-bar")
        return bar

    def _bar_below(self) -> ipywidgets.Box:
        """Create the button of the charts, and return it in a row."""
        self.diagnostics = ipywidgets.ToggleButton(
            description="Diagnostics", tooltip="Predictions, residuals, errors and starting values", icon="caret-right"
        )
        self.diagnostics.layout.width = "140px"
        self.diagnostics.observe(self._show_diagnostics, "value")
        self.scale = ScaleChoice(self.guard, self.session)
        self.residuals_of = ResidualChoice(self.guard, self.session, self._show_diagnostics)
        self._below = ipywidgets.Box([self.diagnostics, self.residuals_of, self.scale])
        self._below.add_class("cnb-bar")
        self._below.add_class("cnb-below")
        return self._below

    def _follow(self) -> None:
        """Show the state of the session, now and whenever it changes."""
        self.watch(self._time, "busy", "progress")
        self.watch(self._show_state, "busy", "progress", "revision", "excluded", "fit", "settings", "cancelled")
        self.watch(self._show_result, "busy", "progress", "fit", "uncertainty")
        self.watch(self._show_facts, "uncertainty", "roll_outs", "budget", "settings", "revision", "excluded")
        self.watch(self._show_loss, "settings")
        self.watch(self._show_other_losses, "busy", "loss_sensitivity", "budget", "settings", "revision", "excluded")
        self.watch(self._show_intervals, "fit", "uncertainty", "uncertainty_progress", "uncertainty_error")
        self.watch(
            self._show_roll_outs,
            "busy",
            "fit",
            "uncertainty_progress",
            "roll_outs",
            "roll_outs_progress",
            "roll_outs_error",
        )
        self.watch(self._show_problems, "error", "fit")
        self.watch(self._hide_profile, "busy", "fit")
        self.watch(
            self._show_diagnostics, "fit", "excluded", "filter_changes", "law_by_hand", "overlays", "chart_scale"
        )
        self.watch(self._show_hand_law, "busy", "fit", "revision", "settings", "law_by_hand")
        self.watch_view(self._show_diagnostics, "grouped_by", "hidden_groups")
        self.watch_view(self._redraw_roll_outs, "hidden_groups")
        self.watch_view(self._show_selected, "selected")
        for show in (
            self._show_state,
            self._show_result,
            self._show_intervals,
            self._show_other_losses,
            self._show_roll_outs,
            self._show_problems,
            self._show_hand_law,
        ):
            show()
        self._show_diagnostics()

    def snapshot(self) -> dict[str, Any]:
        """Return a PNG of how well the law describes the runs."""
        # Imported here because matplotlib is slow to import.
        from chinchilla_nb.drawing import SNAPSHOT_DPI, draw_predictions, image_of
        from chinchilla_nb.publishing.charts import coloured_groups

        fit = self.session.fit
        if fit is None:
            return {"text/html": "<p>No law has been fitted to these runs yet.</p>"}
        seen = np.flatnonzero(~hidden_among(self.session, fit.runs))
        if not len(seen):
            return {"text/html": "<p>All runs of this fit belong to hidden groups.</p>"}
        runs = fit.runs.take(seen)
        figure = prediction_figure(runs.loss, fit.predictions[seen], runs.C)
        drawn = draw_predictions(figure, coloured_groups(self.session, runs))
        return {"image/png": image_of(drawn, dpi=SNAPSHOT_DPI)}

    def close(self) -> None:
        """Stop watching the session and remove the panel from the page."""
        if self.profile is not None:
            self.profile.hide()
        self._stop_watching()
        super().close()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the fit under way has ended; for notebooks that click buttons in code."""
        self.session.wait(timeout)

    @guarded
    def _fit(self, _button: ipywidgets.Button) -> None:
        # A click that arrives after the fit has begun must not start a second one.
        if not self.session.busy:
            self.session.start_fit()

    @guarded
    def _cancel(self, _button: ipywidgets.Button) -> None:
        self.session.cancel()

    def _open_profile(self, name: str) -> None:
        if not self.session.busy:
            if self.profile is None:
                self.profile = ProfileCard(self.guard, self.session)
                self._arrange()
            self.profile.show(name)

    @guarded
    def _hide_profile(self, _change: Any) -> None:
        """Remove the profile of the fit before, and leave the processor to the work that the user waits for."""
        if self.profile is not None:
            self.profile.hide()

    @guarded
    def _time(self, change: Any) -> None:
        """Record the time and the best objective of the fit under way."""
        if change["name"] == "busy":
            if self.session.busy:
                self._curve, self._timed, self._before = ProgressCurve(), True, self.session.fit
            else:
                self._curve.end()
        elif isinstance(change["new"], FitProgress):
            self._curve.add(change["new"])
        # Not after the end: a curve that some fits leave and shorter ones do not says nothing about either.
        self.curve.value = self._curve.html() if self.session.busy else ""

    @guarded
    def _show_diagnostics(self, _change: Any = None) -> None:
        fit, wanted = self.session.fit, self.diagnostics.value
        self._below.layout.display = None if fit is not None else "none"
        self.diagnostics.icon = "caret-down" if wanted else "caret-right"
        self.residuals_of.show()
        set_shown(self.scale, wanted)
        self.scale.follow()
        self.roll_outs.rescale()
        if fit is not None and wanted:
            self.charts = self.charts or FitCharts(self.guard, self.session)
            self.charts.show(fit, self.residuals_of.chosen)
        self._arrange()

    @guarded
    def _redraw_roll_outs(self, _change: Any) -> None:
        self.roll_outs.redraw()

    @guarded
    def _show_selected(self, _change: Any) -> None:
        self.roll_outs.show_selected()
        if self.charts is not None and self.session.fit is not None and self.diagnostics.value:
            self.charts.show_selected()

    def _arrange(self) -> None:
        """Compose the parts that have been created and are wanted."""
        profile = () if self.profile is None else (self.profile,)
        wanted = self.charts is not None and self.session.fit is not None and self.diagnostics.value
        charts = (self.charts,) if self.charts is not None and wanted else ()
        self.compose(*self._above, *profile, *self._parts, *charts)

    @guarded
    def _show_state(self, _change: Any = None) -> None:
        session = self.session
        self.fit_button.disabled = session.busy or len(session.runs) < FEWEST_RUNS
        self.cancel_button.disabled = not session.busy
        progress = session.progress
        running = session.busy and isinstance(progress, FitProgress)
        self.progress.layout.display = "" if session.busy else "none"
        self.progress.value = progress.done / progress.total if running and progress.total else 0.0
        self.filter_note.show()
        text = escape(self._state())
        stale = session.stale and not session.busy
        self.state.value = f'<span class="{"cnb-warn" if stale else "cnb-muted"}">{text}</span>'

    @guarded
    def _show_result(self, _change: Any = None) -> None:
        progress = self.session.progress
        fit, uncertainty = self.session.fit, self.session.uncertainty
        if self.session.busy and isinstance(progress, FitProgress) and progress.best is not None:
            fit, uncertainty = progress.best, None
        intervals = uncertainty.interval(LEVEL) if uncertainty is not None else {}
        texts = parameter_texts(fit.law, intervals) if fit is not None else {}
        self.law.value = typeset_law(fit.law, fit.runs, texts, intervals) if fit is not None else _PREVIEW
        self.parameters.show(fit, texts, intervals)
        self._fit_shown = fit
        self._show_facts()

    @guarded
    def _show_facts(self, _change: Any = None) -> None:
        session, fit = self.session, self._fit_shown
        budget = planned_budget(session.settings, session.runs, session.budget)
        self.facts.value = fit_facts(fit, budget, session.uncertainty, session.roll_outs) if fit is not None else ""

    @guarded
    def _show_hand_law(self, change: Any = None) -> None:
        self.hand_law.show(moved_only=change is not None and change["name"] == "law_by_hand")

    @guarded
    def _show_loss(self, _change: Any = None) -> None:
        self.loss.show()

    @guarded
    def _show_other_losses(self, _change: Any = None) -> None:
        """Show how much N* at the budget depends on the loss, once that is known."""
        session = self.session
        known, budget = session.loss_sensitivity, planned_budget(session.settings, session.runs, session.budget)
        if known is None or budget is None or session.busy:
            self.other_losses.value = ""
        else:
            self.other_losses.value = f'<div class="cnb-caption">{escape(known.text(budget))}.</div>'

    @guarded
    def _show_intervals(self, _change: Any = None) -> None:
        self.intervals.show()

    @guarded
    def _show_roll_outs(self, _change: Any = None) -> None:
        self.roll_outs.show()

    @guarded
    def _show_problems(self, _change: Any = None) -> None:
        parts = [note("bad", in_symbols(self.session.error))] if self.session.error else []
        if self.session.fit is not None:
            parts += [note("warn", sentence(warning_text(warning))) for warning in self.session.fit.warnings]
        self.problems.value = "".join(parts)

    def _state(self) -> str:
        """Return the state of the fit in a few words."""
        session = self.session
        if session.busy:
            progress = session.progress
            elapsed = f"{self._curve.elapsed:.1f} s"
            if not isinstance(progress, FitProgress):
                return f"Working · {elapsed}"
            text = f"{progress.stage.capitalize()} · {progress.done:,} of {progress.total:,} · {elapsed}"
            remaining = self._curve.remaining(progress)
            text = text if remaining is None else f"{text} · about {remaining:.0f} s left"
            return f"{text} · in a cell: interrupt the kernel to stop" if session.in_place else text
        count = len(session.runs)
        if count < FEWEST_RUNS:
            known = f"{runs_in_words(count)} so far" if count else "No runs yet"
            return f"{known}: {RUNS_FOR_A_FIT}"
        if session.cancelled:
            ended = f"Cancelled after {self._curve.elapsed:.1f} s" if self._timed else "Cancelled"
            if session.fit is not None and not session.stale:
                kept = "the fit before it is shown" if session.fit is self._before else "its best law so far is shown"
                return f"{ended}: {kept}"
            return f"{ended} · {self._agreement(count)}"
        return self._agreement(count)

    def _agreement(self, count: int) -> str:
        """Return what there is to fit, or that the fit is that of the runs."""
        session = self.session
        if session.fit is None:
            return f"{runs_in_words(count)} ready: press Fit"
        if changed := changed_since_fit(session):
            return f"{changed}: press Fit"
        took = f" · {self._curve.elapsed:.1f} s" if self._timed else ""
        return f"Up to date with {runs_in_words(count)}{took}"


def _box(css_class: str, *children: ipywidgets.Widget) -> ipywidgets.Box:
    """Return parts that stand side by side where the panel is wide, and below each other where it is not."""
    box = ipywidgets.Box(children)
    box.add_class("cnb-row-if-wide")
    box.add_class(css_class)
    return box


_PREVIEW = (
    '<div class="cnb-empty cnb-muted">'
    "The fitted law, its parameters and what the runs cannot determine appear here.</div>"
)
