"""Intervals in the panels: beside every number, on the charts, in what is copied; and what they are based on."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import time

import numpy as np
import pytest
from copied_text import copied_text
from runs import make_runs, table_of

from chinchilla_nb import Chinchilla, KaplanLaw
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, mse
from chinchilla_nb.engine.uncertainty.draws import Draws
from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel

UNITS = {"": 1, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


@pytest.fixture
def rows():
    return table_of(make_runs(60, noise=0.01))


@pytest.fixture
def session(session):
    session.settings = dataclasses.replace(session.settings, loss_fn=mse)
    return session


def text_of(widget) -> str:
    return re.sub("<[^>]*>", " ", widget.value)


def numbers_in(text: str) -> list[float]:
    return [float(digits.replace(",", "")) * UNITS[unit] for digits, unit in re.findall(r"([\d.,]*\d)([kMBT]?)", text)]


def tiles_of(widget) -> list[tuple[str, str, str]]:
    tile = r'cnb-name">(.*?)</div><div class="cnb-value">(.*?)</div>(?:<div class="cnb-interval">(.*?)</div>)?'
    found = re.findall(tile, widget.value)
    return [(re.sub("<[^>]*>", "", name), value, interval) for name, value, interval in found]


async def until(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


def test_every_parameter_has_the_interval_of_the_uncertainty(session):
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    for name, interval in session.uncertainty.interval().items():
        if name in ("a", "b"):
            continue
        # Two digits of half the interval are shown.
        shown, half = numbers_in(panel.parameters.intervals[name].description), (interval.high - interval.low) / 2
        np.testing.assert_allclose(shown, [interval.low, interval.high], atol=0.06 * half)
        assert panel.parameters.intervals[name].layout.display is None
    assert "95 % intervals if the law holds: sandwich covariance" in text_of(panel.intervals.text)
    assert panel.errors.value == ""


def test_without_a_fit_there_is_no_interval(session):
    panel = FitPanel(session)
    assert panel.intervals.layout.display == "none"
    assert panel.parameters.children == ()


def test_the_bootstrap_is_announced_can_be_cancelled_and_started_again(session):
    session.settings = dataclasses.replace(session.settings, loss_fn=asymmetric_mae)
    panel, said = FitPanel(session), []
    panel.intervals.text.observe(lambda _: said.append(text_of(panel.intervals.text)), "value")
    button = panel.intervals.button

    async def main() -> None:
        panel.fit_button.click()
        await until(lambda: not session.busy)
        assert button.description == "Stop"
        assert "estimating intervals by bootstrap … 0 %" in text_of(panel.intervals.text)
        button.click()
        assert session.uncertainty_progress is None
        assert "estimating" not in text_of(panel.intervals.text)
        assert (button.description, button.layout.visibility) == ("Bootstrap", "visible")
        button.click()
        await until(lambda: isinstance(session.uncertainty, Draws))

    asyncio.run(main())
    assert button.layout.visibility == "hidden"  # with its room
    assert any(re.search(r"bootstrap … [1-9]\d* %", text) for text in said)
    assert "95 % intervals if the law holds: Bayesian bootstrap, " in text_of(panel.intervals.text)


def test_notes_are_shown(session, database, rows):
    again = rows.assign(loss=rows["loss"] * 1.02)
    database.df = type(rows)({name: [*rows[name], *again[name]] for name in rows})
    panel = FitPanel(session)
    session.run_fit()
    # Pairs of runs that differ by log 1.02 have a standard deviation of log 1.02 / root 2.
    assert f"differ by {100 * np.log(1.02) / np.sqrt(2):.2g}\u202f%" in text_of(panel.intervals.notes)


def test_a_loss_of_ones_own_gets_a_sentence(session):
    session.settings = dataclasses.replace(session.settings, loss_fn=lambda y, p: np.abs(y - p))
    panel, frontier = FitPanel(session), FrontierPanel(session)
    session.run_fit()
    assert "built-in losses only" in text_of(panel.intervals.text)
    assert panel.parameters.intervals["E"].layout.display == "none"
    assert "interval" not in frontier.allocation.value
    assert all(len(chart.band.x) == 0 for chart, _ in frontier.charts.all)


def test_every_tile_of_the_frontier_has_an_interval(session):
    panel = FrontierPanel(session)
    session.run_fit()
    panel.budget.choose(1e22)
    exact = session.uncertainty.allocate(1e22)
    tiles = tiles_of(panel.allocation)
    assert len(tiles) == 4
    for (_, value, interval), name in zip(tiles, ("N", "D", "D_per_N", "loss"), strict=True):
        low, high = float(exact[name].low), float(exact[name].high)
        np.testing.assert_allclose(numbers_in(interval), [low, high], atol=0.06 * (high - low) / 2)
        assert numbers_in(value)[0] == pytest.approx(float(exact[name].value), abs=0.06 * (high - low) / 2)
    run = session.uncertainty.predict_loss(exact["N"].value, exact["D"].value, kind="new-run")
    assert f"single run of this N and D: {float(run.low):.3f}" in text_of(panel.allocation)


def test_the_charts_have_bands_and_the_region_of_the_next_run(session):
    panel = FrontierPanel(session)
    session.run_fit()
    panel.budget.choose(1e22)
    assert panel.errors.value == ""
    exact = session.uncertainty.allocate(1e22)["N"]
    low, high = float(exact.low), float(exact.high)
    CN, CD, ND = panel.charts.charts
    np.testing.assert_allclose(CN.budget.region.y, [low, high], rtol=1e-3)
    np.testing.assert_allclose(CD.budget.region.y, [1e22 / 6 / low, 1e22 / 6 / high], rtol=1e-3)
    np.testing.assert_allclose(ND.budget.region.x * ND.budget.region.y, 1e22 / 6)
    assert all(len(chart.band.x) > 50 for chart, _ in panel.charts.all)
    assert "95" in text_of(panel.charts.key)
    # The region follows the budget; the bands stay.
    band = CN.band.x
    panel.budget.choose(1e21)
    np.testing.assert_allclose(CN.budget.region.x, [1e21, 1e21])
    assert CN.band.x is band


def test_another_uncertainty_moves_only_the_bands(session):
    panel = FrontierPanel(session)
    session.run_fit()
    chart = panel.charts.charts[0]
    before, moved = chart.band.y, []
    for mark in (chart.iso_loss, chart.frontier, chart.runs):
        mark.observe(moved.append, ["x", "y"])
    session.uncertainty = session.fit.uncertainty("pairs", draws=100, rng=0)
    assert len(chart.band.y) == len(before)
    assert not np.allclose(chart.band.y, before)
    assert moved == []
    assert "pairs bootstrap, 100 draws" in text_of(panel.allocation)
    session.uncertainty = None
    assert len(chart.band.y) == len(chart.budget.region.y) == 0


def test_the_snippet_has_the_ends(session):
    panel = FrontierPanel(session)
    session.run_fit()
    panel.budget.choose(1e22)
    copied: dict = {}
    exec(copied_text(panel.export.code), copied)  # as a user would
    copied = copied["allocation"]
    exact = session.uncertainty.allocate(1e22)
    names = {"N": "N", "D": "D", "D_per_N": "tokens_per_parameter", "loss": "predicted_loss"}
    for name, written in names.items():
        np.testing.assert_allclose(copied[f"{written}_low"], float(exact[name].low), rtol=2e-3)
        np.testing.assert_allclose(copied[f"{written}_high"], float(exact[name].high), rtol=2e-3)
    assert copied["level"] == 0.95
    # Off the frontier N and D are chosen, and only the loss is uncertain.
    panel.off_frontier.slider.value = 1
    code = copied_text(panel.export.code)
    assert "N_low" not in code
    assert "predicted_loss_low" in code


def test_a_click_on_an_interval_opens_the_profile(session):
    panel = FitPanel(session)
    session.run_fit()
    assert panel.profile is None
    panel.parameters.intervals["alpha"].click()
    card = panel.profile
    assert "agree with any α" in text_of(card.text)
    at = int(np.argmin(card.curve.y))
    assert card.curve.x[at] == session.fit.law.alpha
    assert len(card.N.x) > 10
    assert card.layout.display is None
    assert "Of both exponents together, these runs allow α from" in text_of(card.text)
    assert card.edge.x.min() < card.fitted.x[0] == session.fit.law.alpha < card.edge.x.max()
    assert card.edge.y.min() < card.fitted.y[0] == session.fit.law.beta < card.edge.y.max()
    panel.parameters.intervals["E"].click()
    assert panel.profile is card
    assert len(card.edge.x) == 0
    assert card.curve.x[int(np.argmin(card.curve.y))] == session.fit.law.E
    card.close_button.click()
    assert card.layout.display == "none"
    panel.parameters.intervals["E"].click()
    session.run_fit()  # the profile is that of the fit before
    assert card.layout.display == "none"
    assert panel.errors.value == ""


def test_a_profile_is_computed_in_the_background_and_ends_with_the_panel(session):
    panel = FitPanel(session)

    async def main() -> None:
        session.run_fit()
        panel.parameters.intervals["alpha"].click()
        assert "Fitting the other parameters" in text_of(panel.profile.text)
        await until(lambda: "agree with any α" in text_of(panel.profile.text))
        panel.parameters.intervals["E"].click()
        worker = panel.profile._work._job._thread
        panel.close()
        await until(lambda: not worker.is_alive(), seconds=5)

    asyncio.run(main())


def test_closed_panels_end_the_estimation(session):
    session.settings = dataclasses.replace(session.settings, loss_fn=asymmetric_mae)
    panels = FitPanel(session), FrontierPanel(session)

    async def main() -> None:
        session.run_fit()
        panels[0].close()
        assert session.uncertainty_progress is not None
        panels[1].close()
        assert session.uncertainty_progress is None

    asyncio.run(main())


def test_another_law_has_intervals_too(tmp_path):
    law = KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)  # Kaplan et al. 2020, table 2
    cc = Chinchilla(tmp_path, law="kaplan", loss_fn=mse, log_level=50)
    cc.database.df = table_of(make_runs(40, law, noise=0.01))
    panel, frontier = FitPanel(cc), FrontierPanel(cc)
    cc.session.run_fit()
    assert list(panel.parameters.intervals) == ["N_c", "D_c", "alpha_N", "alpha_D"]
    low, high = numbers_in(panel.parameters.intervals["alpha_N"].description)
    assert low < 0.076 < high
    assert all(interval for _, _, interval in tiles_of(frontier.allocation))
    assert (panel.errors.value, frontier.errors.value) == ("", "")
