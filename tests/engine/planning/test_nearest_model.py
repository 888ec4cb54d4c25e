"""The configuration in the place of an optimum: the best of all, what it loses, and how far the search reaches."""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW

from chinchilla_nb import Constraints, make_plan, tabulate_models
from chinchilla_nb.engine.planning.nearest_model import configuration_text, nearest_model, outside_the_models

WIDTHS, DEPTHS = [256, 512, 1024], [6, 12]
MODELS = tabulate_models({"width": WIDTHS, "depth": DEPTHS}, lambda width, depth: 12 * depth * width**2)
"""4.7M to 151M parameters."""


@pytest.mark.parametrize("C", [1e17, 1e18, 1e19, 1e22])
def test_it_is_the_configuration_of_the_lowest_loss_at_the_budget(C):
    found = nearest_model(make_plan(LAW, Constraints(C=C)), MODELS)
    loss = {(w, d): float(LAW.loss(12 * d * w**2, C / 6 / (12 * d * w**2))) for w in WIDTHS for d in DEPTHS}
    width, depth = min(loss, key=loss.get)
    assert found.plan.model_config == {"width": width, "depth": depth}
    assert found.plan.N == 12 * depth * width**2
    assert found.plan.D == pytest.approx(C / 6 / found.plan.N)
    assert found.extra_loss == pytest.approx(loss[width, depth] - found.exact.loss)
    assert found.extra_loss >= 0
    assert found.compute_ratio == pytest.approx(1.0)


def test_a_loss_is_reached_with_more_compute():
    plan = make_plan(LAW, Constraints(loss=2.6))
    found = nearest_model(plan, MODELS)
    assert found.extra_loss == pytest.approx(0.0, abs=1e-12)
    sizes = np.array([12 * d * w**2 for w in WIDTHS for d in DEPTHS], dtype=float)
    excess = 2.6 - 1.69 - 406.4 / sizes**0.34
    D = (410.7 / excess[excess > 0]) ** (1 / 0.28)
    least = float(np.min(6 * sizes[excess > 0] * D))
    assert found.compute_ratio == pytest.approx(least / plan.training_FLOPs)


@pytest.mark.parametrize(
    "given", [{"C": 1e19, "N": 1e8}, {"C": 1e19, "D": 1e9}, {"N": 1e8, "D": 1e9}, {"C": 1e19, "N_ratio": 0.5}]
)
def test_a_size_that_is_given_is_kept(given):
    assert nearest_model(make_plan(LAW, Constraints(**given)), MODELS) is None


def test_how_far_an_optimum_lies_outside_the_search():
    largest, smallest = 12 * 12 * 1024**2, 12 * 6 * 256**2
    assert outside_the_models(20 * largest, MODELS) == (
        "N* = 3.02B lies above the largest of 6 configurations of the model search, 151M, by a factor of 20"
    )
    assert outside_the_models(smallest / 4, MODELS) == (
        "N* = 1.18M lies below the smallest of 6 configurations of the model search, 4.72M, by a factor of 4"
    )
    for inside in (smallest, 3e7, largest):
        assert outside_the_models(inside, MODELS) == ""
    alone = tabulate_models({"width": [1024]}, lambda width: width**2)
    assert "above the only configuration" in outside_the_models(1e8, alone)


def test_a_configuration_is_a_short_line():
    assert configuration_text({"width": 1024, "rate": 0.5, "act": "x" * 99}) == f"width 1024, rate 0.5, act {'x' * 30}"
