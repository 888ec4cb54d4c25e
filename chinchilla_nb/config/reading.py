"""Configuration files, JSON or YAML, read into the constructor's arguments."""

from __future__ import annotations

import difflib
import functools
import inspect
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from chinchilla_nb.checks import as_count, as_limits, as_positive_number, brief, unknown_key
from chinchilla_nb.config.callables import find_callable
from chinchilla_nb.engine.fitting.losses import BUILTIN_LOSSES
from chinchilla_nb.engine.laws.chinchilla import PARAMETERS
from chinchilla_nb.engine.planning.model_sizes import SIZE_ESTIMATORS

__all__ = ["KEYS", "parse_config", "read_config"]

KEYS = (
    "project_dir",
    "param_grid",
    "seed_ranges",
    "model_search_config",
    "loss_fn",
    "weight_fn",
    "num_seeding_steps",
    "scaling_factor",
    "bounds",
    "log_level",
    "rng",
    "dtype",
)
"""What a file may set: the arguments of Chinchilla, and bounds of single parameters in its fits."""

MOST_VALUES = 1_000_000
_REQUIRED = ("project_dir", "param_grid", "seed_ranges")
_SPACINGS: dict[str, Any] = {"linspace": np.linspace, "geomspace": np.geomspace}


def read_config(
    path: str | os.PathLike[str], overrides: Mapping[str, Any] | None = None, *, allow_imports: bool = False
) -> dict[str, Any]:
    """Read a configuration file into keyword arguments of Chinchilla.

    Parameters
    ----------
    path : str or path
        A ``.json``, ``.yaml`` or ``.yml`` file.
    overrides : mapping, optional
        Arguments that take the place of the file's; ready-made values are taken as they are.
    allow_imports : bool, default False
        Whether a callable written ``package.module:function`` may be imported, which runs that module's code.

    Raises
    ------
    ValueError
        If the format is not supported, the file does not parse, or a key or value is not known.
    FileNotFoundError
        If there is no such file.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ValueError(f"config_path must be the path of a file, got {brief(path)}")
    config = parse_config(Path(path))
    for where, source in ((f"the configuration {str(path)!r}", config), ("from_config", overrides or {})):
        for key in source:
            if key not in KEYS:
                raise ValueError(unknown_key(where, key, KEYS))
    # What is overridden is not read: its callable need not be importable.
    merged = {**config, **(overrides or {})}
    missing = [key for key in _REQUIRED if key not in merged]
    if missing:
        raise ValueError(f"the configuration {str(path)!r} needs the key {missing[0]!r}")
    return {key: _read_value(key, value, allow_imports) for key, value in merged.items()}


class _Loader(yaml.SafeLoader):
    """safe_load, but ``1e18`` is a number, as in JSON and Python, and a key written twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                problem = f"the key {key!r} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(str(key))
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d[\d_]*)(\.[\d_]*)?[eE][-+]?\d+$"), list("-+0123456789")
)


def parse_config(path: Path) -> dict[str, Any]:
    """Return what a configuration file says, key by key, not interpreted yet."""
    suffix = path.suffix.lower()
    if suffix not in (".json", ".yaml", ".yml"):
        raise ValueError(f"the configuration must be a .json, .yaml or .yml file, got {str(path)!r}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no configuration file {str(path)!r}")
    try:
        text = path.read_text(encoding="utf-8-sig")
        config = json.loads(text) if suffix == ".json" else yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader
    except (yaml.YAMLError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the configuration {str(path)!r} does not parse: {_reason(error)}") from None
    if not isinstance(config, dict):
        raise ValueError(f"the configuration {str(path)!r} must map keys to values, got {brief(config)}")
    return config


def _reason(error: Exception) -> str:
    """Say in words and with line and column why a file does not parse."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text; save it with that encoding"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    mark = getattr(error, "problem_mark", None)
    where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
    return where + " ".join((getattr(error, "problem", None) or str(error)).split())


def _read_value(key: str, value: Any, allow_imports: bool) -> Any:
    if key == "param_grid" and isinstance(value, Mapping):
        return {name: _read_axis(axis, f"{key}[{name!r}]") for name, axis in value.items()}
    if key == "model_search_config" and isinstance(value, Mapping):
        return _read_search(value, allow_imports)
    if key == "loss_fn":
        return _read_loss(value, allow_imports)
    if key == "weight_fn" and isinstance(value, str):
        return _known_or_imported(value, key, {}, allow_imports)
    if key == "bounds":
        return _read_bounds(value)
    return value


def _read_bounds(value: Any) -> dict[str, tuple[float, float]]:
    """Read limits by parameter: one number fixes it, ``[low, high]`` bounds it."""
    if not isinstance(value, Mapping):
        raise ValueError(f"bounds must map parameters to numbers, got {value!r}")
    bounds = {}
    for name, limits in value.items():
        if name not in PARAMETERS:
            raise ValueError(unknown_key("bounds", name, PARAMETERS))
        ends = list(limits) if isinstance(limits, (list, tuple)) else [limits, limits]
        if len(ends) != 2:
            raise ValueError(f"bounds[{name!r}] must be a number or [low, high], got {limits!r}")
        bounds[name] = as_limits(ends[0], ends[1], name)
    return bounds


def _read_search(value: Mapping[str, Any], allow_imports: bool) -> dict[str, Any]:
    search = dict(value)
    estimator = search.get("size_estimator")
    if isinstance(estimator, str):
        search["size_estimator"] = _known_or_imported(estimator, "size_estimator", SIZE_ESTIMATORS, allow_imports)
    if isinstance(search.get("hyperparam_grid"), Mapping):
        grid = search["hyperparam_grid"].items()
        search["hyperparam_grid"] = {name: _read_axis(axis, f"hyperparam_grid[{name!r}]") for name, axis in grid}
    return search


def _read_axis(axis: Any, key: str) -> Any:
    """Read ``{linspace: [low, high, count]}`` or ``{geomspace: ...}``; anything else is left to the validators."""
    if not isinstance(axis, Mapping):
        return axis
    if len(axis) != 1 or next(iter(axis)) not in _SPACINGS:
        choices = "{linspace: [low, high, count]} or {geomspace: [low, high, count]}"
        raise ValueError(f"{key} must be a list, {choices}, got {dict(axis)!r}")
    (name, arguments), *_ = axis.items()
    numbers = isinstance(arguments, (list, tuple)) and all(
        isinstance(number, (int, float)) and np.isfinite(number) for number in arguments
    )
    if not numbers or len(arguments) != 3:
        raise ValueError(f"{key}: {name} needs three numbers, [low, high, count], got {arguments!r}")
    low, high, count = arguments
    if name == "geomspace" and not (low > 0 and high > 0):
        raise ValueError(f"{key}: geomspace needs positive ends, got {low} and {high}")
    if not 1 <= as_count(count, f"{key}: the count of {name}") <= MOST_VALUES:
        raise ValueError(f"{key}: {name} must count from one to {MOST_VALUES:,} values, got {count}")
    return _SPACINGS[name](low, high, int(count)).tolist()


def _read_loss(value: Any, allow_imports: bool) -> Any:
    """Read a loss: a callable, the name of one, or a name with the loss's parameter."""
    if isinstance(value, str):
        return _named_loss(value, allow_imports)
    if not isinstance(value, Mapping):
        return value
    options = dict(value)
    name = options.pop("name", None)
    if not isinstance(name, str):
        raise ValueError(f"loss_fn needs a name, e.g. {{name: log_huber, delta: 1.0e-3}}, got {dict(value)!r}")
    loss = _named_loss(name, allow_imports)
    if name in BUILTIN_LOSSES:
        known = [parameter for parameter in inspect.signature(loss).parameters if parameter not in ("y_true", "y_pred")]
        for option, number in options.items():
            if option not in known:
                raise ValueError(unknown_key(f"loss_fn {name}", option, known))
            options[option] = as_positive_number(number, f"loss_fn {name}: {option}")
    return functools.partial(loss, **options) if options else loss


def _named_loss(name: str, allow_imports: bool) -> Any:
    return _known_or_imported(name, "loss_fn", BUILTIN_LOSSES, allow_imports)


def _known_or_imported(name: str, key: str, known: Mapping[str, Any], allow_imports: bool) -> Any:
    """Return what a name stands for, among those known or, written ``package.module:function``, anywhere."""
    if name in known:
        return known[name]
    if not re.fullmatch(r"[\w.]+:[\w.]+", name):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join([*known, 'package.module:function'])}"
        raise ValueError(f"{key} {name!r} is not known; {hint}")
    if not allow_imports:
        raise ValueError(f"{key} asks to import {name!r}, which runs its code: pass allow_imports=True if you trust it")
    try:
        return find_callable(name)
    except ValueError as error:
        raise ValueError(f"{key} {error}") from None
