"""Overtraining: the figures of de Vries 2023, and the same from curves of equal loss for any law."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planned_laws import BUDGETS, LAWS, SARDANA, TRAINING
from runs import LAW
from scipy.optimize import brentq

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import optima
from chinchilla_nb.engine.planning.overtraining import overtrain


def test_a_quarter_of_the_parameters():
    assert 100 * overtrain(SARDANA, 1e21, 0.25).overhead == pytest.approx(188.88, abs=0.005)
    assert overtrain(SARDANA, 1e25, 0.25).overhead == pytest.approx(overtrain(SARDANA, 1e21, 0.25).overhead, rel=1e-12)


@given(law=LAWS, C=BUDGETS, compute=TRAINING, ratio=st.floats(0.3, 3))
@settings(deadline=None)
def test_the_loss_of_the_optimum_is_reached(law, C, compute, ratio):
    N, D = optima(law, C, compute)
    assume(not np.isnan(N))
    loss = float(law.loss(N, D))
    assume(float(law.loss(ratio * N, 1e6 * D)) < loss)  # so that the search below has a bracket
    found = overtrain(law, C, ratio, compute)
    log_D = brentq(lambda log_D: float(law.loss(ratio * N, np.exp(log_D))) - loss, np.log(D) - 30, np.log(D) + 14)
    assert np.log(found.D) == pytest.approx(log_D, abs=1e-7)
    assert found.N == pytest.approx(ratio * float(N), rel=1e-12)
    assert found.D_ratio == pytest.approx(found.D / float(D), rel=1e-12)
    assert found.overhead == pytest.approx(float(compute.C(found.N, found.D)) / C - 1, rel=1e-9, abs=1e-12)
    assert found.overhead >= -1e-12


def test_no_overhead_at_the_optimum():
    found = overtrain(LAW, 1e21, 1.0)
    assert found.D_ratio == 1
    assert found.overhead == pytest.approx(0, abs=1e-12)


def test_a_model_too_small_for_the_loss_is_refused():
    # (k^-.34 - 1) .28 / .34 reaches 1 at k = (1 + .34 / .28)^(-1 / .34) = 0.0965
    assert overtrain(LAW, 1e21, 0.097).overhead > 1
    with pytest.raises(InputError, match=r"N_ratio must leave a model that some amount of data brings to the loss"):
        overtrain(LAW, 1e21, 0.096)
    with pytest.raises(InputError, match="N_ratio must leave at least one parameter"):
        overtrain(LAW, 1e21, 1e-15)
