"""Plans with fixed N, D or tokens per parameter: they spend the budget or reach the loss, or are refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planned_laws import BUDGETS, COMPUTES, LAWS, LIMITED
from runs import LAW

from chinchilla_nb.engine.compute.lifetime import LifetimeCompute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.fixed_parameters import D_for_budget, D_for_loss
from chinchilla_nb.engine.planning.fixed_ratio import N_for_budget, N_for_loss
from chinchilla_nb.engine.planning.fixed_tokens import parameters_for_budget, parameters_for_loss

RATIOS = st.floats(-1, 4).map(lambda exponent: 10**exponent)


@given(C=BUDGETS, compute=COMPUTES, ratio=RATIOS)
@settings(deadline=None)
def test_a_budget_is_spent(C, compute, ratio):
    N = N_for_budget(C, ratio, compute)
    assert float(compute.C(N, ratio * N)) == pytest.approx(C, rel=1e-9)
    assert float(D_for_budget(C, N, compute)) == pytest.approx(float(ratio * N), rel=1e-5)
    assert float(parameters_for_budget(C, ratio * N, compute)) == pytest.approx(float(N), rel=1e-9)


@given(law=LAWS | LIMITED, N=st.floats(6, 12).map(lambda exponent: 10**exponent), ratio=RATIOS)
@settings(deadline=None)
def test_a_loss_is_reached(law, N, ratio):
    loss = float(law.loss(N, ratio * N))
    # Where returns have ended, a loss determines no size.
    dN, dD = law.gradient(N, ratio * N)
    assume(min(-N * dN, -ratio * N * dD) > 1e-6 * loss)
    assert float(N_for_loss(law, loss, ratio)) == pytest.approx(N, rel=1e-6)
    assert float(D_for_loss(law, loss, N)) == pytest.approx(ratio * N, rel=1e-6)
    assert float(parameters_for_loss(law, loss, ratio * N)) == pytest.approx(N, rel=1e-6)


def test_what_is_out_of_reach_is_named():
    # 1.69 + 406.4 / 1e9^.34 = 2.0440
    with pytest.raises(
        InputError, match=r"loss must be above 2\.04396, the loss of 1e\+09 parameters on unlimited data"
    ):
        D_for_loss(LAW, 2.0, 1e9)
    # 1.69 + 410.7 / 1e9^.28 = 2.9301
    with pytest.raises(InputError, match=r"above 2\.93\d+, the loss of infinite models on 1e\+09 tokens"):
        parameters_for_loss(LAW, 2.5, 1e9)
    with pytest.raises(InputError, match=r"loss must be above 1\.69, which this law does not reach"):
        N_for_loss(LAW, 1.69, 20)
    with pytest.raises(InputError, match="loss must be that of some model, got 1e\\+06 at 20 tokens per parameter"):
        N_for_loss(LAW, 1e6, 20)
    with pytest.raises(InputError, match=r"C must pay for training 1e\+09 parameters on at least one token"):
        D_for_budget(1e9, 1e9)
    with pytest.raises(InputError, match=r"C must pay for training 1e\+12 parameters .* with C = 6ND \+ 2N × 1e\+12"):
        D_for_budget(1e24, 1e12, LifetimeCompute(1e12))
    with pytest.raises(InputError, match=r"C must pay for training at least one parameter on 1e\+12 tokens"):
        parameters_for_budget(1e10, 1e12)
    with pytest.raises(InputError, match="C must train at least one parameter on one token"):
        N_for_budget(1.0, 20)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_numbers_must_be_positive(bad):
    for solve in (
        lambda: D_for_budget(1e20, bad),
        lambda: parameters_for_budget(1e20, bad),
        lambda: N_for_budget(bad, 20),
    ):
        with pytest.raises(InputError, match="must be positive"):
            solve()
