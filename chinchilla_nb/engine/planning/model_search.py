"""Tables of model configurations, and the configuration nearest to a given size."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.errors import InputError

__all__ = ["ModelTable", "tabulate_models"]


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
        """
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
        size is infinite or NaN is left out.

    Raises
    ------
    InputError
        If a hyperparameter has no values, a size is not a number, or no configuration has a positive, finite size.
    """
    values = {name: [_plain(choice) for choice in choices] for name, choices in hyperparam_grid.items()}
    empty = [name for name, choices in values.items() if not choices]
    if empty or not values:
        named = f"hyperparam_grid[{empty[0]!r}]" if empty else "hyperparam_grid"
        raise InputError(named, "must list at least one value", got="none")
    configs = [dict(zip(values, choice, strict=True)) for choice in itertools.product(*values.values())]
    N = np.array([_size(size_estimator, config) for config in configs])
    usable = np.flatnonzero(np.isfinite(N) & (N > 0))
    if not usable.size:
        rule = "must return a positive, finite size for at least one configuration"
        place = f"among {len(configs)}, e.g. {N[0]} for {configs[0]}"
        raise InputError("size_estimator", rule, got="none", place=place)
    order = usable[np.argsort(N[usable], kind="stable")]
    return ModelTable(tuple(configs[index] for index in order), N[order])


def _plain(choice: Any) -> Any:
    """Return a NumPy scalar as a Python number: an estimator multiplies its arguments, and NumPy's integers wrap."""
    return choice.item() if isinstance(choice, np.generic) else choice


def _size(size_estimator: Callable[..., float], config: dict[str, Any]) -> float:
    cancellation_point()  # an estimator may build real models
    size = size_estimator(**config)
    try:
        return float(size)
    except (TypeError, ValueError):
        raise InputError("size_estimator", "must return a number", got=repr(size), place=f"for {config}") from None
