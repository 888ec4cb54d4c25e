"""The plan that the user chooses: a goal, a constraint, and what else counts, as typed."""

from __future__ import annotations

from typing import Any

import traitlets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.constraints import Constraints
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.quantity import split_list
from chinchilla_nb.widgets.frontier.typed_hardware import amount

__all__ = ["BUDGET", "GOALS", "LOSS", "OPTIMUM", "SEARCH", "SHAPES", "PlanChoice", "as_constraints"]

BUDGET, LOSS = "This budget", "Target loss"
GOALS = (BUDGET, LOSS)
OPTIMUM, SEARCH = "The optimum", "Model search"
SHAPES = {
    OPTIMUM: ("", ""),
    "Fixed N": ("N", "7B"),
    "Fixed D": ("D", "300B"),
    "Tokens per parameter": ("tokens_per_parameter", "20"),
    "Listed sizes": ("models", "1B, 3B, 7B"),
    SEARCH: ("models", ""),
    "Times the optimal N": ("N_ratio", "0.5"),
}
"""Constraints by title: the name of their argument, and an example of what is typed; no example for no field."""


_UNITS = {"N": "parameters", "D": "tokens", "tokens_per_parameter": "tokens per parameter", "N_ratio": ""}
"""What may be written behind the value of a constraint, by its argument."""


class PlanChoice(traitlets.HasTraits):
    """What the user chose and typed.

    Attributes
    ----------
    goal : str
        One of `GOALS`.
    loss : str
        The target, if the goal is a loss.
    shape : str
        One of the titles in `SHAPES`.
    value : str
        The value of that constraint.
    inference_tokens, unique_tokens : str
        Empty without inference, and with unlimited data.
    """

    goal = traitlets.Enum(GOALS, default_value=BUDGET)
    loss = traitlets.Unicode("")
    shape = traitlets.Enum(tuple(SHAPES), default_value=OPTIMUM)
    value = traitlets.Unicode("")
    inference_tokens = traitlets.Unicode("")
    unique_tokens = traitlets.Unicode("")

    def arguments(self, C: float, hardware: Hardware | None) -> dict[str, Any]:
        """Return the constraints by name, as ``cc.plan`` takes them; the model search is True.

        Parameters
        ----------
        C : float
            The budget of the panel, in FLOPs.
        hardware : Hardware or None

        Raises
        ------
        InputError
            If a field is not valid.
        """
        given: dict[str, Any] = (
            {"C": C} if self.goal == BUDGET else {"loss": amount("the loss", self.loss, "2.1", "nats")}
        )
        name, example = SHAPES[self.shape]
        if self.shape == SEARCH:
            given["models"] = True
        elif name == "models":
            given["models"] = [amount("a size", part, "1B, 3B, 7B", "parameters") for part in split_list(self.value)]
        elif name:
            given[name] = amount(self.shape, self.value, example, _UNITS[name])
        for more, sample in (("inference_tokens", "1T"), ("unique_tokens", "100B")):
            if getattr(self, more).strip():
                given[more] = amount(more.replace("_", " "), getattr(self, more), sample, "tokens")
        return given if hardware is None else {**given, "hardware": hardware}


def as_constraints(arguments: dict[str, Any], models: ModelTable | None) -> Constraints:
    """Return arguments of ``cc.plan`` as constraints, with the models of the project's model search.

    Raises
    ------
    InputError
        If they contradict each other, or the project has no model search.
    """
    if arguments.get("models") is not True:
        return Constraints(**arguments)
    if models is None:
        raise InputError("the project", "has no model search", remedy="add one in the configuration, or list sizes")
    return Constraints(**{**arguments, "models": models})
