"""Simulate the whole procedure on a law that is known, and see how well it is found again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.database import Database
from chinchilla_nb.engine.allocation import allocate, exponents
from chinchilla_nb.engine.fit import FitProgress, iter_fit
from chinchilla_nb.engine.law import ScalingLaw
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.seeding import SeedRegime
from chinchilla_nb.engine.simulate import Procedure
from chinchilla_nb.engine.study import StudyProgress, Task, WatchedSimulation, iter_study, iter_watched
from chinchilla_nb.figures import Polyline, compact, frontier_figure, scientific
from chinchilla_nb.figures.simulation import error_figure, trace_figure
from chinchilla_nb.job import Outcome
from chinchilla_nb.session import Session
from chinchilla_nb.settings import Settings
from chinchilla_nb.widgets.panel import Panel, guarded
from chinchilla_nb.widgets.simulation_charts import SimulationCharts
from chinchilla_nb.widgets.style import note
from chinchilla_nb.widgets.task_editor import ProcedureEditor, TaskEditor

__all__ = ["SimulationPanel"]

DEFAULT_REGIME = SeedRegime((1e18, 1e21), (5.0, 100.0))
DEFAULT_SEEDS, DEFAULT_FACTOR = 100, 10.0
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

    sheets = ("forms.css", "simulation.css")

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
        self._draw_study()

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
        self._draw_study()
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
            self._draw_simulation()
        self._show_state()

    @guarded
    def _studied(self, progress: StudyProgress) -> None:
        """Show how far the study is."""
        before, self.study = self.study, progress
        if before is not progress:
            self._draw_study()
        self._show_state()

    @guarded
    def _end(self, outcome: Outcome) -> None:
        """Forget a simulation that has come to its end."""
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
            self.task.offer_fit(self.session.fit.law if self.session.fit is not None else None)
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

    def _draw_simulation(self) -> None:
        """Draw the runs so far, both frontiers, and how N* settles."""
        state, shown = self.simulated, self._shown
        if state is None or shown is None:
            return
        task, C, regime = shown
        true_N, true_D = (float(value) for value in allocate(task.law, C))
        # The true optimum at the target budget lies on the chart, so that a moving fit moves no axis.
        figure = frontier_figure(state.runs, state.fit, regime=regime, next_point=(true_N, true_D))
        plane = figure.planes[0]
        ends = np.array([plane.x.low, plane.x.high])
        self.charts.show_runs(
            figure,
            [_label(state.runs, index) for index in figure.shown],
            Polyline(ends, allocate(task.law, ends)[0]),
        )
        point = None if state.fit is None else _optimum(state.fit.law, C)
        self.charts.plane.move_budget(plane, C, point)
        counts, laws = [len(fit.runs) for fit in state.fits], [fit.law for fit in state.fits]
        self.charts.trace.show(trace_figure(counts, laws, task.law, C, state.total))
        self.comparison.value = _compare(task.law, None if state.fit is None else state.fit.law, C)

    def _draw_study(self) -> None:
        if self.study is None:
            self.charts.study.show(error_figure([], np.empty((3, 0))))
            self.charts.summary.value = '<span class="cnb-muted">Press Study to see how errors fall with seeds</span>'
        else:
            quartiles = self.study.quartiles()
            self.charts.study.show(error_figure(self.study.seeds, quartiles))
            self.charts.summary.value = _summarise(self.study.seeds, quartiles)

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
        return lambda runs: iter_fit(runs, **settings.fit_options())

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


def _compare(truth: ScalingLaw, law: ScalingLaw | None, C: float) -> str:
    """Set the true law and the estimate side by side."""
    heads = ["E", "A", "B", "α", "β", "N* ∝ C^", f"N* at {scientific(C)}", "D* / N*"]
    rows = [("True law", _numbers(truth, C), "cnb-true")]
    if law is not None:
        estimate = _numbers(law, C)
        off = [None if e is None or t is None else e / t - 1 for e, t in zip(estimate, rows[0][1], strict=True)]
        rows.append(("Estimate", estimate, "cnb-estimate"))
    cells = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = ""
    for name, values, kind in rows:
        texts = [_text(value, index == 6) for index, value in enumerate(values)]
        body += f'<tr class="{kind}"><th>{name}</th>' + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>"
    if law is not None:
        texts = [_deviation(value) for value in off]
        body += '<tr class="cnb-off"><th>Off by</th>' + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>"
    return f'<div class="cnb-scroll"><table class="cnb-compare"><tr><th></th>{cells}</tr>{body}</table></div>'


def _numbers(law: ScalingLaw, C: float) -> list[float | None]:
    point = _optimum(law, C)
    if point is None:
        return [*law.as_dict().values(), None, None, None]
    return [*law.as_dict().values(), exponents(law)[0], point[0], point[1] / point[0]]


def _optimum(law: ScalingLaw, C: float) -> tuple[float, float] | None:
    """N* and D* at a budget; None where the law has no optimum inside."""
    try:
        N, D = allocate(law, C)
    except ValueError:
        return None
    return float(N), float(D)


def _text(value: float | None, large: bool) -> str:
    if value is None:
        return "none"
    if large and value > 0:
        return compact(value)
    mantissa, e, exponent = f"{value:.4g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def _deviation(share: float | None) -> str:
    """Write by how much a number is off: in per cent, or as a factor where that is large."""
    if share is None:
        return "–"
    if share > 9:
        return f"× {share + 1:,.0f}"
    return "0 %" if abs(share) < 5e-5 else f"{100 * share:+.3g} %"


def _label(runs: Runs, index: int) -> str:
    N, D = float(runs.N[index]), float(runs.D[index])
    return f"Run {index + 1}\nLoss {runs.loss[index]:.5g}\nN {compact(N)} parameters\nD {compact(D)} tokens"


def _summarise(seeds: NDArray[np.int64], quartiles: NDArray[np.float64]) -> str:
    """Say by how much N* is off after each number of seeds."""
    lines = []
    for count, (low, median, high) in zip(seeds, 100 * quartiles.T, strict=True):
        if not np.isnan(median):
            lines.append(
                f'<div><span class="cnb-muted">{count:,} seeds: N* off by</span> <b>{_percent(median)}</b> '
                f'<span class="cnb-muted">({_percent(low)} to {_percent(high)})</span></div>'
            )
    return "".join(lines)


def _percent(value: float) -> str:
    return f"{value:.2g} %" if value < 100 else f"{value:,.0f} %" if value < 1e6 else "beyond measure"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
