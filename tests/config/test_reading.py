"""Configuration files."""

from __future__ import annotations

import functools
import json
import re

import numpy as np
import pytest
import yaml

from chinchilla_nb import Chinchilla, Settings
from chinchilla_nb.config.callables import ImportNotAllowed
from chinchilla_nb.config.reading import read_settings
from chinchilla_nb.config.saving import write_config
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae
from chinchilla_nb.opening import open_session

YAML = """
project_dir: {folder}
param_grid:
  e: {{linspace: [-1, 1, 5]}}
  A: {{geomspace: [1, 1e4, 5]}}
  b: [0, 5, 10]
  alpha: [0.3, 0.5]
  beta: [0.3]
seed_ranges:
  C: [1e18, 2.5e19]
  N_to_D: [10, 1e2]
loss_fn: {{name: log_huber, delta: 1.0e-3}}
num_seeding_steps: 7
scaling_factor: 1e1
log_level: 50
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="config.yaml"):
        path = tmp_path / name
        path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def minimal(tmp_path):
    return {
        "project_dir": str(tmp_path),
        "param_grid": {"E": [1.5], "A": [100], "B": [100], "alpha": [0.3], "beta": [0.3]},
        "seed_ranges": {"C": [1e18, 1e19], "N_to_D": [10, 100]},
        "log_level": 50,
    }


def test_yaml_reads_numbers_grids_and_losses(write, tmp_path):
    cc = Chinchilla.from_config(write(YAML.format(folder=tmp_path)))
    assert cc.seed_ranges == {"C": (1e18, 2.5e19), "N_to_D": (10.0, 100.0)}
    np.testing.assert_allclose(cc.param_grid["e"], [-1, -0.5, 0, 0.5, 1])
    np.testing.assert_allclose(cc.param_grid["A"], [1, 10, 100, 1000, 10000])
    np.testing.assert_array_equal(cc.param_grid["b"], [0, 5, 10])
    assert cc.loss_fn.func is log_huber
    assert cc.loss_fn.keywords == {"delta": 1e-3}
    assert (cc.num_seeding_steps, cc.scaling_factor, cc.log_level) == (7, 10.0, 50)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e18", 1e18),
        ("1E18", 1e18),
        ("-1e3", -1e3),
        ("1e+18", 1e18),
        ("2.5e-4", 2.5e-4),
        ("5.76e23", 5.76e23),
        ("1_0e2", 1e3),
    ],
)
def test_exponents_are_numbers_in_yaml(write, minimal, text, number):
    path = write(yaml.safe_dump(minimal) + f"scaling_factor: {text}\n")
    assert read_settings(path).arguments["scaling_factor"] == number


def test_text_that_only_looks_like_an_exponent_stays_text(write, minimal):
    path = write(yaml.safe_dump({**minimal, "project_dir": "x"}).replace("project_dir: x", "project_dir: e18"))
    assert read_settings(path).project_dir == "e18"


def test_json_and_yaml_agree(write, minimal):
    as_json, as_yaml = read_settings(write(minimal, "c.json")), read_settings(write(yaml.safe_dump(minimal), "c.yml"))
    assert as_json == as_yaml


def test_keyword_arguments_override_the_file(write, minimal):
    path = write({**minimal, "loss_fn": "somewhere:unknown"}, "c.json")
    cc = Chinchilla.from_config(path, loss_fn=mae, scaling_factor=3, rng=5)
    assert cc.loss_fn is mae
    assert cc.scaling_factor == 3
    assert Chinchilla.from_config(path, loss_fn=mae, rng=5).seed() == cc.seed()


@pytest.mark.parametrize(
    ("loss", "expected"),
    [("mae", mae), ("huber", huber), ("asymmetric_mae", asymmetric_mae), ({"name": "mae"}, mae)],
)
def test_losses_by_name(write, minimal, loss, expected):
    assert read_settings(write({**minimal, "loss_fn": loss}, "c.json")).settings.loss_fn is expected


def test_a_loss_with_its_parameter_is_a_partial(write, minimal):
    loss = read_settings(write({**minimal, "loss_fn": {"name": "asymmetric_mae", "w": 5}}, "c.json")).settings.loss_fn
    assert isinstance(loss, functools.partial)
    assert loss.keywords == {"w": 5}


def test_callables_are_imported_only_when_allowed(write, minimal, tmp_path, monkeypatch):
    (tmp_path / "my_models.py").write_text(
        "def size(width):\n    return 12 * width**2\n\nclass Sizes:\n    size = size\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    search = {"size_estimator": "my_models:size", "hyperparam_grid": {"width": {"geomspace": [1e6, 4e6, 3]}}}
    path = write({**minimal, "model_search_config": search, "weight_fn": "numpy:sqrt"}, "c.json")
    with pytest.raises(ImportNotAllowed, match=r"size_estimator asks to import 'my_models:size'.*allow_imports=True"):
        Chinchilla.from_config(path)
    import sys

    assert "my_models" not in sys.modules
    cc = Chinchilla.from_config(path, allow_imports=True)
    assert cc.model_search_config["size_estimator"](width=2) == 48
    assert cc.weight_fn is np.sqrt
    np.testing.assert_allclose(cc.model_search_config["hyperparam_grid"]["width"], [1e6, 2e6, 4e6])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"param_gird": 1}, "c.json' has no key 'param_gird': did you mean 'param_grid'?"),
        ({"scaling": 1}, "did you mean 'scaling_factor'?"),
        ({"zzz": 1}, "choose from project_dir, log_level, law, param_grid"),
        ({"loss_fn": "log_hubber"}, "loss_fn 'log_hubber' is not known: did you mean 'log_huber'?"),
        ({"loss_fn": "zzz"}, "choose from asymmetric_mae, huber"),
        ({"loss_fn": {"name": "log_huber", "detla": 1}}, "loss_fn log_huber has no key 'detla': did you mean 'delta'?"),
        ({"loss_fn": {"name": "log_huber", "delta": -1}}, "loss_fn['delta'] must be positive and finite, got -1.0"),
        ({"loss_fn": {"name": "log_huber", "delta": "1e-3"}}, "loss_fn['delta'] must be a number, got '1e-3'"),
        ({"loss_fn": {"name": "mae", "delta": 1}}, "loss_fn mae has no key 'delta': it takes none"),
        ({"loss_fn": "lambda y, z: y"}, "loss_fn 'lambda y, z: y' is not known: choose from asymmetric_mae"),
        ({"weight_fn": "sqrt"}, "weight_fn 'sqrt' is not known: choose from package.module:function"),
        (
            {"model_search_config": {"size_estimator": "transformr", "hyperparam_grid": {"d_model": [8]}}},
            "size_estimator 'transformr' is not known: did you mean 'transformer'?",
        ),
        ({"num_seeding_steps": "ten"}, "num_seeding_steps must be a number, got 'ten'"),
        ({"param_grid": {1: [2]}}, "param_grid has no key '1': choose from E, e"),
        ({"loss_fn": {"delta": 1}}, "loss_fn must have a name"),
        ({"loss_fn": "os:system"}, "loss_fn asks to import 'os:system'"),
        ({"weight_fn": "numpy:sqrt"}, "weight_fn asks to import 'numpy:sqrt'"),
        ({"param_grid": {"E": {"logspace": [0, 1, 2]}}}, "param_grid['E'] must be a list, {linspace"),
        ({"param_grid": {"E": {"linspace": [0, 1]}}}, "param_grid['E']['linspace'] must be three numbers"),
        (
            {"param_grid": {"E": {"linspace": [0, 1, 2.5]}}},
            "the count of param_grid['E']['linspace'] must be a whole number, got 2.5",
        ),
        (
            {"param_grid": {"E": {"linspace": [0, 1, 0]}}},
            "the count of param_grid['E']['linspace'] must be from 1 to 1,000,000, got 0",
        ),
        ({"param_grid": {"E": {"linspace": [0, 1, 10**9]}}}, "must be from 1 to 1,000,000, got 1000000000"),
        (
            {"param_grid": {"E": {"geomspace": [0, 1, 2]}}},
            "param_grid['E']['geomspace'] must have positive ends, got 0 and 1",
        ),
        ({"seed_ranges": {"c": [1, 2], "N_to_D": [1, 2]}}, "seed_ranges has no key 'c': did you mean 'C'?"),
        ({"model_search_config": {"hyperparm_grid": {}}}, "did you mean 'hyperparam_grid'?"),
    ],
)
def test_errors_name_the_key_and_the_remedy(write, minimal, change, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        Chinchilla.from_config(write({**minimal, **change}, "c.json"))
    assert "\n" not in str(caught.value)


def test_an_unknown_override_names_the_nearest_key(write, minimal):
    with pytest.raises(ValueError, match="did you mean 'loss_fn'"):
        Chinchilla.from_config(write(minimal, "c.json"), los_fn=mae)


def test_a_failed_import_is_one_sentence(write, minimal):
    for name in ("no_such_module:f", "numpy:no_such_function"):
        with pytest.raises(ValueError, match=f"weight_fn '{name}' cannot be imported"):
            Chinchilla.from_config(write({**minimal, "weight_fn": name}, "c.json"), allow_imports=True)
    with pytest.raises(ValueError, match="weight_fn 'math:pi' must be a function, got float"):
        Chinchilla.from_config(write({**minimal, "weight_fn": "math:pi"}, "c.json"), allow_imports=True)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.toml", "x = 1", "must be a .json, .yaml or .yml file"),
        ("c.json", '{\n"rng": 1,,}', "does not parse: line 2, column 10: Expecting property name"),
        ("c.yaml", "a: [1\nb: 2", "does not parse: line 2, column 2: expected ',' or ']'"),
        ("c.yaml", "a:\t1\n\tb: 2", "does not parse: line 1, column 3: found character"),
        ("c.yaml", "a: 1\n---\nb: 2", "does not parse: line 2, column 1: but found another document"),
        ("c.json", "[" * 100_000, "does not parse: it is nested too deeply"),
        ("c.yaml", "[" * 3_000, "does not parse: it is nested too deeply"),
        ("c.yaml", "- 1", "must map keys to values"),
        ("c.yaml", "", "must map keys to values"),
        ("c.yaml", "rng: 1\nrng: 2", "the key 'rng' is given twice"),
        ("c.yaml", "rng: !!python/object/apply:os.getcwd []", "does not parse"),
        ("c.yaml", "rng: 1", "needs the key 'project_dir'"),
    ],
)
def test_files_that_cannot_be_read(write, name, text, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        Chinchilla.from_config(write(text, name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["c.yaml", "c.json"])
def test_other_encodings(tmp_path, minimal, name):
    path = tmp_path / name
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(minimal).encode())  # the mark that Windows editors write
    read = read_settings(path)
    assert {**read.arguments, "project_dir": read.project_dir, "log_level": read.log_level} == minimal
    path.write_bytes(json.dumps({**minimal, "project_dir": "größe"}, ensure_ascii=False).encode("latin-1"))
    with pytest.raises(ValueError, match="does not parse: it is not UTF-8 text; save it as UTF-8"):
        read_settings(path)


@pytest.mark.parametrize("path", [None, 3, b"c.yaml"])
def test_a_path_that_is_not_one_is_an_error(path):
    with pytest.raises(ValueError, match="config_path must be the path of a file, got"):
        Chinchilla.from_config(path)


def test_a_name_too_long_for_a_file_is_one_sentence():
    with pytest.raises(ValueError, match=r"does not parse: it cannot be read: File name too long$"):
        Chinchilla.from_config("a" * 300 + ".yaml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no configuration file"):
        Chinchilla.from_config(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed_ranges": {"C": [1, 2, 3], "N_to_D": [1, 2]}}, "seed_ranges['C'] must be two numbers"),
        ({"rng": True}, "rng must be a seed (a whole number from 0) or a numpy Generator, got True"),
        ({"rng": ["5"]}, "rng must be a seed (a whole number from 0) or a numpy Generator, got ['5']"),
        ({"dtype": "[1"}, "dtype must be a floating-point type, got '[1'"),
        ({"dtype": "f8,("}, "dtype must be a floating-point type, got 'f8,('"),
        ({"log_level": True}, "log_level must be a whole number or one of DEBUG"),
        ({"project_dir": 5}, "project_dir must be the path of an existing folder, got 5"),
        ({"project_dir": None}, "project_dir must be the path of an existing folder, got None"),
        ({"project_dir": "a" * 5000}, "project_dir 'aaa"),
        ({"bounds": {"alpha": "x"}}, "bounds['alpha'] must be a number or (low, high), got 'x'"),
        (
            {"param_grid": {"e": {"linspace": [-1e308, 1e308, 3]}}},
            "param_grid['e']['linspace'] must have finite end",
        ),
        ({"param_grid": {"e": {"linspace": [True, 1, 3]}}}, "param_grid['e']['linspace'] must be a number, got True"),
        (
            {"param_grid": {"e": {"linspace": [10**400, 1, 3]}}},
            "param_grid['e']['linspace'] must be a number below 1.8",
        ),
        (
            {"param_grid": {name: {"linspace": [1, 2, 10**6]} for name in ("E", "A", "B", "alpha", "beta")}},
            "param_grid must have at most 10,000,000 starts, got 1,000,000,000,000,000,000,000,000,000,000: short",
        ),
        (
            {
                "model_search_config": {
                    "size_estimator": "transformer",
                    "hyperparam_grid": {
                        name: {"linspace": [1, 2, 10**4]} for name in ("d_model", "n_layers", "vocab_size")
                    },
                }
            },
            "hyperparam_grid must have at most 1,000,000 configurations, got 1,000,000,000,000: shorten its lists",
        ),
        (
            {"model_search_config": {"size_estimator": "transformer", "hyperparam_grid": {"depth": [1]}}},
            "hyperparam_grid has a key 'depth' that size_estimator transformer_size does not take: it takes d_model",
        ),
    ],
)
def test_errors_name_the_file_the_key_and_the_value(write, minimal, change, message):
    path = write({**minimal, **change}, "c.json")
    with pytest.raises(ValueError, match=re.escape(f"in the configuration {path!r}, {message}")) as caught:
        Chinchilla.from_config(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_folder_that_is_null_is_refused_by_everything_that_opens_a_configuration(write):
    path = write("project_dir: null\n", "c.yaml")
    for opens in (Chinchilla.from_config, open_session):
        with pytest.raises(ValueError, match="project_dir must be the path of an existing folder, got None"):
            opens(path)


def test_an_override_does_not_come_from_the_file(write, minimal):
    with pytest.raises(ValueError, match=r"^scaling_factor must be a number, got 'x'$"):
        Chinchilla.from_config(write({**minimal, "scaling_factor": "y"}, "c.json"), scaling_factor="x")


def test_a_relative_folder_is_looked_for_in_the_current_folder(write, minimal, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write({**minimal, "project_dir": "runs"}, "c.json")
    with pytest.raises(ValueError, match=f"project_dir 'runs' does not exist in the current folder, '{tmp_path}': cre"):
        Chinchilla.from_config(path)
    (tmp_path / "runs").mkdir()
    assert Chinchilla.from_config(path).project_dir == "runs"


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_config("~/config.yaml", Settings(), "~")
    assert read_settings("~/config.yaml").folder == tmp_path
    (tmp_path / "config.yaml").write_text("project_dir: ~\n")  # in YAML, this is null
    with pytest.raises(InputError, match="project_dir must be .* got None: in YAML, quote the home folder"):
        _ = read_settings("~/config.yaml").folder
