"""The law: published predictions, gradient, iso-loss curves, and refused parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from runs import LAW

from chinchilla_nb.engine.laws.chinchilla import ScalingLaw

LAWS = st.builds(
    ScalingLaw,
    E=st.floats(0, 3),
    A=st.floats(1, 1e5),
    B=st.floats(1, 1e5),
    alpha=st.floats(0.1, 0.9),
    beta=st.floats(0.1, 0.9),
)


def test_loss_by_hand():
    law = ScalingLaw(E=1.5, A=100.0, B=1000.0, alpha=0.5, beta=0.25)
    # 1.5 + 100 / 10^4 + 1000 / 10^3
    assert law.loss(1e8, 1e12) == pytest.approx(2.51, rel=1e-14)


def test_loss_broadcasts():
    assert LAW.loss(np.ones((3, 1)), np.ones(4)).shape == (3, 4)


def test_large_integers_do_not_overflow():
    assert LAW.loss(np.int64(10**18), 10**30) == pytest.approx(LAW.loss(1e18, 1e30), rel=1e-14)


@given(law=LAWS, N=st.floats(1e4, 1e12), D=st.floats(1e6, 1e14))
def test_gradient_is_the_derivative(law, N, D):
    h = 1e-5
    by_N, by_D = law.gradient(N, D)
    # Differences of one term alone: next to E and the other term they would be lost in rounding.
    only_N, only_D = ScalingLaw(0.0, law.A, 0.0, law.alpha, 0.0), ScalingLaw(0.0, 0.0, law.B, 0.0, law.beta)
    # With abs=0, because the derivative by D is often below the default tolerance of pytest.
    by_differences = (only_N.loss(N * (1 + h), D) - only_N.loss(N * (1 - h), D)) / (2 * h * N)
    assert by_N == pytest.approx(by_differences, rel=1e-6, abs=0)
    by_differences = (only_D.loss(N, D * (1 + h)) - only_D.loss(N, D * (1 - h))) / (2 * h * D)
    assert by_D == pytest.approx(by_differences, rel=1e-6, abs=0)


@given(law=LAWS, N=st.floats(1e6, 1e11), D=st.floats(1e8, 1e12))
def test_iso_loss_gives_D_back(law, N, D):
    loss = law.loss(N, D)
    assume(law.B * D**-law.beta > 1e-6 * loss)  # below this, D is lost in the rounding of the loss
    assert law.iso_loss_D(loss, N) == pytest.approx(D, rel=1e-7)


@given(law=LAWS, N=st.floats(1e6, 1e11), D=st.floats(1e8, 1e12))
def test_iso_loss_gives_N_back(law, N, D):
    loss = law.loss(N, D)
    assume(law.A * N**-law.alpha > 1e-6 * loss)
    assert law.iso_loss_N(loss, D) == pytest.approx(N, rel=1e-7)


def test_a_loss_out_of_reach_is_nan():
    assert np.isnan(LAW.iso_loss_D(1.69, 1e9))
    assert np.isnan(LAW.iso_loss_D(1.0, 1e9))
    assert np.isnan(LAW.iso_loss_N(1.7, 1e3))
    assert np.isnan(ScalingLaw(1, 1, 1, 0.3, 0.0).iso_loss_D(3.0, 1e9))


def test_the_cost_of_overtraining_agrees_with_de_vries():
    # de Vries 2023: a quarter of the optimal parameters costs 188.88 % more compute for the same loss.
    from chinchilla_nb.engine.laws.allocation import allocate

    law = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.336, beta=0.283)
    N, D = allocate(law, 1e23)
    same_loss = law.iso_loss_D(law.loss(N, D), N / 4)
    assert 0.25 * same_loss / D - 1 == pytest.approx(1.8888, abs=5e-5)


def test_inference_aware_optimum_of_sardana():
    # Sardana et al. 2024: the loss of 13B, served for 2T tokens, is cheapest at N = 6.9686e9, D = 1.24784e12,
    # where alpha A N^-alpha = beta B D^-beta (1 + D_inf / (3 D)).
    law = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.336, beta=0.283)
    N, D, served = 6.9686e9, 1.24784e12, 2e12
    by_N, by_D = law.gradient(N, D)
    assert N * by_N == pytest.approx(D * by_D * (1 + served / (3 * D)), rel=1e-4)

    def cost(size):
        return 6 * size * law.iso_loss_D(law.loss(N, D), size) + 2 * size * served

    assert cost(N) < min(cost(N * 1.01), cost(N / 1.01))


def test_from_params_takes_logarithms_in_any_order():
    # The TeX source of Hoffmann et al. 2022.
    law = ScalingLaw.from_params(
        {"beta": 0.2849083, "alpha": 0.33917084, "b": 6.0179186, "a": 6.0073404, "e": 0.5267228}
    )
    assert (law.E, law.A, law.B) == pytest.approx((1.69337368, 406.401018, 410.722827), rel=1e-7)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"E": 1, "A": 1, "B": 1, "alpha": 1},
        {"E": 1, "e": 0, "A": 1, "B": 1, "alpha": 1, "beta": 1},
        {"E": 1, "A": 1, "B": 1, "alpha": 1, "gamma": 1},
    ],
)
def test_from_params_lists_the_parameters_it_needs(params):
    with pytest.raises(ValueError, match="a law needs E"):
        ScalingLaw.from_params(params)


@pytest.mark.parametrize(("name", "value"), [("A", -1.0), ("E", np.nan), ("beta", np.inf)])
def test_impossible_parameters_are_refused_by_name(name, value):
    values = LAW.as_dict() | {name: value}
    with pytest.raises(ValueError, match=rf"^{name} must be finite and not negative, got {value}$"):
        ScalingLaw(**values)
