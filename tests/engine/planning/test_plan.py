"""Plans under constraints: each fulfils what is asked of it, or is refused in one sentence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planned_laws import CHINCHILLA, SARDANA, TRAINING
from runs import LAW

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate, compute_optimal_D
from chinchilla_nb.engine.planning.constraints import Constraints
from chinchilla_nb.engine.planning.deadweight import deadweight_compute
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.model_search import tabulate_models
from chinchilla_nb.engine.planning.model_sizes import transformer_size_without_embeddings
from chinchilla_nb.engine.planning.plan import make_plan

HARDWARE = Hardware("H100 SXM", 64, 0.4, 2.5)
MODELS = [1e9, 3e9, 1e10]
SOME = {
    "C": 1e22,
    "loss": 2.1,
    "N": 5e9,
    "D": 3e11,
    "tokens_per_parameter": 30.0,
    "models": MODELS,
    "N_ratio": 0.6,
}
"""A value of each constraint that determines a plan."""
GOALS, FREE = ("C", "loss"), ("N", "D", "tokens_per_parameter")
SHAPES = (*FREE, "models", "N_ratio")
DETERMINED = [
    *((goal,) for goal in GOALS),
    *itertools.product(GOALS, SHAPES),
    *itertools.combinations(FREE, 2),
]


@pytest.mark.parametrize("names", DETERMINED)
@pytest.mark.parametrize("more", [{}, {"inference_tokens": 1e11}, {"unique_tokens": 5e11}])
def test_each_constraint_is_fulfilled(names, more):
    plan = make_plan(LAW, Constraints(**{name: SOME[name] for name in names}, **more))
    for name in names:
        if name == "models":
            assert plan.N in MODELS
        elif name == "N_ratio":
            goal = {one: SOME[one] for one in names if one != "N_ratio"}
            assert plan.N == pytest.approx(0.6 * make_plan(LAW, Constraints(**goal, **more)).N, rel=1e-9)
        else:
            assert getattr(plan, name) == pytest.approx(SOME[name], rel=1e-8)
    assert plan.training_FLOPs == pytest.approx(6 * plan.N * plan.D, rel=1e-12)
    assert plan.inference_FLOPs == 2 * plan.N * more.get("inference_tokens", 0)
    assert plan.deadweight_compute >= 0
    assert plan.epochs == (plan.D / 5e11 if "unique_tokens" in more else None)


@pytest.mark.parametrize(
    "names",
    [
        names
        for count in range(4)
        for names in itertools.combinations(SOME, count)
        if names not in {tuple(sorted(one, key=list(SOME).index)) for one in DETERMINED}
    ],
)
def test_what_does_not_determine_a_plan_is_refused(names):
    with pytest.raises(InputError) as refused:
        Constraints(**{name: SOME[name] for name in names})
    assert str(refused.value).startswith(("give ", "a plan needs a goal"))
    assert "\n" not in str(refused.value)


@given(law=CHINCHILLA, C=st.floats(19, 25), compute=TRAINING, ratio=st.floats(0.3, 3))
@settings(deadline=None)
def test_the_deadweight_is_what_the_optimum_would_save(law, C, compute, ratio):
    C = 10**C
    free = make_plan(law, Constraints(C=C), compute)
    assert free.deadweight_compute <= 1e-9 * C
    plan = make_plan(law, Constraints(C=C, N_ratio=ratio), compute)
    assume(plan.loss > 1.001 * law.E)
    # The least compute has the same loss at its own optimum.
    assert float(law.loss(*allocate(law, plan.least_compute, compute))) == pytest.approx(plan.loss, rel=1e-9)
    assert plan.deadweight_compute == pytest.approx(C - plan.least_compute, rel=1e-9, abs=1e-9 * C)


def test_the_deadweight_is_that_of_approaches():
    plan = make_plan(LAW, Constraints(C=1e22, N=2e10))
    assert plan.deadweight_compute == pytest.approx(float(deadweight_compute(LAW, plan.N, plan.D).flops), rel=1e-9)


def test_the_overhead_of_de_vries_is_the_deadweight_of_a_loss():
    loss = make_plan(SARDANA, Constraints(C=1e21)).loss
    plan = make_plan(SARDANA, Constraints(loss=loss, N_ratio=0.25))
    assert 100 * plan.deadweight_compute / plan.least_compute == pytest.approx(188.88, abs=0.005)


def test_the_lifetime_of_a_13B_model():
    tokens = float(compute_optimal_D(SARDANA, 13e9))
    today = make_plan(SARDANA, Constraints(N=13e9, D=tokens, inference_tokens=2e12))
    best = make_plan(SARDANA, Constraints(loss=today.loss, inference_tokens=2e12))
    assert today.C == pytest.approx(9.6966e22, rel=1e-4)
    assert best.C == pytest.approx(8.0049e22, rel=1e-4)
    assert 1 - best.C / today.C == pytest.approx(0.174, abs=0.0006)


def test_hardware_gives_a_budget_its_days_and_its_price():
    plan = make_plan(LAW, Constraints(hardware=HARDWARE, days=14))
    # 64 x 14 x 86,400 x 989e12 x 0.4
    assert pytest.approx(3.0625e22, rel=1e-4) == plan.C
    assert plan.days == pytest.approx(14)
    assert plan.cost == pytest.approx(53_760)
    # Inference runs elsewhere: the days are those of training.
    served = make_plan(LAW, Constraints(loss=2.1, hardware=HARDWARE, inference_tokens=1e12))
    assert served.days == pytest.approx(served.training_FLOPs / HARDWARE.C(1))


def test_the_configuration_of_a_model():
    table = tabulate_models({"d_model": [512, 1024], "n_layers": [6, 12]}, transformer_size_without_embeddings)
    plan = make_plan(LAW, Constraints(C=1e19, models=table))
    assert transformer_size_without_embeddings(**plan.model_config) == plan.N


def test_a_list_that_changes_later_does_not_change_the_plan():
    sizes = [1e9, 2e9]
    constraints = Constraints(C=1e21, models=np.array(sizes))
    sizes.append(4e9)
    assert len(constraints.models) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"C": 1e21, "loss": 2.0}, "give either C or loss, not both, because each determines the other, got C=1e"),
        ({"days": 3}, r"days needs hardware to give a budget, got 3: pass hardware=Hardware\("),
        ({"days": 3, "hardware": HARDWARE, "C": 1e21}, "give either days or C, not both, got days=3, C=1e"),
        ({"days": 3, "hardware": HARDWARE, "loss": 2.0}, "give either days or loss, not both"),
        ({"N": 7e9}, "a plan needs a goal: C, loss, or hardware and days, got N"),
        ({"hardware": HARDWARE}, "a plan needs a goal: C, loss, or hardware and days, got none"),
        ({"C": 1e21, "N": 7e9, "D": 1e11}, "give at most one of N, D, .* with C or loss, got N and D"),
        ({"C": -1}, "C must be positive and finite, got -1"),
        ({"C": 1e21, "hardware": "H100"}, "hardware must be of type Hardware or None, got 'H100'"),
        ({"C": 1e21, "models": "7B"}, "models must be"),
        ({"C": 1e21, "inference_tokens": 0}, "inference_tokens must be positive and finite"),
    ],
)
def test_refusals(given, message):
    with pytest.raises(InputError, match=message):
        Constraints(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"loss": 1.6}, r"loss must be above 1\.69"),
        ({"loss": 2.2, "unique_tokens": 1e8}, r"loss must be above 3\.8\d+, which this law does not reach"),
        ({"C": 1e20, "N": 1e12, "inference_tokens": 1e12}, "C must pay for training 1e.12 parameters"),
        ({"loss": 2.1, "N_ratio": 1e-4}, "loss must be above .* parameters on unlimited data"),
        (
            {"C": 1e22, "unique_tokens": 1e6},
            r"unique_tokens must be enough for the loss .* got 1e\+06 with a budget of 1e",
        ),
        ({"C": 1, "unique_tokens": 1e6}, "C must have an optimum of at least one parameter and one token, got 1 "),
        ({"D": 10, "tokens_per_parameter": 100}, "a plan must have at least one parameter and one token"),
    ],
)
def test_what_no_plan_fulfils(given, message):
    with pytest.raises(InputError, match=message):
        make_plan(LAW, Constraints(**given))


def test_the_constraints_in_words():
    text = Constraints(C=1e21, tokens_per_parameter=20, inference_tokens=1e12).text
    assert text == "C = 1e+21, tokens_per_parameter = 20, inference_tokens = 1e+12"
    assert Constraints(C=1e21, models=MODELS, hardware=HARDWARE).text == "C = 1e+21, 3 models, 64 × H100 SXM at 40 %"


def test_a_loss_that_any_large_compute_reaches_has_no_least():
    # After 2,000 epochs of both, neither tokens nor parameters are worth anything more.
    plan = make_plan(LAW, Constraints(N=1e14, D=1e12, unique_tokens=1e8))
    assert plan.least_compute is None
    assert "least_compute" not in plan.amounts
    assert "deadweight_compute" not in plan.amounts
    assert make_plan(LAW, Constraints(C=1e22, unique_tokens=1e8)).deadweight_compute == 0
