"""The states and transitions of a simulation, and its plan, without any widget."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, replace

import numpy as np
import pytest

from chinchilla_nb.config.settings import ModelSearch, Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.simulate import Task
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.simulation.control import Control, Ending, State
from chinchilla_nb.widgets.simulation.plan import DEFAULT_REGIME, Numbers, Plan, usual_regime

IDLE, RUNNING, PAUSED, ENDED = State.IDLE, State.RUNNING, State.PAUSED, State.ENDED


@dataclass(frozen=True)
class Count:
    """Progress in runs, with a value half-way through each."""

    done: int
    total: int
    within: bool


def counting(total: int = 3, at: int | None = None, action=lambda: None):
    """Yield two values per run, the first of them half-way; act just before one of the runs ends."""
    for run in range(1, total + 1):
        yield Count(run, total, within=True)
        if run == at:
            action()
        yield Count(run, total, within=False)


@pytest.fixture
def control() -> Control:
    return Control(Session(Database(), Settings()), lambda count: not count.within)


@pytest.fixture
def seen(control) -> list[tuple[State, Ending | None]]:
    """Return what an observer sees, one pair for each change of state."""
    seen: list[tuple[State, Ending | None]] = []
    control.observe(lambda change: seen.append((change.new, control.ending)), "state")
    return seen


def test_it_is_idle_then_runs_then_has_finished(control, seen):
    assert (control.state, control.ending, control.latest) == (IDLE, None, None)
    control.start(counting)
    assert seen == [(RUNNING, None), (ENDED, Ending.FINISHED)]
    assert control.latest == Count(3, 3, within=False)


def test_steps_pause_after_each_run_and_the_last_one_finishes(control, seen):
    control.start(counting, single=True)
    assert (control.state, control.latest) == (PAUSED, Count(1, 3, within=False))
    control.step()
    assert (control.state, control.latest) == (PAUSED, Count(2, 3, within=False))
    control.step()
    assert (control.state, control.ending) == (ENDED, Ending.FINISHED)
    assert seen == [(RUNNING, None), (PAUSED, None)] * 2 + [(RUNNING, None), (ENDED, Ending.FINISHED)]


def test_work_resumes_where_it_was_paused(control):
    control.start(lambda: counting(at=2, action=control.pause))
    assert (control.state, control.latest) == (PAUSED, Count(2, 3, within=False))
    made = []
    control.observe(lambda change: made.append(change.new), "latest")
    control.resume()
    assert control.state is ENDED
    assert made[-1] == Count(3, 3, within=False)
    assert Count(1, 3, within=False) not in made


def test_a_pause_after_the_last_run_ends_the_work(control):
    control.start(lambda: counting(at=3, action=control.pause))
    assert (control.state, control.ending) == (ENDED, Ending.FINISHED)


@pytest.mark.parametrize("first", [lambda control: None, Control.pause])
def test_cancel_ends_running_work_even_after_a_pause_was_requested(control, first):
    def click():
        first(control)
        control.cancel()

    control.start(lambda: counting(at=2, action=click))
    assert (control.state, control.ending) == (ENDED, Ending.CANCELLED)
    assert control.latest.done == 2


def test_cancel_ends_paused_work_and_the_next_start_is_a_new_one(control, seen):
    control.start(counting, single=True)
    control.cancel()
    assert seen[-1] == (ENDED, Ending.CANCELLED)
    assert control.latest.done == 1  # the last progress is kept
    control.start(counting, single=True)
    assert (control.state, control.latest.done) == (PAUSED, 1)


def test_a_failure_ends_the_work_and_is_reported(control):
    def fail():
        raise ValueError("no such run")

    control.start(lambda: counting(at=2, action=fail))
    assert (control.state, control.ending, control.latest.done) == (ENDED, Ending.FAILED, 2)
    assert control.work.error == "no such run"


def test_an_interrupt_cancels_the_work(control):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        control.start(lambda: counting(at=2, action=interrupt))
    assert (control.state, control.ending) == (ENDED, Ending.CANCELLED)


def test_actions_that_a_state_does_not_allow_are_refused_and_change_nothing(control):
    with pytest.raises(RuntimeError, match="must be paused for this, but it is idle"):
        control.resume()
    with pytest.raises(RuntimeError, match="must be paused for this, but it is idle"):
        control.step()
    control.pause()
    control.cancel()
    assert control.state is IDLE
    control.start(counting, single=True)
    with pytest.raises(RuntimeError, match="must be idle or ended for this, but it is paused"):
        control.start(counting)
    assert (control.state, control.latest.done) == (PAUSED, 1)
    control.resume()
    control.cancel()  # already ended
    assert (control.state, control.ending) == (ENDED, Ending.FINISHED)


def test_two_controls_on_one_session_do_not_run_at_once(control):
    other = Control(control.work)
    refused = []

    def start_other():
        with pytest.raises(RuntimeError, match="other work is in progress"):
            other.start(counting)
        refused.append(other.state)

    control.start(lambda: counting(at=1, action=start_other))
    assert refused == [IDLE]
    control.start(counting, single=True)
    other.start(counting)  # allowed while the first is paused
    assert (control.state, other.state) == (PAUSED, ENDED)
    control.resume()
    assert control.state is ENDED


def test_with_an_event_loop_states_change_on_its_thread_and_the_work_runs_on_another(control):
    threads: dict[str, set[int]] = {"state": set(), "latest": set()}
    made: list[int] = []
    go_on = threading.Event()
    for name, found in threads.items():
        control.observe(lambda _, found=found: found.add(threading.get_ident()), name)

    def make():
        made.append(threading.get_ident())
        return counting(at=2, action=lambda: go_on.wait(10))

    async def until(state: State) -> None:
        while control.state is not state:
            await asyncio.sleep(0.005)

    async def scenario() -> None:
        control.start(make)
        assert control.state is RUNNING
        while control.latest is None or control.latest.done < 2:
            await asyncio.sleep(0.005)
        control.pause()
        assert control.state is RUNNING  # until the current run has ended
        go_on.set()
        await until(PAUSED)
        assert control.latest == Count(2, 3, within=False)
        control.resume()
        await until(ENDED)
        assert control.ending is Ending.FINISHED

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert threads == {"state": {threading.get_ident()}, "latest": {threading.get_ident()}}
    assert made != [threading.get_ident()]
    assert len(made) == 1


GRID = StartGrid({"E": [1.0, 2.0], "A": [100, 1000], "B": [100, 1000], "alpha": [0.3, 0.5], "beta": [0.3, 0.5]})
REGIME = SeedRegime((1e18, 1e20), (5, 50))
LAW = KNOWN_LAWS["Hoffmann et al. 2022"]
PLAN = Plan(Task(LAW, size=0.0), Numbers(8, 1, 10.0, 0, 1e23, (8, 10), 1), REGIME, Settings(grid=GRID, loss_fn=mse))


def test_a_simulation_follows_from_its_plan():
    *_, last = PLAN.simulate()
    assert (last.done, last.total) == (9, 9)
    assert REGIME.contains(last.runs.N[:8], last.runs.D[:8]).all()
    # Ten times the largest compute of the regime.
    assert last.runs.C[8] == pytest.approx(1e21, rel=1e-6)
    assert last.fit.law.as_dict() == pytest.approx(LAW.as_dict(), rel=1e-3)
    *_, other = replace(PLAN, numbers=replace(PLAN.numbers, random_seed=1)).simulate()
    assert not np.array_equal(other.runs.N, last.runs.N)


def test_a_study_follows_from_its_plan():
    *_, last = PLAN.study()
    assert (last.done, last.total, last.seeds.tolist()) == (2, 2, [8, 10])
    assert (last.errors < 1e-3).all()


def test_models_are_measured_only_when_the_work_starts():
    calls = []
    search = ModelSearch({"N": [1e7, 1e8, 1e9]}, lambda N: calls.append(N) or N)
    steps = replace(PLAN, settings=replace(PLAN.settings, model_search=search)).simulate
    assert calls == []
    assert next(steps()).runs.N[0] in (1e7, 1e8, 1e9)


def test_seeds_are_drawn_from_the_settings_or_the_runs_or_a_default():
    runs = Runs([1e8, 1e9], [2e9, 5e10], [3.0, 2.5])
    assert usual_regime(Settings(seed_regime=REGIME), runs) == (REGIME, "as configured")
    around, why = usual_regime(Settings(), runs)
    assert around == SeedRegime((6 * 1e8 * 2e9, 6 * 1e9 * 5e10), (20.0, 50.0))
    assert "the range of the runs" in why
    for few in (Runs([], [], []), runs.take(np.array([True, False]))):
        assert usual_regime(Settings(), few)[0] == DEFAULT_REGIME
