"""The frontier panel: the allocation of a budget, against the closed form."""

from __future__ import annotations

import asyncio
import dataclasses
import re

import numpy as np
import pytest
from runs import LAW

from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.widgets.charts import late_names
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel


def text_of(widget) -> str:
    return " ".join(re.sub("<[^>]*>", " ", widget.value).split())


def optimum(law, C: float) -> tuple[float, float]:
    """Return N and D that minimise the law on a fine grid along 6ND = C, without any formula of the package."""
    N = np.geomspace(1e6, 1e13, 700_001)
    best = N[np.argmin(law.loss(N, C / 6 / N))]
    return float(best), float(C / 6 / best)


def test_before_a_fit_it_shows_runs_and_asks_for_one(session):
    panel = FrontierPanel(session)
    assert "with this budget, fit a law to the runs." in text_of(panel.allocation)
    assert "cc." not in text_of(panel.allocation)  # a page has no cells
    assert len(panel.charts.charts[0].runs.x) == 30
    assert len(panel.charts.charts[0].frontier.x) == 0
    assert len(panel.charts.charts[0].next_point.x) == 0


def test_without_runs_it_asks_for_some(empty_session):
    panel = FrontierPanel(empty_session)
    *planes, loss = panel.charts.cards
    assert "cnb-none" in loss._dom_classes  # a frame without axes
    assert not any("cnb-none" in card._dom_classes for card in planes)
    assert "with this budget, add runs and fit a law to them." in text_of(panel.allocation)
    panel.budget.choose(1e21)
    assert panel.errors.value == ""
    assert panel.errors.value == ""


def test_budget_shows_n_d_ratio_and_loss(session, law):
    session.run_fit()
    panel = FrontierPanel(session)
    panel.budget_control.text.set_state({"value": "5.76e23"})
    N, D = optimum(law, 5.76e23)
    text = text_of(panel.allocation)
    shown_N, shown_D, shown_loss = (
        re.search(pattern, text)[1]
        for pattern in (r"Parameters N ([\d.]+)B", r"Training tokens D ([\d.]+)T", r"Predicted loss ([\d.]+)")
    )
    assert float(shown_N) * 1e9 == pytest.approx(N, rel=5e-3)
    assert float(shown_D) * 1e12 == pytest.approx(D, rel=5e-3)
    assert float(shown_loss) == pytest.approx(float(law.loss(N, D)), rel=1e-3)
    assert float(re.search(r"Tokens per parameter ([\d.]+)", text)[1]) == pytest.approx(D / N, rel=1e-2)
    for chart, (x, y) in zip(panel.charts.charts, ((5.76e23, N), (5.76e23, D), (N, D)), strict=True):
        assert (chart.next_point.x[0], chart.next_point.y[0]) == pytest.approx((x, y), rel=1e-3)
        # The axes have grown to hold the budget.
        assert chart.figure.axes[0].scale.max > x
        assert chart.figure.axes[1].scale.max > y


def test_slider_moves_marker_and_no_axis(session):
    session.run_fit()
    panel = FrontierPanel(session)
    chart = panel.charts.charts[0]
    ends, dots = (chart.figure.axes[0].scale.min, chart.figure.axes[0].scale.max), chart.runs.x
    panel.budget_control.slider.set_state({"value": 19.0})
    assert chart.next_point.x[0] == pytest.approx(1e19)
    panel.budget_control.slider.set_state({"value": 22.0})
    assert chart.next_point.x[0] == pytest.approx(1e22)
    assert (chart.figure.axes[0].scale.min, chart.figure.axes[0].scale.max) == ends
    assert chart.runs.x is dots


def test_budget_starts_at_the_next_step(session, rows):
    session.settings = dataclasses.replace(session.settings, scaling_factor=3.0)
    panel = FrontierPanel(session)
    assert panel.budget.C == pytest.approx(3 * (6 * rows.N * rows.D).max())


def test_fit_and_append_elsewhere_move_the_charts(session, database):
    panel = FrontierPanel(session)
    marks = panel.charts.charts[0].figure.marks
    session.run_fit()
    assert len(panel.charts.charts[0].frontier.x) > 0
    assert len(panel.charts.charts[0].next_point.x) == 1
    database.append(N=1e9, D=1e12, loss=2.5)
    dots = panel.charts.charts[2].dots
    assert [*dots.settled.x, *dots.latest.x] == [*session.runs.N]
    assert session.runs.N[-1] == 1e9
    assert panel.charts.charts[0].figure.marks == marks


def test_a_log_that_is_emptied_after_a_fit_breaks_nothing(session, database, rows):
    session.run_fit()
    panel = FrontierPanel(session)
    database.df = rows.iloc[:0]
    assert panel.errors.value == ""
    database.df = rows
    assert panel.errors.value == ""


def test_seed_regime_is_outlined(session):
    panel = FrontierPanel(session)
    assert len(panel.charts.charts[0].regime.x) == 0
    session.settings = dataclasses.replace(session.settings, seed_regime=SeedRegime((1e18, 1e20), (2, 200)))
    C, N = panel.charts.charts[0].regime.x, panel.charts.charts[0].regime.y
    assert (C.min(), C.max()) == pytest.approx((1e18, 1e20))
    assert N.max() == pytest.approx((1e20 / 6 / 2) ** 0.5)
    assert "Seed regime" in panel.charts.key.value


def test_a_law_without_an_optimum_is_explained(session):
    # A / N^0 is the same for every size.
    session.settings = dataclasses.replace(session.settings, bounds={"alpha": (0, 0)})
    session.run_fit()
    panel = FrontierPanel(session)
    assert session.fit.law.alpha == 0
    assert "no compute-optimal allocation" in text_of(panel.allocation)
    for chart in (*panel.charts.charts, panel.charts.loss):
        assert len(chart.next_point.x) == len(chart.frontier.x) == 0
    assert panel.errors.value == ""


def test_dots_have_tooltips_in_readable_units(session, database):
    attack = "<img src=x onerror=alert(1)>"
    database.df = database.df.assign(run=attack)
    database.append(N=70e9, D=1.4e12, loss=1.93, run="Chinchilla")
    panel = FrontierPanel(session)
    # bqplot sets a tooltip as text; the browser test proves it.
    names = panel.charts.charts[0].runs.names
    assert names[0].startswith(f"run: {attack}")
    facts = [
        "run: Chinchilla",
        "N: 70B parameters",
        "D: 1.4T tokens (20 per parameter)",
        "C: 5.88×10²³ FLOPs",
        "Loss: 1.93",
    ]
    assert names[-1].split("\n") == facts
    session.fit = dataclasses.replace(session.run_fit(), law=LAW)
    # Hoffmann et al.'s law for 70e9 and 1.4e12: 1.69 + 406.4 / 70e9^0.34 + 410.7 / 1.4e12^0.28 = 1.9366.
    predicted = ["Predicted loss: 1.9366", "Residual: −0.00665"]
    assert panel.charts.loss.runs.names[-1].split("\n") == [*facts, *predicted]


def test_after_another_fit_tooltips_wait_for_the_curves(session, database):
    """The page redraws all dots when their tooltips change, and would show the curves later."""
    panel = FrontierPanel(session)
    charts = [chart for chart, _ in panel.charts.all]

    def predicted() -> list[bool]:
        return [all("Predicted loss" in name for name in chart.runs.names) for chart in charts]

    async def main() -> None:
        session.fit = fit
        assert all(len(chart.frontier.x) for chart in charts)
        assert predicted() == [False] * 4
        database.append(N=7e9, D=1.4e11, loss=2.2)
        await asyncio.sleep(late_names.SECONDS / 3)  # a new dot does not wait for its tooltip
        newest = [*charts[0].runs.names, *charts[0].dots.latest.names][-1]
        assert newest.startswith("N: 7B parameters")
        await asyncio.sleep(2 * late_names.SECONDS)
        assert predicted() == [True] * 4

    fit = session.run_fit()
    session.fit = None
    assert predicted() == [False] * 4
    asyncio.run(main())


def test_a_budget_far_outside_the_runs_is_named(session):
    session.run_fit()
    panel = FrontierPanel(session)
    assert "largest run" not in text_of(panel.caution)
    panel.budget_control.text.set_state({"value": "1e25"})
    times = f"{1e25 / session.runs.C.max():,.0f} times the compute of the largest run: add larger runs"
    assert times in text_of(panel.caution)
    panel.budget_control.text.set_state({"value": "1e21"})
    assert "largest run" not in text_of(panel.caution)


def test_a_law_without_an_optimum_at_the_budget_is_named(session):
    fit = session.run_fit()
    panel = FrontierPanel(session)
    session.fit = dataclasses.replace(fit, law=dataclasses.replace(fit.law, beta=1e-9))
    assert "C must have an optimum of at least one parameter and one token, got " in text_of(panel.allocation)
    assert panel.errors.value == ""
    assert all(len(chart.next_point.x) == 0 for chart in panel.charts.charts)


def ends(panel) -> list[tuple[float, float]]:
    return [(scale.min, scale.max) for frame in panel.charts.frames for scale in frame.scales.values()]


def test_axes_follow_a_budget_up_and_down_again(session):
    session.run_fit()
    panel, other = FrontierPanel(session), FrontierPanel(session)
    other.budget.type("1e23")
    panel.budget.type("1e30")
    assert ends(panel)[0][1] > 1e30
    panel.budget.type("1e23")
    assert ends(panel) == ends(other)
    assert panel.errors.value == ""


def test_axes_stay_while_the_budget_is_chosen_on_a_chart(session):
    session.run_fit()
    panel = FrontierPanel(session)
    panel.budget.type("1e30")
    before = ends(panel)
    panel._choose(1e22)
    assert panel.budget.C == 1e22
    assert ends(panel) == before
    panel.budget.type("1e21")
    assert ends(panel) != before


def test_one_switch_scales_all_charts(session, law):
    session.run_fit()
    panel = FrontierPanel(session)
    before = ends(panel)
    panel.scale.value = "linear"
    assert session.chart_scale == "linear"
    for chart, _ in panel.charts.all:
        for mark in chart.figure.marks:
            assert {side: mark.scales[side] for side in ("x", "y")} == chart.frame.scales
        assert [type(scale).__name__ for scale in chart.frame.scales.values()] == ["LinearScale"] * 2
        assert [chart.frame.axes[side].scale for side in ("x", "y")] == list(chart.frame.scales.values())
    session.chart_scale = "excess"
    assert panel.scale.value == "excess"
    # On L - E the marker of the next run is where the law without E puts it.
    loss = panel.charts.loss
    N, D = optimum(law, float(loss.next_point.x[0]))
    assert loss.next_point.y[0] == pytest.approx(law.loss(N, D) - session.fit.law.E, rel=1e-4)
    panel.scale.value = "log"
    assert ends(panel) == before
    assert panel.errors.value == ""


def test_a_chart_can_be_zoomed_on_either_scale(session):
    session.run_fit()
    panel = FrontierPanel(session)
    for name in ("linear", "log"):
        session.chart_scale = name
        scale = panel.charts.charts[0].frame.scales["x"]
        scale.set_state({"min": scale.min + (scale.max - scale.min) / 4})
        assert not panel.modes.reset.disabled
        panel.modes.reset.click()
        assert panel.modes.reset.disabled
    assert panel.errors.value == ""


def test_plans_of_earlier_runs_are_marked(session):
    session.run_fit()
    panel = FrontierPanel(session)
    assert panel.stale.value == ""
    session.exclude([run_keys(session.all_runs)[0]])
    assert "The runs have changed since this fit. The numbers and charts below" in text_of(panel.stale)
    session.run_fit()
    assert panel.stale.value == ""
    session.settings = dataclasses.replace(session.settings, loss_fn=mse)
    assert "The settings have changed since this fit." in text_of(panel.stale)
