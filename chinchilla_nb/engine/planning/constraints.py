"""What a plan must fulfil, by the names of the field, checked for whether it determines a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from chinchilla_nb.engine.conversion import as_positive_number, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.real_models import model_sizes

__all__ = ["CONSTRAINTS", "Constraints", "constraints_text"]

AMOUNTS = ("C", "loss", "N", "D", "tokens_per_parameter", "N_ratio", "inference_tokens", "unique_tokens", "days")
"""The constraints that are numbers."""
GOALS = ("C", "loss")
"""What is reached or spent; one of them is enough for a plan."""
SHAPES = ("N", "D", "tokens_per_parameter", "models", "N_ratio")
"""What takes the place of the free optimum."""
WITHOUT_A_GOAL = ("N", "D", "tokens_per_parameter")
"""Two of these determine a plan by themselves."""


@dataclass(frozen=True, eq=False, slots=True)
class Constraints:
    """The constraints of a plan.

    A plan is determined by a budget or a loss, alone for the optimum, or with one of N, D, tokens per parameter, models
    and N_ratio; or by two of N, D and tokens per parameter.

    Parameters
    ----------
    C : float, optional
        Budget in FLOPs: that of training, or with `inference_tokens` that of the lifetime.
    loss : float, optional
        The loss to reach with the least compute.
    N, D, tokens_per_parameter : float, optional
        Parameters, training tokens, and their ratio D/N.
    models : ModelTable or array_like of float, optional
        The models of a model search, or sizes, of which the best one is chosen.
    N_ratio : float, optional
        Parameters as a multiple of those of the optimum for the same budget or loss, below 1 to overtrain.
    inference_tokens : float, optional
        Tokens of inference over the lifetime of the model, whose compute counts as well.
    unique_tokens : float, optional
        Tokens that there are; those beyond them are repetitions.
    hardware : Hardware, optional
    days : float, optional
        How long the hardware trains, instead of a budget.

    Raises
    ------
    InputError
        If a number is not positive and finite, or the constraints contradict each other or do not determine a plan.
    """

    C: float | None = None
    loss: float | None = None
    N: float | None = None
    D: float | None = None
    tokens_per_parameter: float | None = None
    models: Any = None
    N_ratio: float | None = None
    inference_tokens: float | None = None
    unique_tokens: float | None = None
    hardware: Hardware | None = None
    days: float | None = None

    def __post_init__(self) -> None:
        for name in AMOUNTS:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, as_positive_number(getattr(self, name), name))
        check_type(self.hardware, "hardware", Hardware, type(None))
        if self.models is not None:
            # Copied, so that a list that changes later does not change the plan.
            sizes = model_sizes(self.models)
            object.__setattr__(self, "models", self.models if isinstance(self.models, ModelTable) else sizes)
        self._check_days()
        self._check_count()

    @property
    def budget(self) -> float | None:
        """The budget in FLOPs: C, or what the hardware delivers in the days."""
        if self.hardware is not None and self.days is not None:
            return self.hardware.C(self.days)
        return self.C

    @property
    def given(self) -> frozenset[str]:
        """What determines the plan, of C, loss and `SHAPES`; days of hardware are a C."""
        found = {name for name in (*GOALS, *SHAPES) if getattr(self, name) is not None}
        return frozenset(found | ({"C"} if self.days is not None else set()))

    @property
    def size_is_known(self) -> bool:
        """Whether N and D follow from the constraints without the law."""
        return len(self.given & {"C", *WITHOUT_A_GOAL}) == 2

    @property
    def text(self) -> str:
        """The constraints as they are given, such as ``C = 1e+21, N = 7e+09``."""
        return constraints_text(self, lambda name, value: f"{name} = {value:.4g}")

    def _check_days(self) -> None:
        if self.days is None:
            return
        if self.hardware is None:
            remedy = "pass hardware=Hardware(device, devices, utilisation)"
            raise InputError("days", "needs hardware to give a budget", got=f"{self.days:g}", remedy=remedy)
        for name in GOALS:
            if getattr(self, name) is not None:
                got = f"days={self.days:g}, {name}={getattr(self, name):g}"
                remedy = "leave days out to see how many it takes"
                raise InputError("", f"give either days or {name}, not both", got=got, remedy=remedy)

    def _check_count(self) -> None:
        given = [name for name in ("C", "loss", *SHAPES) if name in self.given]
        if {"C", "loss"} <= self.given:
            rule = "give either C or loss, not both, because each determines the other"
            raise InputError("", rule, got=f"C={self.C:g}, loss={self.loss:g}")
        goal = not self.given.isdisjoint(GOALS)
        shapes = [name for name in given if name in SHAPES]
        if not goal and len(shapes) == 2 and set(shapes) <= set(WITHOUT_A_GOAL):
            return
        if not goal:
            rule = "a plan needs a goal: C, loss, or hardware and days"
            raise InputError("", rule, got=" and ".join(shapes) or "none")
        if len(shapes) > 1:
            rule = f"give at most one of {', '.join(SHAPES)} with C or loss"
            raise InputError("", rule, got=" and ".join(shapes))


CONSTRAINTS = tuple(one.name for one in fields(Constraints))
"""The names of all constraints."""


def constraints_text(constraints: Constraints, write: Callable[[str, float], str]) -> str:
    """Return constraints as they are given; a function of name and value writes the numbers among them."""
    amounts = ((name, getattr(constraints, name)) for name in AMOUNTS)
    parts = [write(name, value) for name, value in amounts if value is not None]
    if constraints.models is not None:
        count = len(model_sizes(constraints.models))
        parts.append("1 model" if count == 1 else f"{count:,} models")
    if constraints.hardware is not None:
        parts.append(constraints.hardware.text)
    return ", ".join(parts)
