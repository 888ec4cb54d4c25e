"""The least compute for a loss: the inverse of `allocate`, and no more than a search along the curve finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from planned_laws import BUDGETS, COMPUTES, LAWS, LIMITED, lowest
from runs import LAW

from chinchilla_nb.engine.compute.tabulated import TabulatedCompute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate, optima
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.planning.target_loss import allocation_for_loss, least_compute


def test_a_round_trip_with_allocate_is_exact():
    C = np.geomspace(1e18, 1e27, 40)
    N, D = allocate(LAW, C)
    loss = LAW.loss(N, D)
    assert least_compute(LAW, loss) == pytest.approx(C, rel=1e-12)
    found = allocation_for_loss(LAW, loss)
    assert found[0] == pytest.approx(N, rel=1e-12)
    assert found[1] == pytest.approx(D, rel=1e-12)


@given(law=LAWS | LIMITED, C=BUDGETS, compute=COMPUTES)
@settings(deadline=None, max_examples=150)
def test_a_round_trip_of_any_law_and_convention(law, C, compute):
    N, D = optima(law, C, compute)
    assume(not np.isnan(N))
    loss = law.loss(N, D)
    # A loss within rounding of the floor determines no compute.
    assume(loss > 1.001 * float(law.loss(np.inf, np.inf)))
    assert float(least_compute(law, loss, compute)) == pytest.approx(C, rel=1e-11)


@given(law=LAWS | LIMITED, C=BUDGETS, compute=COMPUTES)
@settings(deadline=None, max_examples=100)
def test_no_model_reaches_the_loss_with_less(law, C, compute):
    N, D = optima(law, C, compute)
    assume(not np.isnan(N))
    loss, floor = float(law.loss(N, D)), float(law.loss(np.inf, np.inf))
    assume(loss > 1.001 * floor)
    loss += 0.1 * (loss - floor)
    try:
        N, D = allocation_for_loss(law, loss, compute)
    except InputError:
        assume(False)  # the loss is so high that less than a parameter or a token would do
    assert float(law.loss(N, D)) == pytest.approx(loss, rel=1e-9)

    def spent(log_N):
        D = law.iso_loss_D(loss, np.exp(log_N))
        return np.log(compute.C(np.exp(log_N), np.where(D >= 1, D, np.nan)))

    # All sizes, and those nearby: the models that some data bring to the loss can be within a per cent of each other.
    ranges = (0, np.log(N) + 15), (max(0, np.log(N) - 0.05), np.log(N) + 0.05)
    least = min(lowest(spent, *ends)[1] for ends in ranges)
    assert np.log(compute.C(N, D)) == pytest.approx(least, abs=1e-9)


def test_the_first_order_condition_of_a_law_written_out():
    N, D = allocation_for_loss(LAW, 2.0)
    assert LAW.alpha * LAW.A / N**LAW.alpha == pytest.approx(LAW.beta * LAW.B / D**LAW.beta, rel=1e-12)


@pytest.mark.parametrize("loss", [1.69, 1.5, 1e-9])
def test_a_loss_that_no_compute_reaches_is_refused(loss):
    with pytest.raises(InputError, match=r"loss must be above 1\.69, which this law does not reach with any"):
        least_compute(LAW, loss)


@pytest.mark.parametrize("loss", [0.0, -1.0, np.nan, np.inf])
def test_a_loss_must_be_a_number(loss):
    with pytest.raises(InputError, match="loss must be positive and finite"):
        least_compute(LAW, loss)


def test_a_loss_of_less_than_one_parameter_is_refused():
    with pytest.raises(InputError, match="loss must be reached by at least one parameter and one token"):
        least_compute(LAW, 1e4)


def test_a_law_without_an_optimum_is_refused():
    with pytest.raises(InputError, match="law must fall with N and with D to reach a loss"):
        least_compute(ScalingLaw(E=1.69, A=0, B=410.7, alpha=0.34, beta=0.28), 2.0)


def test_the_compute_of_a_frontier_law():
    law = FrontierLaw(E=1.6, A=100.0, alpha=0.0941)
    C = np.array([1e17, 1e21])
    assert least_compute(law, law.loss(C)) == pytest.approx(C, rel=1e-12)
    with pytest.raises(InputError, match=r"loss must be above 1\.6"):
        least_compute(law, 1.6)


KINKED = TabulatedCompute((1e7, 1e9, 1e11), (4e7, 6e9, 1.2e12))
"""FLOPs per token that grow faster from a billion parameters on."""


@pytest.mark.parametrize("C", [1e19, 1e21, 1e23])
def test_a_round_trip_where_the_growth_of_compute_jumps(C):
    N, D = allocate(LAW, C, KINKED)
    loss = float(LAW.loss(N, D))
    assert float(least_compute(LAW, loss, KINKED)) == pytest.approx(C, rel=1e-11)
    _, least = lowest(lambda log_N: np.log(KINKED.C(np.exp(log_N), LAW.iso_loss_D(loss, np.exp(log_N)))), 10, 30)
    assert np.log(C) == pytest.approx(least, abs=1e-6)
