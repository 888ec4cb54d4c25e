"""Off the frontier: the cost of a smaller or larger model, compared with a search without closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW
from scipy.optimize import brentq

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.off_frontier import off_frontier

C = 5.76e23


def least_loss(C: float) -> tuple[float, float]:
    """Return N and loss of the best model on a fine grid along 6ND = C."""
    N = np.geomspace(1e9, 1e12, 2_000_001)
    losses = LAW.loss(N, C / 6 / N)
    return float(N[losses.argmin()]), float(losses.min())


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.0, 2.0, 8.0])
def test_cost_of_another_size(factor):
    found = off_frontier(LAW, C, factor)
    N, best = least_loss(C)
    assert found.N == pytest.approx(factor * N, rel=1e-4)
    assert 6 * found.N * found.D == pytest.approx(C)
    assert found.loss == pytest.approx(float(LAW.loss(factor * N, C / 6 / factor / N)), rel=1e-7)
    assert found.extra_loss == pytest.approx(found.loss - best, abs=1e-9)
    # The compute at which this size reaches the loss of the optimum.
    needed = brentq(lambda log_C: float(LAW.loss(found.N, np.exp(log_C) / 6 / found.N)) - best, 40, 80, xtol=1e-12)
    assert found.compute_ratio == pytest.approx(np.exp(needed) / C, rel=1e-5)
    assert found.compute_ratio >= 1


def test_a_model_that_is_too_small_never_reaches_the_loss():
    assert np.isnan(off_frontier(LAW, C, 1e-3).compute_ratio)


@pytest.mark.parametrize("factor", [0.0, -1.0, np.inf, np.nan])
def test_factor_must_be_positive(factor):
    with pytest.raises(ValueError, match="factor must be positive"):
        off_frontier(LAW, C, factor)


@pytest.mark.parametrize("factor", [1e-14, 1e14])
def test_less_than_one_parameter_or_one_token_is_not_a_model(factor):
    with pytest.raises(InputError, match="factor must leave at least one parameter and one token, got 1e"):
        off_frontier(LAW, C, factor)
