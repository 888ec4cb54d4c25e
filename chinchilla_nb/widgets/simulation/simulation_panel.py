"""Simulate the whole procedure on a law that is known, and see how well it is found again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import ipywidgets
import numpy as np

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.fitting.fit import FitProgress, iter_fit
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.simulate import Procedure
from chinchilla_nb.engine.simulation.study import StudyProgress, Task, WatchedSimulation, iter_study, iter_watched
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.quantity import scientific
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.simulation.law_comparison import comparison_table
from chinchilla_nb.widgets.simulation.simulation_charts import SimulationCharts
from chinchilla_nb.widgets.simulation.task_editor import ProcedureEditor, TaskEditor
from chinchilla_nb.work.job import Outcome

__all__ = ["SimulationPanel"]

DEFAULT_REGIME = SeedRegime((1e18, 1e21), (5.0, 100.0))
DEFAULT_SEEDS = 100
BEYOND = 100.0
"""Times the largest seed that the target budget is, until one is typed."""


class SimulationPanel(Panel):
    """Run, pause, step and cancel a simulation; study many of them.

    Where seeds are drawn, model search, loss and starting values are those of the session. Its runs and its fit are
    not touched: what is simulated has a session of its own, `work`.

    Parameters
    ----------
    source : Chinchilla or Session

    Attributes
    ----------
    work : Session
        Does the simulating; ``work.busy`` while it does.
    task : TaskEditor
    procedure : ProcedureEditor
    run_button, pause_button, step_button, cancel_button, study_button : Button
    state, comparison, trouble : HTML
    charts : SimulationCharts
    simulated : WatchedSimulation or None
        How far the simulation is.
    study : StudyProgress or None
        How far the study is.
    """

    sheets = ("base/forms.css", "charts/charts.css", "simulation/simulation.css")

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self.work = Session(Database(), Settings())
        self.simulated: WatchedSimulation | None = None
        self.study: StudyProgress | None = None
        self._steps: Iterator[WatchedSimulation] | None = None
        self._shown: tuple[Task, float, SeedRegime] | None = None
        self._kind, self._ended, self._started = "", "", time.monotonic()
        self._pausing = False
        self._writing, self._valid = True, True
        self.task, self.procedure = TaskEditor(), ProcedureEditor()
        settings: Settings = self.session.settings
        self.procedure.write(
            settings.num_seeding_steps or DEFAULT_SEEDS,
            settings.scaling_factor or DEFAULT_FACTOR,
            BEYOND * self._regime()[0].C[1],
        )
        self._writing = False
        form = ipywidgets.Box([self.task, self.procedure])
        form.add_class("cnb-form")
        form.add_class("cnb-beside")
        self.source, self.comparison, self.trouble = (ipywidgets.HTML() for _ in range(3))
        self.charts = SimulationCharts()
        self.compose(self._bar(), form, self.source, self.trouble, self.comparison, self.charts)
        for field in (*self.task.watched, *self.procedure.watched):
            field.observe(self._edited, "value")
        self.work.observe(self._show_state, ["busy", "error"])
        self.watch(self._follow_fit, "fit")
        self.watch(self._show_source, "settings", "revision")
        self._follow_fit()
        self._show_source()
        self.charts.show_study(self.study)

    def _bar(self) -> ipywidgets.Box:
        title = ipywidgets.HTML('<span class="cnb-title">Simulation</span>')
        buttons = []
        for name, tooltip, click in (
            ("Run", "Simulate run by run; goes on after a pause", self._run),
            ("Pause", "Stop after the run under way", self._pause),
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

    def snapshot(self) -> dict[str, Any]:
        """Return the true law and the estimate as a table, and what a study found."""
        found = [self.comparison.value] if self.simulated is not None else []
        found += [self.charts.summary.value] if self.study is not None else []
        return {"text/html": "".join(found) or "<p>Nothing was simulated yet.</p>"}

    def wait(self, timeout: float | None = None) -> None:
        """Return when the simulation or the study under way has ended or is paused; for notebooks that click."""
        self.work.wait(timeout)

    def close(self) -> None:
        """Stop what is under way and take the panel off the page."""
        self.work.cancel()
        self._steps = None
        super().close()

    @guarded
    def _run(self, _button: ipywidgets.Button) -> None:
        self._go(single=False)

    @guarded
    def _step(self, _button: ipywidgets.Button) -> None:
        self._go(single=True)

    @guarded
    def _pause(self, _button: ipywidgets.Button) -> None:
        if self._kind == "simulation":
            # Not a Cancel, which breaks off the fit under way: this one is to go on.
            self._ended, self._pausing = "Paused", True

    @guarded
    def _cancel(self, _button: ipywidgets.Button) -> None:
        self._ended = "Cancelled"
        if not (self.work.busy and self._kind == "study"):
            self._kind, self._steps = "simulation", None
        self.work.cancel()
        self._show_state()

    @guarded
    def _study(self, _button: ipywidgets.Button) -> None:
        """Start a study."""
        task, numbers = self.task.read(), self.procedure.read()
        if self.work.busy or task is None or numbers is None:
            return
        plan, fitter = self._plan(numbers), self._fitter()
        sizes = {name: numbers[name] for name in ("repetitions", "random_seed")}
        self.study = None
        self.charts.show_study(self.study)
        self._start(
            "study",
            lambda: iter_study(plan(), task, fitter, numbers["budget"], seeds=numbers["counts"], **sizes),
            self._studied,
        )

    def _go(self, *, single: bool) -> None:
        """Begin a simulation or go on with the one that is paused."""
        if self.work.busy:
            return
        if self._steps is None:
            task, numbers = self.task.read(), self.procedure.read()
            if task is None or numbers is None:
                return
            rng = np.random.default_rng(numbers["random_seed"])
            plan, fitter = self._plan(numbers), self._fitter()
            self._steps = _on_demand(lambda: iter_watched(plan(), task, fitter, rng))
            self._shown = (task, numbers["budget"], self._regime()[0])
            self.simulated = None
        steps = self._steps

        def remaining() -> Iterator[WatchedSimulation]:
            # The iterator outlives this piece of work, so that a pause is no more than the end of a piece.
            for state in steps:
                yield state
                if self._pausing or (single and state.stage != "fitting"):
                    return

        self._ended, self._pausing = "Paused" if single else "", False
        self._start("simulation", remaining, self._simulated)

    def _start(self, kind: str, steps: Callable[[], Iterator[Any]], on_progress: Callable[[Any], None]) -> None:
        self._kind, self._started = kind, time.monotonic()
        if kind == "study":
            self._ended = ""
        self.work.start(steps, on_progress=on_progress, on_end=self._end)

    @guarded
    def _simulated(self, state: WatchedSimulation) -> None:
        """Show how far the simulation is."""
        before, self.simulated = self.simulated, state
        if before is None or before.runs is not state.runs or before.fit is not state.fit:
            self._draw()
        self._show_state()

    @guarded
    def _studied(self, progress: StudyProgress) -> None:
        """Show how far the study is."""
        before, self.study = self.study, progress
        if before is not progress:
            self.charts.show_study(self.study)
        self._show_state()

    @guarded
    def _end(self, outcome: Outcome) -> None:
        """Forget a simulation that has come to its end."""
        self._renew_snapshot()
        last = outcome.last
        finished = last is not None and last.done == last.total and getattr(last, "stage", "") != "fitting"
        if finished or outcome.error is not None:
            self._ended = "" if finished else "Stopped"
            if self._kind == "simulation":
                self._steps = None

    @guarded
    def _edited(self, change: Any) -> None:
        if self._writing:
            return
        self._writing = True
        try:
            self.task.follow(change["owner"])
        finally:
            self._writing = False
        self._check()

    @guarded
    def _follow_fit(self, _change: Any = None) -> None:
        self._writing = True
        try:
            law = self.session.fit.law if self.session.fit is not None else None
            self.task.offer_fit(law if isinstance(law, ScalingLaw) else None)
        finally:
            self._writing = False
        self._check()

    def _check(self) -> None:
        """Explain what is wrong with the fields."""
        task, numbers = self.task.read(), self.procedure.read()
        self._valid = task is not None and numbers is not None
        self._show_state()

    @guarded
    def _show_source(self, _change: Any = None) -> None:
        """Say where seeds are drawn."""
        regime, origin = self._regime()
        ends = [scientific(end) for end in regime.C]
        low, high = regime.tokens_per_parameter
        text = (
            f"Seeds from {ends[0]} to {ends[1]} FLOPs with {low:.3g} to {high:.3g} tokens per parameter, {origin}. "
            "Loss, starting values and model search are the session's; its runs are not touched."
        )
        self.source.value = f'<div class="cnb-foot cnb-muted">{escape(text)}</div>'

    @guarded
    def _show_state(self, _change: Any = None) -> None:
        busy, valid = self.work.busy, self._valid
        paused = self._steps is not None and not busy
        self.run_button.description = "Resume" if paused else "Run"
        self.run_button.disabled = self.step_button.disabled = busy or not (paused or valid)
        self.pause_button.disabled = not (busy and self._kind == "simulation")
        self.cancel_button.disabled = not (busy or paused)
        self.study_button.disabled = busy or not valid
        self.progress.layout.display = "" if busy else "none"
        current = self.study if self._kind == "study" else self.simulated
        self.progress.value = current.done / current.total if current is not None else 0.0
        self.state.value = f'<span class="cnb-muted">{escape(self._state())}</span>'
        self.trouble.value = note("bad", self.work.error) if self.work.error else ""

    def _state(self) -> str:
        """Say in a few words how things stand."""
        busy, current = self.work.busy, self.study if self._kind == "study" else self.simulated
        if current is None:
            return "Starting" if busy else "Press Run to see seeds, fits and the frontier come"
        what = "simulations" if self._kind == "study" else "runs"
        text = f"{current.done:,} of {current.total:,} {what}"
        if not busy:
            return f"{self._ended} at {text}" if self._ended else f"{current.total:,} {what} done"
        elapsed = time.monotonic() - self._started
        if self._kind == "study":
            left = elapsed * (current.total / current.done - 1) if current.done else None
            return text + (f", about {_duration(left)} left" if left is not None else "")
        stage = current.stage if isinstance(current, WatchedSimulation) else ""
        return f"{stage.capitalize()} · {text}"

    def _draw(self) -> None:
        """Draw what the simulation has come to."""
        if self.simulated is None or self._shown is None:
            return
        task, C, regime = self._shown
        self.charts.show_simulation(self.simulated, task, C, regime)
        law = None if self.simulated.fit is None else self.simulated.fit.law
        self.comparison.value = comparison_table(task.law, law, C)

    def _plan(self, numbers: dict[str, Any]) -> Callable[[], Procedure]:
        """Return a function that makes the procedure: to measure every model may take long, and is for the worker."""
        regime, search = self._regime()[0], self.session.settings.model_search
        return lambda: Procedure(
            regime,
            numbers["seeds"],
            numbers["scalings"],
            numbers["factor"],
            None if search is None else search.table(),
        )

    def _fitter(self) -> Callable[[Runs], Iterator[FitProgress]]:
        """Return a function that fits runs the way the session does."""
        settings = self.session.settings
        return lambda runs: iter_fit(settings.problem(runs))

    def _regime(self) -> tuple[SeedRegime, str]:
        """Where seeds are drawn, and why there."""
        regime = self.session.settings.seed_regime
        if regime is not None:
            return regime, "as configured"
        runs = self.session.runs
        if len(runs) > 1 and runs.C.min() < runs.C.max():
            ratio = runs.D / runs.N
            around = SeedRegime((float(runs.C.min()), float(runs.C.max())), (float(ratio.min()), float(ratio.max())))
            return around, "the range of the runs, as no seed ranges are configured"
        return DEFAULT_REGIME, "as no seed ranges are configured"


def _on_demand(make: Callable[[], Iterator[WatchedSimulation]]) -> Iterator[WatchedSimulation]:
    """Make an iterator when its first value is wanted, where that is wanted."""
    yield from make()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
