"""The panel of approaches in a real page: slices, a chosen slice, tolerance, and the comparison."""

from __future__ import annotations

import pytest
from pages import DOTS, centre, run_code, screenshot, set_theme
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WAIT_MS = 90_000
OPEN = """
import tempfile
from chinchilla_nb import Chinchilla, Workbench, datasets, log_huber
cc = Chinchilla(tempfile.mkdtemp(), log_level=50, loss_fn=log_huber)
cc.database.df = datasets.load("python_stdlib").df
workbench = Workbench(cc)
workbench.toggles["Frontier"].value = False
workbench.toggles["Approaches"].value = True
panel = workbench.panels["Approaches"]
workbench
"""


def test_a_click_on_a_run_shows_its_slice_alone(lab):
    page = lab(OPEN)
    expect(page.get_by_text("To compare them with approach 3, fit a law to the runs.")).to_be_visible()
    expect(page.get_by_text("5 slices of runs whose C differ by at most 5")).to_be_visible()
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("Optimum found").first).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("On these slices approach 2 puts D*")).to_be_visible(timeout=WAIT_MS)
    charts = page.locator(".cnb-pair .bqplot")
    expect(charts).to_have_count(3)
    shown = int(run_code(page, "print(len(panel.slices.dots.x))"))
    expect(charts.nth(0).locator(DOTS)).to_have_count(shown + 5)  # and the minima
    assert charts.nth(0).locator("path.line[style*='--cnb-loss-']").count() == 10  # parabolas and laws

    # The text with the intervals and the one about the resampled slices move the charts when they arrive.
    expect(page.get_by_text("95 % intervals if the law holds")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("of 5,000 resampled slices")).to_be_visible(timeout=WAIT_MS)
    # The last run of the figure is one of the largest budget.
    page.mouse.click(*centre(charts.nth(0).locator("path.dot.element[style*='fill']").nth(shown - 1)))
    expect(page.get_by_text("C = 5×10¹²: N*")).to_be_visible(timeout=WAIT_MS)
    assert run_code(page, "print(panel.view.chosen is not None)") == "True\n"
    expect(page.get_by_label("Show", exact=True)).to_have_value("C = 5×10¹²")
    page.get_by_label("Show", exact=True).select_option("all")
    expect(page.get_by_label("Show", exact=True)).to_have_value("all")
    expect(page.get_by_label("Slices", exact=True)).to_have_value("similar C")
    expect(page.get_by_text("5 slices of runs whose C differ by at most 5")).to_be_visible()


def test_what_is_typed_is_used_or_marked(lab):
    page = lab(OPEN)
    tolerance = page.get_by_label("Tolerance", exact=True)
    tolerance.fill("1")
    expect(page.get_by_text("5 slices of runs whose C differ by at most 1")).to_be_visible()
    tolerance.fill("many")
    expect(page.get_by_text("not a number")).to_be_visible()
    tolerance.fill("5 %")
    expect(page.get_by_text("not a number")).to_have_count(0)
    page.get_by_label("Budget", exact=True).fill("1e14")
    expect(page.get_by_text("At 10¹⁴ FLOPs")).to_be_visible()
    page.get_by_label("Against", exact=True).select_option("D/N")
    expect(
        page.locator(".cnb-pair .bqplot")
        .nth(0)
        .get_by_text("Bytes per parameter")
        .or_(page.locator(".cnb-pair .bqplot").nth(0).get_by_text("Tokens per parameter"))
    ).to_be_visible()


@pytest.mark.parametrize("width", [900, 1400])
def test_both_themes(lab, width):
    page = lab(OPEN)
    page.set_viewport_size({"width": width, "height": 2200})
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("On these slices approach 2 puts D*")).to_be_visible(timeout=WAIT_MS)
    page.get_by_label("Show", exact=True).select_option("C = 5.98×10¹¹")
    expect(page.get_by_text("C = 5.98×10¹¹: N*")).to_be_visible(timeout=WAIT_MS)
    for theme in ("light", "dark"):
        set_theme(page, theme)
        screenshot(page, f"approaches-{theme}-{width}", ".cnb-workbench")
