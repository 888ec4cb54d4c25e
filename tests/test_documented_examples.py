"""Every example of the API reference, run as it stands there."""

from __future__ import annotations

import doctest
import importlib
import inspect
import logging
import random

import numpy as np
import pytest
from pydantic import BaseModel
from runs import LAW

import chinchilla_nb._utils
import chinchilla_nb.database
import chinchilla_nb.datasets
from chinchilla_nb import Chinchilla, Database, Simulator, Visualizer
from chinchilla_nb._logger import get_logger
from chinchilla_nb._metrics import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb._utils import is_between, search_model_config
from chinchilla_nb.config.validators import ModelSearchConfig, ParamGrid, SeedRanges, SimulationArgs


def estimate_model_size(hidden_size, num_layers):
    return 12 * num_layers * hidden_size**2


@pytest.fixture
def make(tmp_path):
    def make(**changes):
        return Chinchilla(
            str(tmp_path),
            param_grid={
                "E": np.linspace(1, 2, 3),
                "a": np.linspace(1, 10, 3),
                "b": np.linspace(1, 10, 3),
                "alpha": np.linspace(0.1, 0.7, 3),
                "beta": np.linspace(0.1, 0.7, 3),
            },
            seed_ranges={"C": (1e15, 1e16), "N_to_D": (10, 100)},
            log_level=50,
            rng=0,
            **changes,
        )

    return make


def train_and_evaluate(N, D):
    return float(LAW.loss(N, D))


def record(cc, N, D):
    cc.database.append(N=N, D=D, loss=train_and_evaluate(N, D))


def seeded(cc, runs=8):
    for _ in range(runs):
        (N, D), _ = cc.seed()
        record(cc, N, D)
    return cc


def test_scale_with_a_preset_factor_and_in_place(make):
    cc = seeded(make(scaling_factor=10.0))
    cc.fit()
    (N, D), model_config = cc.scale()
    assert ((N, D), model_config) == cc.scale(scaling_factor=10.0)


def test_scale_to_a_budget(make):
    cc = seeded(make())
    cc.fit()
    (N, D), _model_config = cc.scale(C=5.76e23)
    # Hoffmann et al. 2022 spend the compute of Gopher on some 40 billion parameters by this law (table A3).
    assert 30e9 < N < 50e9
    assert 6 * N * D == pytest.approx(5.76e23)


def test_step_instead_of_seeding_and_scaling_by_hand(make):
    cc = make(scaling_factor=10.0)
    for i in range(6 + 2):
        (N, D), _model_config = cc.step(num_seeding_steps=6)
        assert (6 * N * D > 1.001e16) is (i >= 6)
        record(cc, N, D)


def test_the_explicit_way_of_the_same(make, tmp_path):
    cc = make(scaling_factor=10.0)
    for i in range(6 + 2):
        if i < 6:
            (N, D), _model_config = cc.seed()
        else:
            cc.fit_scaling_law()
            (N, D), _model_config = cc.scale()
        record(cc, N, D)
    runs = (tmp_path / "df.csv").read_text()
    (tmp_path / "df.csv").unlink()
    cc = make(scaling_factor=10.0)
    for _ in range(6 + 2):
        (N, D), _model_config = cc.step(num_seeding_steps=6)
        record(cc, N, D)
    assert (tmp_path / "df.csv").read_text() == runs


def test_adjust_D_to_the_size_the_model_really_has(make):
    search = {
        "hyperparam_grid": {"hidden_size": list(range(64, 4096, 64)), "num_layers": list(range(1, 33))},
        "size_estimator": estimate_model_size,
    }
    cc = seeded(make(scaling_factor=10.0, model_search_config=search))
    cc.fit()
    (N, D), model_config = cc.scale()
    assert estimate_model_size(**model_config) == N
    N = sum([estimate_model_size(**model_config), 5000])
    assert cc.adjust_D_to_N(N) > D


def test_search_model_config():
    model_search_config = {
        "hyperparam_grid": {"hidden_size": [1024, 2048, 4096], "num_layers": [1, 2, 4, 8, 16, 32]},
        "size_estimator": estimate_model_size,
    }
    model_config, estimated_size = search_model_config(1e9, **model_search_config)
    # 12 * 16 * 2048^2 = 805 million is nearer to 1e9 than 12 * 4 * 4096^2 of the same size or 1.6 billion.
    assert estimated_size == 12 * 16 * 2048**2
    assert estimate_model_size(**model_config) == estimated_size


def test_simulation_with_the_documented_defaults(make):
    sim = make(scaling_factor=10.0).simulate(num_seeding_steps=20, num_scaling_steps=1)
    assert len(sim.database.df) == 21
    # Some noise of five runs leaves a law without an optimum, from which no run can follow.
    draw = random.Random(0).expovariate
    endless = (draw(10) for _ in iter(int, 1))
    sim(num_seeding_steps=5, num_scaling_steps=1, noise_generator=endless)
    sim(num_seeding_steps=5, num_scaling_steps=1, noise_generator=(draw, (10,)))
    assert len(sim.database.df) == 6


def parameters(function):
    return {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in ("self", "cls")
        and parameter.kind not in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }


REQUIRED = inspect.Parameter.empty
TARGET = {"E": 1.69337368, "A": 406.401018, "B": 410.722827, "alpha": 0.33917084, "beta": 0.2849083}


@pytest.mark.parametrize(
    ("function", "documented"),
    [
        (
            Chinchilla.__init__,
            {
                "project_dir": REQUIRED,
                "param_grid": None,
                "seed_ranges": None,
                "model_search_config": None,
                "loss_fn": asymmetric_mae,
                "weight_fn": None,
                "num_seeding_steps": None,
                "scaling_factor": None,
                "log_level": 20,
            },
        ),
        (Chinchilla.from_config, {"config_path": REQUIRED}),
        (Chinchilla.simulate, {}),
        (Chinchilla.seed, {}),
        (Chinchilla.fit, {"parallel": True, "simulation": False}),
        (Chinchilla.scale, {"scaling_factor": None, "C": None, "simulation": False}),
        (Chinchilla.step, {"num_seeding_steps": None, "parallel": True, "simulation": False}),
        (Chinchilla.adjust_D_to_N, {"N": REQUIRED}),
        (Chinchilla.allocate_compute, {"C": REQUIRED}),
        (Chinchilla.predict_loss, {"N": REQUIRED, "D": REQUIRED}),
        (Chinchilla.get_params, {}),
        (Chinchilla.report, {"plot": True}),
        (Database.append, {}),
        (
            Visualizer.plot,
            {
                "cc": REQUIRED,
                "next_point": None,
                "fitted": True,
                "img_name": "parametric_fit",
                "cmap_name": "plasma",
                "simulation": False,
            },
        ),
        (
            Visualizer.LBFGS,
            {"y_pred": REQUIRED, "y_true": REQUIRED, "C": None, "simulation": False, "img_name": "LBFGS"},
        ),
        (Visualizer.__init__, {"project_dir": REQUIRED, "log_level": 30}),
        (Simulator.__init__, {"cc": REQUIRED}),
        (
            search_model_config,
            {"N_opt": REQUIRED, "hyperparam_grid": REQUIRED, "size_estimator": REQUIRED, "use_cache": False},
        ),
        (is_between, {"value": REQUIRED, "bounds": REQUIRED}),
        (asymmetric_mae, {"y_true": REQUIRED, "y_pred": REQUIRED, "w": 1e1}),
        (huber, {"y_true": REQUIRED, "y_pred": REQUIRED, "delta": 1.0}),
        (log_huber, {"y_true": REQUIRED, "y_pred": REQUIRED, "delta": 1.0}),
        (mae, {"y_true": REQUIRED, "y_pred": REQUIRED}),
        (mse, {"y_true": REQUIRED, "y_pred": REQUIRED}),
        (get_logger, {"level": REQUIRED, "name": REQUIRED}),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_signatures_are_the_documented_ones(function, documented):
    assert parameters(function) == documented
    assert list(parameters(function)) == list(documented)


MEMBERS = {
    "core.Chinchilla": "from_config simulate seed fit scale step adjust_D_to_N allocate_compute predict_loss "
    "get_params report",
    "database.Database": "append",
    "visualizer.Visualizer": "plot LBFGS",
    "simulator.Simulator": "__getattr__ __call__ _pseudo_training_run",
    "_validator.ParamGrid": "check_keys",
    "_validator.SeedRanges": "check_C_values",
    "_validator.ModelSearchConfig": "size_estimator_must_be_callable hyperparam_grid_must_be_dict",
    "_validator.SimulationArgs": "check_seeding_steps check_target_params check_noise_generator",
}


@pytest.mark.parametrize(("where", "names"), MEMBERS.items())
def test_everything_documented_is_where_it_is_documented(where, names):
    module, name = where.split(".")
    documented = getattr(importlib.import_module(f"chinchilla_nb.{module}"), name)
    for member in names.split():
        assert callable(getattr(documented, member))
        assert member in dir(documented)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (ParamGrid, "E e A a B b alpha beta"),
        (SeedRanges, "C N_to_D"),
        (ModelSearchConfig, "size_estimator hyperparam_grid"),
        (SimulationArgs, "num_seeding_steps num_scaling_steps target_params noise_generator scaling_factor"),
    ],
)
def test_models_have_the_documented_fields(model, fields):
    assert issubclass(model, BaseModel)
    assert set(model.model_fields) == set(fields.split())


def test_objects_have_the_documented_attributes(make, tmp_path):
    cc = make()
    assert isinstance(cc.database, Database)
    assert isinstance(cc.visualizer, Visualizer)
    assert cc.visualizer.project_dir == str(tmp_path)
    cc.append(N=1000, D=20_000, loss=3.0)
    cc.visualizer.plot(cc)
    assert cc.visualizer.cc is cc
    sim = Simulator(cc)
    assert sim.cc is cc
    assert len(sim.database.df) == 0
    for thing in (cc.visualizer, sim, cc.database, cc):
        assert isinstance(thing.logger, logging.Logger)


def test_what_is_documented_to_return_nothing_returns_nothing(make):
    cc = seeded(make(scaling_factor=10.0))
    cc.fit()
    assert cc.report(plot=False) is None
    assert cc.database.append(N=1000, D=20_000, loss=3.0) is None
    assert Simulator(cc)(num_seeding_steps=3, num_scaling_steps=0) is None


def test_the_documented_defaults_of_a_simulation():
    found = parameters(Simulator.__call__)
    noise = found.pop("noise_generator")
    assert noise == (random.expovariate, (10.0,))
    assert found.pop("target_params") == TARGET
    assert found == {"num_seeding_steps": 100, "num_scaling_steps": 1, "scaling_factor": None}


def test_the_documented_defaults_of_a_database():
    found = parameters(Database.__init__)
    assert list(found.pop("columns")) == ["C", "N", "D", "loss"]
    assert found == {"project_dir": None, "log_level": 30}


@pytest.mark.parametrize("module", [chinchilla_nb._utils, chinchilla_nb.database, chinchilla_nb.datasets])
def test_examples_in_docstrings(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
