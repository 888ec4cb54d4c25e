"""Effective compute: a published comparison of two recipes, and multipliers that are known by construction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_laws import BUDGETS, CHINCHILLA
from runs import LAW

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.planning.effective_compute import compute_multiplier, effective_compute, speed_up

FRONTIER = {"floor": 1.6, "exponent": 0.0941}


def test_a_recipe_that_is_better_and_slower():
    found = speed_up(3.82e17, 3.5422, 3.52, **FRONTIER, baseline_tokens_per_second=433_986, tokens_per_second=410_000)
    assert found == pytest.approx(1.06749, abs=1e-5)


def test_effective_compute_is_that_of_the_frontier():
    law = FrontierLaw(E=1.6, A=100.0, alpha=0.0941)
    found = effective_compute(1e18, float(law.loss(1e18)), float(law.loss(7e18)), **FRONTIER)
    assert found == pytest.approx(7e18, rel=1e-9)
    assert compute_multiplier(law, FrontierLaw(E=1.6, A=90.0, alpha=0.0941), C=1e20) == pytest.approx(
        (100 / 90) ** (1 / 0.0941), rel=1e-9
    )


@given(law=CHINCHILLA, C=BUDGETS, times=st.floats(0.2, 5))
def test_a_recipe_that_makes_data_and_parameters_worth_more(law, C, times):
    # With N and D worth `times` as much each, a budget is worth times squared.
    better = ScalingLaw(law.E, law.A * times**-law.alpha, law.B * times**-law.beta, law.alpha, law.beta)
    assert compute_multiplier(law, better, C=C) == pytest.approx(times**2, rel=1e-9)
    loss = float(better.loss(*allocate(better, C)))
    assert compute_multiplier(law, better, loss=loss) == pytest.approx(times**2, rel=1e-9)


def test_what_is_refused():
    with pytest.raises(InputError, match="give either C or loss, got neither"):
        compute_multiplier(LAW, LAW)
    with pytest.raises(InputError, match="give either C or loss, got C="):
        compute_multiplier(LAW, LAW, C=1e20, loss=2.0)
    with pytest.raises(InputError, match=r"loss must be above the floor, 1\.6, got 1\.5"):
        effective_compute(1e18, 3.0, 1.5, **FRONTIER)
    with pytest.raises(InputError, match=r"baseline_loss must be above the floor"):
        effective_compute(1e18, 1.6, 3.0, **FRONTIER)
