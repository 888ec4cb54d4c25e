"""Searches for model configurations: their limits, and faults of the estimator."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_search import tabulate_models
from chinchilla_nb.engine.planning.model_sizes import transformer_size


def width_only(width):
    return 12 * width**2


def raising(error):
    def estimator(width):
        raise error

    return estimator


@pytest.mark.parametrize(
    ("grid", "estimator", "problem"),
    [
        ({name: range(1000) for name in "abcd"}, lambda **sizes: 1, "hyperparam_grid must have at most 1,000,000 con"),
        ({"width": range(10**12)}, width_only, "hyperparam_grid['width'] must list at most 1,000,000 values, got more"),
        ({"width": itertools.count()}, width_only, "hyperparam_grid['width'] must list at most 1,000,000 values"),
        ({"width": "64"}, width_only, "hyperparam_grid['width'] must be a list of values, got '64'"),
        ({1: [64]}, width_only, "hyperparam_grid must have the names of hyperparameters as keys, got 1"),
        ([64], width_only, "hyperparam_grid must be a dictionary, got [64]"),
        ({"width": [64]}, "width_only", "size_estimator must be callable, got 'width_only'"),
        (
            {"witdh": [64]},
            width_only,
            "hyperparam_grid has a key 'witdh' that size_estimator width_only does not take: did you mean 'width'?",
        ),
        (
            {"d_model": [64], "depth": [2], "vocab_size": [9]},
            transformer_size,
            "hyperparam_grid has a key 'depth' that size_estimator transformer_size does not take: it takes d_model, ",
        ),
        (
            {"d_model": [64], "n_layers": [2]},
            transformer_size,
            "hyperparam_grid needs the key 'vocab_size', which size_estimator transformer_size takes",
        ),
        ({"d_model": ["64"], "n_layers": [2], "vocab_size": [9]}, transformer_size, "size_estimator raised TypeError("),
        ({"width": [64]}, raising(KeyError("a\nb")), "size_estimator raised KeyError('a\\nb') for {'width': 64}"),
        ({"width": [64]}, raising(StopIteration()), "size_estimator raised StopIteration() for {'width': 64}"),
        ({"width": [64]}, lambda width: "5", "size_estimator must return a number, got '5' for {'width': 64}"),
        ({"width": [64]}, lambda width: True, "size_estimator must return a number, got True for {'width': 64}"),
        ({"width": [64]}, lambda width: 1j, "size_estimator must return a number, got 1j for {'width': 64}"),
        ({"width": [64]}, lambda width: np.ones(1), "size_estimator must return a number, got array([1.]) for {"),
        ({"width": [64]}, lambda width: 10**400, "size_estimator must return a positive, finite size for at least one"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused_in_one_sentence(grid, estimator, problem):
    with pytest.raises(InputError) as caught:
        tabulate_models(grid, estimator)
    assert str(caught.value).startswith(problem)
    assert "\n" not in str(caught.value)


def test_a_configuration_larger_than_float64_is_left_out():
    sizes = {1: 10, 2: 10**400, 3: Fraction(10**400), 4: np.inf, 5: np.nan, 6: -1}
    table = tabulate_models({"width": list(sizes)}, lambda width: sizes[width])
    assert [config["width"] for config in table.configs] == [1]


def test_an_estimator_cannot_change_the_values_of_other_configurations():
    def careless(layers, width):
        layers.append(1)
        return width * len(layers)

    table = tabulate_models({"layers": [[1, 2], [1, 2, 3]], "width": [1, 10, 100]}, careless)
    assert sorted(table.N) == [3, 4, 30, 40, 300, 400]
    assert all(config["layers"] in ([1, 2], [1, 2, 3]) for config in table.configs)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_passes(error):
    with pytest.raises(error):
        tabulate_models({"width": [64]}, raising(error))
