"""The configuration of a model search in the place of an optimum: what it loses, and whether the search reaches so far.

It is the best one for the budget or the loss of the optimum, as `real_models` finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_positive_number, check_type
from chinchilla_nb.engine.planning.data_limit import DataLimitedLaw
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.plan import Plan, make_plan
from chinchilla_nb.quantity import compact, plain

__all__ = ["NearestModel", "configuration_text", "nearest_model", "outside_the_models"]

GOALS = ({"C"}, {"loss"})
"""What is given of a plan whose N is free."""
LONGEST_VALUE = 30
"""Most characters of a hyperparameter in a text."""


@dataclass(frozen=True, eq=False, slots=True)
class NearestModel:
    """A real model instead of an optimum.

    Attributes
    ----------
    exact : Plan
        The optimum.
    plan : Plan
        The same with the best configuration; its `model_config` is that.
    outside : str
        How far N* lies outside the configurations, a sentence without a full stop; empty if it does not.
    """

    exact: Plan
    plan: Plan
    outside: str

    @property
    def extra_loss(self) -> float:
        """Loss of the configuration above that of the optimum: zero for a plan that reaches a loss."""
        return float(self.plan.loss - self.exact.loss)

    @property
    def compute_ratio(self) -> float:
        """Compute of training with the configuration, in units of that of the optimum."""
        return float(self.plan.training_FLOPs / self.exact.training_FLOPs)

    @property
    def row(self) -> dict[str, Any]:
        """The configuration and its numbers by name, as columns of a table of plans."""
        return {
            "nearest_config": self.plan.model_config,
            "nearest_N": self.plan.N,
            "nearest_D": self.plan.D,
            "nearest_loss": self.plan.loss,
            "nearest_extra_loss": self.extra_loss,
            "nearest_training_FLOPs": self.plan.training_FLOPs,
        }


def nearest_model(plan: Plan, models: ModelTable | None) -> NearestModel | None:
    """Return the configuration in the place of an optimum; None for a plan whose N is chosen by something else.

    Parameters
    ----------
    plan : Plan
    models : ModelTable or None
        The configurations of a model search; there is none to return without one.

    Raises
    ------
    InputError
        If no configuration can be trained with the budget, or reaches the loss.
    """
    check_type(plan, "plan", Plan)
    check_type(models, "models", ModelTable, type(None))
    if models is None or plan.constraints.given not in GOALS:
        return None
    law = plan.law.law if isinstance(plan.law, DataLimitedLaw) else plan.law
    real = make_plan(law, replace(plan.constraints, models=models), plan.compute)
    return NearestModel(plan, real, outside_the_models(float(plan.N), models))


def outside_the_models(N: float, models: ModelTable) -> str:
    """Return how far N lies outside the sizes of configurations, without a full stop; empty if it does not.

    Raises
    ------
    InputError
        If N is not positive and finite.
    """
    N = as_positive_number(N, "N")
    check_type(models, "models", ModelTable)
    for end, side, extreme in ((models.N[-1], "above", "largest"), (models.N[0], "below", "smallest")):
        factor = float(N / end) if side == "above" else float(end / N)
        if factor > 1:
            count = len(models.N)
            which = "the only configuration" if count == 1 else f"the {extreme} of {count:,} configurations"
            return (
                f"N* = {compact(N)} lies {side} {which} of the model search, {compact(float(end))}, "
                f"by a factor of {plain(factor)}"
            )
    return ""


def configuration_text(config: Mapping[str, Any]) -> str:
    """Return a configuration in a line: ``width 1024, depth 12``."""
    return ", ".join(f"{name} {_text(value)}" for name, value in config.items())


def _text(value: Any) -> str:
    if isinstance(value, float):
        return plain(value, 6)
    return value[:LONGEST_VALUE] if isinstance(value, str) else brief(value, LONGEST_VALUE)
