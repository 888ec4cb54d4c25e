"""From a law to a plan: N and D under constraints, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.lifetime import LifetimeCompute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate, optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.constraints import Constraints
from chinchilla_nb.engine.planning.data_limit import DataLimitedLaw
from chinchilla_nb.engine.planning.fixed_parameters import D_for_budget, D_for_loss
from chinchilla_nb.engine.planning.fixed_ratio import N_for_budget, N_for_loss
from chinchilla_nb.engine.planning.fixed_tokens import parameters_for_budget, parameters_for_loss
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.real_models import best_model_for_budget, best_model_for_loss, model_sizes
from chinchilla_nb.engine.planning.target_loss import allocation_for_loss, first, least_compute

__all__ = ["Plan", "make_plan"]

ROUNDING = 1e-11
"""Share of a compute below which a difference from the least one is that of rounding."""


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """A model to train, and what it costs.

    With a `LawStack`, what depends on the law is an array with a plan of each law, for intervals.

    Attributes
    ----------
    constraints : Constraints
        What it fulfils.
    law : Law
        The law that it is made with, limited in data if the constraints are.
    compute : Compute
        The convention of its training.
    N, D : float
        Parameters and training tokens.
    model_config : dict or None
        The configuration of the model, if it is one of a model search.
    """

    constraints: Constraints
    law: Law
    compute: Compute
    N: Any
    D: Any
    model_config: dict[str, Any] | None = None

    @property
    def loss(self) -> Any:
        """The loss that the law predicts."""
        return _amount(self.law.loss(self.N, self.D))

    @property
    def tokens_per_parameter(self) -> Any:
        """D / N."""
        return self.D / self.N

    @property
    def training_FLOPs(self) -> Any:
        """Compute of training."""
        return _amount(self.compute.C(self.N, self.D))

    @property
    def inference_FLOPs(self) -> Any:
        """Compute of inference over the lifetime; 0 without it."""
        tokens = self.constraints.inference_tokens
        return 0.0 if tokens is None else _amount(LifetimeCompute(tokens, self.compute).inference(self.N))

    @property
    def C(self) -> Any:
        """Compute of training and inference: the budget, if there is one, without rounding."""
        budget = self.constraints.budget
        return self.training_FLOPs + self.inference_FLOPs if budget is None else budget

    @property
    def least_compute(self) -> Any:
        """The least compute of training that reaches the same loss; None where the law hardly falls any more."""
        spent = self.training_FLOPs
        if self._is_optimum:
            return spent
        try:
            least = least_compute(self.law, self.loss, self.compute)
        except InputError:
            return None  # a loss within rounding of the lowest is reached with any large compute
        return _amount(np.where(np.abs(spent - least) <= ROUNDING * least, spent, least))

    @property
    def deadweight_compute(self) -> Any:
        """Compute of training beyond the least that reaches the same loss; None where that is not known."""
        least = self.least_compute
        return None if least is None else self.training_FLOPs - least

    @property
    def _is_optimum(self) -> bool:
        given = self.constraints
        return len(given.given) == 1 and given.inference_tokens is None

    @property
    def epochs(self) -> Any:
        """How often each unique token is seen; None if their number is not limited."""
        return _amount(self.law.epochs(self.D)) if isinstance(self.law, DataLimitedLaw) else None

    @property
    def days(self) -> Any:
        """Days of training; None without hardware."""
        hardware = self.constraints.hardware
        return None if hardware is None else _amount(hardware.days(self.training_FLOPs))

    @property
    def cost(self) -> Any:
        """Price of training; None without hardware and its price."""
        hardware = self.constraints.hardware
        cost = None if hardware is None else hardware.cost(self.training_FLOPs)
        return None if cost is None else _amount(cost)

    @property
    def amounts(self) -> dict[str, float]:
        """The numbers of the plan by name, in the order of a table; those that are not known are left out."""
        found = {name: getattr(self, name) for name in AMOUNTS}
        return {name: value for name, value in found.items() if value is not None}


AMOUNTS = (
    *("C", "N", "D", "tokens_per_parameter", "loss", "training_FLOPs", "inference_FLOPs"),
    *("least_compute", "deadweight_compute", "epochs", "days", "cost"),
)


def make_plan(law: Law, constraints: Constraints, compute: Compute = SIX_ND) -> Plan:
    """Return the plan that a law makes under constraints.

    Parameters
    ----------
    law : Law
        A law of N and D, of unlimited data.
    constraints : Constraints
    compute : Compute
        How the compute of training follows from N and D.

    Raises
    ------
    InputError
        If the law has no optimum where one is needed, or the constraints cannot be fulfilled.
    """
    check_type(law, "law", Law)
    check_type(constraints, "constraints", Constraints)
    check_type(compute, "compute", Compute)
    limited = law if constraints.unique_tokens is None else DataLimitedLaw(law, constraints.unique_tokens)
    tokens = constraints.inference_tokens
    charged = compute if tokens is None else LifetimeCompute(tokens, compute)
    if "models" in constraints.given:
        place, D = _best_model(limited, constraints, charged)
        N = float(model_sizes(constraints.models)[place])
        models = constraints.models
        return Plan(
            constraints, limited, compute, N, D, dict(models.configs[place]) if isinstance(models, ModelTable) else None
        )
    N, D = (_amount(value) for value in _SOLVERS[constraints.given](limited, constraints, charged))
    few = np.minimum(N, D) < 1
    if np.any(few):
        got = f"N = {first(N, few):.6g} and D = {first(D, few):.6g}"
        raise InputError("a plan", "must have at least one parameter and one token", got=got)
    return Plan(constraints, limited, compute, N, D)


def _amount(value: Any) -> Any:
    """Return a number as a float, and an array as it is."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)


Solver = Callable[[Law, Any, Compute], tuple[Any, Any]]
"""Returns N and D from a law, constraints and a convention."""


def _best_model(law: Law, given: Constraints, compute: Compute) -> tuple[int, float]:
    if given.loss is None:
        return best_model_for_budget(law, _budget(given), given.models, compute)
    return best_model_for_loss(law, given.loss, given.models, compute)


def _budget(given: Constraints) -> float:
    budget = given.budget
    assert budget is not None
    return budget


def _at_N(N: Any, law: Law, given: Constraints, compute: Compute) -> tuple[Any, Any]:
    """Return N and the tokens of the budget or the loss."""
    D = D_for_budget(_budget(given), N, compute) if given.loss is None else D_for_loss(law, given.loss, N)
    return N, D


def _at_D(law: Law, given: Constraints, compute: Compute) -> tuple[Any, Any]:
    if given.loss is None:
        return parameters_for_budget(_budget(given), given.D, compute), given.D
    return parameters_for_loss(law, given.loss, given.D), given.D


def _at_ratio(law: Law, given: Constraints, compute: Compute) -> tuple[Any, Any]:
    ratio: Any = given.tokens_per_parameter
    N = N_for_budget(_budget(given), ratio, compute) if given.loss is None else N_for_loss(law, given.loss, ratio)
    return N, ratio * N


def _optimum(law: Law, given: Constraints, compute: Compute) -> tuple[Any, Any]:
    if given.loss is not None:
        return allocation_for_loss(law, given.loss, compute)
    C = _budget(given)
    try:
        return allocate(law, C, compute)
    except InputError:
        if isinstance(law, DataLimitedLaw) and np.isfinite(optima(law.law, C, compute)[0]).all():
            rule = "must be enough for the loss to depend on how a budget is divided"
            remedy = "choose a smaller budget, or fulfil the plan with N and D"
            got, place = f"{law.unique_tokens:.6g}", f"with a budget of {C:.6g} FLOPs"
            raise InputError("unique_tokens", rule, got=got, place=place, remedy=remedy) from None
        raise


def _off_the_optimum(law: Law, given: Constraints, compute: Compute) -> tuple[Any, Any]:
    N, _ = _optimum(law, given, compute)
    with np.errstate(over="ignore"):  # the size must be finite, and is refused by name
        return _at_N(given.N_ratio * N, law, given, compute)


_SOLVERS: Mapping[frozenset[str], Solver] = MappingProxyType(
    {
        **{frozenset({goal}): _optimum for goal in ("C", "loss")},
        **{
            frozenset({goal, shape}): solver
            for goal in ("C", "loss")
            for shape, solver in (
                ("N", lambda law, given, compute: _at_N(given.N, law, given, compute)),
                ("D", _at_D),
                ("tokens_per_parameter", _at_ratio),
                ("N_ratio", _off_the_optimum),
            )
        },
        frozenset({"N", "D"}): lambda _law, given, _compute: (given.N, given.D),
        frozenset({"N", "tokens_per_parameter"}): lambda _law, given, _compute: (
            given.N,
            given.N * given.tokens_per_parameter,
        ),
        frozenset({"D", "tokens_per_parameter"}): lambda _law, given, _compute: (
            given.D / given.tokens_per_parameter,
            given.D,
        ),
    }
)
"""How N and D follow from what is given."""
