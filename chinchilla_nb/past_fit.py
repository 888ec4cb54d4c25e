"""A fit of the past, as a value that can be kept in a file and restored."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chinchilla_nb.config.callables import Finder
from chinchilla_nb.config.saving import as_config
from chinchilla_nb.config.settings import SETTINGS, Settings, make_settings
from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.engine.fitting.results import Fit, FitStatus
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.run_keys import RunKey
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["FIT_SETTINGS", "LEVEL", "MARK", "PastFit", "fingerprint", "fit_config", "marked_rows", "run_marks"]

LEVEL = 0.95
"""Level of the intervals that are kept."""
FIT_SETTINGS = tuple(row for row in SETTINGS.values() if row.fit_option or row.field in {"compute", "model_search"})
"""The settings on which a fit depends; compute may depend on the model search."""
DIGITS = 16
"""Hexadecimal digits of a fingerprint: two of a hundred fits agree by chance once in 10^15."""
MARK = 8
"""Hexadecimal digits that find a run again; whether it is the one is left to the fingerprint."""
MOST_MARKED = 2000
"""Runs up to which a fit keeps the marks of its runs: a hundred fits then take less than 2 MB of the session file."""


@dataclass(frozen=True, eq=False)
class PastFit:
    """What is kept of a fit.

    Attributes
    ----------
    made : str
        When it ended, ISO 8601 with microseconds and offset; no two fits of a session have the same.
    law : Law
    loss : str
        The loss function in words.
    objective : float
        Weighted mean loss per run.
    status : FitStatus
    exhaustive : bool
        Whether every start was followed to the end.
    n_runs, logged : int
        Number of runs that it was fitted to, and of those logged then, including excluded ones.
    runs : str
        Fingerprint of the runs that it was fitted to.
    excluded : frozenset of RunKey
    query : str
        The filter of the runs; empty for none.
    start : Law or None
        The law that it started from, besides those of the settings.
    config : dict or str
        The settings that it depends on as a configuration file has them, or why they cannot be kept in a file.
    marks : str
        What finds each of its runs again among others, see `run_marks`; empty if they are too many.
    method : str
        How its intervals were estimated; empty while there are none.
    intervals : dict of str to (float, float)
        The 95 % interval of each parameter, if the law holds.
    fit : Fit or None
        The fit itself, while it is in memory.
    settings : Settings or None
        The settings when it began, while they are in memory.
    uncertainty : Uncertainty or None
        That of `fit`.
    """

    made: str
    law: Law
    loss: str
    objective: float
    status: FitStatus
    exhaustive: bool
    n_runs: int
    logged: int
    runs: str
    excluded: frozenset[RunKey]
    query: str
    start: Law | None
    config: Mapping[str, Any] | str
    marks: str = ""
    method: str = ""
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    fit: Fit | None = field(default=None, repr=False)
    settings: Settings | None = field(default=None, repr=False)
    uncertainty: Uncertainty | None = field(default=None, repr=False)

    @property
    def minute(self) -> str:
        """When it ended, to the minute: ``2026-11-27 02:53``."""
        return self.made[:16].replace("T", " ")

    def with_uncertainty(self, uncertainty: Uncertainty) -> PastFit:
        """Return it with the intervals of its parameters."""
        found = uncertainty.interval(LEVEL)
        ends = {name: (float(found[name].low), float(found[name].high)) for name in self.law.as_dict()}
        return replace(self, method=uncertainty.method, intervals=ends, uncertainty=uncertainty)

    def without_fit(self) -> PastFit:
        """Return it without what takes memory."""
        return replace(self, fit=None, settings=None, uncertainty=None)

    def load_settings(self, find: Finder) -> Settings:
        """Return the settings that the fit depends on; the others have their defaults.

        Raises
        ------
        InputError, TypeError
            If they were not kept, are not valid, or name a function that is not found or not allowed.
        """
        if self.settings is not None:
            return self.settings
        if isinstance(self.config, str):
            raise InputError("this fit", "cannot be restored, as its settings were not kept", remedy=self.config)
        rows = {row.argument: row for row in FIT_SETTINGS}
        for name in self.config:
            if name not in rows:
                raise unknown_key("this fit", name, rows)
        return make_settings({name: rows[name].load(value, find) for name, value in self.config.items()})


def fingerprint(runs: Runs) -> str:
    """Return text that differs for different N, D, C or losses."""
    digest = hashlib.sha256()
    for values in (runs.N, runs.D, runs.C, runs.loss):
        digest.update(values.astype("<f8").tobytes())
    return digest.hexdigest()[:DIGITS]


def run_marks(runs: Runs) -> str:
    """Return `MARK` digits for each run, the same for the same N, D and loss; nothing if the runs are too many."""
    return "".join(_marks(runs)) if len(runs) <= MOST_MARKED else ""


def marked_rows(marks: str, runs: Runs) -> list[int]:
    """Return the rows of the runs that have marks, in the order of these; none for a mark that no run has."""
    rows: dict[str, deque[int]] = {}
    for row, mark in enumerate(_marks(runs)):
        rows.setdefault(mark, deque()).append(row)
    wanted = (marks[at : at + MARK] for at in range(0, len(marks), MARK))
    return [rows[mark].popleft() for mark in wanted if rows.get(mark)]


def _marks(runs: Runs) -> list[str]:
    values = np.stack([runs.N, runs.D, runs.loss], axis=1).astype("<f8")
    return [hashlib.sha256(row.tobytes()).hexdigest()[:MARK] for row in values]


def fit_config(settings: Settings) -> dict[str, Any] | str:
    """Return the settings that a fit depends on as a file holds them, or why a file cannot."""
    own = Settings(**{row.field: getattr(settings, row.field) for row in FIT_SETTINGS})
    try:
        return as_config(own)
    except InputError as error:
        return str(error)
