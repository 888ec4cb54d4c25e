"""Charts in a real page: they grow with the window, one can fill the panel, and the keyboard reaches them."""

from __future__ import annotations

import pytest
from pages import run_code, screenshot
from playwright.sync_api import Page, expect
from workbench_cells import OPEN

pytestmark = pytest.mark.browser

FITTED = "session.run_fit()"
WIDTHS = (900, 1400, 1900)


def widths(page: Page) -> list[float]:
    """Return the widths of the plots of the charts in view, without their margins."""
    found = []
    for chart in page.locator(".cnb-chart-card .bqplot").all():
        if chart.is_visible():
            chart.scroll_into_view_if_needed()  # bqplot draws no chart that is out of sight
            page.wait_for_timeout(700)  # and draws again 0.3 s after a change of size
            box = chart.locator(".plotarea_background").bounding_box()
            assert box is not None
            found.append(box["width"])
    return found


def fitted(page: Page) -> Page:
    expect(page.get_by_text("Predicted loss", exact=True)).to_be_visible(timeout=30_000)
    page.wait_for_timeout(500)
    return page


def test_charts_grow_with_the_window(lab):
    page = fitted(lab(OPEN, FITTED))
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        found.append(min(widths(page)))
    assert found == sorted(found)
    assert found[0] >= 240
    assert found[-1] > 1.4 * found[0]
    page.set_viewport_size({"width": 480, "height": 1000})
    assert min(widths(page)) > 200
    panels = page.locator(".cnb").all()
    assert not [panel for panel in panels if panel.evaluate("panel => panel.scrollWidth > panel.clientWidth + 1")]


def test_titles_of_axes_stand_clear_of_the_labels_of_small_losses(lab):
    small = OPEN.replace("law.loss(N, D)", "1e-6 * law.loss(N, D) * rng.lognormal(0, 0.01, 30)")
    page = lab(small, FITTED, size=(1400, 4000))
    page.get_by_role("button", name="Diagnostics").click()
    expect(page.get_by_text("True − predicted loss", exact=True)).to_have_count(4, timeout=30_000)
    page.wait_for_timeout(1000)  # bqplot draws again 0.3 s after a change of size
    screenshot(page, "small_losses")
    gaps = page.locator(".bqplot").evaluate_all(
        """charts => charts.flatMap(chart => [...chart.querySelectorAll('.axis')]).flatMap(axis => {
            const title = axis.querySelector('.axislabel');
            if (!title?.getAttribute('transform')?.includes('rotate')) return [];
            const labels = [...axis.querySelectorAll('.tick text')].map(text => text.getBoundingClientRect().left);
            return [Math.min(...labels) - title.getBoundingClientRect().right];
        })"""
    )
    assert len(gaps) == 9
    assert min(gaps) > 1, gaps


@pytest.mark.parametrize("place", ["lab", "voila"])
def test_one_chart_fills_the_panel_until_escape(place, request):
    page = fitted(request.getfixturevalue(place)(OPEN, FITTED, size=(900, 1000)))
    small = widths(page)
    assert len(small) == 4
    enlarge = page.get_by_role("button", name="Enlarge Loss by compute")
    enlarge.click()
    (large,) = widths(page)
    panel = page.locator(".cnb:has(.cnb-budget)").bounding_box()
    assert panel is not None
    assert large > 0.75 * panel["width"]
    expect(enlarge).to_have_attribute("aria-pressed", "true")
    page.get_by_placeholder("5.76e23").focus()
    page.keyboard.press("Escape")
    assert widths(page) == pytest.approx(small, abs=2)
    expect(enlarge).to_have_attribute("aria-pressed", "false")
    enlarge.click()
    enlarge.click()
    assert widths(page) == pytest.approx(small, abs=2)


def test_keyboard_reaches_charts_and_moves_the_budget(lab):
    page = fitted(lab(OPEN, FITTED))
    chart = page.get_by_role("img", name="Chart: Parameters by compute")
    text = page.locator(f"#{chart.get_attribute('aria-describedby')}").inner_text()
    assert "Compute C (FLOPs), from" in text
    assert "Parameters N, from" in text
    assert "30 runs." in text
    page.get_by_placeholder("5.76e23").focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if chart.evaluate("chart => chart === document.activeElement"):
            break
    expect(chart).to_be_focused()
    budget = "print(workbench.frontier.budget.C)"
    before = float(run_code(page, budget))
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    after = float(run_code(page, budget))
    assert after > before
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(500)
    assert float(run_code(page, budget)) == pytest.approx(before, rel=0.02)
    expect(chart).to_be_focused()
