"""Tables of model configurations, and the configuration nearest to a given size."""

from __future__ import annotations

import copy
import inspect
import itertools
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.cancellation import Cancelled, cancellation_point
from chinchilla_nb.engine.conversion import as_float, as_positive_number, check_callable, first_items
from chinchilla_nb.engine.errors import InputError, did_you_mean

__all__ = ["ModelTable", "as_hyperparameters", "check_estimator", "estimates", "tabulate_models"]

MOST_CONFIGURATIONS = 1_000_000
"""More are a typing error: the table of a million takes seconds and 200 MB, and that of a thousand values for each
of four hyperparameters would fill any memory."""
MUTABLE = (list, dict, set, bytearray, np.ndarray)
"""Types of values that an estimator could change, and with them the configurations that it has not seen yet."""
LONGEST = 200
"""Maximum number of characters of a configuration or a user's exception in a message."""


@dataclass(frozen=True, eq=False, slots=True)
class ModelTable:
    """Every configuration of a grid with its size, sorted by size.

    Attributes
    ----------
    configs : tuple of dict
        Model configurations whose estimated size is positive and finite.
    N : ndarray, shape (n_configs,)
        Their sizes in parameters, ascending.
    """

    configs: tuple[dict[str, Any], ...]
    N: np.ndarray

    def nearest(self, N: float) -> tuple[dict[str, Any], float]:
        """Return the configuration whose size is nearest to N, and that size.

        Parameters
        ----------
        N : float
            Desired number of parameters.

        Raises
        ------
        InputError
            If it is not positive and finite.
        """
        N = as_positive_number(N, "N")
        right = int(np.searchsorted(self.N, N))
        candidates = range(max(right - 1, 0), min(right + 1, len(self.N)))
        best = min(candidates, key=lambda index: abs(self.N[index] - N))
        return dict(self.configs[best]), float(self.N[best])


def tabulate_models(hyperparam_grid: Mapping[str, Iterable[Any]], size_estimator: Callable[..., float]) -> ModelTable:
    """Estimate the size of every configuration in a grid.

    Parameters
    ----------
    hyperparam_grid : mapping of str to iterable
        Values of each hyperparameter: numbers, text or anything else the estimator accepts.
    size_estimator : callable
        Called with one configuration as keyword arguments; returns its number of parameters. A configuration whose
        size is infinite or NaN, or exceeds float64, is left out.

    Raises
    ------
    InputError
        If the grid is unusable, as `as_hyperparameters` and `check_estimator` say, the estimator raises an exception or
        returns something that is not a number, or no configuration has a positive, finite size.
    """
    grid = as_hyperparameters(hyperparam_grid)
    check_estimator(size_estimator, grid)
    configs = [dict(zip(grid, choice, strict=True)) for choice in itertools.product(*grid.values())]
    N = estimates(size_estimator, configs, "size_estimator")
    usable = np.flatnonzero(np.isfinite(N) & (N > 0))
    if not usable.size:
        rule = "must return a positive, finite size for at least one configuration"
        place = f"among {len(configs)}, e.g. {N[0]} for {brief(configs[0], LONGEST)}"
        raise InputError("size_estimator", rule, got="none", place=place)
    order = usable[np.argsort(N[usable], kind="stable")]
    return ModelTable(tuple(configs[index] for index in order), N[order])


def estimates(function: Callable[..., float], configs: Sequence[dict[str, Any]], where: str) -> np.ndarray:
    """Return what a function says of each configuration; infinity for numbers beyond float64.

    Parameters
    ----------
    function : callable
        Called with one configuration as keyword arguments.
    configs : sequence of dict
    where : str
        The argument that the function was given as, for errors.

    Raises
    ------
    InputError
        If it raises an exception or returns something that is not a number.
    """
    return np.array([_estimate(function, config, where) for config in configs])


def as_hyperparameters(hyperparam_grid: Any) -> dict[str, list[Any]]:
    """Return the values of each hyperparameter as a list; NumPy scalars become Python numbers, which do not overflow.

    Raises
    ------
    InputError
        If it is not a mapping of names to values, a hyperparameter has no values, or there are more than a million
        configurations.
    """
    if not isinstance(hyperparam_grid, Mapping):
        raise InputError("hyperparam_grid", "must be a dictionary", got=brief(hyperparam_grid))
    if not hyperparam_grid:
        raise InputError("hyperparam_grid", "must name at least one hyperparameter", got="none")
    grid = {}
    for name, choices in hyperparam_grid.items():
        if not isinstance(name, str):
            raise InputError("hyperparam_grid", "must have the names of hyperparameters as keys", got=brief(name))
        grid[name] = _as_choices(choices, f"hyperparam_grid[{brief(name)}]")
    count = math.prod(map(len, grid.values()))
    if count > MOST_CONFIGURATIONS:
        rule = f"must have at most {MOST_CONFIGURATIONS:,} configurations"
        raise InputError("hyperparam_grid", rule, got=f"{count:,}", remedy="shorten its lists")
    return grid


def check_estimator(size_estimator: Any, names: Iterable[str], where: str = "size_estimator") -> None:
    """Check that an estimator is a function of hyperparameters of these names, if its signature is known.

    Parameters
    ----------
    size_estimator : callable
    names : iterable of str
    where : str
        The argument that it was given as, for errors.

    Raises
    ------
    InputError
        If it is not callable, does not take one of them, or needs another one.
    """
    check_callable(size_estimator, where)
    try:
        parameters = inspect.signature(size_estimator).parameters.values()
    except (TypeError, ValueError):
        return  # functions in C need not say what they take
    called = str(getattr(size_estimator, "__name__", type(size_estimator).__name__))
    named = {one.name: one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    if not any(one.kind is one.VAR_KEYWORD for one in parameters):
        for name in names:
            if name not in named:
                remedy = did_you_mean(name, named) or f"it takes {', '.join(named) or 'none'}"
                rule = f"has a key {brief(name)} that {where} {called} does not take"
                raise InputError("hyperparam_grid", rule, remedy=remedy)
    for name, one in named.items():
        if one.default is one.empty and name not in names:
            rule = f"needs the key {name!r}, which {where} {called} takes"
            raise InputError("hyperparam_grid", rule, remedy="list its values")


def _as_choices(choices: Any, where: str) -> list[Any]:
    items = first_items(choices, MOST_CONFIGURATIONS)
    if items is None:
        raise InputError(where, "must be a list of values", got=brief(choices))
    values = list(map(_plain, items))
    if not values:
        raise InputError(where, "must list at least one value", got="none")
    if len(values) > MOST_CONFIGURATIONS:
        raise InputError(
            where, f"must list at most {MOST_CONFIGURATIONS:,} values", got=f"more of them in {brief(choices)}"
        )
    return values


def _plain(choice: Any) -> Any:
    """Return a NumPy scalar as a Python number: an estimator multiplies its arguments, and NumPy's integers wrap."""
    return choice.item() if isinstance(choice, np.generic) else choice


def _estimate(function: Callable[..., float], config: dict[str, Any], where: str) -> float:
    """Return what a function says of a configuration, of which it gets copies of the values that it could change."""
    cancellation_point()  # an estimator may build real models
    place = f"for {brief(config, LONGEST)}"
    try:
        given = {name: copy.deepcopy(one) if isinstance(one, MUTABLE) else one for name, one in config.items()}
        found: Any = function(**given)
    except Cancelled:
        raise
    except Exception as error:
        raise InputError(where, f"raised {brief(error, LONGEST)}", place=place) from error
    if isinstance(found, (int, Fraction)) and found > sys.float_info.max:
        return math.inf
    try:
        return as_float(found, where)
    except InputError as error:
        raise InputError(where, "must return a number", got=error.got, place=place) from None
