"""The losses that a fit can minimise, as users choose them: in a list, with a number beside some of them."""

from __future__ import annotations

import functools
from typing import Any

from chinchilla_nb.checks import as_positive_number
from chinchilla_nb.engine.fitting.loss_words import WORDS, named_loss
from chinchilla_nb.engine.fitting.losses import BUILTIN_LOSSES
from chinchilla_nb.widgets.base.fields import number

__all__ = ["LOSSES", "MEANINGS", "OWN", "loss_of", "option_of", "recognise", "start_of"]

OWN = "own"
"""The choice of the user's own function."""

LOSSES = [*((words.title, name) for name, words in WORDS.items()), ("My function …", OWN)]
"""Losses by title."""
MEANINGS = {name: words.meaning for name, words in WORDS.items()}
_STARTS = {"log_huber": 1e-3}
"""What a list fills in where the default in code would make another loss of it: with delta = 1, no difference of two
logarithms of losses is an outlier."""


def option_of(kind: str) -> str:
    """Return the symbol of the parameter of a loss; empty for none."""
    return WORDS[kind].symbol if kind in WORDS else ""


def start_of(kind: str) -> float:
    """Return the value of the parameter with which a loss is offered."""
    return _STARTS.get(kind, WORDS[kind].default)


def recognise(loss_fn: Any) -> tuple[str, float | None]:
    """Return the choice for a loss function, a built-in one or the user's own, and the value of its parameter."""
    return named_loss(loss_fn) or (OWN, None)


def loss_of(kind: str, text: str) -> Any:
    """Return a built-in loss, whose parameter is typed.

    Raises
    ------
    InputError
        If the loss has a parameter and the text is not a positive number.
    """
    words = WORDS[kind]
    if not words.option:
        return BUILTIN_LOSSES[kind]
    value = as_positive_number(number(text, words.symbol), words.symbol)
    return (
        BUILTIN_LOSSES[kind]
        if value == words.default
        else functools.partial(BUILTIN_LOSSES[kind], **{words.option: value})
    )
