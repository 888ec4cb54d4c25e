"""Compute of training and inference: the published case, its first-order condition, and searches of both questions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from planned_laws import BUDGETS, LAWS, LIFETIME, SARDANA, lowest

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.lifetime import LifetimeCompute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import compute_optimal_D, optima
from chinchilla_nb.engine.planning.target_loss import allocation_for_loss

TWO_TRILLION = LifetimeCompute(2e12)


def test_the_13B_model_of_sardana():
    D_13B = float(compute_optimal_D(SARDANA, 13e9))
    loss = float(SARDANA.loss(13e9, D_13B))
    N, D = allocation_for_loss(SARDANA, loss, TWO_TRILLION)
    assert float(N) == pytest.approx(6.9686e9, rel=1e-4)
    assert float(D) == pytest.approx(1.24784e12, rel=1e-4)
    assert float(TWO_TRILLION.C(13e9, D_13B)) == pytest.approx(9.6966e22, rel=1e-4)
    assert float(TWO_TRILLION.C(N, D)) == pytest.approx(8.0049e22, rel=1e-4)


@given(law=LAWS, C=BUDGETS, compute=LIFETIME)
@settings(deadline=None, max_examples=100)
def test_the_best_model_of_a_total_budget(law, C, compute):
    N, D = optima(law, C, compute)
    assume(not np.isnan(N))
    assert float(compute.C(N, D)) == pytest.approx(C, rel=1e-9)
    largest = float(np.log(compute.N(C, 1.0)))
    _, best = lowest(lambda log_N: _loss(law, np.exp(log_N), compute.D(C, np.exp(log_N))), 0, largest)
    assert float(law.loss(N, D)) == pytest.approx(best, rel=1e-9)


def _loss(law, N, D):
    return np.where(D >= 1, law.loss(N, np.where(D >= 1, D, 1.0)), np.inf)


@pytest.mark.parametrize("C", [1e20, 1e22, 1e24])
def test_the_first_order_condition_of_the_paper(C):
    N, D = (float(value) for value in optima(SARDANA, C, TWO_TRILLION))
    by_size = SARDANA.alpha * SARDANA.A * N**-SARDANA.alpha
    by_data = SARDANA.beta * SARDANA.B * D**-SARDANA.beta
    assert by_size == pytest.approx(by_data * (1 + 2e12 / (3 * D)), rel=1e-9)


@given(compute=LIFETIME, C=BUDGETS)
@settings(deadline=None)
def test_a_convention_is_consistent(compute, C):
    assert isinstance(compute, Compute)
    N = float(compute.N(C, 1e9))
    assert float(compute.C(N, 1e9)) == pytest.approx(C, rel=1e-9)
    assert float(compute.D(C, N)) == pytest.approx(1e9, rel=1e-5)
    assert float(np.exp(compute.log_D(C, np.log(N)))) == pytest.approx(1e9, rel=1e-5)
    step = 1e-6
    in_N, in_D = compute.elasticities(N, 1e9)
    more_N, more_D = (
        np.log(compute.C(N * np.exp(a), 1e9 * np.exp(b)) / compute.C(N * np.exp(-a), 1e9 * np.exp(-b))) / (2 * step)
        for a, b in ((step, 0), (0, step))
    )
    assert float(in_N) == pytest.approx(float(more_N), rel=1e-5)
    assert float(in_D) == pytest.approx(float(more_D), rel=1e-5, abs=1e-7)


def test_a_budget_below_its_inference_trains_nothing():
    assert np.isnan(TWO_TRILLION.D(1e20, 1e12))


def test_text():
    assert TWO_TRILLION.text == "6ND + 2N × 2e+12"


@pytest.mark.parametrize("tokens", [0, -1, np.inf, "many"])
def test_inference_tokens_must_be_positive(tokens):
    with pytest.raises(InputError, match="inference_tokens must be"):
        LifetimeCompute(tokens)
