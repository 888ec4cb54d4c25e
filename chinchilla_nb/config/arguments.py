"""The constructor's arguments as users write them, and the settings they become: both ways, one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chinchilla_nb._validator import ModelSearchConfig, ParamGrid, SeedRanges, validate
from chinchilla_nb.checks import as_count, as_positive_number
from chinchilla_nb.config.settings import ModelSearch, Settings
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.planning.seeding import SeedRegime

__all__ = ["ARGUMENTS", "Argument", "Setting", "change_settings", "make_settings"]


@dataclass(frozen=True, slots=True)
class Argument:
    """One documented argument.

    Attributes
    ----------
    field : str
        The field of :class:`~chinchilla_nb.config.settings.Settings` it becomes.
    read : callable
        From what the user wrote to the field's value; raises one sentence.
    show : callable
        Back to what a user would write.
    """

    field: str
    read: Callable[[Any], Any]
    show: Callable[[Any], Any] = lambda value: value


def make_settings(arguments: Mapping[str, Any]) -> Settings:
    """Build settings from documented arguments by name.

    Raises
    ------
    ValueError, TypeError
        One sentence on the first argument that is wrong.
    """
    return Settings(**_fields(arguments))


def change_settings(settings: Settings, **arguments: Any) -> Settings:
    """Return settings with some documented arguments changed."""
    return replace(settings, **_fields(arguments))


def _fields(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {ARGUMENTS[name].field: ARGUMENTS[name].read(value) for name, value in arguments.items()}


def _read_grid(value: Any) -> StartGrid:
    return StartGrid(validate(ParamGrid, value).axes())


def _show_grid(grid: StartGrid) -> dict[str, np.ndarray]:
    return dict(grid.axes)


def _read_regime(value: Any) -> SeedRegime | None:
    if value is None:
        return None
    ranges = validate(SeedRanges, value)
    return SeedRegime(ranges.C, ranges.N_to_D)


def _show_regime(regime: SeedRegime | None) -> dict[str, tuple[float, float]] | None:
    return None if regime is None else {"C": regime.C, "N_to_D": regime.tokens_per_parameter}


def _read_search(value: Any) -> ModelSearch | None:
    if value is None:
        return None
    config = validate(ModelSearchConfig, value)
    return ModelSearch(config.hyperparam_grid, config.size_estimator)


def _show_search(search: ModelSearch | None) -> dict[str, Any] | None:
    if search is None:
        return None
    grid = {name: list(choices) for name, choices in search.hyperparam_grid.items()}
    return {"hyperparam_grid": grid, "size_estimator": search.size_estimator}


def _read_callable(name: str, optional: bool) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not (callable(value) or (optional and value is None)):
            raise TypeError(f"{name} must be callable{' or None' if optional else ''}, got {value!r}")
        return value

    return read


def _read_dtype(value: Any) -> type[np.floating[Any]]:
    try:
        if value is None:  # which numpy takes for float64
            raise TypeError
        dtype = np.dtype(value)
    except TypeError:
        raise TypeError(f"dtype must be a floating-point type, got {value!r}") from None
    if dtype.kind != "f" or dtype.itemsize < np.dtype(np.float64).itemsize:
        raise TypeError(f"dtype must be float64 or wider for L-BFGS-B to converge, got {dtype.name}")
    kind: type[np.floating[Any]] = dtype.type
    return kind


class Setting:
    """A documented attribute that reads and changes ``session.settings``, where its only copy is."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, cc: Any, owner: type | None = None) -> Any:
        if cc is None:
            return self
        argument = ARGUMENTS[self.name]
        return argument.show(getattr(cc.session.settings, argument.field))

    def __set__(self, cc: Any, value: Any) -> None:
        cc.session.settings = change_settings(cc.session.settings, **{self.name: value})


ARGUMENTS: Mapping[str, Argument] = {
    "param_grid": Argument("grid", _read_grid, _show_grid),
    "seed_ranges": Argument("seed_regime", _read_regime, _show_regime),
    "model_search_config": Argument("model_search", _read_search, _show_search),
    "loss_fn": Argument("loss_fn", _read_callable("loss_fn", optional=False)),
    "weight_fn": Argument("weight_fn", _read_callable("weight_fn", optional=True)),
    "num_seeding_steps": Argument(
        "num_seeding_steps", lambda value: None if value is None else as_count(value, "num_seeding_steps")
    ),
    "scaling_factor": Argument(
        "scaling_factor", lambda value: None if value is None else as_positive_number(value, "scaling_factor")
    ),
    "dtype": Argument("dtype", _read_dtype),
}
