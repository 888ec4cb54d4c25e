"""Plans in a real page: a constraint is chosen and typed, its plan is shown, and plans are collected in a table."""

from __future__ import annotations

import pytest
from pages import screenshot, set_theme, wait_idle
from playwright.sync_api import expect
from workbench_cells import OPEN

pytestmark = pytest.mark.browser

WAIT_MS = 30_000


def test_plans_are_compared(lab):
    page = lab(OPEN)
    page.get_by_role("button", name="Fit", exact=True).click()
    page.get_by_text("Optimum found").first.wait_for(timeout=WAIT_MS)
    wait_idle(page)
    page.locator("button[title='Plan under constraints, and compare plans']").click(timeout=WAIT_MS)
    add = page.get_by_role("button", name="Add to table")
    expect(add).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("Deadweight compute")).to_be_visible(timeout=WAIT_MS)
    add.click()
    page.locator("select[title='The constraint of the plan']").select_option("Fixed N")
    field = page.get_by_placeholder("7B", exact=True)
    field.fill("2B")
    expect(page.locator(".cnb-value").get_by_text("2B", exact=True)).to_be_visible(timeout=WAIT_MS)
    add.click()
    rows = page.locator(".cnb-plans tbody tr")
    expect(rows).to_have_count(2, timeout=WAIT_MS)
    expect(rows.nth(1)).to_contain_text("N = 2B")
    page.locator("select[title='The constraint of the plan']").select_option("The optimum")
    page.get_by_placeholder("none").fill("100B")
    page.get_by_placeholder("unlimited").fill("20B")
    wait_idle(page)
    add.click()
    expect(rows).to_have_count(3, timeout=WAIT_MS)
    for theme in ("light", "dark"):
        set_theme(page, theme)
        for width in (900, 1400):
            page.set_viewport_size({"width": width, "height": 1000})
            wait_idle(page)
            page.locator("button[title='Plan under constraints, and compare plans']").scroll_into_view_if_needed()
            rows.last.scroll_into_view_if_needed()
            screenshot(page, f"plans-{theme}-{width}", ".cnb-workbench")
