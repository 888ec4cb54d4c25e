"""Roll-outs and forecasts in a real page: the chart after the fit's answer; a forecast saved, opened and scored."""

from __future__ import annotations

import pytest
from pages import DOTS, centre, run_code, screenshot, set_theme
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WAIT_MS = 90_000
OPEN = """
import tempfile
from chinchilla_nb import Chinchilla, Workbench, datasets, log_huber
study = datasets.load("python_stdlib")
cc = Chinchilla(tempfile.mkdtemp(), log_level=50, loss_fn=log_huber)
cc.database.df = study.df[study.df.C <= 1e12]
workbench = Workbench(cc)
session = workbench.session
workbench
"""
"""The smaller runs of the study."""


def test_the_chart_follows_the_fit_and_the_tile_has_both_intervals(lab):
    page = lab(OPEN)
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("Optimum found").first).to_be_visible(timeout=WAIT_MS)
    # The answer of the fit is here, and the room of the interval that is still to come.
    expect(page.get_by_text("… widened by the roll-outs").first).to_be_visible()
    expect(page.get_by_text("came out").first).to_be_visible(timeout=WAIT_MS)
    tile = page.locator(".cnb-tile.cnb-wide .cnb-interval")
    expect(tile).to_have_count(2)
    assert "if the law holds" in tile.nth(0).inner_text()
    assert "widened by the roll-outs" in tile.nth(1).inner_text()

    page.get_by_role("button", name="Roll-outs").click()
    chart = page.locator(".cnb-card .bqplot").first
    expect(chart.locator("path.dot.element").first).to_be_visible()
    count = int(run_code(page, "print(sum(len(part.held_out) for part in session.roll_outs.parts))"))
    expect(chart.locator(DOTS)).to_have_count(count)
    for colour in ("--cnb-band", "--cnb-ink"):
        assert chart.locator(f"path.line[style*='{colour}']").count() == 1
    page.mouse.move(*centre(chart.locator(DOTS).first))
    expect(page.locator(".bqplot_mark_tooltip:visible")).to_contain_text("Predicted from the runs up to")
    for theme in ("light", "dark"):
        set_theme(page, theme)
        screenshot(page, f"roll-outs-{theme}", ".cnb-workbench")


def test_a_forecast_is_saved_opened_and_scored(lab):
    page = lab(OPEN)
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("came out").first).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Save forecast", exact=True).click()
    expect(page.get_by_text("with both intervals")).to_be_visible()
    expect(page.get_by_text("Not logged yet.")).to_be_visible()
    # Another session on the folder, such as tomorrow's, knows it.
    assert run_code(page, "print(len(Chinchilla(cc.project_dir, log_level=50).session.forecasts))") == "1\n"

    page.get_by_placeholder("name.json").fill("df.csv")
    page.get_by_role("button", name="Open forecast", exact=True).click()
    expect(page.get_by_text("Nothing was opened: the file")).to_be_visible()

    page.get_by_role("button", name="Runs", exact=True).click()
    run_code(page, "one = session.forecasts[0]; cc.append(N=one.N, D=one.D, loss=0.8 * one.loss)")
    expect(page.get_by_role("button", name="forecast", exact=True)).to_be_visible()
    cell = page.locator(".cnb-run span", has_text="outside −")
    expect(cell).to_have_count(1)
    assert "outside the interval if the law holds" in (cell.get_attribute("title") or "")
    expect(page.get_by_text("% better than predicted: outside").first).to_be_visible()
    screenshot(page, "forecast-score", ".cnb-workbench")
