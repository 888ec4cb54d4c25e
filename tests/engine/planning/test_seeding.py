"""Seeds and the model search: seeds lie in both ranges and are log-uniform."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from chinchilla_nb.engine.planning.model_search import tabulate_models
from chinchilla_nb.engine.planning.seeding import SeedRegime, draw_seed

REGIME = SeedRegime(C=(1e18, 1e20), tokens_per_parameter=(5.0, 80.0))
HYPERPARAMETERS = {"width": [64 * k for k in range(1, 40)], "depth": [4, 8, 16]}


def size(width, depth):
    return 12 * depth * width**2


@pytest.mark.parametrize("models", [None, tabulate_models(HYPERPARAMETERS, size)], ids=["free", "searched"])
@given(seed=st.integers(0, 2**32 - 1))
def test_a_seed_lies_in_both_ranges(models, seed):
    drawn = draw_seed(np.random.default_rng(seed), REGIME, models)
    assert 1e18 * (1 - 1e-9) <= 6 * drawn.N * drawn.D <= 1e20 * (1 + 1e-9)
    assert 5 <= drawn.D / drawn.N <= 80
    assert REGIME.contains(drawn.N, drawn.D)
    assert isinstance(drawn.N, int)
    assert drawn.config is None if models is None else size(**drawn.config) == drawn.N


def test_seeds_are_log_uniform():
    rng = np.random.default_rng(7)
    seeds = [draw_seed(rng, REGIME) for _ in range(2000)]
    C = np.log([6 * seed.N * seed.D for seed in seeds])
    ratio = np.log([seed.D / seed.N for seed in seeds])
    for values, (low, high) in ((C, REGIME.C), (ratio, REGIME.tokens_per_parameter)):
        assert kstest((values - np.log(low)) / np.log(high / low), "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(C, ratio)[0, 1]) < 0.1


def test_the_same_state_gives_the_same_run():
    assert draw_seed(np.random.default_rng(3), REGIME) == draw_seed(np.random.default_rng(3), REGIME)


def test_equal_ends_are_a_point():
    point = SeedRegime(C=(6e20, 6e20), tokens_per_parameter=(100.0, 100.0))
    # N^2 x 100 x 6 = C is N = 1e9.
    seed = draw_seed(np.random.default_rng(0), point)
    assert (seed.N, seed.D) == (1_000_000_000, pytest.approx(1e11, rel=1e-12))


@given(seed=st.integers(0, 2**32 - 1), C=st.floats(1e12, 1e28), ratio=st.floats(1e-2, 1e3))
def test_ranges_with_equal_ends_are_met_although_N_is_whole(seed, C, ratio):
    drawn = draw_seed(np.random.default_rng(seed), SeedRegime(C=(C, C), tokens_per_parameter=(ratio, ratio)))
    assert drawn.D / drawn.N == pytest.approx(ratio, rel=1e-14)
    assert 6 * drawn.N * drawn.D == pytest.approx(C, rel=1.1 / drawn.N)
    assert drawn.N == pytest.approx((C / (6 * ratio)) ** 0.5, abs=0.51, rel=1e-15)


def test_a_regime_of_a_few_parameters_is_refused():
    # N^2 x 20 x 6 = 1000 is N = 2.9: no whole N has D/N = 20 at this compute.
    with pytest.raises(ValueError, match=r"raise seed_ranges\['C'\] so that N is more than a few parameters"):
        draw_seed(np.random.default_rng(0), SeedRegime(C=(1000, 1000), tokens_per_parameter=(20, 20)))


def test_a_search_too_coarse_for_the_ranges_is_refused():
    models = tabulate_models({"width": [64], "depth": [1]}, size)
    with pytest.raises(ValueError, match=r"no run with D/N between 5 and 80 .* in 1024 tries among 1 model sizes"):
        draw_seed(np.random.default_rng(0), REGIME, models)


@pytest.mark.parametrize(("N", "D", "inside"), [(1e9, 2e10, False), (5e8, 1e10, True), (1e8, 1e9, False)])
def test_regime_membership(N, D, inside):
    assert REGIME.contains(N, D) == inside


@given(wanted=st.floats(1e3, 1e10))
def test_the_nearest_model_is_the_nearest(wanted):
    models = tabulate_models(HYPERPARAMETERS, size)
    config, N = models.nearest(wanted)
    every = [size(width, depth) for width in HYPERPARAMETERS["width"] for depth in HYPERPARAMETERS["depth"]]
    assert abs(N - wanted) == min(abs(other - wanted) for other in every)
    assert size(**config) == N


def test_models_that_do_not_exist_are_left_out():
    grid = {"kind": ["dense", "sparse", "none"], "width": [1, 2]}
    models = tabulate_models(
        grid, lambda kind, width: {"dense": width * np.int64(8), "sparse": np.inf}.get(kind, np.nan)
    )
    assert models.N.tolist() == [8, 16]
    assert [config["kind"] for config in models.configs] == ["dense", "dense"]


@pytest.mark.parametrize(
    ("grid", "estimator", "message"),
    [
        ({}, size, "hyperparam_grid must name at least one hyperparameter"),
        ({"width": [1], "depth": []}, size, r"hyperparam_grid\['depth'\] must list at least one value"),
        (
            {"width": [1, 2]},
            lambda width: np.inf,
            "size_estimator must return a positive, finite size .* got none among 2",
        ),
    ],
)
def test_a_search_without_models_is_refused(grid, estimator, message):
    with pytest.raises(ValueError, match=message):
        tabulate_models(grid, estimator)


def test_changing_a_returned_config_changes_no_table():
    models = tabulate_models(HYPERPARAMETERS, size)
    models.nearest(1e6)[0]["width"] = "changed"
    assert models.nearest(1e6)[0]["width"] != "changed"
