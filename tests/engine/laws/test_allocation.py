"""Allocation: the budget is spent, no point on the isoFLOP line is better, and published optima are reproduced."""

from __future__ import annotations

import contextlib
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_laws import WithoutClosedForm
from scipy.optimize import minimize_scalar

from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate, compute_optimal_D, exponents, optima
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.kaplan import KaplanLaw

LAWS = st.builds(
    ScalingLaw,
    E=st.floats(0, 3),
    A=st.floats(10, 1e4),
    B=st.floats(10, 1e4),
    alpha=st.floats(0.2, 0.6),
    beta=st.floats(0.2, 0.6),
)
"""Laws whose optimum has more than one parameter and one token at every budget below."""
BUDGETS = st.floats(18, 28).map(lambda exponent: 10**exponent)


def powers(low, high):
    """Numbers spread evenly over decades, up to the ends of float64."""
    return st.floats(low, high).map(lambda exponent: float(f"1e{exponent:.0f}") * 10 ** (exponent % 1))


ANY_LAW = st.builds(
    ScalingLaw,
    E=powers(-300, 300),
    A=powers(-300, 300),
    B=powers(-300, 300),
    alpha=powers(-12, 1),
    beta=powers(-12, 1),
)
ANY_KAPLAN = st.builds(
    KaplanLaw, N_c=powers(-300, 300), D_c=powers(-300, 300), alpha_N=powers(-2, 1), alpha_D=powers(-2, 1)
)
ANY_BUDGET = powers(-300, 307)


def log_slopes(law, N, D):
    """Logarithms of -N dL/dN and -D dL/dD up to a common factor, written out from the definition of each law."""
    log_N, log_D = math.log(N), math.log(D)
    if isinstance(law, KaplanLaw):
        r = law.alpha_N / law.alpha_D
        return math.log(r) + r * (math.log(law.N_c) - log_N), math.log(law.D_c) - log_D
    return (
        math.log(law.alpha) + math.log(law.A) - law.alpha * log_N,
        math.log(law.beta) + math.log(law.B) - law.beta * log_D,
    )


@given(law=ANY_LAW | ANY_KAPLAN, C=ANY_BUDGET)
@settings(deadline=None, max_examples=500)
def test_an_allocation_is_an_optimum_or_refused(law, C):
    N, D = optima(law, C)
    if np.isnan(N):
        with pytest.raises(InputError, match=re.escape(f"got {C:.6g} with {law}")):
            allocate(law, C)
        # With one parameter a smaller model would be better, or with one token more of them would be worse; or 6ND = C
        # leaves less than one of either.
        by_size, by_data = log_slopes(law, 1.0, max(C / 6, 1.0))
        too_small = by_size <= by_data + 1e-9
        by_size, by_data = log_slopes(law, max(C / 6, 1.0), 1.0)
        assert too_small or by_size >= by_data - 1e-9 or C < 6 * (1 + 1e-9)
    else:
        assert math.isfinite(N)
        assert math.isfinite(D)
        assert min(N, D) >= 1
        assert np.log(6) + np.log(N) + np.log(D) == pytest.approx(np.log(C), rel=1e-12, abs=1e-12)
        by_size, by_data = log_slopes(law, float(N), float(D))
        assert by_size == pytest.approx(by_data, rel=1e-9, abs=1e-9)


@given(law=ANY_LAW | ANY_KAPLAN, N=powers(0, 300))
@settings(deadline=None, max_examples=500)
def test_the_tokens_of_a_size_are_optimal_or_refused(law, N):
    D = None
    with contextlib.suppress(InputError):
        D = float(compute_optimal_D(law, N))
    if D is None:
        too_few = np.subtract(*log_slopes(law, N, 1.0)) <= 1e-9
        too_many = np.subtract(*log_slopes(law, N, 8e307)) >= -1e-9
        assert too_few or too_many
    else:
        assert math.isfinite(D)
        assert D >= 1
        by_size, by_data = log_slopes(law, N, float(D))
        assert by_size == pytest.approx(by_data, rel=1e-9, abs=1e-9)


@given(law=LAWS, C=BUDGETS)
@settings(deadline=None)
def test_a_law_without_a_closed_form_has_the_same_optimum(law, C):
    one, other = WithoutClosedForm(law), law
    np.testing.assert_allclose(allocate(one, C), allocate(other, C), rtol=1e-9)
    N = allocate(law, C)[0]
    assert compute_optimal_D(one, N) == pytest.approx(compute_optimal_D(other, N), rel=1e-9)


@pytest.mark.parametrize("closed_form", [True, False])
def test_a_nearly_flat_law_has_no_optimum(closed_form):
    flat = ScalingLaw(E=1.7, A=400, B=410, alpha=0.34, beta=1e-9)  # N* would be inf and D* zero
    law = flat if closed_form else WithoutClosedForm(flat)
    C = [1e18, 1e20]
    assert np.isnan(optima(law, C)).all()
    says = re.escape(
        "one token, got 1e+18 with L(N, D) = 1.7 + 400 / N^0.34 + 410 / D^1e-09: choose a larger C, or fit"
    )
    with pytest.raises(InputError, match=says):
        allocate(law, C)


def test_the_error_names_the_first_budget_without_an_optimum():
    # N* = D* = sqrt(C / 6), which is below one for C < 6.
    law = ScalingLaw(E=1, A=100, B=100, alpha=0.5, beta=0.5)
    N, _ = optima(law, [6e20, 5.0, 6e18, 4.0])
    np.testing.assert_allclose(N, [1e10, np.nan, 1e9, np.nan], rtol=1e-12)
    with pytest.raises(InputError, match="got 5 with L"):
        allocate(law, [6e20, 5.0, 6e18, 4.0])


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
    assert SIX_ND.D(C, N) == pytest.approx(D, rel=1e-9)


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


@given(law=ANY_LAW | ANY_KAPLAN, loss=powers(-300, 300), size=powers(0, 300), C=ANY_BUDGET)
@settings(deadline=None, max_examples=300)
def test_curves_and_exponents_of_any_law_are_numbers(law, loss, size, C):
    curve = law.iso_loss(loss)
    assert np.isfinite([curve.log_F, curve.f, curve.log_G, curve.g]).all()
    for reach in (law.iso_loss_D, law.iso_loss_N):
        reached = float(reach(loss, size))
        assert math.isnan(reached) or 0 < reached < math.inf
    a, b = exponents(law, C)
    assert 0 <= a <= 1
    assert a + b == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("kappa", [2.0, 8.0])
def test_a_budget_at_another_cost_per_token_buys_what_a_proportional_budget_buys(kappa):
    """C = kappa ND is 6ND of 6 C / kappa."""
    law, compute = ScalingLaw(1.69, 406.4, 410.7, 0.34, 0.28), ProductCompute(kappa)
    N, D = allocate(law, 1e22, compute)
    assert np.array([N, D]) == pytest.approx(np.array(allocate(law, 1e22 * 6 / kappa)), rel=1e-12)
    assert kappa * N * D == pytest.approx(1e22, rel=1e-12)
    assert exponents(law, compute=compute) == exponents(law)
