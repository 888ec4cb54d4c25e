"""Configuration files written and read again."""

from __future__ import annotations

import functools
import json
import re

import numpy as np
import pytest

from chinchilla_nb import Chinchilla
from chinchilla_nb.config.callables import find_callable, name_of_callable
from chinchilla_nb.config.model_search import ModelSearch
from chinchilla_nb.config.saving import as_config, write_config
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.fitting.losses import log_huber
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.planning.model_sizes import transformer_size
from chinchilla_nb.engine.planning.seeding import SeedRegime

GRID = StartGrid(
    {
        "e": np.linspace(-1, 1, 7),
        "A": np.geomspace(1, 1e4, 5),
        "b": [0.1, 5, 17],
        "alpha": 0.3,
        "beta": [0.1 + 0.2, 0.9],
    }
)
FULL = Settings(
    grid=GRID,
    seed_regime=SeedRegime((1e18, 2.5e19), (10, 1e2)),
    model_search=ModelSearch({"d_model": [64, 128], "n_layers": range(2, 5), "vocab_size": [256]}, transformer_size),
    loss_fn=functools.partial(log_huber, delta=1e-3),
    weight_fn=np.sqrt,
    num_seeding_steps=12,
    scaling_factor=1.5,
    bounds={"alpha": (0.3, 0.3), "beta": (0.1, 0.9)},
    dtype=np.float64,
)


@pytest.mark.parametrize("name", ["c.yaml", "c.yml", "c.json"])
def test_a_saved_file_makes_the_same_settings(tmp_path, name):
    write_config(tmp_path / name, FULL, tmp_path)
    got = Chinchilla.from_config(tmp_path / name, allow_imports=True, log_level=50).session.settings
    assert got.grid == GRID  # to the bit
    assert got.seed_regime == FULL.seed_regime
    assert got.model_search.size_estimator is transformer_size
    assert got.model_search.table().configs == FULL.model_search.table().configs
    assert (got.loss_fn.func, got.loss_fn.keywords) == (log_huber, {"delta": 1e-3})
    assert got.weight_fn is np.sqrt
    assert (got.num_seeding_steps, got.scaling_factor, got.dtype) == (12, 1.5, np.float64)
    assert dict(got.bounds) == dict(FULL.bounds)


def test_defaults_come_back_as_defaults_without_imports(tmp_path):
    write_config(tmp_path / "c.yaml", Settings(), tmp_path)
    got = Chinchilla.from_config(tmp_path / "c.yaml", log_level=50).session.settings
    assert got.grid == Settings().grid
    assert (got.seed_regime, got.model_search, got.weight_fn, got.bounds) == (None, None, None, {})
    assert (got.loss_fn, got.dtype) == (Settings().loss_fn, np.longdouble)


def test_the_file_is_what_a_person_would_write():
    config = as_config(FULL, "runs")
    assert config["param_grid"]["e"] == {"linspace": [-1, 1, 7]}
    assert config["param_grid"]["A"] == {"geomspace": [1, 1e4, 5]}
    assert config["param_grid"]["b"] == [0.1, 5, 17]
    assert config["loss_fn"] == {"name": "log_huber", "delta": 1e-3}
    assert config["model_search_config"]["size_estimator"] == "transformer"
    assert config["bounds"] == {"alpha": 0.3, "beta": [0.1, 0.9]}
    json.dumps(config)


@pytest.mark.parametrize(
    ("settings", "name", "message"),
    [
        (Settings(weight_fn=lambda C: C), "c.yaml", "weight_fn must be a function that a file can name, got <function"),
        (
            Settings(model_search=ModelSearch({"x": [(1, 2)]}, len)),
            "c.json",
            "hyperparam_grid['x'] must list numbers or text to be saved in a file, got (1, 2)",
        ),
        (Settings(), "c.toml", "saved as .yaml, .yml or .json, got 'c.toml'"),
    ],
)
def test_a_setting_that_cannot_be_saved_is_an_error_and_nothing_is_written(tmp_path, settings, name, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        write_config(tmp_path / name, settings)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"gamma": 1}, "bounds has no key 'gamma'"),
        ({"alpha": [0.5, 0.1]}, "bounds['alpha'] must be 0 <= low <= high"),
        ({"A": 0}, "bounds['A'] must be"),
        ({"E": "x"}, "bounds['E'] must be a number or (low, high), got 'x'"),
        ({"E": [1, 2, 3]}, "bounds['E'] must be a number or (low, high)"),
        ([1], "bounds must map parameters to numbers"),
    ],
)
def test_wrong_bounds_in_a_file_are_one_sentence(tmp_path, bounds, message):
    path = tmp_path / "c.json"
    path.write_text(json.dumps({**as_config(Settings(), str(tmp_path)), "bounds": bounds}))
    with pytest.raises(ValueError, match=re.escape(message)):
        Chinchilla.from_config(path, log_level=50)


def test_a_function_has_a_name_only_if_it_is_found_by_it():
    assert name_of_callable(json.dumps) == "json:dumps"
    assert name_of_callable(np.sqrt) == "numpy:sqrt"
    assert find_callable("json:dumps") is json.dumps
    assert name_of_callable(lambda: None) is None
    assert name_of_callable(functools.partial(print)) is None
    for name in ("os system", "json:nothing", "no_such_module_here:f", "not_defined_here", "json:decoder"):
        with pytest.raises(ValueError, match=re.escape(repr(name))):
            find_callable(name)
