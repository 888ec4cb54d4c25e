"""The table of settings: constructor, attributes, files, staleness and documentation follow from it."""

from __future__ import annotations

import copy
import functools
import inspect
import json
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest

from chinchilla_nb import Chinchilla, Runs, Settings
from chinchilla_nb.config.reading import read_settings
from chinchilla_nb.config.saving import as_config, write_config
from chinchilla_nb.config.settings import SETTINGS, change_settings, make_settings
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, log_huber, mae
from chinchilla_nb.engine.laws.families import FAMILIES
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID

GRID = {"E": [1.5, 2.0], "A": [400.0], "B": [400.0], "alpha": [0.3, 0.4], "beta": [0.3]}
WRITTEN = {
    "param_grid": GRID,
    "seed_ranges": {"C": (1e18, 1e20), "N_to_D": (5.0, 100.0)},
    "model_search_config": {"hyperparam_grid": {"width": [64, 128]}, "size_estimator": len},
    "loss_fn": functools.partial(log_huber, delta=1e-3),
    "weight_fn": np.sqrt,
    "num_seeding_steps": 7,
    "scaling_factor": 10.0,
    "bounds": {"alpha": (0.34, 0.34), "beta": (0.2, 0.5)},
    "compute": "fitted",
    "rng": 3,
    "dtype": np.float64,
}
"""A value of each setting but the law that is not its default."""
RUNS = Runs([1e8, 1e9, 1e10], [1e10, 1e10, 1e11], [3.0, 2.5, 2.2])


def test_each_setting_has_a_value_here():
    assert set(WRITTEN) | {"law"} == set(SETTINGS)


@pytest.fixture
def cc(tmp_path):
    return Chinchilla(tmp_path, log_level=50, **WRITTEN)


def test_the_documented_arguments_keep_their_order_and_defaults():
    parameters = inspect.signature(Chinchilla).parameters
    positional = [name for name, one in parameters.items() if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert positional == [
        "project_dir",
        "param_grid",
        "seed_ranges",
        "model_search_config",
        "loss_fn",
        "weight_fn",
        "num_seeding_steps",
        "scaling_factor",
        "log_level",
    ]
    assert parameters["loss_fn"].default is asymmetric_mae
    assert parameters["log_level"].default == 20
    for name, row in SETTINGS.items():
        assert parameters[name].default is row.default
        if name not in positional:
            assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_is_documented(name):
    row = SETTINGS[name]
    assert f"\n{name} : {row.kind}\n" in Chinchilla.__doc__
    assert f"\n{row.field} : " in Settings.__doc__
    assert "{" not in Chinchilla.__doc__ + Settings.__doc__


@pytest.mark.parametrize("name", WRITTEN)
def test_each_setting_is_an_attribute(cc, name):
    row = SETTINGS[name]
    other = Chinchilla(cc.project_dir, log_level=50)
    setattr(other, name, getattr(cc, name))
    mine, theirs = (getattr(one.session.settings, row.field) for one in (other, cc))
    if name == "model_search_config":  # a value that is not compared
        mine, theirs = row.show(mine), row.show(theirs)
    assert row.same(mine, theirs)
    assert not row.same(mine, getattr(Settings(), row.field))


def test_attributes_show_what_was_written(cc):
    for name in ("seed_ranges", "model_search_config", "loss_fn", "weight_fn", "bounds", "dtype", "num_seeding_steps"):
        assert getattr(cc, name) == WRITTEN[name]
    assert {name: axis.tolist() for name, axis in cc.param_grid.items()} == GRID
    assert cc.rng.random() == np.random.default_rng(3).random()


@pytest.mark.parametrize("name", WRITTEN)
def test_a_fit_is_stale_when_a_setting_that_it_was_given_has_changed(name):
    default = Settings()
    changed = change_settings(default, **{name: WRITTEN[name]})
    changes_fits = name in {"param_grid", "loss_fn", "weight_fn", "bounds", "dtype"}
    asked = default.problem(RUNS)
    assert asked.alike(changed.problem(RUNS)) is not changes_fits
    assert changed.problem(RUNS).alike(replace(changed).problem(RUNS))


def test_settings_left_out_have_their_defaults(tmp_path):
    cc = Chinchilla(tmp_path, log_level=50)
    assert cc.param_grid is None
    assert cc.session.settings.starts is HOFFMANN_GRID
    assert (cc.seed_ranges, cc.model_search_config, cc.bounds) == (None, None, {})
    cc.param_grid = GRID
    assert len(cc.session.settings.starts) == 4
    cc.param_grid = None
    assert cc.session.settings.starts is HOFFMANN_GRID
    named = {name: list(axis) for name, axis in HOFFMANN_GRID.axes.items()}
    assert cc.session.settings.problem(RUNS).alike(make_settings({"param_grid": named}).problem(RUNS))


def test_bounds_are_an_argument_and_limit_fits(tmp_path):
    cc = Chinchilla(tmp_path, GRID, bounds={"alpha": 0.3, "beta": [0.2, 0.25]}, log_level=50)
    assert cc.bounds == {"alpha": (0.3, 0.3), "beta": (0.2, 0.25)}
    N, D = (grid.ravel() for grid in np.meshgrid(np.geomspace(1e7, 1e10, 4), np.geomspace(1e8, 1e11, 4)))
    for n, d in zip(N, D, strict=True):
        cc.append(N=n, D=d, loss=1.7 + 400 / n**0.34 + 410 / d**0.28)
    params = cc.fit(parallel=False).law.as_dict()
    assert params["alpha"] == 0.3
    assert 0.2 <= params["beta"] <= 0.25
    assert not cc.session.stale
    cc.bounds = None
    assert cc.session.stale
    assert cc.fit(parallel=False).law.alpha == pytest.approx(0.34, rel=1e-4)


def test_a_file_is_read_by_the_constructor(tmp_path):
    class Mine(Chinchilla):
        def __init__(self, *args, **more):
            super().__init__(*args, **more)
            self.given = more

    path = tmp_path / "c.json"
    path.write_text(json.dumps({"project_dir": str(tmp_path), "bounds": {"alpha": 0.34}, "log_level": 50}))
    cc = Mine.from_config(path, rng=5)
    assert cc.given == {"bounds": {"alpha": 0.34}, "rng": 5, "log_level": 50}
    assert cc.bounds == {"alpha": (0.34, 0.34)}


def test_an_unknown_argument_is_a_type_error_that_names_the_nearest(tmp_path):
    with pytest.raises(TypeError, match="Chinchilla has no argument 'bound': did you mean 'bounds'?"):
        Chinchilla(tmp_path, bound={"alpha": 1})


@pytest.mark.parametrize(
    ("arguments", "where", "rule"),
    [
        ({"bounds": {"alpha": (0.5, 0.1)}}, "bounds['alpha']", "must be 0 <= low <= high"),
        ({"bounds": {"gamma": 1}}, "bounds", "has no key 'gamma'"),
        ({"param_grid": {**GRID, "E": []}}, "param_grid['E']", "must be a list of at least one number"),
        ({"param_grid": {**GRID, "alpha": ["x"]}}, "param_grid['alpha']", "must be a number"),
        ({"seed_ranges": {"C": (2, 1), "N_to_D": (1, 2)}}, "seed_ranges['C']", "must run from low to high"),
        ({"model_search_config": {"size_estimator": len, "hyperparam_grid": {"w": 3}}}, "hyperparam_grid['w']", "must"),
        ({"scaling_factor": -1}, "scaling_factor", "must be positive and finite"),
        ({"num_seeding_steps": 1.5}, "num_seeding_steps", "must be a whole number"),
    ],
)
def test_an_error_has_its_parts(arguments, where, rule):
    with pytest.raises(InputError, match=re.escape(f"{where} {rule}")) as caught:
        make_settings(arguments)
    assert caught.value.where == where
    assert caught.value.rule.startswith(rule)
    assert caught.value.problem == str(caught.value)[len(where) + 1 :]


def test_a_copy_draws_on_its_own(tmp_path):
    cc = Chinchilla(tmp_path, seed_ranges=WRITTEN["seed_ranges"], rng=0, log_level=50)
    copies = [copy.copy(cc), copy.deepcopy(cc), pickle.loads(pickle.dumps(cc))]
    drawn = cc.seed()
    assert [one.seed() for one in copies] == [drawn] * 3


def test_settings_derived_from_settings_draw_from_one_generator():
    settings = make_settings({"rng": 0})
    assert change_settings(settings, loss_fn=mae).rng is settings.rng


KAPLAN_GRID = {"N_c": [1e13, 1e14], "log_D_c": [30.0], "alpha_N": [0.07], "alpha_D": [0.1]}


def test_the_law_is_read_before_what_names_its_parameters(tmp_path):
    written = {"param_grid": KAPLAN_GRID, "bounds": {"alpha_N": 0.076}, "law": "kaplan"}
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"project_dir": str(tmp_path), "log_level": 50, **written}))
    for cc in (Chinchilla(tmp_path, log_level=50, **written), Chinchilla.from_config(path)):
        assert cc.law == "kaplan"
        assert {name: axis.tolist() for name, axis in cc.param_grid.items()} == KAPLAN_GRID
        assert cc.bounds == {"alpha_N": (0.076, 0.076)}
        assert cc.session.problem.family is FAMILIES["kaplan"]
    assert as_config(cc.session.settings) == written


def test_settings_for_one_law_are_rejected_for_another(tmp_path):
    cc = Chinchilla(tmp_path, log_level=50)
    cc.law = "kaplan"
    assert cc.session.problem.starts is FAMILIES["kaplan"].starts
    cc.law = "chinchilla"
    cc.param_grid = GRID
    with pytest.raises(
        InputError,
        match="does not go with the param_grid given for another law: set param_grid=None",
    ):
        cc.law = "kaplan"
    cc.param_grid, cc.bounds = None, {"alpha": 0.34}
    with pytest.raises(InputError, match="does not go with the bounds given for another law: set bounds=None first"):
        cc.law = "kaplan"
    assert cc.law == "chinchilla"
    with pytest.raises(InputError, match="law must be one of 'chinchilla', 'kaplan', got 'kaplam'"):
        cc.law = "kaplam"


@pytest.mark.parametrize("limits", ["beta", "ab", (1, 2, 3), None, [0.5, "1"]])
def test_bounds_are_checked_where_settings_are_made(limits):
    with pytest.raises(InputError, match=r"^bounds\['alpha'\] must be a number or \(low, high\), got"):
        Settings(bounds={"alpha": limits})


def test_a_number_among_the_bounds_of_settings_fixes_a_parameter(tmp_path):
    settings = Settings(bounds={"alpha": 0.5})
    assert settings.bounds == {"alpha": (0.5, 0.5)}
    write_config(tmp_path / "config.yaml", settings)
    assert read_settings(tmp_path / "config.yaml").settings.bounds == settings.bounds
