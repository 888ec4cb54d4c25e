"""Settings written to a configuration file from which :meth:`Chinchilla.from_config` makes them again."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from chinchilla_nb.config.arguments import ARGUMENTS
from chinchilla_nb.config.callables import name_of_callable
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.fitting.losses import BUILTIN_LOSSES
from chinchilla_nb.engine.planning.model_sizes import SIZE_ESTIMATORS
from chinchilla_nb.whole_file import refusals_explained, write_whole

__all__ = ["as_config", "write_config"]

SUFFIXES = (".yaml", ".yml", ".json")


def write_config(
    path: str | os.PathLike[str], settings: Settings, project_dir: str | os.PathLike[str] | None = None
) -> None:
    """Write settings to a ``.yaml``, ``.yml`` or ``.json`` file, whole or not at all.

    Parameters
    ----------
    path : str or path
    settings : Settings
    project_dir : str or path, optional
        Folder of the runs. Without it the file needs ``from_config(path, project_dir=...)``.

    Raises
    ------
    ValueError
        If the format is not supported, or the settings hold something that has no name in a file, such as a lambda.
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"a configuration is saved as .yaml, .yml or .json, got {path.name!r}")
    config = as_config(settings, project_dir)
    if path.suffix.lower() == ".json":
        text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
    else:
        text = yaml.safe_dump(config, sort_keys=False, default_flow_style=None, allow_unicode=True)
    with refusals_explained(path):
        write_whole(path, text.encode())


def as_config(settings: Settings, project_dir: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Return what a configuration file says of settings; what is as by default is left out.

    Raises
    ------
    ValueError
        If something has no name in a file.
    """
    regime = ARGUMENTS["seed_ranges"].show(settings.seed_regime)
    config: dict[str, Any] = {} if project_dir is None else {"project_dir": os.fspath(project_dir)}
    config["param_grid"] = {name: _show_axis(axis.tolist()) for name, axis in settings.grid.axes.items()}
    config["seed_ranges"] = regime and {name: list(ends) for name, ends in regime.items()}
    if settings.model_search is not None:
        grid = settings.model_search.hyperparam_grid
        config["model_search_config"] = {
            "size_estimator": _show_estimator(settings.model_search.size_estimator),
            "hyperparam_grid": {name: [_show_choice(choice, name) for choice in grid[name]] for name in grid},
        }
    config["loss_fn"] = _show_loss(settings.loss_fn)
    if settings.weight_fn is not None:
        config["weight_fn"] = _show_function(settings.weight_fn, "weight_fn")
    for name in ("num_seeding_steps", "scaling_factor"):
        if getattr(settings, name) is not None:
            config[name] = getattr(settings, name)
    if settings.bounds:
        config["bounds"] = _show_bounds(settings.bounds)
    if settings.dtype is not np.longdouble:
        config["dtype"] = np.dtype(settings.dtype).name
    return config


def _show_axis(values: list[float]) -> Any:
    for name, space in (("linspace", np.linspace), ("geomspace", np.geomspace)):
        fits = len(values) > 2 and (name == "linspace" or min(values) > 0)
        # The file must give back these very numbers.
        if fits and np.array_equal(space(values[0], values[-1], len(values)), values):
            return {name: [values[0], values[-1], len(values)]}
    return values


def _show_bounds(bounds: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    return {name: float(low) if low == high else [float(low), float(high)] for name, (low, high) in bounds.items()}


def _show_choice(choice: Any, name: str) -> Any:
    if isinstance(choice, np.generic):
        choice = choice.item()
    if choice is not None and not isinstance(choice, (bool, int, float, str)):
        raise ValueError(f"a file cannot hold {choice!r} of hyperparam_grid[{name!r}]: list numbers or text")
    return choice


def _show_estimator(estimator: Any) -> str:
    names = [name for name, known in SIZE_ESTIMATORS.items() if known is estimator]
    return names[0] if names else _show_function(estimator, "size_estimator")


def _show_loss(loss_fn: Any) -> Any:
    options: dict[str, float] = {}
    if isinstance(loss_fn, functools.partial) and not loss_fn.args and _is_plain(loss_fn.keywords.values()):
        options, loss_fn = {name: float(value) for name, value in loss_fn.keywords.items()}, loss_fn.func
    known = [name for name, known in BUILTIN_LOSSES.items() if known is loss_fn]
    name = known[0] if known else _show_function(loss_fn, "loss_fn")
    return {"name": name, **options} if options else name


def _is_plain(values: Iterable[Any]) -> bool:
    return all(isinstance(value, (int, float, np.number)) for value in values)


def _show_function(function: Any, key: str) -> str:
    name = name_of_callable(function)
    if name is None:
        raise ValueError(f"a file cannot name the {key} {function!r}: define it with def, at the top of a module")
    return name if ":" in name else f"__main__:{name}"
