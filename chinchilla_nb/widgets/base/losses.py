"""The losses that a fit can minimise, as users choose them: in a list, with a number beside some of them."""

from __future__ import annotations

import functools
from typing import Any

from chinchilla_nb.checks import as_positive_number
from chinchilla_nb.engine.fitting.losses import BUILTIN_LOSSES
from chinchilla_nb.widgets.base.fields import called, number

__all__ = ["LOSSES", "MEANINGS", "OWN", "loss_in_words", "loss_of", "option_of", "recognise", "start_of"]

OWN = "own"
"""The choice of the user's own function."""

LOSSES = [
    ("Absolute, asymmetric", "asymmetric_mae"),
    ("Huber of the logarithms", "log_huber"),
    ("Huber", "huber"),
    ("Absolute", "mae"),
    ("Squared", "mse"),
    ("My function …", OWN),
]
"""Losses by title."""
MEANINGS = {
    "asymmetric_mae": "predicting too high costs w times as much as predicting too low",
    "log_huber": "squared up to δ, then absolute; Hoffmann et al. used δ = 0.001",
    "huber": "squared up to δ, then absolute",
    "mae": "every unit of error costs the same",
    "mse": "large errors dominate",
}
_OPTIONS = {"asymmetric_mae": ("w", 10.0), "huber": ("delta", 1.0), "log_huber": ("delta", 1.0)}
"""The parameter of a loss and its default in code."""
_STARTS = {"log_huber": 1e-3}
"""What a list fills in where the default in code would make another loss of it: with delta = 1, no difference of two
logarithms of losses is an outlier."""
_SYMBOLS = {"w": "w", "delta": "δ"}


def option_of(kind: str) -> str:
    """Return the symbol of the parameter of a loss; empty for none."""
    return _SYMBOLS[_OPTIONS[kind][0]] if kind in _OPTIONS else ""


def start_of(kind: str) -> float:
    """Return the value of the parameter with which a loss is offered."""
    return _STARTS.get(kind, _OPTIONS[kind][1])


def recognise(loss_fn: Any) -> tuple[str, float | None]:
    """Return the choice for a loss function, a built-in one or the user's own, and the value of its parameter."""
    given = loss_fn.keywords if isinstance(loss_fn, functools.partial) and not loss_fn.args else {}
    function = loss_fn.func if given else loss_fn
    kind = next((name for name, known in BUILTIN_LOSSES.items() if known is function), None)
    if kind is None or set(given) - {_OPTIONS.get(kind, ("",))[0]}:
        return OWN, None
    if kind not in _OPTIONS:
        return kind, None
    option, default = _OPTIONS[kind]
    return kind, float(given.get(option, default))


def loss_of(kind: str, text: str) -> Any:
    """Return a built-in loss, whose parameter is typed.

    Raises
    ------
    InputError
        If the loss has a parameter and the text is not a positive number.
    """
    if kind not in _OPTIONS:
        return BUILTIN_LOSSES[kind]
    option, default = _OPTIONS[kind]
    symbol = _SYMBOLS[option]
    value = as_positive_number(number(text, symbol), symbol)
    return BUILTIN_LOSSES[kind] if value == default else functools.partial(BUILTIN_LOSSES[kind], **{option: value})


def loss_in_words(loss_fn: Any) -> str:
    """Return the title of a loss with its parameter, or the name of the user's own function."""
    kind, value = recognise(loss_fn)
    if kind == OWN:
        return called(loss_fn)
    title = next(title for title, key in LOSSES if key == kind)
    return title if value is None else f"{title}, {option_of(kind)} = {value:g}"
