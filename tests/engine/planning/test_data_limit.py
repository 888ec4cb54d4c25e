"""Repeated data: the equations of Muennighoff et al. 2023 written out, with their coefficients, on their runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planned_laws import BUDGETS, CHINCHILLA, LIMITED, TRAINING, WithoutClosedForm, lowest
from runs import LAW

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import compute_optimal_D, optima
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.planning.data_limit import R_D_STAR, R_N_STAR, DataLimitedLaw, compute_optimal_N

C4 = ScalingLaw(E=np.exp(0.6254804), A=np.exp(6.255414), B=np.exp(7.3049974), alpha=0.3526596, beta=0.3526596)
"""The law of unique tokens of C4, Muennighoff et al. 2023, appendix A."""


def published(N, D, U):
    """The loss of N parameters on D tokens of which U are unique, equations 5 to 7 of the paper in their own terms."""
    # alpha = beta, so that A / N^alpha = B / D^beta at the optimum.
    N_U = np.minimum(U * np.exp((6.255414 - 7.3049974) / 0.3526596), N)
    R_D, R_N = D / U - 1, N / N_U - 1
    D_worth = U + 15.387756 * U * (1 - np.exp(-R_D / 15.387756))
    N_worth = N_U + 5.309743 * N_U * (1 - np.exp(-R_N / 5.309743))
    return np.exp(0.6254804) + np.exp(6.255414) / N_worth**0.3526596 + np.exp(7.3049974) / D_worth**0.3526596


def test_the_published_equation_on_the_runs_of_the_paper(reference):
    runs = reference("c4_data_constrained.csv")
    ours = [
        float(DataLimitedLaw(C4, unique).loss(N, D))
        for N, D, unique in zip(runs.N, runs.D, runs.unique_tokens, strict=True)
    ]
    N, D, U = (runs[name].to_numpy(dtype=float) for name in ("N", "D", "unique_tokens"))
    assert ours == pytest.approx(list(published(N, D, U)), rel=1e-9)


def test_the_defaults_are_those_of_the_paper():
    law = DataLimitedLaw(C4, 1e9)
    assert (law.R_D, law.R_N) == (15.387756, 5.309743) == (R_D_STAR, R_N_STAR)
    assert law.N_unique == pytest.approx(0.051 * 1e9, rel=1e-3)
    # Repeating for ever is worth no more than U (1 + R_D*) fresh tokens, section 3.1.
    assert float(law.effective_D(1e30)) == pytest.approx(16.387756e9, rel=1e-9)


@given(law=LIMITED, N=st.floats(6, 11), D=st.floats(6, 13))
@settings(deadline=None)
def test_one_epoch_of_a_small_model_is_the_law_itself(law, N, D):
    N, D = min(10**N, law.N_unique), min(10**D, law.unique_tokens)
    assert float(law.loss(N, D)) == float(law.law.loss(N, D))


@given(law=LIMITED, C=BUDGETS, compute=TRAINING)
@settings(deadline=None, max_examples=150)
def test_the_best_model_and_epochs_of_a_budget(law, C, compute):
    N, D = optima(law, C, compute)
    assume(not np.isnan(N))
    _, best = lowest(
        lambda log_N: law.loss(np.exp(log_N), compute.D(C, np.exp(log_N))), 0, np.log(float(compute.N(C, 1.0)))
    )
    assert float(law.loss(N, D)) == pytest.approx(best, rel=1e-9)


@given(law=LIMITED, N=st.floats(7, 11), D=st.floats(7, 12))
@settings(deadline=None)
def test_gradients_are_those_of_the_loss(law, N, D):
    N, D, step = 10**N, 10**D, 1e-5
    assume(abs(np.log(N / law.N_unique)) > 2 * step and abs(np.log(D / law.unique_tokens)) > 2 * step)
    dN, dD = law.gradient(N, D)
    by_N = (law.loss(N * (1 + step), D) - law.loss(N * (1 - step), D)) / (2 * step)
    by_D = (law.loss(N, D * (1 + step)) - law.loss(N, D * (1 - step))) / (2 * step)
    # The loss is rounded to 1e-16 of itself, and its difference is divided by the step.
    rounding = 1e-10 * float(law.loss(N, D))
    assert float(N * dN) == pytest.approx(float(by_N), rel=1e-4, abs=rounding)
    assert float(D * dD) == pytest.approx(float(by_D), rel=1e-4, abs=rounding)


@given(law=CHINCHILLA, D=st.floats(7, 13))
@settings(deadline=None)
def test_the_model_that_is_optimal_for_some_tokens(law, D):
    N = compute_optimal_N(law, 10**D)
    assume(N > 1)
    assert float(compute_optimal_D(law, N)) == pytest.approx(10**D, rel=1e-9)
    assert compute_optimal_N(WithoutClosedForm(law), 10**D) == pytest.approx(N, rel=1e-9)


def test_a_loss_that_no_repetition_reaches():
    law = DataLimitedLaw(LAW, 1e9)
    floor = float(law.loss(np.inf, np.inf))
    assert floor > LAW.E
    assert np.isnan(law.iso_loss_D(floor - 1e-6, 1e12))
    # The infinite model on infinitely repeated data is worth N_U (1 + R_N*) parameters and U (1 + R_D*) tokens.
    assert floor == pytest.approx(float(LAW.loss(law.N_unique * 6.309743, 1e9 * 16.387756)), rel=1e-12)


@pytest.mark.parametrize("bad", [0, -1, np.inf, np.nan])
def test_numbers_must_be_positive(bad):
    with pytest.raises(InputError, match="unique_tokens must be positive and finite"):
        DataLimitedLaw(LAW, bad)
    with pytest.raises(InputError, match="R_D must be positive and finite"):
        DataLimitedLaw(LAW, 1e9, R_D=bad)
