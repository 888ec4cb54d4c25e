"""The runs of a session under its compute convention, which is resolved against them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.config.compute import ComputeSetting
from chinchilla_nb.config.model_search import ModelSearch
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.run_keys import RunKey, is_among
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.run_filter import Matching, RunFilter, matching_runs

__all__ = ["RunCompute", "runs_under"]


class _Resolved(NamedTuple):
    """All runs under one convention, and why it is not the one of the settings.

    Those that match the filter are `included` or `excluded`; why it cannot be used is `filter_problem`.
    """

    every: Runs
    included: Runs
    excluded: Runs
    matching: NDArray[np.bool_]
    problem: InputError | None
    filter_problem: InputError | None


class RunCompute(RunFilter):
    """The runs of a database, with the C and the convention that the setting ``compute`` gives them.

    Attributes
    ----------
    settings : Settings
    """

    settings: Settings

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._cached = lru_cache(maxsize=8)(self._resolve)  # so that the same runs are the same object

    def _of_database(self, recorded: Runs) -> _Resolved:
        """Return the runs of a database under the convention of the settings.

        It is that of the included runs. Where they cannot tell it, C = 6ND holds, and `problem` says why.
        """
        return self._cached(recorded, self.excluded, self.view.query, self.settings.compute, self.settings.model_search)

    def _resolve(
        self,
        recorded: Runs,
        _excluded: frozenset[RunKey],
        _query: str,
        setting: ComputeSetting,
        models: ModelSearch | None,
    ) -> _Resolved:
        problem = None
        try:
            every = setting.measured(recorded)
            compute = setting.convention(self._used(every)[0], models)
        except InputError as error:
            every, compute, problem = recorded, SIX_ND, error
        if compute != SIX_ND:
            every = setting.under(compute, every)
        included, excluded, matching = self._used(every)
        return _Resolved(every, included, excluded, matching.kept, problem, matching.problem)

    def _used(self, every: Runs) -> tuple[Runs, Runs, Matching]:
        """Return the included and the excluded runs that match the filter, and which match it."""
        matching = self._matched(every)
        if matching.kept.all():
            return self.select_included(every), self.select_excluded(every), matching
        # Keys are those among all runs: without its twins before it, a run would have another one.
        excluded = is_among(every, self.excluded)
        return every.take(matching.kept & ~excluded), every.take(matching.kept & excluded), matching


def runs_under(recorded: Runs, excluded: frozenset[RunKey], query: str, settings: Settings) -> Runs:
    """Return those of the recorded runs that match a filter and are not excluded, under the convention of settings.

    Raises
    ------
    InputError
        If the filter cannot be used, or the runs cannot tell the convention.
    """
    every = settings.compute.measured(recorded)
    matching = matching_runs(query, every)
    if matching.problem is not None:
        raise matching.problem
    used = matching.kept & ~is_among(every, excluded)
    compute = settings.compute.convention(every.take(used), settings.model_search)
    return (every if compute == SIX_ND else settings.compute.under(compute, every)).take(used)
