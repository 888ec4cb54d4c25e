"""The start grid: keys in any order, linear or logarithmic, and one-sentence errors for unusable axes."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID, StartGrid

AXES = {"e": [0.0, 1.0], "a": [2.0], "b": [3.0, 4.0, 5.0], "alpha": [0.5], "beta": [0.25, 0.75]}


def test_hoffmann_has_4500_starts():
    assert len(HOFFMANN_GRID) == 4500
    points = HOFFMANN_GRID.points()
    assert points.shape == (4500, 5)
    assert len(np.unique(points, axis=0)) == 4500
    assert points.min(axis=0).tolist() == [-1, 0, 0, 0, 0]
    assert points.max(axis=0).tolist() == [1, 25, 25, 2, 2]


def test_points_are_the_product_of_the_axes():
    expected = list(itertools.product(AXES["e"], AXES["a"], AXES["b"], AXES["alpha"], AXES["beta"]))
    assert StartGrid(AXES).points().tolist() == [list(point) for point in expected]


@pytest.mark.parametrize("order", list(itertools.permutations(AXES))[::17])
def test_the_order_of_keys_does_not_matter(order):
    assert StartGrid({name: AXES[name] for name in order}) == StartGrid(AXES)


def test_linear_axes_are_turned_into_logarithms():
    linear = {"E": np.exp(AXES["e"]), "A": [np.exp(2.0)]} | {name: AXES[name] for name in ("b", "alpha", "beta")}
    assert StartGrid(linear).points() == pytest.approx(StartGrid(AXES).points(), rel=1e-15)


def test_any_container_is_accepted():
    for values in ((0.0, 1.0), np.array([0, 1]), range(2), pd.Series([0.0, 1.0], index=[7, 3])):
        assert StartGrid(AXES | {"e": values}) == StartGrid(AXES)
    assert StartGrid(AXES | {"a": 2}) == StartGrid(AXES)


def test_axes_are_read_only_and_survive_a_pickle():
    grid = StartGrid(AXES)
    with pytest.raises(ValueError, match="read-only"):
        grid.axes["e"][0] = 3
    assert pickle.loads(pickle.dumps(grid)) == grid


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"e": []}, r"param_grid\['e'\] must be a list of at least one number"),
        ({"e": [0.0, np.nan]}, r"param_grid\['e'\] must be finite numbers, got nan"),
        ({"alpha": "steep"}, r"param_grid\['alpha'\] must be a number, got 'steep'"),
        ({"beta": [0.5, -0.5]}, r"param_grid\['beta'\] must not be negative, got -0.5"),
        ({"E": [1.0]}, "param_grid must have one key E or e, got both"),
        ({"gamma": [1.0]}, "param_grid has no key 'gamma': choose from E, e"),
    ],
)
def test_unusable_axes_are_refused_by_name(change, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        StartGrid(AXES | change)


def test_more_starts_than_memory_holds_are_refused():
    long = np.linspace(1, 2, 100)
    with pytest.raises(ValueError, match=r"^param_grid must have at most 10,000,000 starts, got 10,000,000,000"):
        StartGrid({"E": long, "A": long, "B": long, "alpha": long, "beta": long})
    assert len(StartGrid({"E": long, "A": long, "B": long, "alpha": [0.3] * 10, "beta": 0.3})) == 10_000_000


def test_missing_and_impossible_axes():
    with pytest.raises(ValueError, match=r"^param_grid must have one key beta, got none$"):
        StartGrid({name: AXES[name] for name in ("e", "a", "b", "alpha")})
    with pytest.raises(ValueError, match=r"^param_grid\['E'\] must be positive, got -1.0$"):
        StartGrid({"E": [-1.0], **{name: AXES[name] for name in ("a", "b", "alpha", "beta")}})
