"""Losses of any size: runs that follow a law are fitted whatever the unit of the loss, or refused in a sentence."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from runs import GRID, LAW, make_runs

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, mae, mse
from chinchilla_nb.engine.laws.kaplan import KaplanLaw
from chinchilla_nb.engine.runs import Runs

LAWS = {"chinchilla": LAW, "kaplan": KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)}
LOSSES = [asymmetric_mae, huber, log_huber, mae, mse]
FITTED = {"chinchilla": 100, "kaplan": 12}
"""Decades on either side of one within which losses are fitted."""


def scaled_runs(law: str, exponent: float) -> Runs:
    runs = make_runs(15, LAWS[law])
    return Runs(runs.N, runs.D, runs.loss * 10**exponent)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("loss_fn", LOSSES)
@given(exponent=st.floats(-300, 300))
@example(exponent=-300.0)
@example(exponent=-99.0)
@example(exponent=-10.0)
@example(exponent=10.0)
@example(exponent=99.0)
@example(exponent=160.0)
@settings(deadline=None, max_examples=10)
def test_losses_of_any_unit_are_fitted_or_refused(law, loss_fn, exponent):
    runs = scaled_runs(law, exponent)
    if np.abs(np.log10(runs.loss)).max() <= FITTED[law]:
        found = fit(runs, None if law == "kaplan" else GRID, loss_fn, law=law)
        assert found.predictions == pytest.approx(runs.loss, rel=1e-6, abs=0)
        assert np.isfinite(found.objective)
    else:
        with pytest.raises(
            InputError, match=r"^loss must be between 1e-\d+ and 1e\+\d+ .*: divide the losses by a constant$"
        ):
            fit(runs, loss_fn=loss_fn, law=law)


@pytest.mark.parametrize("exponent", [-60, 60])
def test_the_objective_is_in_the_unit_of_the_loss(exponent):
    runs, unit = make_runs(30, noise=0.02), 10.0**exponent
    scaled = Runs(runs.N, runs.D, runs.loss * unit)
    for loss_fn, power in ((mae, 1), (mse, 2)):
        expected = fit(runs, GRID, loss_fn).objective * unit**power
        assert fit(scaled, GRID, loss_fn).objective == pytest.approx(expected, rel=1e-9, abs=0)
    # Its width is in the unit of the loss as well.
    wide = functools.partial(huber, delta=0.05 * unit)
    expected = fit(runs, GRID, functools.partial(huber, delta=0.05)).objective * unit**2
    assert fit(scaled, GRID, wide).objective == pytest.approx(expected, rel=1e-9, abs=0)


@pytest.mark.parametrize("loss", [1e-300, 5e-324, 1e160, 1.7e308])
def test_the_error_names_the_loss(loss):
    runs = make_runs()
    losses = np.where(np.arange(len(runs)) == 7, loss, runs.loss)
    says = f"loss must be between 1e-100 and 1e+100 to be fitted, got {loss:g}: divide the losses by a constant"
    for loss_fn in (mse, lambda y_true, y_pred: np.abs(y_pred - y_true)):
        with pytest.raises(InputError, match=f"^{re.escape(says)}$"):
            fit(Runs(runs.N, runs.D, losses), GRID, loss_fn)
