"""The runs that the frontier panel proposes, in a real page."""

from __future__ import annotations

import pytest
from pages import run_code, screenshot
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WAIT_MS = 90_000
OPEN = """
from chinchilla_nb import Workbench, datasets
workbench = Workbench(datasets.load("python_stdlib"))
session = workbench.session
session.run_fit()
workbench
"""


def test_a_click_chooses_five_runs(lab):
    page = lab(OPEN)
    button = page.get_by_role("button", name="Choose runs")
    expect(button).to_be_visible(timeout=WAIT_MS)
    button.click()
    caption = page.get_by_text("The error is the standard error of log N*")
    expect(caption).to_be_visible(timeout=WAIT_MS)
    rows = page.locator("table:has(th:text('Fall of the variance')) tbody tr")
    expect(rows).to_have_count(5)
    rows.first.scroll_into_view_if_needed()
    screenshot(page, "next-runs", ".cnb-workbench")
    run_code(page, "assert not workbench.frontier.errors.value")
