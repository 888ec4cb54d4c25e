"""Intervals of plans: every drawn law makes its own plan, and the percentiles of those are the interval."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import GRID, LAW, make_runs

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.laws.kaplan import KaplanLaw
from chinchilla_nb.engine.laws.stack import stacked
from chinchilla_nb.engine.planning.constraints import Constraints
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.plan import make_plan
from chinchilla_nb.engine.planning.plan_intervals import plan_intervals
from chinchilla_nb.engine.uncertainty.estimate import estimate_uncertainty

QUESTIONS = [
    {"C": 1e22},
    {"loss": 2.3},
    {"C": 1e22, "N": 7e9},
    {"loss": 2.3, "D": 2e11},
    {"loss": 2.3, "tokens_per_parameter": 20},
    {"C": 1e22, "N_ratio": 0.5},
    {"loss": 2.3, "inference_tokens": 1e12},
    {"C": 1e22, "unique_tokens": 2e10, "hardware": Hardware("A100", 8, 0.4)},
    {"loss": 2.05, "N": 3e9},
]


@functools.cache
def drawn():
    found = fit(make_runs(noise=0.01), starts=GRID)
    return estimate_uncertainty(found, "pairs", draws=60, rng=0)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_interval_is_that_of_the_plans_of_all_draws(question):
    uncertainty, constraints = drawn(), Constraints(**question)
    plan = make_plan(uncertainty.fit.law, constraints)
    found = plan_intervals(plan, uncertainty)
    plans = []
    for law in uncertainty.laws:
        try:
            plans.append(make_plan(law, constraints).amounts)
        except InputError:
            plans.append(None)
    failed = sum(one is None for one in plans)
    for name, (low, high) in found.items():
        values = sorted(one[name] for one in plans if one is not None)
        assert low <= plan.amounts[name] * (1 + 1e-9)
        assert high >= plan.amounts[name] * (1 - 1e-9)
        if low == high:
            assert values[0] == pytest.approx(values[-1], rel=1e-9)
            continue
        # Percentiles of 60 draws lie among the outermost few, or beyond them if some have no plan.
        assert low == 0 if failed > 3 else low <= values[3] * (1 + 1e-9)
        assert np.isinf(high) if failed > 3 else high >= values[-4] * (1 - 1e-9)
        if not failed:
            assert values[0] * (1 - 1e-9) <= low <= high <= values[-1] * (1 + 1e-9)


def test_what_is_given_has_no_width():
    uncertainty = drawn()
    plan = make_plan(uncertainty.fit.law, Constraints(C=1e22, N=7e9))
    found = plan_intervals(plan, uncertainty)
    for name in ("C", "N", "D", "tokens_per_parameter", "training_FLOPs", "inference_FLOPs"):
        assert found[name] == (plan.amounts[name],) * 2
    assert found["loss"][0] < plan.loss < found["loss"][1]


def test_a_real_model_stays_the_one_of_the_plan():
    uncertainty = drawn()
    plan = make_plan(uncertainty.fit.law, Constraints(C=1e22, models=[3e9, 1e10]))
    at_N = make_plan(uncertainty.fit.law, Constraints(C=1e22, N=plan.N))
    assert plan_intervals(plan, uncertainty) == plan_intervals(at_N, uncertainty)


def test_a_method_without_draws():
    uncertainty = estimate_uncertainty(drawn().fit, "sandwich")
    plan = make_plan(uncertainty.fit.law, Constraints(C=1e21))
    found = plan_intervals(plan, uncertainty)
    # The same question as an allocation, which has intervals of its own.
    known = uncertainty.allocate(1e21)
    for name, other in (("N", "N"), ("D", "D"), ("tokens_per_parameter", "D_per_N"), ("loss", "loss")):
        assert found[name] == pytest.approx((float(known[other].low), float(known[other].high)), rel=1e-6)


@pytest.mark.parametrize("laws", [[LAW, LAW], [KaplanLaw(N_c=6e13, D_c=2e13, alpha_N=0.08, alpha_D=0.1)] * 3])
def test_a_stack_of_laws_is_each_of_them(laws):
    stack, N, D = stacked(laws), 3e9, 1e11
    loss = 1.01 * float(laws[0].loss(N, D))
    for method, at in (("loss", (N, D)), ("iso_loss_D", (loss, N)), ("iso_loss_N", (loss, D))):
        expected = getattr(laws[0], method)(*at)
        assert getattr(stack, method)(*at) == pytest.approx([float(expected)] * len(laws), rel=1e-12)
    for found, expected in zip(stack.gradient(N, D), laws[0].gradient(N, D), strict=True):
        assert found == pytest.approx([float(expected)] * len(laws), rel=1e-12)
    with pytest.raises(InputError, match="law must be a single one for this"):
        stack.iso_loss(loss)
