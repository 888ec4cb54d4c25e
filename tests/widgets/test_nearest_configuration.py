"""The model search in the frontier panel: the configuration beside the optimum, in the plan and in what is copied."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from chinchilla_nb import ModelSearch
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.frontier.plan_choice import SEARCH

GRID = {"width": [256, 512, 1024], "depth": [6, 12]}


def size(width, depth):
    return 12 * depth * width**2


def text_of(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html)


@pytest.fixture
def searched(session):
    session.run_fit()
    session.settings = replace(session.settings, model_search=ModelSearch(GRID, size))
    return session


def test_the_next_run_names_the_configuration_and_how_far_the_optimum_is(searched, law):
    panel = FrontierPanel(searched)
    panel.budget.type("1e21")
    shown = text_of(panel.allocation.value)
    assert "Nearest configuration: width 1024, depth 12, with N 151M" in shown
    largest = size(1024, 12)
    loss = float(law.loss(largest, 1e21 / 6 / largest))
    assert f"Predicted loss {loss:.4g}" in shown
    N, D = allocate(law, 1e21)
    assert f"{loss - float(law.loss(N, D)):.2g} above the optimum" in shown
    factor = float(N) / largest
    # Below the charts, so that it does not move them while the budget is dragged.
    assert "lies above the largest of 6 configurations" in panel.caution.value
    assert f"by a factor of {factor:.3g}" in panel.caution.value
    assert '"configuration": "width 1024, depth 12"' in panel.export.code.value.replace("&quot;", '"')
    assert "configuration_N" in panel.export.code.value
    panel.off_frontier.slider.value = 1.0  # off the optimum, what is copied is that size
    assert "configuration" not in panel.export.code.value
    assert panel.errors.value == ""


def test_an_optimum_inside_the_search_has_no_warning(searched):
    wide = {"width": [1024, 4096, 16384], "depth": [12, 48]}  # 151M to 155B
    searched.settings = replace(searched.settings, model_search=ModelSearch(wide, size))
    panel = FrontierPanel(searched)
    panel.budget.type("1e21")
    shown = text_of(panel.allocation.value)
    assert "Nearest configuration" in shown
    assert "configurations" not in panel.caution.value


def test_the_plan_names_its_configuration(searched):
    panel = FrontierPanel(searched)
    panel.budget.type("1e21")
    panel.plans.toggle.value = True
    assert "Nearest configuration: width 1024, depth 12" in panel.plans.outcome.value
    panel.plans.shape.value = SEARCH
    assert "Configuration: width 1024, depth 12." in panel.plans.outcome.value
    panel.plans.shape.value, panel.plans.value.value = "Fixed N", "7B"
    assert "onfiguration" not in panel.plans.outcome.value


def test_an_estimator_that_fails_is_said_beside_the_optimum(session):
    session.run_fit()
    session.settings = replace(session.settings, model_search=ModelSearch(GRID, lambda width, depth: 1 / 0))
    panel = FrontierPanel(session)
    assert "raised" in panel.allocation.value
    assert "Predicted loss" in panel.allocation.value
    assert panel.errors.value == ""


def test_markup_in_a_configuration_is_text(session):
    session.run_fit()
    grid = {"name": ["<img src=x>"], "width": [1024]}
    session.settings = replace(session.settings, model_search=ModelSearch(grid, lambda name, width: width**2))
    panel = FrontierPanel(session)
    assert "<img" not in panel.allocation.value
    assert "<img" not in panel.export.code.value
