"""Allocation: the budget is spent, no point on the isoFLOP line is better, and published optima are reproduced."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from chinchilla_nb.engine.laws.allocation import allocate, compute_optimal_D, exponents, isoflop_D
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw

LAWS = st.builds(
    ScalingLaw,
    E=st.floats(0, 3),
    A=st.floats(1, 1e5),
    B=st.floats(1, 1e5),
    alpha=st.floats(0.1, 0.9),
    beta=st.floats(0.1, 0.9),
)
BUDGETS = st.floats(15, 28).map(lambda exponent: 10**exponent)
BESIROGLU = ScalingLaw(E=1.817218, A=477.826, B=2143.417, alpha=0.347310, beta=0.367172)


@given(law=LAWS, C=BUDGETS)
def test_the_budget_is_spent(law, C):
    N, D = allocate(law, C)
    assert 6 * N * D == pytest.approx(C, rel=1e-12)


@given(law=LAWS, C=BUDGETS)
@settings(deadline=None)
def test_nothing_along_the_isoflop_line_is_better(law, C):
    N, _ = allocate(law, C)

    def log_reducible(log_N):
        # The logarithm and long double keep the minimum sharp despite rounding.
        N = np.exp(np.longdouble(log_N))
        return np.log(law.A * N**-law.alpha + law.B * (C / 6 / N) ** -law.beta)

    found = minimize_scalar(
        log_reducible, bounds=(np.log(N) - 20, np.log(N) + 20), method="bounded", options={"xatol": 1e-9}
    )
    assert np.log(N) == pytest.approx(found.x, abs=1e-5)


@given(law=LAWS, C=BUDGETS)
def test_optimal_tokens_of_the_optimal_size_spend_the_same_budget(law, C):
    N, D = allocate(law, C)
    assert compute_optimal_D(law, N) == pytest.approx(D, rel=1e-9)
    assert isoflop_D(C, N) == pytest.approx(D, rel=1e-9)


def test_published_optima():
    # Besiroglu et al. 2024: exponent .51390, and 17.92 tokens per parameter at Chinchilla's budget.
    assert exponents(BESIROGLU)[0] == pytest.approx(0.51390, abs=5e-6)
    N, D = allocate(BESIROGLU, 5.76e23)
    assert D / N == pytest.approx(17.92, abs=0.005)
    # Hoffmann et al. 2022, approach 3: exponent .46 from the parameters of the TeX source.
    assert exponents(ScalingLaw(1.69, 406.4, 410.7, 0.33917084, 0.2849083))[0] == pytest.approx(0.46, abs=0.005)


def test_symmetric_law_splits_evenly():
    law = ScalingLaw(E=1, A=100, B=100, alpha=0.5, beta=0.5)
    assert exponents(law) == (0.5, 0.5)
    N, D = allocate(law, 6e20)
    assert (N, D) == (pytest.approx(1e10, rel=1e-12), pytest.approx(1e10, rel=1e-12))


def test_budgets_keep_their_shape_and_may_pass_the_largest_integer():
    N, D = allocate(BESIROGLU, np.array([[1e18, 10**30]]))
    assert N.shape == D.shape == (1, 2)
    assert allocate(BESIROGLU, 10**30)[0] == pytest.approx(N[0, 1], rel=1e-14)
    assert allocate(BESIROGLU, np.int64(10**18))[0] == pytest.approx(N[0, 0], rel=1e-14)


@pytest.mark.parametrize("bad", [0, -1e20, np.nan, np.inf])
def test_impossible_budgets_are_refused(bad):
    with pytest.raises(ValueError, match=rf"^C must be positive and finite, got {re.escape(str(float(bad)))}$"):
        allocate(BESIROGLU, [1e20, bad])


def test_text_is_not_a_budget():
    with pytest.raises(ValueError, match=r"^C must be a number, got 'much'$"):
        allocate(BESIROGLU, "much")


@pytest.mark.parametrize(
    ("name", "what"), [("A", "model size"), ("alpha", "model size"), ("B", "data"), ("beta", "data")]
)
def test_a_law_without_a_trade_off_has_no_optimum(name, what):
    with pytest.raises(ValueError, match=rf"with {name} = 0: the law says that {what} does not matter"):
        allocate(ScalingLaw(**BESIROGLU.as_dict() | {name: 0.0}), 1e20)
