"""Reads what a study varies: laws, noise, losses and designs, each with the label that its rows carry, and numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from chinchilla_nb.config.plain_values import read_loss, read_ranges
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_positive_number
from chinchilla_nb.engine.errors import InputError, did_you_mean
from chinchilla_nb.engine.fitting.losses import BUILTIN_LOSSES, LossFunction, loss_name
from chinchilla_nb.engine.laws.families import law_of
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.simulation.cells import DrawNoise
from chinchilla_nb.engine.simulation.designs import Design, GivenRuns, RandomSeeds
from chinchilla_nb.engine.simulation.noise import Noise

__all__ = ["is_noise", "labelled", "numbers", "read_design", "read_factor", "read_law", "read_noise", "read_study_loss"]

T = TypeVar("T")
Labelled = dict[str, T]

MOST_CHOICES = 10_000
"""More choices are a mistake, such as an iterator that never ends."""


def labelled(
    values: Any, name: str, read: Callable[[Any], tuple[str, T]], is_one: Callable[[Any], bool] | None = None
) -> Labelled[T]:
    """Return the choices of one argument by their labels.

    Parameters
    ----------
    values : mapping of str to object, iterable, or object
        Choices by labels of your own, a list of choices, or one choice.
    name : str
        The argument, for errors.
    read : callable
        Returns the label and the value of a choice.
    is_one : callable, optional
        Tells one choice from a list of them; by default, it is what can be read.

    Raises
    ------
    InputError
        If there is none, or two have the same label.
    """
    if isinstance(values, Mapping) and values and all(_is_choice(one, read) for one in values.values()):
        named = [(str(label), read(one)[1]) for label, one in values.items()]
        return _different(named, name, "give each another label")
    one = _is_choice(values, read) if is_one is None else is_one(values)
    choices = [values] if one else _as_list(values, name, read)
    return _different(map(read, choices), name, f"give them labels of your own, {name}={{'label': ...}}")


def numbers(values: Any, name: str, read: Callable[[Any], T]) -> Labelled[T]:
    """Return the choices of an argument whose rows carry the numbers themselves, by their texts.

    Parameters
    ----------
    values : iterable, or object
        A list of choices, or one choice.
    name : str
        The argument, for errors.
    read : callable
        Returns the value of a choice.

    Raises
    ------
    InputError
        If there is none, one cannot be read, or two are equal.
    """
    if isinstance(values, Mapping):
        remedy = "labels of your own are for the other arguments"
        raise InputError(name, "must be a number or a list of numbers", got=brief(values), remedy=remedy)
    choices = [values] if _is_choice(values, read) else _as_list(values, name, read)
    return _different(((str(number), number) for number in map(read, choices)), name, "give each once")


def _different(named: Iterable[tuple[str, T]], name: str, remedy: str) -> Labelled[T]:
    """Return choices by their labels, and refuse two with the same label."""
    found: Labelled[T] = {}
    for label, value in named:
        if label in found:
            raise InputError(name, "must be different", got=f"{label} twice", remedy=remedy)
        found[label] = value
    return found


def _is_choice(value: Any, read: Callable[[Any], Any]) -> bool:
    try:
        read(value)
    except Exception:  # noqa: BLE001  a value of the user may raise anything when it is read
        return False
    return True


def _as_list(values: Any, name: str, read: Callable[[Any], Any]) -> list[Any]:
    if isinstance(values, (str, bytes, Mapping, pd.DataFrame)) or not isinstance(values, Iterable):
        read(values)  # raises the error that says why it is none
    try:
        choices = list(itertools.islice(values, MOST_CHOICES + 1))
    except Exception:  # noqa: BLE001  as above
        raise InputError(name, "must be one value or a list of values", got=brief(values)) from None
    if not choices:
        raise InputError(name, "must have at least one value", got="none")
    if len(choices) > MOST_CHOICES:
        raise InputError(name, f"must have at most {MOST_CHOICES:,} values", got="more")
    return choices


def read_law(written: Any) -> tuple[str, Law]:
    """Read a law: a value, parameters by name, or the name of a published one."""
    if isinstance(written, str):
        if written not in KNOWN_LAWS:
            remedy = did_you_mean(written, KNOWN_LAWS) or f"choose one of {', '.join(KNOWN_LAWS)}"
            raise InputError("laws", "must be laws or names of published ones", got=brief(written), remedy=remedy)
        return written, KNOWN_LAWS[written]
    law = written if isinstance(written, Law) and not isinstance(written, type) else law_of(written)
    return str(law), law


def is_noise(written: Any) -> bool:
    """Return whether a value is meant as one kind of noise, not as a list of them."""
    return (
        written is None
        or callable(written)
        or (isinstance(written, tuple) and bool(written) and isinstance(written[0], str))
    )


def read_noise(written: Any) -> tuple[str, DrawNoise]:
    """Read noise: a family and its size, a function, or None for no noise."""
    if written is None:
        return "none", Noise("normal", 0.0)
    if callable(written):
        return str(getattr(written, "__name__", type(written).__name__)), written
    if not (isinstance(written, (tuple, list)) and len(written) == 2):
        rule = "must be pairs of a family and its size, or functions of a generator and a number of runs"
        raise InputError("noise", rule, got=brief(written))
    noise = Noise(*written)
    return f"{noise.family} {noise.size:g}", noise


def read_study_loss(written: Any) -> tuple[str, LossFunction]:
    """Read a loss: a function, or the name of a built-in one."""
    loss = BUILTIN_LOSSES.get(written, written) if isinstance(written, str) else written
    if isinstance(loss, str):
        remedy = did_you_mean(loss, BUILTIN_LOSSES) or f"choose one of {', '.join(BUILTIN_LOSSES)}"
        raise InputError("losses", "must be functions or names of built-in losses", got=brief(loss), remedy=remedy)
    return loss_name(read_loss(loss, {})), loss


def read_factor(written: Any) -> float | None:
    """Read how much larger a scaled run is; None for projects of seeds alone."""
    return None if written is None else as_positive_number(written, "scaling_factors")


def read_design(written: Any) -> tuple[str, Design]:
    """Read a design: seed ranges, a table of N and D, or a value."""
    if isinstance(written, SeedRegime):
        return _regime_in_words(written), RandomSeeds(written)
    if isinstance(written, pd.DataFrame):
        missing = [name for name in ("N", "D") if name not in written]
        if missing:
            raise InputError("designs", "must be tables with columns N and D", got=f"one without {missing[0]}")
        return _given_runs(written["N"], written["D"])
    if isinstance(written, Design) and not isinstance(written, type):
        return type(written).__name__, written
    if isinstance(written, Mapping):
        regime = read_ranges(written, {})
        if regime is not None:
            return read_design(regime)
    table = np.asarray(written) if isinstance(written, (list, tuple, np.ndarray)) else np.empty(0)
    if table.ndim != 2 or table.shape[1] != 2:
        rule = "must be seed ranges, {'C': (low, high), 'N_to_D': (low, high)}, or runs, [(N, D), ...]"
        raise InputError("designs", rule, got=brief(written))
    return _given_runs(table[:, 0], table[:, 1])


def _given_runs(N: Any, D: Any) -> tuple[str, Design]:
    if not len(N):
        raise InputError("designs", "must have at least one run", got="none")
    return f"{len(N)} runs", GivenRuns(N, D)


def _regime_in_words(regime: SeedRegime) -> str:
    (least, most), (low, high) = regime.C, regime.tokens_per_parameter
    return f"C {least:.3g} to {most:.3g}, D/N {low:g} to {high:g}"
