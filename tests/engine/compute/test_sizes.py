"""Counts of parameters compared on published optima, and on slices of a law whose optima are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.sizes import compare_size, optima_of_slices
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.size_comparison import compare_sizes

NANOCHAT = pd.DataFrame(
    {
        "C": [1e18, 2.15e18, 4.64e18, 1e19],
        "without_embeddings": [110678115, 167797457, 250650865, 381758347],
        "D_without_embeddings": [1241505403, 1785336422, 2642234152, 3806871243],
        "matrices": [80259665, 131488566, 220985474, 401213504],
        "D_matrices": [1315639547, 1864134141, 2595328843, 3328704512],
    }
)
"""Optima of isoFLOP slices: karpathy/nanochat, dev/LOG.md, 2026-01-27."""


def test_the_counts_of_nanochat() -> None:
    table = compare_sizes(
        NANOCHAT, ["without_embeddings", "matrices"], D=["D_without_embeddings", "D_matrices"], loss=None
    )
    whole, matrices = table.loc["without_embeddings"], table.loc["matrices"]
    assert set(table.optima) == {"rows"}
    assert (whole.N_exponent, whole.D_exponent) == pytest.approx((0.536, 0.489), abs=5e-4)
    assert (round(whole.C_ratio_low, 2), round(whole.C_ratio_high, 2)) == (0.82, 0.87)
    assert (matrices.N_exponent, matrices.D_exponent) == pytest.approx((0.697, 0.406), abs=6e-4)
    # 6ND/C with matrices only, by hand: 6 x 80259665 x 1315639547 / 1e18 and 6 x 401213504 x 3328704512 / 1e19.
    assert (matrices.C_ratio_low, matrices.C_ratio_high) == pytest.approx((0.6335, 0.8013), abs=5e-4)
    # D/N of both, by hand.
    assert (whole.D_per_N_low, whole.D_per_N_high) == pytest.approx((9.972, 11.217), abs=5e-4)
    assert (matrices.D_per_N_low, matrices.D_per_N_high) == pytest.approx((8.297, 16.392), abs=5e-4)
    assert whole.D_per_N_spread < matrices.D_per_N_spread
    assert table.index[0] == table.N_residual.idxmin()


def test_a_straight_frontier_has_no_residual_and_a_bent_one_has() -> None:
    C = np.geomspace(1e18, 1e21, 6)
    straight = compare_size(C, 1e-2 * C**0.5, 1e2 * C**0.5 / 6)
    assert straight.N.exponent == pytest.approx(0.5)
    assert straight.N.R2 == pytest.approx(1)
    assert straight.N.residual == pytest.approx(0, abs=1e-10)
    assert straight.C_range == pytest.approx((1, 1))
    bent = compare_size(C, 1e-2 * C**0.5 * np.array([1, 1.2, 1, 1.2, 1, 1.2]), 1e2 * C**0.5)
    assert bent.N.residual > 0.05
    assert bent.N.R2 < straight.N.R2


def test_two_budgets_say_nothing_of_straightness() -> None:
    found = compare_size([1e18, 1e20], [1e8, 1e9], [1e9, 1e10])
    assert found.N.exponent == pytest.approx(0.5)
    assert np.isnan(found.N.residual)


def test_slices_of_a_symmetric_law_give_its_optima() -> None:
    """With alpha = beta and sizes around the optimum, the parabola's minimum is exact [Hoffmann et al. 2022, 3.2]."""
    law = ScalingLaw(1.7, 400, 400, 0.3, 0.3)  # N* = D* = sqrt(C / 6)
    C = np.repeat([1e18, 1e19, 1e20], 7)
    N = np.sqrt(C / 6) * np.tile(np.exp(np.linspace(-1, 1, 7)), 3)
    D = C / (6 * N)
    found = optima_of_slices(Runs(N, D, law.loss(N, D)))
    np.testing.assert_allclose(found[1], np.sqrt(np.array([1e18, 1e19, 1e20]) / 6), rtol=1e-9)
    np.testing.assert_allclose(found[2], found[1], rtol=1e-9)
    table = compare_sizes(Runs(N, D, law.loss(N, D), columns={"double": 2 * N}), ["N", "double"])
    assert table.loc["N", "N_exponent"] == pytest.approx(0.5)
    assert table.loc["double", "C_ratio_low"] == pytest.approx(2)


def test_a_slice_without_an_interior_minimum_has_no_optimum() -> None:
    N = np.geomspace(1e7, 1e8, 5)
    C, N, D = np.repeat([1e18, 1e20], 5), np.tile(N, 2), np.tile(1e10 / N, 2)
    falling = 4 - np.tile(np.linspace(0, 1, 5), 2)
    assert optima_of_slices(Runs(N, D, falling, C))[0].size == 0


def test_runs_without_slices_are_compared_by_fitted_laws() -> None:
    """With p and q of C, the exponents are a = (beta/q) / (alpha/p + beta/q) / p, and b alike."""
    law, compute, rng = (
        ScalingLaw(1.69, 406.4, 410.7, 0.34, 0.28),
        PowerCompute(9, 0.95, 1.02),
        np.random.default_rng(0),
    )
    N, D = np.exp(rng.uniform(18, 22, 30)), np.exp(rng.uniform(21, 25, 30))
    table = compare_sizes(Runs(N, D, law.loss(N, D), compute.C(N, D)), ["N"])
    assert table.loc["N", "optima"] == "fit"
    alpha, beta = 0.34 / 0.95, 0.28 / 1.02
    assert table.loc["N", "N_exponent"] == pytest.approx(beta / (alpha + beta) / 0.95, rel=1e-4)
    assert table.loc["N", "D_exponent"] == pytest.approx(alpha / (alpha + beta) / 1.02, rel=1e-4)
    assert np.isnan(table.loc["N", "N_residual"])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"sizes": ["matrix"], "D": "D_matrices"}, "matrix.*did you mean 'matrices'"),
        ({"sizes": []}, "at least one column"),
        ({"sizes": "matrices"}, "list of names"),
        ({"sizes": ["matrices"], "D": ["a", "b"]}, "one for each of sizes"),
        ({"sizes": ["matrices"], "D": "D_matrices", "C": "flops"}, "flops"),
    ],
)
def test_what_is_wrong_is_named(change, match) -> None:
    with pytest.raises(InputError, match=match):
        compare_sizes(NANOCHAT, **{"loss": None, **change})
