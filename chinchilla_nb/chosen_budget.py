"""The compute budget that a session plans for."""

from __future__ import annotations

from typing import Any

from traitlets import Float, HasTraits, validate

from chinchilla_nb.engine.conversion import as_positive_number

__all__ = ["ChosenBudget"]


class ChosenBudget(HasTraits):
    """The budget that the user has chosen, in a panel or in code.

    Attributes
    ----------
    budget : float or None
        In FLOPs; None until one is chosen. `next_step.planned_budget` has the one that is planned with then.
    """

    budget = Float(None, allow_none=True)

    @validate("budget")
    def _check_budget(self, proposal: Any) -> float | None:
        return None if proposal["value"] is None else as_positive_number(proposal["value"], "budget")
