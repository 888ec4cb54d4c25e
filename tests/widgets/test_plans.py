"""The plan control of the frontier panel: what is chosen becomes a plan, a marker, and a row of the table."""

from __future__ import annotations

import base64
import io
import re

import pandas as pd
import pytest

from chinchilla_nb import compact, plan_intervals
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.publishing.report_page import report_page
from chinchilla_nb.quantity import interval_text
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.frontier.plan_choice import LOSS, SEARCH, SHAPES, PlanChoice, as_constraints


@pytest.fixture
def panel(session) -> FrontierPanel:
    session.run_fit()
    panel = FrontierPanel(session)
    panel.budget.type("1e21")
    panel.plans.toggle.value = True
    return panel


@pytest.mark.parametrize(
    ("shape", "typed", "expected"),
    [
        ("The optimum", "", {}),
        ("Fixed N", "7B", {"N": 7e9}),
        ("Fixed D", "300B", {"D": 3e11}),
        ("Tokens per parameter", "20", {"tokens_per_parameter": 20.0}),
        ("Listed sizes", "1B, 3B, 7B", {"models": [1e9, 3e9, 7e9]}),
        ("Model search", "", {"models": True}),
        ("Times the optimal N", "0.5", {"N_ratio": 0.5}),
    ],
)
def test_what_is_typed_becomes_constraints(shape, typed, expected):
    choice = PlanChoice(shape=shape, value=typed, inference_tokens="1T")
    assert choice.arguments(1e21, None) == {"C": 1e21, **expected, "inference_tokens": 1e12}
    choice = PlanChoice(goal=LOSS, loss="2.1", shape=shape, value=typed, unique_tokens="100B")
    assert choice.arguments(1e21, None) == {"loss": 2.1, **expected, "unique_tokens": 1e11}


@pytest.mark.parametrize("shape", [shape for shape, (_, example) in SHAPES.items() if example])
@pytest.mark.parametrize("typed", ["", "many", "-3", "<b>"])
def test_what_cannot_be_read_is_named(shape, typed):
    with pytest.raises(InputError, match="is not a positive number: write"):
        PlanChoice(shape=shape, value=typed).arguments(1e21, None)


def test_a_project_without_a_model_search():
    with pytest.raises(InputError, match="the project has no model search: add one"):
        as_constraints({"C": 1e21, "models": True}, None)


def test_panels_and_the_report_have_the_plans_of_the_session(panel, session):
    other = FrontierPanel(session)
    assert "Plans under constraints" not in report_page(session)
    panel.plans.add.click()
    panel.plans.shape.value, panel.plans.value.value = "Fixed N", "7B"
    panel.plans.add.click()
    assert other.plans.table.value == panel.plans.table.value
    section = report_page(session).partition("<h2>Plans under constraints</h2>")[2].partition("</section>")[0]
    assert section.count("<tr") == 3
    assert "N\u00a0=\u00a07B" in section
    assert "not shown" not in section
    session.run_fit()
    assert "Plans under constraints" not in report_page(session)
    assert panel.plans.table.value.count("<tr") == 3
    panel.plans.add.click()  # the same constraints, with the new fit
    section = report_page(session).partition("<h2>Plans under constraints</h2>")[2].partition("</section>")[0]
    assert section.count("<tr") == 2
    assert "1 plan of other fits is not shown." in section
    other.plans.clear.click()
    assert panel.plans.table.value == ""
    assert "Plans under constraints" not in report_page(session)


def test_a_table_of_plans_has_an_end(panel, session):
    for at in range(60):
        panel.plans.shape.value, panel.plans.value.value = "Fixed N", f"{at + 1}B"
        panel.plans.add.click()
    assert len(session.collected_plans) == 50


def test_the_plan_is_shown_with_its_marker(panel, law):
    panel.plans.shape.value, panel.plans.value.value = "Fixed N", "7B"
    shown = re.sub(r"<[^>]+>", " ", panel.plans.outcome.value)
    loss = float(law.loss(7e9, 1e21 / 6 / 7e9))
    assert f"{loss:.4g}" in shown
    assert "7B" in shown
    assert "Deadweight compute" in shown
    CN, CD, ND = panel.charts.charts
    assert CN.off_frontier.y[0] == 7e9
    assert ND.off_frontier.x[0] == 7e9
    assert CD.off_frontier.y[0] == pytest.approx(1e21 / 6 / 7e9)
    assert panel.charts.loss.off_frontier.y[0] == pytest.approx(loss, rel=1e-3)
    panel.plans.toggle.value = False
    assert not len(CN.off_frontier.x)
    assert panel.errors.value == ""


def _ends(panel) -> list[tuple[float, float]]:
    return [(scale.min, scale.max) for frame in panel.charts.frames for scale in frame.scales.values()]


def test_axes_show_a_plan_beyond_the_runs_and_return(panel):
    CN, CD, ND = panel.charts.charts
    before = _ends(panel)
    panel.plans.shape.value, panel.plans.value.value = "Fixed D", "10T"
    for chart, side, value in (
        (CN, "y", 1e21 / 6 / 1e13),
        (CD, "y", 1e13),
        (ND, "y", 1e13),
        (ND, "x", 1e21 / 6 / 1e13),
    ):
        assert chart.frame.scales[side].min <= value <= chart.frame.scales[side].max
        assert getattr(chart.off_frontier, side)[0] == pytest.approx(value)
    panel.plans.value.value = "11T"
    assert CD.frame.scales["y"].max >= 11e12
    panel.plans.value.value = "100B"
    assert _ends(panel) == before
    panel.plans.value.value = "10T"
    panel.plans.toggle.value = False
    assert _ends(panel) == before
    assert panel.errors.value == ""


def test_an_absurd_plan_does_not_squeeze_the_runs(panel):
    before = _ends(panel)
    panel.plans.shape.value, panel.plans.value.value = "Fixed D", "1e25"
    assert _ends(panel) == before
    assert panel.errors.value == ""


def test_the_plan_names_what_the_study_counts(session):
    session.data_unit = "bytes"
    session.run_fit()
    panel = FrontierPanel(session)
    panel.budget.type("1e21")
    panel.plans.toggle.value = True
    panel.plans.shape.value, panel.plans.value.value = "Fixed N", "1T"
    assert "bytes per parameter, and the runs have" in panel.plans.outcome.value
    assert "tokens" not in panel.plans.outcome.value


def test_a_target_loss_leaves_the_budget(panel, law):
    N, D = allocate(law, 3e21)
    target = float(law.loss(N, D))
    panel.plans.goal.value, panel.plans.loss.value = LOSS, f"{target:.6f}"
    assert panel.plans.plan.C == pytest.approx(3e21, rel=0.02)
    assert panel.budget.C == 1e21
    panel.plans.loss.value = "1"
    assert "Loss must be above" in panel.plans.outcome.value
    assert panel.plans.add.disabled
    assert panel.errors.value == ""


def test_plans_are_collected_in_a_table(panel):
    plans = panel.plans
    plans.add.click()
    plans.shape.value, plans.value.value = "Fixed N", "7B"
    plans.add.click()
    plans.inference_tokens.value = "10B"
    plans.add.click()
    plans.add.click()  # the same plan is the same row
    assert plans.table.value.count("<tr") == 4
    shown = plans.table.value.replace("\u00a0", " ")
    for label in ("C = 10²¹", "C = 10²¹, N = 7B", "C = 10²¹, N = 7B, inference tokens = 10B"):
        assert f">{label}<" in shown
    plans.csv.click()
    data = base64.b64decode(re.search(r"base64,([^\"]+)", plans.link.value)[1])
    table = pd.read_csv(io.BytesIO(data), index_col="plan")
    assert table.index.tolist() == [
        "C = 1e+21",
        "C = 1e+21, N = 7e+09",
        "C = 1e+21, N = 7e+09, inference_tokens = 1e+10",
    ]
    assert table.N.tolist()[1:] == [7e9, 7e9]
    assert table.inference_FLOPs.tolist() == [0, 0, 2 * 7e9 * 1e10]
    plans.clear.click()
    assert plans.table.value == plans.link.value == ""
    assert panel.errors.value == ""


def test_the_table_has_the_intervals_that_are_known_now(panel, session):
    session.uncertainty = session.fit.uncertainty("sandwich")
    panel.plans.add.click()
    before = panel.plans.table.value
    better = session.fit.uncertainty("pairs", draws=40, rng=0)
    session.uncertainty = better
    assert panel.plans.table.value != before
    low, high = (
        compact(float(end[0])) for end in (better.allocate([1e21])["N"].low, better.allocate([1e21])["N"].high)
    )
    assert low in panel.plans.table.value
    assert high in panel.plans.table.value


def test_the_models_of_the_search(session):
    session.run_fit()
    panel = FrontierPanel(session)
    panel.plans.toggle.value = True
    panel.plans.shape.value = SEARCH
    has_search = session.settings.models is not None
    assert (panel.plans.plan is not None) == has_search
    assert ("The project has no model search" in panel.plans.outcome.value) != has_search


def test_without_a_law_there_is_nothing_to_plan(session):
    panel = FrontierPanel(session)
    assert panel.plans.layout.display == "none"
    session.run_fit()
    assert panel.plans.layout.display is None


def test_the_numbers_of_a_plan_stand_with_their_intervals(panel, session):
    panel.plans.shape.value, panel.plans.value.value = "Fixed N", "100M"
    low, high = plan_intervals(panel.plans.plan, session.uncertainty, 0.95)["loss"]
    assert interval_text(low, high) in panel.plans.outcome.value
