"""Convert the model search between what users write, its value and what a file stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from chinchilla_nb.checks import brief
from chinchilla_nb.config.callables import Finder, function_name, load_function
from chinchilla_nb.config.spacings import load_axis
from chinchilla_nb.config.validators import ModelSearchConfig, validate
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_search import ModelTable, as_hyperparameters, check_estimator, tabulate_models
from chinchilla_nb.engine.planning.model_sizes import SIZE_ESTIMATORS

__all__ = ["ModelSearch", "load_search", "read_search", "save_search", "show_search"]


@dataclass(frozen=True, eq=False, slots=True)
class ModelSearch:
    """The model configurations to choose from, and the function that estimates their sizes."""

    hyperparam_grid: Mapping[str, Iterable[Any]]
    size_estimator: Callable[..., float]

    def table(self) -> ModelTable:
        """Return every configuration with its size, estimated only once because an estimator may build real models."""
        return _tabulated(self)


@lru_cache(maxsize=8)
def _tabulated(search: ModelSearch) -> ModelTable:
    return tabulate_models(search.hyperparam_grid, search.size_estimator)


def read_search(written: Any, _known: Mapping[str, Any]) -> ModelSearch | None:
    """Read ``{"hyperparam_grid": ..., "size_estimator": ...}``; None, also as an empty dict, leaves N free."""
    if written is None or (isinstance(written, Mapping) and not written):
        return None
    config = validate(ModelSearchConfig, written)
    return ModelSearch(config.hyperparam_grid, config.size_estimator)


def show_search(search: ModelSearch | None) -> dict[str, Any] | None:
    """Return a model search as a user would write it."""
    if search is None:
        return None
    grid = {name: list(choices) for name, choices in search.hyperparam_grid.items()}
    return {"hyperparam_grid": grid, "size_estimator": search.size_estimator}


def load_search(value: Any, find: Finder) -> Any:
    """Convert a file's value: find the estimator by name, and expand ``linspace`` and ``geomspace``."""
    if not isinstance(value, Mapping):
        return value
    search = dict(value)
    if "size_estimator" in search:
        search["size_estimator"] = load_function(search["size_estimator"], "size_estimator", SIZE_ESTIMATORS, find)
    if isinstance(search.get("hyperparam_grid"), Mapping):
        grid = search["hyperparam_grid"].items()
        search["hyperparam_grid"] = {name: load_axis(axis, f"hyperparam_grid[{brief(name)}]") for name, axis in grid}
        if callable(search.get("size_estimator")):
            # Here, where the file is known, and not only when the first run is drawn.
            check_estimator(search["size_estimator"], as_hyperparameters(search["hyperparam_grid"]))
    return search


def save_search(search: ModelSearch) -> dict[str, Any]:
    """Return a model search as a file stores it."""
    grid = search.hyperparam_grid
    return {
        "size_estimator": function_name(search.size_estimator, "size_estimator", SIZE_ESTIMATORS),
        "hyperparam_grid": {name: [_plain(choice, name) for choice in grid[name]] for name in grid},
    }


def _plain(choice: Any, name: str) -> Any:
    if isinstance(choice, np.generic):
        choice = choice.item()
    if choice is not None and not isinstance(choice, (bool, int, float, str)):
        rule = "must list numbers or text to be saved in a file"
        raise InputError(f"hyperparam_grid[{name!r}]", rule, got=brief(choice))
    return choice
