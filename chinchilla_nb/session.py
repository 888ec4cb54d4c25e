"""The state shared by the documented class and every panel: runs, settings, the fit, and work under way."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from traitlets import Any as AnyTrait
from traitlets import Bool, Instance, Int, Unicode, observe

from chinchilla_nb.background_losses import BackgroundLosses
from chinchilla_nb.checks import as_float, as_names
from chinchilla_nb.config.compute import ComputeOfRuns
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.conversion import check_callable, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit, FitProgress, FitStatus, iter_fit
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.fit_history import Circumstances
from chinchilla_nb.kept_session import KeptSession
from chinchilla_nb.left_out_rows import LeftOutRows
from chinchilla_nb.open_forecasts import Forecasts
from chinchilla_nb.records.file_watch import FileWatch
from chinchilla_nb.run_compute import RunCompute
from chinchilla_nb.run_origin import RunOrigin
from chinchilla_nb.work.job import Job, Outcome, error_sentence, running_loop

__all__ = ["RunSource", "Session"]


@runtime_checkable
class RunSource(Protocol):
    """What a session needs from a database: the runs, and a trait that counts their changes."""

    revision: int

    @property
    def runs(self) -> Runs:
        """The runs; the same object until they change."""

    def extend(self, results: Iterable[Mapping[str, Any]]) -> None:
        """Append runs."""

    def observe(self, handler: Callable[[Any], None], names: Any) -> None:
        """Call `handler` when the traits named change."""


class Session(RunCompute, BackgroundLosses, Forecasts, KeptSession, LeftOutRows, RunOrigin):
    """Runs, settings and fit; starts, reports and cancels long work.

    Parameters
    ----------
    database : Database
        Holds the runs.
    settings : Settings
        Settings of fits, seeds and scaling.
    data_unit : str
        What D counts: tokens, bytes or samples.
    remarks : iterable of str
        What was taken of the table that the runs come from, and which rows were left out, in sentences.

    Attributes
    ----------
    revision : int
        Number of changes of the runs so far.
    excluded : frozenset of RunKey
        Runs that are kept but not used: fits, charts and next steps ignore them. Exclusions belong to this session and
        are never written to df.csv, which is the record of what was measured.
    view : RunView
        The filter that fits and charts follow, and what all panels select, group and hide; see `RunView`.
    settings : Settings
        Assign another value to change them.
    fit : Fit or None
        The last fit.
    uncertainty : Uncertainty or None
        How sure that fit is, once it is known; see `BackgroundUncertainty`.
    roll_outs : RollOuts or None
        How its law, fitted to the smaller runs, has predicted the larger ones; see `BackgroundRollOuts`.
    loss_sensitivity : LossSensitivity or None
        What other losses make of its runs; see `BackgroundLosses`.
    progress : FitProgress or other value, or None
        The last report of the work under way, updated at most ten times a second.
    busy : bool
        Whether work is under way.
    error : str
        Why the last background work failed, in one sentence; empty if it did not.
    fits : tuple of PastFit
        The fits of the session, and those kept of earlier ones; see `FitHistory` and `KeptSession`.
    cancelled : bool
        Whether the last work was cancelled before its end.
    budget : float or None
        The compute budget that was chosen, in FLOPs; the panels follow it.
    forecasts : tuple of Forecast
        Forecasts that are scored once their runs are logged; see `Forecasts`.
    law_by_hand, overlays
        Laws that charts show beside the fit; see `LawOverlays`.
    opened_from : str
        Where the runs were read; see `RunOrigin`.
    left_out : tuple of LeftOut
        Rows of tables that are not among the runs, each with its line and reason; see `LeftOutRows`.

    Notes
    -----
    Where an event loop runs (a notebook), traits change on its thread, even for work and appends on other threads.
    """

    database: RunSource
    revision = Int(0)
    settings = Instance(Settings)
    progress = AnyTrait(None, allow_none=True)
    busy = Bool(False)
    error = Unicode("")
    cancelled = Bool(False)

    def __init__(
        self, database: RunSource, settings: Settings, *, data_unit: str = "tokens", remarks: Iterable[str] = ()
    ) -> None:
        check_type(database, "database", RunSource)
        check_type(settings, "settings", Settings)
        check_type(data_unit, "data_unit", str)
        super().__init__(settings=settings)
        self.remarks = as_names(remarks, "remarks")
        self.database, self.data_unit = database, data_unit
        self._under_way: dict[str, Job] = {}  # empty or one job, which is put there in one step
        self._fitted_from = self._chosen(None)
        self._loop = running_loop()
        self._file_watch = FileWatch(database)
        self.revision = database.revision
        database.observe(self._on_rows, "revision")

    @property
    def runs(self) -> Runs:  # type: ignore[override]
        """The runs in use: they match the filter and are not excluded. The same object until they or C change."""
        return self._of_database(self.database.runs).included

    @property
    def all_runs(self) -> Runs:  # type: ignore[override]
        """All runs, including the excluded ones and those that the filter leaves out."""
        return self._of_database(self.database.runs).every

    @property
    def excluded_runs(self) -> Runs:
        """The excluded runs that match the filter, which charts show separately."""
        return self._of_database(self.database.runs).excluded

    @property
    def matching_runs(self) -> NDArray[np.bool_]:
        """Which of all runs match the filter, shape (n_runs,)."""
        return self._of_database(self.database.runs).matching

    @property
    def filter_problem(self) -> InputError | None:
        """Why the filter cannot be used any more, so that all runs match; None if it can."""
        return self._of_database(self.database.runs).filter_problem

    @property
    def filter_of_fit(self) -> str | None:
        """The filter that the last fit was made under, empty if there was none; None if the fit was made elsewhere."""
        return self._fitted_from.query if self._fitted_from.fit is self.fit else None

    @property
    def compute_problem(self) -> InputError | None:
        """Why the compute convention of the settings cannot be used, so that C = 6ND holds; None if it can."""
        return self._of_database(self.database.runs).problem

    @property
    def problem(self) -> Problem:  # type: ignore[override]
        """The problem that a fit would solve now.

        Raises
        ------
        InputError
            If the filter cannot be used, or the runs cannot tell the compute convention of the settings.
        """
        if self.filter_problem is not None:
            raise self.filter_problem
        self.check_compute()
        return self.settings.problem(self.runs)

    @property
    def seed_compute(self) -> Compute:
        """How C follows from N and D for seeds: C = 6ND while there are too few runs to estimate the convention.

        Raises
        ------
        InputError
            If the convention does not depend on the runs and cannot be used.
        """
        if not isinstance(self.settings.compute, ComputeOfRuns):
            self.check_compute()
        return self.runs.compute

    def check_compute(self) -> None:
        """Check that the compute convention of the settings can be used, so that no C = 6ND takes its place.

        Raises
        ------
        InputError
            If it cannot.
        """
        if self.compute_problem is not None:
            raise self.compute_problem

    @property
    def stale(self) -> bool:
        """Whether the runs, or settings that a fit depends on, have changed since the fit."""
        if self.fit is None:
            return False
        return not self.fit.problem.alike(self.settings.problem(self.runs))

    @property
    def new_runs(self) -> int:
        """Number of runs appended since the fit; zero if exclusions, the filter or earlier runs have changed too."""
        if self.fit is None:
            return 0
        if self.fit is self._fitted_from.fit and self._fitted_from != self._chosen(self.fit):
            return 0
        before, runs = self.fit.runs, self.runs
        # Not the convention of C: one that is estimated from the runs changes with each of them.
        appended = len(runs) > len(before) and runs.begin_with(before)
        return len(runs) - len(before) if appended else 0

    @property
    def in_place(self) -> bool:
        """Whether the work under way blocks the thread that started it: in a cell, clicks wait until it ends."""
        job = self._job
        return job is not None and job.in_place

    def watch_file(self, on_error: Callable[[Exception | None], None]) -> Callable[[], None]:
        """Read rows that other processes append to the file, as they appear.

        Parameters
        ----------
        on_error : callable
            Called with the error when the file cannot be read, and with None when it can be read again; on the event
            loop, if one runs.

        Returns
        -------
        callable
            Ends the watch. Without a file there is nothing to watch, and no thread is started.
        """
        check_callable(on_error, "on_error")
        return self._file_watch.start(lambda error: self._on_loop(partial(on_error, error)))

    def start_fit(self, *, start: Law | None = None, **options: Any) -> None:
        """Fit in the background if an event loop runs in this thread, else in place.

        Parameters
        ----------
        start : Law, optional
            A law that the search starts from, besides the starting values of the settings.
        **options
            Passed to `engine.fitting.fit.iter_fit`: ``exhaustive``, ``map``.

        Raises
        ------
        RuntimeError
            If other work is under way.
        """
        keep = partial(self._keep_fit, self._circumstances(options))
        self.start(self._fit_steps(start, options), on_end=keep)

    def run_fit(self, *, start: Law | None = None, **options: Any) -> Fit:
        """Fit in this thread and return the fit, which is also kept as `fit`.

        Parameters
        ----------
        start : Law, optional
            A law that the search starts from, besides the starting values of the settings.
        **options
            Passed to `engine.fitting.fit.iter_fit`: ``exhaustive``, ``map``.

        Raises
        ------
        FitError
            If the runs cannot be fitted.
        RuntimeError
            If other work is under way.
        """
        keep = partial(self._keep_fit, self._circumstances(options))
        outcome = self._run(self._new_job(self._fit_steps(start, options), None, keep))
        if outcome.error is not None:
            self.error = ""  # the caller gets the error itself
            raise outcome.error
        if outcome.last is None or outcome.last.best is None or self.fit is None:
            raise RuntimeError("the fit was cancelled before it found anything: start it again")
        return self.fit

    def start(
        self,
        steps: Callable[[], Iterator[Any]],
        *,
        on_progress: Callable[[Any], None] | None = None,
        on_end: Callable[[Outcome], None] | None = None,
    ) -> None:
        """Start long work: on a worker thread if an event loop runs in this thread, else in place.

        Parameters
        ----------
        steps : callable
            Makes the iterator of progress values. `cancel` takes effect between two values, and at the cancellation
            points that the engine passes in between.
        on_progress : callable, optional
            Receives progress values on the loop's thread, when they are put in `progress`.
        on_end : callable, optional
            Receives the `job.Outcome` on the loop's thread, before observers are notified that `busy` is False.
            `error` holds what the work raised.

        Raises
        ------
        InputTypeError
            If an argument cannot be called.
        RuntimeError
            If other work is under way.
        """
        for name, function in (("steps", steps), ("on_progress", on_progress), ("on_end", on_end)):
            if function is not None or name == "steps":
                check_callable(function, name)
        job = self._new_job(steps, on_progress, on_end)
        loop = running_loop()
        if loop is None:
            self._run(job)
        else:
            self._start(job, loop)

    def cancel(self) -> None:
        """Ask the work under way to stop; a fit keeps its best so far."""
        job = self._job
        if job is not None:
            job.cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the work under way has ended and its results are in the traits.

        This works in a cell too: there it blocks the event loop, and sets the traits itself.

        Parameters
        ----------
        timeout : float, optional
            Maximum number of seconds to wait.

        Returns
        -------
        bool
            Whether the work has ended.

        Raises
        ------
        InputError
            If the timeout is negative or not a number.
        """
        if timeout is not None:
            seconds = as_float(timeout, "timeout")
            if not seconds >= 0:
                raise InputError("timeout", "must not be negative", got=str(seconds))
            timeout = min(seconds, threading.TIMEOUT_MAX)
        job = self._job
        if job is None:
            return True
        try:
            return job.wait(timeout)
        finally:
            if job.delivered:  # unless an interrupt has come between, this has been done
                self._release(job)

    @property
    def _job(self) -> Job | None:
        """The work under way."""
        return self._under_way.get("job")

    def _fit_steps(self, start: Law | None, options: dict[str, Any]) -> Callable[[], Iterator[FitProgress]]:
        problem = dataclasses.replace(self.problem, start=start)
        return lambda: iter_fit(problem, **options)

    def _keep_fit(self, at: Circumstances, outcome: Outcome) -> None:
        """Keep what a fit found: nothing if it failed, its best so far if it was cancelled."""
        if outcome.error is not None or outcome.last is None or outcome.last.best is None:
            return
        best: Fit = outcome.last.best
        fit = dataclasses.replace(best, status=FitStatus.CANCELLED) if outcome.cancelled else best
        self._fitted_from = at.choice(fit)
        self._remember_fit(fit, at)
        self.fit = fit

    def _new_job(
        self,
        steps: Callable[[], Iterator[Any]],
        on_progress: Callable[[Any], None] | None,
        on_end: Callable[[Outcome], None] | None,
    ) -> Job:
        job = Job(steps, partial(self._show, on_progress), lambda outcome: self._finish(job, on_end, outcome))
        return job

    def _run(self, job: Job) -> Outcome:
        """Run a job in this thread; whatever interrupts it, and wherever, the session is not busy afterwards."""
        try:
            try:
                self._register(job)
                outcome = job.run()
            finally:
                self._release(job)
        finally:
            self._release(job)  # an interrupt can come just before the first one
        return outcome

    def _start(self, job: Job, loop: asyncio.AbstractEventLoop) -> None:
        """Start a job on a thread of its own; if an interrupt keeps it from starting, the session is not busy."""
        try:
            try:
                self._register(job)
                self._loop = loop
                job.start(loop)
            finally:
                if not job.started:
                    self._release(job)
        finally:
            if not job.started:
                self._release(job)

    def _register(self, job: Job) -> None:
        self.wait(0)  # the work before may have ended on a loop that no longer runs
        if self._under_way.setdefault("job", job) is not job:
            raise RuntimeError("work is under way: session.wait() waits for it, session.cancel() stops it")
        self.error = ""
        self.cancelled = False
        self.progress = None
        self.busy = True

    def _release(self, job: Job) -> None:
        """Forget a job that has not reported its end, as an interrupt or the error of an observer has ended it."""
        if self._job is job:
            job.cancel()
            try:
                self.busy = False
            finally:
                self._under_way.pop("job", None)

    def _show(self, on_progress: Callable[[Any], None] | None, value: Any) -> None:
        try:
            self.progress = value
            if on_progress is not None:
                on_progress(value)
        except Exception as error:  # noqa: BLE001  raised on an event loop, it would be shown nowhere
            self.error = error_sentence(error)

    def _finish(self, job: Job, on_end: Callable[[Outcome], None] | None, outcome: Outcome) -> None:
        try:
            # `busy` is notified first, so that Cancel is answered before charts are drawn.
            with self.hold_trait_notifications():
                if self._job is job:
                    self.busy = False
                    self._under_way.pop("job", None)
                self.cancelled = outcome.cancelled
                if outcome.error is not None:
                    self.error = error_sentence(outcome.error)
                if on_end is not None:
                    on_end(outcome)
        except Exception as error:  # noqa: BLE001
            self.error = error_sentence(error)
        finally:
            self._release(job)

    @observe("busy")
    def _on_busy(self, change: Any) -> None:
        """Leave the processor to the work that the user waits for."""
        if change["new"]:
            self.pause_uncertainty()
        else:
            self.resume_uncertainty()

    @observe("exclusion_changes", "filter_changes")
    def _on_rows(self, _: Any) -> None:
        self._on_loop(self._catch_up)

    def _on_loop(self, callback: Callable[[], None]) -> None:
        """Call a function on the kernel's event loop if there is one, else here."""
        here = running_loop()
        if here is not None:
            self._loop = here
        elif self._loop is not None and self._loop.is_running():
            with suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(callback)
                return
        callback()

    def _catch_up(self) -> None:
        self.revision = self.database.revision + self.exclusion_changes + self.filter_changes
