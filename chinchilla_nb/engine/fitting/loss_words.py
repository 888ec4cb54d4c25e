"""How a loss function is written for readers: its title, its parameter and what it does."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

from chinchilla_nb.engine.fitting.losses import BUILTIN_LOSSES, LossFunction, loss_name
from chinchilla_nb.quantity import number_text

__all__ = ["WORDS", "LossWords", "loss_in_words", "named_loss"]


class LossWords(NamedTuple):
    """A built-in loss in words.

    Attributes
    ----------
    title, meaning : str
    option, symbol : str
        Its parameter in code and in formulas; empty for none.
    default : float
        The value of the parameter if none is given.
    """

    title: str
    meaning: str
    option: str = ""
    symbol: str = ""
    default: float = 0.0


WORDS = {
    "asymmetric_mae": LossWords(
        "Absolute, asymmetric", "predicting too high costs w times as much as predicting too low", "w", "w", 10.0
    ),
    "log_huber": LossWords(
        "Huber of the logarithms",
        "squared up to δ, then absolute; Hoffmann et al. used δ = 0.001",
        "delta",
        "δ",
        1.0,
    ),
    "huber": LossWords("Huber", "squared up to δ, then absolute", "delta", "δ", 1.0),
    "mae": LossWords("Absolute", "every unit of error costs the same"),
    "mse": LossWords("Squared", "large errors dominate"),
}
"""The built-in losses by name."""


def named_loss(loss_fn: LossFunction) -> tuple[str, float | None] | None:
    """Return the name of a built-in loss and the value of its parameter; None for a function of the user."""
    function: LossFunction = loss_fn
    given: Mapping[str, Any] = {}
    if isinstance(loss_fn, functools.partial) and not loss_fn.args:
        function, given = loss_fn.func, loss_fn.keywords
    name = next((name for name, known in BUILTIN_LOSSES.items() if known is function), None)
    if name is None or set(given) - {WORDS[name].option}:
        return None
    words = WORDS[name]
    return name, float(given.get(words.option, words.default)) if words.option else None


def loss_in_words(loss_fn: LossFunction) -> str:
    """Return the title of a loss with its parameter, or the name of the user's own function."""
    named = named_loss(loss_fn)
    if named is None:
        return loss_name(loss_fn)
    name, value = named
    words = WORDS[name]
    return words.title if value is None else f"{words.title}, {words.symbol} = {number_text(value)}"
