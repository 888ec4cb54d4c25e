"""The state shared by the documented class and every panel: runs, settings, the fit, and work under way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from traitlets import Instance, Int, observe

from chinchilla_nb.background_losses import BackgroundLosses
from chinchilla_nb.checks import as_names
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
from chinchilla_nb.planned_runs import PlannedRuns
from chinchilla_nb.records.file_watch import FileWatch
from chinchilla_nb.run_compute import RunCompute
from chinchilla_nb.run_origin import RunOrigin
from chinchilla_nb.session_work import SessionWork
from chinchilla_nb.work.job import Outcome

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


class Session(SessionWork, RunCompute, BackgroundLosses, Forecasts, KeptSession, LeftOutRows, PlannedRuns, RunOrigin):
    """Runs, settings and the fit, with what is known of it and done with it.

    Parameters
    ----------
    database : Database
        Holds the runs.
    settings : Settings
        Settings of fits, seeds and scaling.
    data_unit : str
        What D counts: tokens, bytes or samples.
    remarks : iterable of str
        The name of the table that the runs come from, with a colon, and what was taken of it, in sentences.
    left_out_remark : str
        How many of its rows were left out, and why, in a sentence; empty if all were taken.

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
    progress, busy, error, cancelled
        The work under way, such as a fit; see `SessionWork`.
    fits : tuple of PastFit
        The fits of the session, and those kept of earlier ones; see `FitHistory` and `KeptSession`.
    budget : float or None
        The compute budget that was chosen, in FLOPs; the panels follow it.
    forecasts : tuple of Forecast
        Forecasts that are scored once their runs are logged; see `Forecasts`.
    collected_plans, suggested_runs
        What it plans to train; see `PlannedRuns`.
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

    def __init__(
        self,
        database: RunSource,
        settings: Settings,
        *,
        data_unit: str = "tokens",
        remarks: Iterable[str] = (),
        left_out_remark: str = "",
    ) -> None:
        check_type(database, "database", RunSource)
        check_type(settings, "settings", Settings)
        check_type(data_unit, "data_unit", str)
        check_type(left_out_remark, "left_out_remark", str)
        super().__init__(settings=settings)
        self.remarks, self.left_out_remark = as_names(remarks, "remarks"), left_out_remark
        self.database, self.data_unit = database, data_unit
        self._fitted_from = self._chosen(None)
        self._file_watch = FileWatch(database)
        self.revision = database.revision
        database.observe(self._on_rows, "revision")

    @property
    def all_remarks(self) -> tuple[str, ...]:
        """What was taken of the table, and what was left out."""
        return (*self.remarks, self.left_out_remark) if self.left_out_remark else self.remarks

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

    def _catch_up(self) -> None:
        self.revision = self.database.revision + self.exclusion_changes + self.filter_changes
