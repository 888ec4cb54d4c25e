"""How the numbers of a run that is planned are called and written, each with its interval below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chinchilla_nb.figures import data_title, ratio_title
from chinchilla_nb.quantity import compact, interval_text, plain, rounded, scientific

__all__ = ["AMOUNTS", "Amount", "Write", "amount_text", "amount_titles"]

Write = Callable[[float, int], str]
"""Formats a number, rounded to a number of digits."""


class Amount(NamedTuple):
    """How a number is called and written, and with how many digits."""

    title: str
    write: Write
    digits: int


AMOUNTS = {
    "C": Amount("Compute C (FLOPs)", scientific, 3),
    "N": Amount("Parameters N", compact, 3),
    "D": Amount("", compact, 3),
    "tokens_per_parameter": Amount("", rounded, 3),
    "loss": Amount("Loss", rounded, 4),
    "training_FLOPs": Amount("Training", scientific, 3),
    "inference_FLOPs": Amount("Inference", scientific, 3),
    "deadweight_compute": Amount("Deadweight compute", scientific, 2),
    "epochs": Amount("Epochs", rounded, 3),
    "days": Amount("Days", rounded, 3),
    "cost": Amount("Cost", plain, 3),
}
"""The numbers by name; `amount_titles` adds what D counts."""


def amount_titles(data_unit: str) -> dict[str, str]:
    """Return how the numbers are called, by name."""
    own = {"D": data_title(data_unit), "tokens_per_parameter": ratio_title(data_unit)}
    return {name: own.get(name, amount.title) for name, amount in AMOUNTS.items()}


def amount_text(name: str, value: float, ends: tuple[float, float] | None) -> str:
    """Return a number, with the ends of its interval, if it has one, on a line below it."""
    _, write, digits = AMOUNTS[name]
    text = write(value, digits) if value else "0"
    return text if ends is None else f"{text}\n{interval_text(*ends, write, digits)}"
