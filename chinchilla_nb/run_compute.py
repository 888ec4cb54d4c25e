"""The runs of a session under its compute convention, which is resolved against them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from chinchilla_nb.config.compute import ComputeSetting
from chinchilla_nb.config.model_search import ModelSearch
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.run_keys import RunKey, without
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.exclusions import Exclusions

__all__ = ["RunCompute", "runs_under"]


class _Resolved(NamedTuple):
    """All runs, included and excluded, under one convention, and why it is not the one of the settings."""

    every: Runs
    included: Runs
    excluded: Runs
    problem: InputError | None


class RunCompute(Exclusions):
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
        return self._cached(recorded, self.excluded, self.settings.compute, self.settings.model_search)

    def _resolve(
        self, recorded: Runs, _excluded: frozenset[RunKey], setting: ComputeSetting, models: ModelSearch | None
    ) -> _Resolved:
        problem = None
        try:
            every = setting.measured(recorded)
            compute = setting.convention(self.select_included(every), models)
        except InputError as error:
            every, compute, problem = recorded, SIX_ND, error
        if compute != SIX_ND:
            every = setting.under(compute, every)
        return _Resolved(every, self.select_included(every), self.select_excluded(every), problem)


def runs_under(
    recorded: Runs, excluded: frozenset[RunKey], setting: ComputeSetting, models: ModelSearch | None
) -> Runs:
    """Return the recorded runs that are not excluded, under the convention that they give a setting.

    Raises
    ------
    InputError
        If they cannot tell the convention.
    """
    every = setting.measured(recorded)
    compute = setting.convention(without(every, excluded), models)
    return without(every if compute == SIX_ND else setting.under(compute, every), excluded)
