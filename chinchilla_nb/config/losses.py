"""Convert the loss of a fit between what users write and what a file stores."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from chinchilla_nb.checks import brief
from chinchilla_nb.config.callables import Finder, function_name, load_function
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.losses import BUILTIN_LOSSES

__all__ = ["load_loss", "save_loss"]


def load_loss(value: Any, find: Finder) -> Any:
    """Convert a file's value, a name or a mapping of a name and its parameters, into a function."""
    if not isinstance(value, Mapping):
        return load_function(value, "loss_fn", BUILTIN_LOSSES, find)
    options = {str(option): setting for option, setting in value.items()}
    name = options.pop("name", None)
    if not isinstance(name, str):
        raise InputError("loss_fn", "must have a name, e.g. {name: log_huber, delta: 1.0e-3}", got=brief(dict(value)))
    loss = load_function(name, "loss_fn", BUILTIN_LOSSES, find)
    return functools.partial(loss, **options) if options else loss


def save_loss(loss_fn: Any) -> Any:
    """Return a loss as a file stores it."""
    options: dict[str, float] = {}
    if isinstance(loss_fn, functools.partial) and not loss_fn.args and _is_plain(loss_fn.keywords.values()):
        options, loss_fn = {name: float(value) for name, value in loss_fn.keywords.items()}, loss_fn.func
    name = function_name(loss_fn, "loss_fn", BUILTIN_LOSSES)
    return {"name": name, **options} if options else name


def _is_plain(values: Iterable[Any]) -> bool:
    return all(isinstance(value, (int, float, np.number)) for value in values)
