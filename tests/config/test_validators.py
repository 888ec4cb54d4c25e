"""Checks of what users write."""

from __future__ import annotations

import random
import re

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from runs import LAW

from chinchilla_nb.checks import as_count
from chinchilla_nb.config.validators import ModelSearchConfig, ParamGrid, SeedRanges, SimulationArgs, validate

AXES = {"E": [1.5], "A": [100, 200], "B": [100], "alpha": [0.3], "beta": [0.3]}
TARGET = LAW.as_dict()


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, lambda values: np.array(values, dtype=np.int32)])
def test_an_axis_may_be_any_list_of_numbers(kind):
    grid = validate(ParamGrid, {**AXES, "A": kind([100, 200])})
    assert grid.A == (100.0, 200.0)


def test_a_single_number_is_an_axis_of_one_value():
    assert validate(ParamGrid, {**AXES, "E": 1.5, "alpha": np.float32(0.5)}).axes()["alpha"] == (0.5,)


def test_exponents_may_start_from_zero_as_those_of_hoffmann_do():
    assert validate(ParamGrid, {**AXES, "alpha": [0, 0.5], "beta": [0]}).axes()["alpha"] == (0.0, 0.5)


def test_linear_and_logarithmic_axes_may_be_mixed_in_any_order():
    grid = validate(ParamGrid, {"beta": [0.3], "b": [5], "A": [100], "e": [0.5], "alpha": [0.3]})
    assert grid.axes() == {"e": (0.5,), "A": (100.0,), "b": (5.0,), "alpha": (0.3,), "beta": (0.3,)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"E": []}, "param_grid['E'] must be a list of at least one number"),
        ({"E": [np.nan]}, "param_grid['E'] must be finite numbers, got nan"),
        ({"alpha": [np.inf]}, "param_grid['alpha'] must be finite numbers, got inf"),
        ({"A": ["many"]}, "param_grid['A'] must be a number, got 'many'"),
        ({"A": "123"}, "param_grid['A'] must list numbers, got '123'"),
        ({"A": [[1, 2], [3, 4]]}, "param_grid['A'] must be a number, got [1, 2]"),
        ({"B": [0]}, "param_grid['B'] must be positive, got 0.0"),
        ({"alpha": [-0.1]}, "param_grid['alpha'] must not be negative, got -0.1"),
        ({"e": [0.5]}, "param_grid must have one key E or e, got both"),
        ({"A": None}, "param_grid must have one key A or a, got neither"),
        ({"beta": None}, "param_grid must have one key beta, got none"),
        ({"gamma": [1]}, "param_grid has no key 'gamma'"),
        ({"Beta": [1]}, "param_grid has no key 'Beta': did you mean 'beta'?"),
    ],
)
def test_a_bad_grid_is_one_sentence(change, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        validate(ParamGrid, {**AXES, **change})
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, ValidationError)


def test_models_built_directly_raise_what_pydantic_users_expect():
    with pytest.raises(ValidationError, match="one key E or e"):
        ParamGrid(A=[1], B=[1], alpha=[1], beta=[1])


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series])
def test_seed_ranges_take_any_pair(kind):
    ranges = validate(SeedRanges, {"N_to_D": kind([10, 100]), "C": kind([1e18, 1e19])})
    assert (ranges.C, ranges.N_to_D) == ((1e18, 1e19), (10.0, 100.0))


def test_seed_ranges_with_equal_ends_fix_the_value():
    assert validate(SeedRanges, {"C": [1e18, 1e18], "N_to_D": [20, 20]}).C == (1e18, 1e18)


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"C": [1e19, 1e18], "N_to_D": [1, 2]}, "seed_ranges['C'] must run from low to high, got 1e19 to 1e18"),
        ({"C": [-1, 1e18], "N_to_D": [1, 2]}, "seed_ranges['C'] must be positive and finite, got -1.0"),
        ({"C": [1, np.inf], "N_to_D": [1, 2]}, "seed_ranges['C'] must be positive and finite, got inf"),
        (
            {"C": [1, 2, 3], "N_to_D": [1, 2]},
            "must be two numbers, the lowest and the highest, got [1, 2, 3]",
        ),
        ({"C": 5, "N_to_D": [1, 2]}, "seed_ranges['C'] must be two numbers, the lowest and the highest, got 5"),
        (
            {"C": "1e18", "N_to_D": [1, 2]},
            "the lowest and the highest, got '1e18'",
        ),
        ({"C": [1, 2], "N_to_D": [2, 1]}, "seed_ranges['N_to_D'] (tokens per parameter) must run from low to high"),
        ({"C": [1, 2], "N_to_D": [0, 1]}, "must be positive and finite, got 0.0"),
        ({"C": [1, 2]}, "seed_ranges needs the key 'N_to_D': give the lowest and highest D/N"),
        ({"C": [1, 2], "N_to_D": [1, 2], "D": [1, 2]}, "seed_ranges has no key 'D'"),
        ([1, 2], "seed_ranges must be a dictionary, got [1, 2]"),
    ],
)
def test_bad_seed_ranges_are_one_sentence(ranges, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        validate(SeedRanges, ranges)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"size_estimator": 3, "hyperparam_grid": {"a": [1]}}, "size_estimator must be callable, got 3"),
        ({"size_estimator": len, "hyperparam_grid": [1]}, "hyperparam_grid must be a dictionary, got [1]"),
        ({"hyperparam_grid": {"a": [1]}}, "model_search_config needs the key 'size_estimator'"),
        ({"size_estimator": len}, "model_search_config needs the key 'hyperparam_grid'"),
        ({"size_estimator": None, "hyperparam_grid": {"a": [1]}}, "needs the key 'size_estimator'"),
        ({"size_estimator": len, "hyperparam_grid": {"a": [1]}, "x": 1}, "model_search_config has no key 'x'"),
    ],
)
def test_a_bad_model_search_is_one_sentence(config, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        validate(ModelSearchConfig, config)


def simulation(**changes):
    return validate(SimulationArgs, {"target_params": TARGET, "scaling_factor": 10, **changes})


def test_a_target_may_use_logarithms():
    target = {**TARGET, "e": np.log(1.69), "alpha": 1}
    del target["E"]
    assert simulation(target_params=target).target_params == {
        **TARGET,
        "E": pytest.approx(1.69, rel=1e-15),
        "alpha": 1.0,
    }


def test_noise_may_be_an_iterator_a_pair_or_none():
    assert simulation(noise_generator=None).noise_generator is None
    source = iter([0.1, 0.2])
    assert next(simulation(noise_generator=source).noise_generator) == 0.1
    pair = simulation(noise_generator=(random.Random(0).uniform, (2.0, 3.0))).noise_generator
    assert all(2 <= next(pair) <= 3 for _ in range(50))


@pytest.mark.parametrize(
    "noise", [0.1, [0.1, 0.2], random.random, (random.random,), (0.1, (1,)), "noise", (random.random, 3)]
)
def test_other_noise_is_a_type_error(noise):
    with pytest.raises(TypeError, match="noise_generator must be an iterator or a tuple"):
        simulation(noise_generator=noise)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_seeding_steps": -1}, "num_seeding_steps must not be negative, got -1"),
        ({"num_scaling_steps": 1.5}, "num_scaling_steps must be a whole number, got 1.5"),
        ({"num_seeding_steps": "ten"}, "num_seeding_steps must be a number, got 'ten'"),
        ({"scaling_factor": None}, "scaling_factor must be given, here or in the constructor"),
        ({"scaling_factor": 0}, "scaling_factor must be positive and finite, got 0.0"),
        ({"target_params": {**TARGET, "A": "large"}}, "target_params['A'] must be a number, got 'large'"),
        ({"target_params": {**TARGET, "A": -1}}, "target_params['A'] must be finite and not negative, got -1.0"),
        ({"target_params": {"E": 1}}, "target_params needs E (or e)"),
        ({"target_params": [1, 2]}, "target_params must be a dictionary, got [1, 2]"),
    ],
)
def test_bad_simulation_arguments_are_one_sentence(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        simulation(**changes)
    assert "\n" not in str(caught.value)


def test_no_factor_is_needed_without_scaling_steps():
    assert simulation(scaling_factor=None, num_scaling_steps=0).scaling_factor is None


@pytest.mark.parametrize("value", [5, 5.0, np.int64(5), np.float32(5), np.array(5)])
def test_counts_may_be_any_whole_number(value):
    assert as_count(value, "n") == 5
    assert as_count(2**60 + 1, "n") == 2**60 + 1  # which no float is
    assert type(as_count(value, "n")) is int
