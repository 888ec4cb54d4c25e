"""The shared state: long work in scripts, on event loops, in a real kernel; cancelled, failed and interrupted."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from jupyter_core.utils import ensure_event_loop
from runs import GRID, LAW, make_runs, table_of

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.fitting.fit import FitError, FitStatus, fit, solve
from chinchilla_nb.engine.fitting.losses import mae
from chinchilla_nb.session import Session
from chinchilla_nb.work.job import Outcome


@pytest.fixture
def session() -> Session:
    database = Database()
    database.df = table_of(make_runs(9))
    return Session(database, Settings(grid=GRID))


class Slow:
    """An iterator of progress that notes in which thread it was made, drained and closed."""

    def __init__(self, steps: int, seconds: float = 0.01, error: Exception | None = None) -> None:
        self.steps, self.seconds, self.error = steps, seconds, error
        self.threads: list[int] = []
        self.done = 0
        self.closed = False

    def __call__(self) -> Iterator[int]:
        self.threads.append(threading.get_ident())
        try:
            for step in range(self.steps):
                time.sleep(self.seconds)
                self.threads.append(threading.get_ident())
                self.done = step + 1
                yield step
            if self.error is not None:
                raise self.error
        finally:
            self.threads.append(threading.get_ident())
            self.closed = True


def record(session: Session, *names: str) -> list[tuple[str, Any, int]]:
    """Note every change of the traits, and the thread it was made in."""
    seen: list[tuple[str, Any, int]] = []
    session.observe(lambda change: seen.append((change.name, change.new, threading.get_ident())), list(names))
    return seen


async def until_idle(session: Session, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while session.busy:
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


class TestState:
    def test_runs_and_revision_follow_the_database(self, session: Session) -> None:
        seen = record(session, "revision")
        session.database.append(N=1, D=1, loss=5.0)
        assert len(session.runs) == 10
        assert session.runs is session.database.runs
        assert len(seen) == 1

    def test_stale_is_derived(self, session: Session) -> None:
        assert not session.stale
        session.run_fit()
        assert not session.stale
        session.database.append(N=1e9, D=1e9, loss=2.5)
        assert session.stale
        session.run_fit()
        assert not session.stale

    def test_a_fit_made_elsewhere_is_judged_by_its_problem(self, session: Session) -> None:
        session.run_fit()
        # Of the same runs and settings, as a copy or another process gives it: as good as the session's own.
        session.fit = pickle.loads(pickle.dumps(session.fit))
        assert not session.stale
        # Of the session's very runs, but with another loss.
        session.fit = fit(session.runs, GRID, mae)
        assert session.stale
        # Of other runs.
        session.fit = solve(session.settings.problem(make_runs(9, rng=1)))
        assert session.stale
        assert session.new_runs == 0

    def test_a_fit_can_be_repeated_from_itself(self, session: Session) -> None:
        found = session.run_fit(exhaustive=True)
        again = solve(found.problem, exhaustive=True)
        assert again.law == found.law
        assert again.objective == found.objective

    def test_fits_use_the_settings(self, session: Session) -> None:
        session.settings = dataclasses.replace(session.settings, bounds={"alpha": (0.5, 0.5)})
        assert session.run_fit().law.alpha == 0.5


class TestInPlace:
    def test_run_fit(self, session: Session) -> None:
        seen = record(session, "busy", "fit", "progress")
        found = session.run_fit()
        assert session.fit is found
        assert session.progress.best.law.as_dict() == found.law.as_dict()
        np.testing.assert_allclose(found.law.alpha, LAW.alpha, rtol=1e-8)
        # What takes time to draw follows the news that Fit can be pressed again.
        assert [name for name, _, _ in seen if name != "progress"] == ["busy", "busy", "fit"]
        assert {thread for _, _, thread in seen} == {threading.get_ident()}

    def test_start_fit_gives_what_the_engine_gives(self, session: Session) -> None:
        session.start_fit()
        assert session.wait()
        assert session.fit is not None
        assert session.fit.law.as_dict() == fit(session.runs, GRID).law.as_dict()

    def test_run_fit_raises_what_start_fit_says(self) -> None:
        session = Session(Database(), Settings(grid=GRID))
        with pytest.raises(FitError, match="at least 3 runs") as caught:
            session.run_fit()
        assert (session.busy, session.error, session.fit) == (False, "", None)
        session.start_fit()
        assert (session.busy, session.error, session.fit) == (False, str(caught.value), None)

    def test_a_failed_fit_leaves_the_last_one_and_the_next_clears_the_error(self, session: Session) -> None:
        good = session.run_fit()
        session.settings = dataclasses.replace(session.settings, loss_fn=lambda y, p: 1 / 0)
        session.start_fit()
        assert session.fit is good
        assert "\n" not in session.error
        assert session.error != ""
        session.settings = Settings(grid=GRID)
        session.start_fit()
        assert session.error == ""

    def test_interrupt_passes_through_and_leaves_nothing_broken(self, session: Session) -> None:
        work = Slow(10_000)
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            session.start(work)
        assert (session.busy, work.closed) == (False, True)
        session.run_fit()

    def test_at_most_ten_reports_a_second_and_the_last(self, session: Session) -> None:
        seen = record(session, "progress")
        session.start(Slow(100, 0.005))
        assert 4 <= len(seen) <= 10
        assert seen[-1][1] == 99

    def test_an_error_in_a_callback_is_shown(self, session: Session) -> None:
        def fail(_: Any) -> None:
            raise ValueError("the chart\nis gone")

        session.start(Slow(3), on_progress=fail)
        assert (session.error, session.busy) == ("the chart\nis gone", False)
        session.start(Slow(3), on_end=lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
        assert (session.error, session.busy) == ("ZeroDivisionError: division by zero", False)


class TestOnALoop:
    def test_worker_drains_loop_hears(self, session: Session) -> None:
        work, ends = Slow(60), []

        async def main() -> list[tuple[str, Any, int]]:
            seen = record(session, "progress", "busy", "fit", "error")
            session.start(work, on_end=ends.append)
            assert session.busy
            await until_idle(session)
            return seen

        seen = asyncio.run(main())
        assert {thread for _, _, thread in seen} == {threading.get_ident()}
        assert len(set(work.threads)) == 1
        assert threading.get_ident() not in work.threads
        reports = [value for name, value, _ in seen if name == "progress"]
        assert 3 <= len(reports) <= 60 * 0.01 * 10 + 12  # ten a second, on a machine that may be slow
        assert reports == sorted(reports)
        assert reports[-1] == 59
        assert [(end.last, end.cancelled, end.error) for end in ends] == [(59, False, None)]

    def test_reports_come_no_faster_than_ten_a_second(self, session: Session) -> None:
        async def main() -> list[float]:
            times: list[float] = []
            session.start(Slow(400, 0.002), on_progress=lambda _: times.append(time.monotonic()))
            await until_idle(session)
            return times

        times = asyncio.run(main())
        assert np.diff(times)[:-1].min() > 0.08  # the last value does not wait

    def test_fit(self, session: Session) -> None:
        async def main() -> None:
            session.start_fit()
            assert session.busy
            await until_idle(session)

        asyncio.run(main())
        assert session.fit is not None
        assert session.fit.law.as_dict() == fit(session.runs, GRID).law.as_dict()
        assert not session.stale

    def test_cancel_is_answered_within_a_step(self, session: Session) -> None:
        work, ends = Slow(100_000), []

        async def main() -> int:
            session.start(work, on_end=ends.append)
            await asyncio.sleep(0.3)
            session.cancel()
            done = work.done
            await until_idle(session)
            return work.done - done

        assert asyncio.run(main()) <= 1  # the step that was under way
        assert work.done > 1
        assert [(end.last, end.cancelled, end.error) for end in ends] == [(work.done - 1, True, None)]
        assert work.closed

    def test_cancel_is_answered_within_an_evaluation(self, session: Session) -> None:
        """Starts screened and profiled take 136 calls: the last one here is within a minimisation by SciPy."""
        calls = 0

        def loss(y_true: Any, y_pred: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 200:
                session.cancel()
            return (y_true - y_pred) ** 2

        session.settings = dataclasses.replace(session.settings, loss_fn=loss)
        ends: list[Outcome] = []

        async def main() -> None:
            session.observe(lambda change: None if change.new else ends.append(change), "busy")
            session.start_fit()
            await until_idle(session)

        asyncio.run(main())
        assert calls == 200
        assert len(ends) == 1
        assert (session.fit, session.error) == (None, "")

    def test_a_cancelled_fit_keeps_its_best_so_far(self, session: Session) -> None:
        gate = threading.Event()

        def slow_loss(y_true: Any, y_pred: Any) -> Any:
            gate.wait(0.0005)
            return (y_true - y_pred) ** 2

        session.settings = dataclasses.replace(session.settings, loss_fn=slow_loss)

        async def main() -> None:
            session.start_fit()
            while session.busy and (session.progress is None or session.progress.best is None):
                await asyncio.sleep(0.005)
            assert session.busy, "the fit ended before it could be cancelled"
            session.cancel()
            await until_idle(session, 100)

        asyncio.run(main())
        assert session.fit is not None
        assert session.fit.status is FitStatus.CANCELLED
        assert session.fit.runs is session.runs
        assert session.error == ""

    def test_cancelled_before_it_found_anything(self, session: Session) -> None:
        evaluating, cancelled = threading.Event(), threading.Event()

        def loss(y_true: Any, y_pred: Any) -> Any:
            evaluating.set()
            assert cancelled.wait(20)
            return (y_true - y_pred) ** 2

        good = session.run_fit()
        session.settings = dataclasses.replace(session.settings, loss_fn=loss)

        async def main() -> None:
            session.start_fit()
            assert await asyncio.to_thread(evaluating.wait, 20)
            session.cancel()
            cancelled.set()
            await until_idle(session)

        asyncio.run(main())
        assert (session.fit, session.error) == (good, "")

    def test_one_at_a_time(self, session: Session) -> None:
        work = Slow(20)

        async def main() -> None:
            session.start(work)
            for begin in (session.start_fit, session.run_fit):
                with pytest.raises(RuntimeError, match=r"work is under way: session.wait\(\)"):
                    begin()
            await until_idle(session)

        asyncio.run(main())
        assert work.done == 20
        session.run_fit()

    def test_errors_of_the_work(self, session: Session) -> None:
        ends: list[Outcome] = []

        async def main() -> None:
            session.start(Slow(2, error=KeyError("name")), on_end=ends.append)
            await until_idle(session)

        asyncio.run(main())
        assert session.error == "KeyError: 'name'"
        assert isinstance(ends[0].error, KeyError)

    def test_wait_in_the_loop_makes_the_reports(self, session: Session) -> None:
        async def main() -> list[Any]:
            seen: list[Any] = []
            session.start(Slow(50), on_progress=seen.append)
            assert not session.wait(timeout=0.05)
            assert session.busy
            assert session.wait()
            assert not session.busy
            await asyncio.sleep(0.2)  # reports posted meanwhile must not be delivered twice
            return seen

        seen = asyncio.run(main())
        assert seen[-1] == 49
        assert len(seen) == len(set(seen)) >= 3

    def test_wait_in_another_thread_leaves_the_reports_to_the_loop(self, session: Session) -> None:
        async def main() -> tuple[bool, set[int]]:
            seen = record(session, "progress", "busy")
            session.start(Slow(20))
            return await asyncio.to_thread(session.wait, 20), {thread for _, _, thread in seen}

        assert asyncio.run(main()) == (True, {threading.get_ident()})
        assert not session.busy

    def test_a_loop_that_ends_before_the_work(self, session: Session) -> None:
        async def main() -> None:
            session.start(Slow(30))

        asyncio.run(main())
        assert session.wait(20)
        assert (session.busy, session.progress) == (False, 29)
        session.run_fit()

    def test_a_loop_that_rests_when_the_work_ends(self, session: Session) -> None:
        async def begin() -> None:
            session.start(Slow(5))

        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(begin())
            time.sleep(0.3)
            session.run_fit()  # nothing is under way any more, although nobody was notified
            assert session.wait(20)
            assert session.fit is not None
        finally:
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()

    def test_rows_of_a_training_thread_are_reported_on_the_loop(self) -> None:
        async def main() -> None:
            session = Session(Database(), Settings(grid=GRID))
            seen = record(session, "revision")

            def train() -> None:
                for step in range(50):
                    session.database.append(N=10, D=10, loss=1 + step)

            await asyncio.to_thread(train)
            await asyncio.sleep(0)
            assert session.revision == 50
            assert {thread for _, _, thread in seen} == {threading.get_ident()}

        asyncio.run(main())

    def test_rows_appended_during_a_fit_make_it_stale(self, session: Session) -> None:
        async def main() -> None:
            session.start_fit()
            session.database.append(N=1e9, D=1e9, loss=2.5)
            await until_idle(session)

        asyncio.run(main())
        assert session.stale


def test_in_a_kernel(tmp_path: Path) -> None:
    """Cells of a real kernel: wait in the cell that started, and reports that arrive between cells."""
    manager, client = start_new_kernel(extra_arguments=["--HistoryManager.enabled=False"])
    try:

        def run(code: str) -> str:
            printed: list[str] = []

            def hook(message: dict[str, Any]) -> None:
                if message["msg_type"] == "stream":
                    printed.append(message["content"]["text"])

            reply = client.execute_interactive(code, timeout=120, output_hook=hook, store_history=False)
            assert reply["content"]["status"] == "ok", reply["content"]
            return "".join(printed)

        run(f"folder = {str(tmp_path)!r}")
        run("""if True:
            import threading, time
            from chinchilla_nb.database import Database
            from chinchilla_nb.engine.laws.starts import StartGrid
            from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
            from chinchilla_nb.session import Session
            from chinchilla_nb.config.settings import Settings
            law, database = ScalingLaw(1.7, 400.0, 410.0, 0.34, 0.28), Database(folder)
            for N in (1e6, 1e7, 1e8):
                for D in (1e8, 1e9, 1e10):
                    database.append(N=N, D=D, loss=float(law.loss(N, D)))
            session = Session(database, Settings(grid=StartGrid(
                {"E": [1, 2], "A": [100, 1000], "B": [100, 1000], "alpha": [0.2, 0.5], "beta": [0.2, 0.5]})))
            threads = []
            session.observe(lambda _: threads.append(threading.current_thread().name), ["fit", "busy", "progress"])
        """)
        assert (
            run("session.start_fit(); print(session.busy)\nprint(session.wait(), session.busy)") == "True\nTrue False\n"
        )
        assert run("print(round(session.fit.law.alpha, 6))") == "0.34\n"
        run("fit = session.fit; session.start_fit()")
        end = time.monotonic() + 60
        while run("print(session.busy, session.fit is not fit)") != "False True\n":
            assert time.monotonic() < end
            time.sleep(0.1)
        assert run("print(set(threads))") == "{'MainThread'}\n"
        run("""if True:
            def steps():
                for step in range(100_000):
                    time.sleep(0.01)
                    yield step
            session.start(steps)
        """)
        assert run("session.cancel(); print(session.wait(20), session.busy, session.error)") == "True False \n"
        interrupted = "try:\n    session.wait()\nexcept KeyboardInterrupt:\n    print('interrupted', session.busy)"
        run("session.start(steps)")
        kernel = int(run("import os; print(os.getpid())"))
        timer = threading.Timer(1.0, os.kill, (kernel, signal.SIGINT))  # as the stop button of a notebook
        timer.start()
        assert run(interrupted) == "interrupted True\n"
        assert run("session.cancel(); print(session.wait(20), session.busy)") == "True False\n"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        ensure_event_loop().close()  # jupyter_client made it, and leaves it open
