"""What a session plans to train: the plans that were collected, and the runs that were suggested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from traitlets import HasTraits, Instance, Tuple, observe

from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.design.next_runs import ChosenRuns
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.planning.plan import Plan

__all__ = ["CollectedPlan", "PlannedRuns", "SuggestedRuns"]

MOST_PLANS = 50
"""Plans that are collected; more are not compared at a glance, and each change of a page would send all of them."""


@dataclass(frozen=True, eq=False, slots=True)
class CollectedPlan:
    """A plan, the fit that it is made with, and its numbers with their intervals, as `plan_row` returns them."""

    fit: Fit
    plan: Plan
    row: Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class SuggestedRuns:
    """The runs after which a target is expected to be known best, and the fit that says so.

    Attributes
    ----------
    fit : Fit
    target : str
        What is to be known, such as N* at a budget, in words.
    chosen : ChosenRuns
    """

    fit: Fit
    target: str
    chosen: ChosenRuns


class PlannedRuns(HasTraits):
    """The plans and suggestions of a session; they are not kept with it.

    Attributes
    ----------
    collected_plans : tuple of CollectedPlan
        In the order in which they were added, also those of earlier fits.
    suggested_runs : SuggestedRuns or None
        None until some are asked for, and after the runs, the settings, the fit or the budget have changed.
    """

    collected_plans = Tuple()
    suggested_runs = Instance(SuggestedRuns, allow_none=True)

    def collect_plan(self, plan: CollectedPlan) -> None:
        """Add a plan, in place of one under the same constraints; nothing if there are too many.

        Raises
        ------
        InputTypeError
            If it is of another type.
        """
        check_type(plan, "plan", CollectedPlan)
        asked = plan.plan.constraints.text
        places = {other.plan.constraints.text: at for at, other in enumerate(self.collected_plans)}
        if asked in places:
            at = places[asked]
            self.collected_plans = (*self.collected_plans[:at], plan, *self.collected_plans[at + 1 :])
        elif len(places) < MOST_PLANS:
            self.collected_plans = (*self.collected_plans, plan)

    @observe("revision", "settings", "fit", "budget")
    def _outdate_suggestion(self, _change: Any) -> None:
        self.suggested_runs = None
