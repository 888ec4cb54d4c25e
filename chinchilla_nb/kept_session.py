"""A session that is kept in a file: restored when its project is opened again, and written as it changes."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import Unicode

from chinchilla_nb.chart_scale import ChartScale
from chinchilla_nb.checks import as_file_path
from chinchilla_nb.chosen_budget import ChosenBudget
from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.callables import Finder
from chinchilla_nb.config.settings import SETTINGS, Settings, make_settings
from chinchilla_nb.engine.conversion import check_callable
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.run_keys import RunKey
from chinchilla_nb.engine.sentences import sentence, stopped
from chinchilla_nb.exclusions import Exclusions
from chinchilla_nb.fit_history import MOST_FITS, FitHistory
from chinchilla_nb.law_overlays import LawOverlays
from chinchilla_nb.records.tables.folders import SESSION_FILE
from chinchilla_nb.session_file import KeptState, OtherVersion, read_session, session_content
from chinchilla_nb.session_merge import write_merged
from chinchilla_nb.work.job import running_loop

__all__ = ["KeptSession"]

DELAY = 0.3
"""Seconds between a change and its being written, so that a drag does not write a file at each step; less than it takes
to load a page again."""
NOT_KEPT = "This session is not kept"
KEPT_TRAITS = (
    *("settings", "exclusion_changes", "fits", "current_fit", "budget"),
    *("law_by_hand", "overlays", "chart_scale"),
)
KEPT_OF_VIEW = ("query", "grouped_by", "hidden_groups")


class KeptSession(FitHistory, Exclusions, ChosenBudget, LawOverlays, ChartScale):
    """The part of a session that a file keeps.

    It keeps settings, exclusions, filter, budget and fits, the laws that are drawn beside the fit, and how charts
    colour, hide and scale.

    Attributes
    ----------
    session_file : Path or None
        The file, once `keep` was called.
    keeping_problem : str
        What could not be restored, or why nothing is kept, in sentences; empty if all is well.
    """

    if TYPE_CHECKING:

        def _on_loop(self, callback: Callable[[], None]) -> None:
            """Call a function on the kernel's event loop if there is one, else here."""

    keeping_problem = Unicode("")

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.session_file: Path | None = None
        self._opened_with: dict[str, Any] = {}
        self._base: dict[str, Any] = {}  # what it held when it last read or wrote the file
        self._unrestored = ""  # when the fit was made that the file shows, while this session shows none
        self._has_changed = False
        self._writing = threading.Lock()

    def keep(self, path: str | os.PathLike[str] | None = None, find: Finder | None = None) -> None:
        """Restore what a file keeps of an earlier session, and keep what changes from now on.

        Nothing is written before something changes. A damaged file is moved aside before another is written; a file
        that cannot be read, or is of another version, stays as it is, and nothing is kept. `keeping_problem` says so.

        Parameters
        ----------
        path : str or path, optional
            The file; by default ``chinchilla_nb.session.json`` in the folder of the project.
        find : callable, optional
            Returns the functions that the file names; by default only those that the notebook defines.

        Raises
        ------
        InputError
            If there is no project folder and no path.
        """
        if find is not None:
            check_callable(find, "find")
        if path is None:
            folder = getattr(self.database, "project_dir", None)
            if folder is None:
                raise InputError("the session", "has no project folder to be kept in", remedy="give the path of a file")
            path = Path(folder, SESSION_FILE)
        file = as_file_path(path, "path").absolute()  # the current folder may change
        self._opened_with = _saved(self.settings)
        kept, problems, writes = self._read(file)
        if kept is not None:
            problems += self._take(kept, find or AllowedFunctions().find)
        if writes and not os.access(file.parent, os.W_OK):
            problems, writes = [*problems, f"the folder {str(file.parent)!r} is read-only: nothing is kept"], False
        self.keeping_problem = " ".join(map(sentence, problems))
        if writes:
            self.session_file = file
            self._base = session_content(self._kept())
            self.observe(self._keep_later, list(KEPT_TRAITS))
            self.view.observe(self._keep_later, list(KEPT_OF_VIEW))
            atexit.register(_flush, weakref.ref(self))

    def _read(self, file: Path) -> tuple[KeptState | None, list[str], bool]:
        """Return what a file keeps, what is wrong with it, and whether another may be written in its place."""
        aside = "the file is moved aside before another is written"
        try:
            kept = read_session(file)
        except OtherVersion as error:
            return None, [f"{stopped(str(error))} Nothing is kept of this session"], False
        except InputError as error:
            return None, [f"{stopped(str(error))} Nothing was restored, and {aside}"], True
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            return None, [f"the session file {str(file)!r} cannot be read, {reason}. Nothing is kept"], False
        if kept is None or not kept.damage:
            return kept, [], True
        return kept, [f"{stopped(kept.damage)} The rest was restored, and {aside}"], True

    def flush_session(self) -> None:
        """Write what has changed and is not written yet."""
        with self._writing:
            if self._has_changed:
                self._has_changed = False
                self._write()

    def _take(self, kept: KeptState, find: Finder) -> list[str]:
        """Restore what was kept; return what cannot be."""
        problems: list[str] = []
        same = kept.opened == self._opened_with
        if same:
            self.settings, problems = _loaded(kept, self.settings, find)
        elif kept.settings != self._opened_with:
            problems.append("the configuration has changed since, so the settings of the last session are not restored")
        self.excluded, self.budget, self.fits = kept.excluded, kept.budget, kept.fits[-MOST_FITS:]
        for reason, keys in kept.reasons.items():
            self.exclude(keys & kept.excluded, reason=reason)
        self.view.query = kept.query
        problems += self._take_charts(kept)
        self._unrestored = kept.current
        current = next((past for past in self.fits if past.made == kept.current), None)
        if current is not None and same:
            try:
                self._bring_back(current, *self._prepared(current, find))
            except (TypeError, ValueError) as error:
                problems.append(f"the last fit is not restored: {error}")
        return problems

    def _take_charts(self, kept: KeptState) -> list[str]:
        """Restore the laws beside the fit, and how charts look; return what cannot be."""
        self.chart_scale = kept.chart_scale
        self.view.group_by(kept.grouped_by)
        if kept.grouped_by is not None:
            self.view.hide_groups(kept.hidden_groups)
        problems = []
        for name, restore in (
            ("the law by hand is", partial(setattr, self, "law_by_hand", kept.law_by_hand)),
            ("the laws beside the fit are", partial(setattr, self, "overlays", kept.overlays)),
        ):
            try:
                restore()
            except InputError as error:
                problems.append(f"{name} not restored: {error}")
        return problems

    def _keep_later(self, _change: Any) -> None:
        is_awaited, self._has_changed = self._has_changed, True
        loop = running_loop()
        if loop is None:
            self.flush_session()
        elif not is_awaited:
            # On a thread, because the disk may be a slow one.
            loop.call_later(DELAY, lambda: loop.run_in_executor(None, self.flush_session))

    def _kept(self) -> KeptState:
        current = self.current_fit.made if self.current_fit is not None else self._unrestored
        return KeptState(
            opened=self._opened_with,
            settings=_saved(self.settings),
            excluded=self.excluded,
            reasons=_by_reason(self.exclusion_reasons),
            query=self.view.query,
            budget=self.budget,
            fits=self.fits,
            current=current,
            law_by_hand=self.law_by_hand,
            overlays=self.overlays,
            grouped_by=self.view.grouped_by,
            hidden_groups=self.view.hidden_groups,
            chart_scale=self.chart_scale,
        )

    def _write(self) -> None:
        path, problem = self.session_file, ""
        assert path is not None  # by `keep`, which asks for this
        try:
            mine = session_content(self._kept())
            write_merged(path, mine, self._base)
            self._base = mine
        except (OSError, ValueError) as error:
            problem = stopped(f"{NOT_KEPT}: {error}")
        if problem or self.keeping_problem.startswith(NOT_KEPT):
            self._on_loop(partial(setattr, self, "keeping_problem", problem))


def _flush(session: weakref.ref[KeptSession]) -> None:
    """Write what a session has not written when Python ends."""
    kept = session()
    if kept is not None:
        kept.flush_session()


def _by_reason(reasons: Mapping[RunKey, str]) -> dict[str, frozenset[RunKey]]:
    """Return the keys of the runs that are excluded for each reason."""
    found: dict[str, set[RunKey]] = {}
    for key, reason in reasons.items():
        found.setdefault(reason, set()).add(key)
    return {reason: frozenset(found[reason]) for reason in sorted(found)}


def _saved(settings: Settings) -> dict[str, Any]:
    """Return settings as a file holds them, without those that it cannot, such as a lambda."""
    found: dict[str, Any] = {}
    default = Settings()
    for name, row in SETTINGS.items():
        value = getattr(settings, row.field)
        if row.save is not None and not row.same(value, getattr(default, row.field)):
            with suppress(InputError):
                found[name] = row.save(value)
    return found


def _loaded(kept: KeptState, settings: Settings, find: Finder) -> tuple[Settings, list[str]]:
    """Return the settings that were kept, with the generator of the session, and what of them cannot be used."""
    arguments, problems = {}, []
    for name, value in kept.settings.items():
        try:
            arguments[name] = SETTINGS[name].load(value, find)
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"the setting {name} is not restored: {error}")
    try:
        return make_settings({**arguments, "rng": settings.rng}), problems
    except (TypeError, ValueError) as error:
        return settings, [*problems, f"the settings are not restored: {error}"]
