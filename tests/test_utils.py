"""Model search and bounds."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest

from chinchilla_nb._utils import is_between, search_model_config


def transformer(hidden_size, num_layers):
    return 12 * num_layers * hidden_size**2


GRID = {"hidden_size": [1024, 2048, 4096], "num_layers": [1, 2, 4, 8, 16, 32]}


@pytest.mark.parametrize("use_cache", [False, True])
@pytest.mark.parametrize("wanted", [1, 1e7, 1e9, 3e9, 1e12])
def test_the_nearest_configuration_is_found(wanted, use_cache):
    config, N = search_model_config(wanted, GRID, transformer, use_cache=use_cache)
    sizes = [transformer(h, n) for h in GRID["hidden_size"] for n in GRID["num_layers"]]
    assert abs(N - wanted) == min(abs(size - wanted) for size in sizes)
    assert transformer(**config) == N


def test_a_cache_sees_a_grid_that_was_changed_in_place():
    grid = {"width": [10, 20]}
    assert search_model_config(1000, grid, lambda width: width, use_cache=True)[1] == 20
    size = functools.partial(pow, exp=1)
    assert search_model_config(1000, {"base": grid["width"]}, size, use_cache=True)[1] == 20
    grid["width"].append(900)
    assert search_model_config(1000, {"base": grid["width"]}, size, use_cache=True)[1] == 900


def test_a_cache_never_mixes_estimators_even_when_their_ids_are_reused():
    for factor in range(1, 200):
        # Each estimator dies at the end of its turn, so the next one may get its id.
        assert (
            search_model_config(1e9, {"width": [10]}, lambda width, k=factor: k * width, use_cache=True)[1]
            == 10 * factor
        )


def test_a_cache_tells_values_that_are_equal_but_not_the_same():
    def size(width):
        return {bool: 1, int: 2, float: 3}[type(width)]

    for value in (True, 1, 1.0):
        assert search_model_config(1, {"width": [value]}, size, use_cache=True)[1] == size(value)


def test_a_cache_estimates_once_and_is_bounded():
    calls = []

    def size(width):
        calls.append(width)
        return width

    for _ in range(3):
        search_model_config(5, {"width": [1, 2, 3]}, size, use_cache=True)
    assert len(calls) == 3
    for first in range(40):
        search_model_config(5, {"width": [first + 10]}, size, use_cache=True)
    search_model_config(5, {"width": [1, 2, 3]}, size, use_cache=True)
    assert len(calls) == 3 + 40 + 3


def test_what_cannot_be_a_key_is_searched_without_a_cache():
    grid = {"widths": [[1, 2], [3, 4]]}
    assert search_model_config(7, grid, lambda widths: sum(widths), use_cache=True) == ({"widths": [3, 4]}, 7)


def test_text_values_and_numpy_integers():
    grid = {"act": ["gelu", "swiglu"], "width": np.array([2**20, 2**21], dtype=np.int32)}

    def size(act, width):
        # As int32 this would overflow; the grid gives Python integers.
        return np.int64(width * width * (3 if act == "swiglu" else 2))

    config, N = search_model_config(1e30, grid, size)
    assert config == {"act": "swiglu", "width": 2**21}
    assert N == 3.0 * 2.0**42


def test_infinite_sizes_leave_configurations_out():
    assert search_model_config(1e9, {"width": [1, 2, 3]}, lambda width: np.inf if width > 2 else width)[1] == 2
    with pytest.raises(ValueError, match=r"size_estimator must return a positive, finite size .* got none among 3"):
        search_model_config(1e9, {"width": [1, 2, 3]}, lambda width: np.inf)


@pytest.mark.parametrize("size", ["12M", None, np.array([1, 2])])
def test_a_size_that_is_not_a_number_is_named_with_its_configuration(size):
    with pytest.raises(ValueError, match=r"size_estimator must return a number, got .* for {'width': 3}") as caught:
        search_model_config(1e9, {"width": [3]}, lambda width: size)
    assert repr(size) in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, GRID, transformer), "N_opt must be positive and finite, got -1"),
        ((np.nan, GRID, transformer), "N_opt must be positive and finite, got nan"),
        (("big", GRID, transformer), "N_opt must be a number, got 'big'"),
        ((1e9, {}, transformer), "hyperparam_grid must name at least one"),
        ((1e9, {"width": []}, transformer), "hyperparam_grid['width'] must list at least one value"),
        ((1e9, {"act": "gelu"}, transformer), "hyperparam_grid['act'] must be a list of values, got 'gelu'"),
        ((1e9, {"width": 3}, transformer), "hyperparam_grid['width'] must be a list of values, got 3"),
        ((1e9, [1], transformer), "hyperparam_grid must be a dictionary, got [1]"),
        ((1e9, GRID, "transformer"), "size_estimator must be callable, got 'transformer'"),
    ],
)
def test_errors_of_a_search_are_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        search_model_config(*arguments)
    assert "\n" not in str(caught.value)


def test_is_between_takes_numbers_and_arrays():
    assert is_between(1.0, (1, 2)) is True
    assert is_between(np.float64(2.1), np.array([1, 2])) is False
    assert is_between(float("nan"), (0, 1)) is False
    np.testing.assert_array_equal(is_between(np.array([0, 1, 1.5, 2, 3, np.nan]), (1, 2)), [0, 1, 1, 1, 0, 0])
    np.testing.assert_array_equal(is_between([1, 5], np.array([[0, 4], [2, 4.5]])), [1, 0])  # bounds of each value


@pytest.mark.parametrize("bounds", [(1, 2, 3), (1,), 5, None])
def test_there_must_be_two_bounds(bounds):
    with pytest.raises(ValueError, match="bounds must be (a lower and an upper end|a number), got"):
        is_between(1, bounds)
