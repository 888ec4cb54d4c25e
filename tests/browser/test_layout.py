"""Nothing is cut off or drawn over something else, where sentences are long, numbers wide and columns narrow."""

from __future__ import annotations

import pytest
from layout_faults import layout_faults
from playwright.sync_api import expect
from tracker_table import tracker_table

pytestmark = pytest.mark.browser

WAIT_MS = 30_000
WIDTHS = (900, 1150, 1400, 1900)
OPEN = f"""
import io
import pandas as pd
from chinchilla_nb import Workbench
workbench = Workbench(pd.read_csv(io.StringIO({tracker_table()!r})))
workbench
"""


def test_nothing_overlaps_or_is_cut_off(lab):
    """Huber's remark takes two lines here, and the intervals span many orders of magnitude."""
    page = lab(OPEN, size=(1400, 2600))
    page.get_by_label("Loss", exact=True).select_option("Huber of the logarithms")
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("95 % intervals if the law holds").first).to_be_visible(timeout=WAIT_MS)
    page.locator(".cnb-nav").get_by_role("button", name="Runs", exact=True).click()
    page.get_by_role("button", name="Add a run").click()
    page.get_by_placeholder("Filter: loss < 3").fill('"config/arch" ~ mam and (loss < 3 or N > 1B)')
    page.get_by_role("button", name="Use in charts and fits", exact=True).click()
    page.get_by_title("Plan under constraints").click()
    page.get_by_title("The constraint of the plan").select_option("Fixed N")
    page.get_by_placeholder("7B", exact=True).fill("20B")
    page.get_by_placeholder("5.76e23").fill("5.28e21")
    expect(page.locator(".cnb-value").get_by_text("20B", exact=True)).to_be_visible(timeout=WAIT_MS)
    faults = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 2600})
        page.wait_for_timeout(1000)
        faults[width] = layout_faults(page)
    assert faults == {width: [] for width in WIDTHS}


def box_of(page, place: str) -> dict[str, float]:
    """Return the rectangle of the first element that a CSS selector finds."""
    box = page.locator(place).first.bounding_box()
    assert box is not None
    return box


@pytest.mark.parametrize("width", [1400, 1900])
def test_no_column_of_a_wide_page_is_mostly_empty(voila, width):
    """A fit alone stands above the charts, and the budget beside them; with the run log, it stands beside them."""
    page = voila(OPEN, "workbench.session.run_fit();", size=(width, 1000))
    expect(page.get_by_text("Predicted loss", exact=True)).to_be_visible(timeout=WAIT_MS)
    fit, frontier = box_of(page, ".cnb:has(> .cnb-fit-head)"), box_of(page, ".cnb:has(> .cnb-frontier)")
    assert fit["width"] == pytest.approx(frontier["width"], abs=1)
    assert frontier["y"] > fit["y"] + fit["height"]
    charts, answer, last = (box_of(page, f".cnb-{name}") for name in ("shown", "answer", "more-tools"))
    assert answer["x"] == last["x"] > charts["x"] + charts["width"]
    assert answer["y"] == pytest.approx(charts["y"], abs=2)
    assert 0.6 < (last["y"] + last["height"] - answer["y"]) / charts["height"] < 1.4
    plan = box_of(page, "button[title^='Plan under constraints']")
    assert plan["y"] - (charts["y"] + charts["height"]) < 40
    page.locator(".cnb-nav").get_by_role("button", name="Runs", exact=True).click()
    page.get_by_placeholder("Filter: loss < 3").wait_for(timeout=WAIT_MS)
    fit, frontier = box_of(page, ".cnb:has(> .cnb-fit-head)"), box_of(page, ".cnb:has(> .cnb-frontier)")
    assert frontier["x"] > fit["x"] + fit["width"]
