"""Simulate the whole procedure on a known law, and show how well the fit recovers it."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.simulation.seeds_study import SeedsStudyProgress
from chinchilla_nb.engine.simulation.simulate import SimulationProgress
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.quantity import scientific
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.charts.scale_choice import ScaleChoice
from chinchilla_nb.widgets.simulation.control import Control, Ending, State
from chinchilla_nb.widgets.simulation.law_comparison import comparison_table
from chinchilla_nb.widgets.simulation.plan import Plan, usual_regime
from chinchilla_nb.widgets.simulation.simulation_charts import SimulationCharts
from chinchilla_nb.widgets.simulation.task_editor import ProcedureEditor, TaskEditor
from chinchilla_nb.work.remaining import RemainingTime

__all__ = ["SimulationPanel"]

DEFAULT_SEEDS = 100
BUDGET_MULTIPLE = 100.0
"""Target budget as a multiple of the largest compute of a seed, until the user types one."""

_ENDINGS = {Ending.CANCELLED: "Cancelled", Ending.FAILED: "Stopped"}


class SimulationPanel(Panel):
    """Run, pause, step through and cancel a simulation, or study many simulations.

    The seed regime, model search, loss and starting values are those of the session. Its runs and fit are not changed:
    simulations run in a separate session, `work`.

    Parameters
    ----------
    source : Chinchilla or Session

    Attributes
    ----------
    work : Session
        Runs the simulations; ``work.busy`` is true while one runs.
    simulation_control, study_control : Control
        The states of the simulation and of the study, and their latest progress.
    task : TaskEditor
    procedure : ProcedureEditor
    run_button, pause_button, step_button, cancel_button, study_button : Button
    state, comparison, failure : HTML
    charts : SimulationCharts
    """

    sheets = ("base/forms.css", "charts/charts.css", "simulation/simulation.css")

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self.work = Session(Database(), Settings())
        self.simulation_control = Control(self.work, lambda state: state.stage != "fitting")
        self.study_control = Control(self.work)
        self._current = self.simulation_control  # the one whose state the bar shows
        self._plan: Plan | None = None  # of the simulation shown
        self._study_time = RemainingTime()
        settings: Settings = self.session.settings
        largest_seed = usual_regime(settings, self.session.runs)[0].C[1]
        self.task = TaskEditor(self.guard)
        self.procedure = ProcedureEditor(
            self.guard,
            settings.num_seeding_steps or DEFAULT_SEEDS,
            settings.scaling_factor or DEFAULT_FACTOR,
            BUDGET_MULTIPLE * largest_seed,
        )
        form = ipywidgets.Box([self.task, self.procedure])
        form.add_class("cnb-form")
        form.add_class("cnb-two-columns")
        self.source, self.comparison, self.failure = (ipywidgets.HTML() for _ in range(3))
        self.charts = SimulationCharts()
        self.scale = ScaleChoice(self.guard, self.session)
        looks = ipywidgets.Box([self.scale])
        looks.add_class("cnb-bar")
        looks.add_class("cnb-looks")
        parts = (self.source, self.failure, self.comparison, looks)
        self.compose(self._bar(), form, *parts, self.charts)
        for editor in (self.task, self.procedure):
            editor.observe(self._show_state, "value")
        self.simulation_control.observe(self._show_simulation, "latest")
        self.study_control.observe(self._show_study, "latest")
        for control in (self.simulation_control, self.study_control):
            control.observe(self._show_state, ["state", "latest"])
            control.observe(self._renew_snapshot, "state")
        self.work.observe(self._show_failure, "error")
        self.watch(self._follow_fit, "fit", "revision")
        self.watch(self._rescale, "chart_scale")
        self._rescale()
        self.watch(self._show_source, "settings", "revision")
        self._follow_fit()
        self._show_source()
        self._show_state()
        self.charts.show_study(None)

    def _bar(self) -> ipywidgets.Box:
        title = ipywidgets.HTML('<span class="cnb-title">Simulation</span>')
        buttons = []
        for name, tooltip, click in (
            ("Run", "Simulate run by run, or resume after a pause", self._run),
            ("Pause", "Pause after the current run", self._pause),
            ("Step", "Simulate one more run", self._step),
            ("Cancel", "End the simulation or the study", self._cancel),
            ("Study", "Simulate many times and see how errors fall with the number of seeds", self._study),
        ):
            button = ipywidgets.Button(description=name, tooltip=tooltip, layout=ipywidgets.Layout(width="76px"))
            button.on_click(click)
            buttons.append(button)
        self.run_button, self.pause_button, self.step_button, self.cancel_button, self.study_button = buttons
        self.run_button.add_class("cnb-go")
        self.progress = ipywidgets.FloatProgress(max=1.0)
        self.progress.add_class("cnb-progress")
        self.state = ipywidgets.HTML()
        bar = ipywidgets.Box([title, *buttons, self.progress, self.state])
        bar.add_class("cnb-bar")
        return bar

    @property
    def simulated(self) -> SimulationProgress | None:
        """Progress of the simulation; None before its first run."""
        latest: SimulationProgress | None = self.simulation_control.latest
        return latest

    @property
    def study(self) -> SeedsStudyProgress | None:
        """Progress of the study; None before its first simulation."""
        latest: SeedsStudyProgress | None = self.study_control.latest
        return latest

    def snapshot(self) -> dict[str, Any]:
        """Return the comparison of true law and estimate, and the results of the study, if any."""
        found = [self.comparison.value] if self.simulated is not None else []
        found += [self.charts.summary.value] if self.study is not None else []
        return {"text/html": "".join(found) or "<p>Nothing has been simulated yet.</p>"}

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the current simulation or study has ended or paused; for notebooks that click buttons in code."""
        self.work.wait(timeout)

    def close(self) -> None:
        """Cancel the current simulation or study and remove the panel from the page."""
        self.study_control.cancel()
        self.simulation_control.cancel()
        self.charts.show_all()
        super().close()

    @guarded
    def _rescale(self, _change: Any = None) -> None:
        self.charts.scale = self.session.chart_scale
        self.scale.rescale([self.charts.trace.frame, self.charts.study.frame])
        if self.simulated is not None and self._plan is not None:
            self.charts.show_simulation(self.simulated, self._plan)

    @guarded
    def _run(self, _button: ipywidgets.Button) -> None:
        self._advance(single=False)

    @guarded
    def _step(self, _button: ipywidgets.Button) -> None:
        self._advance(single=True)

    @guarded
    def _pause(self, _button: ipywidgets.Button) -> None:
        self.simulation_control.pause()

    @guarded
    def _cancel(self, _button: ipywidgets.Button) -> None:
        running = self.study_control.state is State.RUNNING
        self._current = self.study_control if running else self.simulation_control
        self._current.cancel()

    @guarded
    def _study(self, _button: ipywidgets.Button) -> None:
        """Start a study."""
        plan = self._read_plan()
        if self._running or plan is None:
            return
        self._current, self._study_time = self.study_control, RemainingTime()
        self.study_control.start(plan.study)

    def _advance(self, *, single: bool) -> None:
        """Start a simulation, or resume the paused one."""
        if self._running:
            return  # a second click, sent before the first was handled
        control = self.simulation_control
        if control.state is not State.PAUSED:
            plan = self._read_plan()
            if plan is not None:
                self._current, self._plan = control, plan
                control.start(plan.simulate, single=single)
            return
        self._current = control
        if single:
            control.step()
        else:
            control.resume()

    @property
    def _running(self) -> bool:
        return State.RUNNING in (self.simulation_control.state, self.study_control.state)

    def _read_plan(self) -> Plan | None:
        """Return the plan from the current fields and session, or None if a field is not valid."""
        task, numbers, settings = self.task.value, self.procedure.value, self.session.settings
        if task is None or numbers is None:
            return None
        return Plan(task, numbers, usual_regime(settings, self.session.runs)[0], settings, self.session.runs.compute)

    @guarded
    def _show_simulation(self, change: Any) -> None:
        """Redraw the simulation if its runs or its fit have changed."""
        before, state = change["old"], change["new"]
        if state is None or self._plan is None:
            return
        if before is None or before.runs is not state.runs or before.fit is not state.fit:
            self.charts.show_simulation(state, self._plan)
            law = None if state.fit is None else state.fit.law
            self.comparison.value = comparison_table(
                self._plan.task.law, law, self._plan.numbers.budget, self._plan.compute
            )

    @guarded
    def _show_study(self, change: Any) -> None:
        """Redraw the study."""
        progress = change["new"]
        self.charts.show_study(progress)
        if progress is not None:
            self._study_time.add("study", progress.done)

    @guarded
    def _follow_fit(self, _change: Any = None) -> None:
        self.task.offer(self.session.fit, self.session.runs)

    @guarded
    def _show_source(self, _change: Any = None) -> None:
        """Show where seeds are drawn."""
        regime, origin = usual_regime(self.session.settings, self.session.runs)
        ends = [scientific(end) for end in regime.C]
        low, high = regime.tokens_per_parameter
        unit = self.session.data_unit
        text = (
            f"Seeds from {ends[0]} to {ends[1]} FLOPs with {low:.3g} to {high:.3g} {unit} per parameter, {origin}. "
            "Loss, starting values and model search come from the session; its runs are not changed."
        )
        family = self.session.settings.family
        if family.parameters != ScalingLaw.parameters:
            text += f" Fits use {family.name.capitalize()}'s law; the simulated law is Chinchilla's."
        self.source.value = f'<div class="cnb-foot cnb-muted">{escape(text)}</div>'

    @guarded
    def _show_failure(self, _change: Any = None) -> None:
        self.failure.value = note("bad", self.work.error) if self.work.error else ""

    @guarded
    def _show_state(self, _change: Any = None) -> None:
        running, simulation, latest = self._running, self.simulation_control.state, self._current.latest
        valid = self.task.value is not None and self.procedure.value is not None
        paused = simulation is State.PAUSED
        self.run_button.description = "Resume" if paused else "Run"
        self.run_button.disabled = self.step_button.disabled = running or not (paused or valid)
        self.pause_button.disabled = simulation is not State.RUNNING
        self.cancel_button.disabled = not (running or paused)
        self.study_button.disabled = running or not valid
        self.progress.layout.display = "" if running else "none"
        self.progress.value = latest.done / latest.total if latest is not None else 0.0
        self.state.value = f'<span class="cnb-muted">{escape(self._state_text())}</span>'

    def _state_text(self) -> str:
        """Return the current state in a few words."""
        state, ending, latest = self._current.state, self._current.ending, self._current.latest
        if latest is None:
            return "Starting" if state is State.RUNNING else "Press Run"
        study = self._current is self.study_control
        what = "simulations" if study else "runs"
        text = f"{latest.done:,} of {latest.total:,} {what}"
        if state is State.PAUSED:
            return f"Paused at {text}"
        if state is State.ENDED:
            return f"{latest.total:,} {what} done" if ending is Ending.FINISHED else f"{_ENDINGS[ending]} at {text}"
        if not study:
            return f"{latest.stage.capitalize()} · {text}"
        left = self._study_time.remaining("study", latest.done, latest.total)
        return text if left is None else f"{text}, about {_duration(left)} left"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
