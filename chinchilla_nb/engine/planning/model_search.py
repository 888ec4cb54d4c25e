"""Which model configurations exist, and which of them is nearest to a wanted size."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chinchilla_nb.engine.cancellation import cancellation_point

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
            Wanted number of parameters.
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
        Values to try for each hyperparameter; numbers, text or anything the estimator takes.
    size_estimator : callable
        Called with one configuration as keyword arguments; returns its number of parameters. Infinity or NaN
        leaves the configuration out.

    Raises
    ------
    ValueError
        If a hyperparameter has no values, a size is no number or no configuration has a positive, finite one.
    """
    values = {name: list(choices) for name, choices in hyperparam_grid.items()}
    empty = [name for name, choices in values.items() if not choices]
    if empty or not values:
        named = f"hyperparam_grid[{empty[0]!r}]" if empty else "hyperparam_grid"
        raise ValueError(f"{named} must list at least one value, got none")
    configs = [dict(zip(values, choice, strict=True)) for choice in itertools.product(*values.values())]
    N = np.array([_size(size_estimator, config) for config in configs])
    usable = np.flatnonzero(np.isfinite(N) & (N > 0))
    if not usable.size:
        raise ValueError(
            f"size_estimator must return a positive, finite size for at least one configuration, "
            f"got none among {len(configs)}, e.g. {N[0]} for {configs[0]}"
        )
    order = usable[np.argsort(N[usable], kind="stable")]
    return ModelTable(tuple(configs[index] for index in order), N[order])


def _size(size_estimator: Callable[..., float], config: dict[str, Any]) -> float:
    cancellation_point()  # an estimator may build real models
    size = size_estimator(**config)
    try:
        return float(size)
    except (TypeError, ValueError):
        raise ValueError(f"size_estimator must return a number, got {size!r} for {config}") from None
