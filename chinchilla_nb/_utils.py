"""Utility functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from chinchilla_nb.checks import as_positive_number, brief
from chinchilla_nb.config.validators import ModelSearchConfig, validate
from chinchilla_nb.engine.conversion import as_flag, as_real_array
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_search import ModelTable, tabulate_models

__all__ = ["is_between", "search_model_config"]


def search_model_config(
    N_opt: float,
    hyperparam_grid: Mapping[str, Any],
    size_estimator: Callable[..., float],
    use_cache: bool = False,
) -> tuple[dict[str, Any], float]:
    """Find the model configuration whose size is nearest to a target number of parameters.

    Parameters
    ----------
    N_opt : float
        Target number of parameters.
    hyperparam_grid : mapping of str to list
        Values to try for each hyperparameter.
    size_estimator : callable
        Takes a configuration as keyword arguments and returns its number of parameters.
    use_cache : bool, default False
        Cache the sizes of this grid under this estimator. The grid is compared by value, so a changed grid is estimated
        again; the estimator only by identity, so set this only if it always returns the same sizes.

    Returns
    -------
    config : dict
        The nearest configuration.
    N : float
        Its estimated size.

    Raises
    ------
    ValueError
        If the grid is empty, no configuration has a positive finite size, or ``N_opt`` is not positive and finite.

    Examples
    --------
    >>> def size(hidden_size, num_layers):
    ...     return 12 * num_layers * hidden_size**2
    >>> search_model_config(1e9, {"hidden_size": [1024, 2048], "num_layers": [16, 32]}, size)
    ({'hidden_size': 2048, 'num_layers': 16}, 805306368.0)
    """
    target = as_positive_number(N_opt, "N_opt")
    search = validate(ModelSearchConfig, {"hyperparam_grid": hyperparam_grid, "size_estimator": size_estimator})
    if as_flag(use_cache, "use_cache"):
        return _maybe_cached_table(search).nearest(target)
    return tabulate_models(search.hyperparam_grid, search.size_estimator).nearest(target)


def is_between(value: float | np.ndarray, bounds: tuple[float, float] | np.ndarray) -> bool | np.ndarray:
    """Check whether values lie within bounds, the ends included.

    Parameters
    ----------
    value : float or ndarray
        What to check; NaN is never within bounds.
    bounds : tuple of float or ndarray, shape (2,)
        Lower and upper bound.

    Returns
    -------
    bool or ndarray of bool
        One answer per value.

    Raises
    ------
    ValueError
        If there are not exactly two bounds, or something is not a number.
    """
    ends, values = as_real_array(bounds, "bounds"), as_real_array(value, "value")
    if ends.shape[:1] != (2,):
        raise InputError("bounds", "must be a lower and an upper end", got=brief(bounds))
    try:
        inside = (values >= ends[0]) & (values <= ends[1])
    except ValueError:
        got = f"shapes {values.shape} and {ends.shape[1:]}"
        raise InputError("value and bounds", "must broadcast", got=got) from None
    return bool(inside) if inside.ndim == 0 else inside


def _maybe_cached_table(search: ModelSearchConfig) -> ModelTable:
    # Values are keyed with their types, because 1, 1.0 and True are one key to a dict but not to an estimator.
    grid = tuple(
        (name, tuple((type(choice), choice) for choice in choices)) for name, choices in search.hyperparam_grid.items()
    )
    try:
        hash((grid, search.size_estimator))
    except TypeError:
        return tabulate_models(search.hyperparam_grid, search.size_estimator)
    return _cached_table(grid, search.size_estimator)


@lru_cache(maxsize=16)
def _cached_table(grid: tuple[Any, ...], size_estimator: Callable[..., float]) -> ModelTable:
    return tabulate_models({name: [choice for _, choice in choices] for name, choices in grid}, size_estimator)
