"""Profiles of parameters: against the profile of the objective by other fits, and the sentence that they give."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import make_runs

from chinchilla_nb import FitUncertainty, InputError, exponent_region, fit, forecast, mse, profile_curve

RUNS = make_runs(40, noise=0.01)


@functools.cache
def uncertainty():
    return fit(RUNS, loss_fn=mse).uncertainty("sandwich")


def test_each_law_is_the_fit_with_its_parameter_held():
    curve = profile_curve(uncertainty(), "alpha")
    for place in (0, 12, 30, -1):
        held = fit(RUNS, loss_fn=mse, bounds={"alpha": float(curve.values[place])})
        objective = np.mean((curve.laws[place].loss(RUNS.N, RUNS.D) - RUNS.loss) ** 2)
        assert objective == pytest.approx(held.objective, rel=1e-6)


def test_the_sentence_has_the_interval_its_level_and_a_run_that_would_narrow_it():
    text = profile_curve(uncertainty(), "alpha", 0.999999).text("α")
    low, high = (float(end) for end in text.split("α from ")[1].split(" (")[0].split(" to "))
    interval = uncertainty().interval(0.999999)["alpha"]
    assert (low, high) == pytest.approx((float(interval.low), float(interval.high)), rel=0.01)
    assert text.startswith("these runs agree with any α from ")
    assert "(99.9999 %)" in text
    assert "would narrow that" in text


def test_what_the_facade_returns_is_as_good_as_its_value():
    held = FitUncertainty(uncertainty())
    assert profile_curve(held, "E").low == profile_curve(uncertainty(), "E").low
    assert np.array_equal(exponent_region(held).edge, exponent_region(uncertainty()).edge)
    assert forecast(held, 1e21).ends == forecast(uncertainty(), 1e21).ends
    for call in (lambda one: profile_curve(one, "E"), exponent_region, lambda one: forecast(one, 1e21)):
        for wrong in (uncertainty().fit, FitUncertainty, None):
            with pytest.raises(InputError, match=r"uncertainty must be of type Uncertainty, got .*: pass fit\.uncert"):
                call(wrong)
