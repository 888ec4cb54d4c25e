"""Deadweight compute: C minus the least compute that reaches the same loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import LAW
from scipy.optimize import brentq

from chinchilla_nb.engine.compute.product import ProductCompute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.kaplan import KaplanLaw
from chinchilla_nb.engine.planning.deadweight import deadweight_compute

KAPLAN = KaplanLaw(8.8e13, 5.4e13, 0.076, 0.095)
"""Kaplan et al. 2020, table 1."""


def _least_compute(law, loss, C):
    """The budget whose optimum has a loss, by another root search."""
    return np.exp(
        brentq(lambda log_C: float(law.loss(*allocate(law, np.exp(log_C)))) - loss, np.log(C) - 30, np.log(C))
    )


def test_published_example():
    # D* 12.8 % too high at 3.8e25 FLOPs wastes 1.70e23 FLOPs, 0.45 %; 12.75 and 12.85 % are printed the same.
    N, D = allocate(LAW, 3.8e25)
    low, found, high = (deadweight_compute(LAW, N / f, D * f) for f in (1.1275, 1.128, 1.1285))
    assert low.flops <= 1.70e23 <= high.flops
    assert found.share == pytest.approx(0.0045, abs=5e-5)
    assert found.C == pytest.approx(3.8e25)
    assert found.least + found.flops == pytest.approx(3.8e25)


@pytest.mark.parametrize("law", [LAW, KAPLAN])
@pytest.mark.parametrize("C", [1e18, 1e22, 1e26])
def test_there_is_none_at_the_optimum(law, C):
    assert float(deadweight_compute(law, *allocate(law, C)).share) <= 1e-15


@pytest.mark.parametrize("law", [LAW, KAPLAN])
@pytest.mark.parametrize("factor", [0.1, 0.7, 1.5, 20.0])
def test_the_least_compute_reaches_the_same_loss(law, factor):
    N, D = allocate(law, 1e22)
    found = deadweight_compute(law, N * factor, D / factor)
    assert float(law.loss(*allocate(law, found.least))) == pytest.approx(
        float(law.loss(N * factor, D / factor)), rel=1e-12
    )
    assert float(found.least) == pytest.approx(
        _least_compute(law, float(law.loss(N * factor, D / factor)), 1e22), rel=1e-9
    )


@given(st.floats(-6, 6), st.floats(0.05, 1.5), st.floats(0.05, 1.5))
def test_it_grows_with_the_distance_from_the_optimum(x, alpha, beta):
    law = ScalingLaw(1.5, 100.0, 200.0, alpha, beta)
    C = 1e60  # so that the optimum has more than one parameter and token for all exponents
    N, D = allocate(law, C)
    share = float(deadweight_compute(law, N * np.exp(x), D * np.exp(-x)).share)
    farther = float(deadweight_compute(law, N * np.exp(1.1 * x), D * np.exp(-1.1 * x)).share)
    assert 0 <= share <= farther + 1e-15 <= 1 + 1e-15


def test_tiny_errors_keep_their_digits():
    # To second order the share is (alpha + beta) x^2 / 2, whatever the floor.
    N, D = allocate(LAW, 1e22)
    x = 1e-6
    share = deadweight_compute(LAW, N * np.exp(x), D * np.exp(-x)).share
    assert float(share) == pytest.approx((LAW.alpha + LAW.beta) * x**2 / 2, rel=1e-3)


def test_another_convention_of_compute_scales_the_flops_only():
    six, eight = (deadweight_compute(LAW, 1e9, 1e11, ProductCompute(kappa)) for kappa in (6, 8))
    assert float(eight.share) == pytest.approx(float(six.share))
    assert float(eight.flops) == pytest.approx(8 / 6 * float(six.flops))


def test_arrays_broadcast_and_bad_input_is_refused():
    assert deadweight_compute(LAW, [[1e9], [1e10]], [1e10, 1e11, 1e12]).share.shape == (2, 3)
    with pytest.raises(InputError, match="N and D must broadcast, got shapes"):
        deadweight_compute(LAW, [1e9, 1e10], [1e10, 1e11, 1e12])
    with pytest.raises(InputError, match="N and D must have a compute within float64, got N"):
        deadweight_compute(LAW, 1e300, 1e10)
    with pytest.raises(InputError, match="N must be positive and finite, got -1"):
        deadweight_compute(LAW, -1.0, 1e10)
    with pytest.raises(InputError, match="no compute-optimal|does not|no interior|optimum|must"):
        deadweight_compute(ScalingLaw(1.5, 0.0, 200.0, 0.3, 0.3), 1e9, 1e10)
