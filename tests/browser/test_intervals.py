"""Intervals in a real page: after the answer of the fit, replaced by those of the bootstrap; cancelled; profiles."""

from __future__ import annotations

import pytest
from pages import run_code, screenshot, set_theme
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

WAIT_MS = 60_000
OPEN = """
import time
from chinchilla_nb import Workbench, datasets, asymmetric_mae
workbench = Workbench(datasets.load("python_stdlib"))
session = workbench.session
seen = []
session.observe(lambda change: seen.append((change.name, type(change.new).__name__)), ["fit", "uncertainty"])
workbench
"""
SLOW = """
import dataclasses
session.settings = dataclasses.replace(session.settings, loss_fn=asymmetric_mae)
"""
"""A loss whose refits take several seconds."""


def heights(page: Page) -> list[float]:
    """Return where the panels, their tiles and their charts begin."""
    return page.evaluate(
        "() => [...document.querySelectorAll('.cnb, .cnb-tiles, .bqplot')].map(e => e.getBoundingClientRect().y)"
    )


def draws(page: Page, method: str = "pairs") -> None:
    """Wait for the intervals of a bootstrap; a few of its refits may have no proven optimum."""
    expect(page.get_by_text(f"{method} bootstrap, ").first).to_be_visible(timeout=WAIT_MS)


def test_intervals_follow_the_fit_and_move_nothing(lab):
    page = lab(OPEN)
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("Optimum found").first).to_be_visible(timeout=WAIT_MS)
    draws(page)
    order = run_code(page, "print(seen)")
    assert order.index("'fit'") < order.index("'Draws'")
    expect(page.get_by_text("came out").first).to_be_visible(timeout=WAIT_MS)
    # Beside five parameters, and four numbers of the next run, of which the loss has two.
    intervals = page.locator(".cnb-tile .cnb-interval")
    expect(intervals).to_have_count(10)
    assert all("–" in text for text in intervals.all_inner_texts())
    assert page.locator("path.line[style*='--cnb-band']").count() == 4
    widths = "path => { const b = path.getBoundingClientRect(); return Math.min(b.width, b.height); }"
    assert all(band.evaluate(widths) > 20 for band in page.locator("path.line[style*='--cnb-band']").all())

    # Intervals of another method take the same room.
    before = heights(page)
    run_code(page, "session.uncertainty = session.fit.uncertainty('sandwich')")
    expect(page.get_by_text("sandwich covariance").first).to_be_visible()
    assert heights(page) == before
    for theme in ("light", "dark"):
        set_theme(page, theme)
        screenshot(page, f"intervals-{theme}", ".cnb-workbench")


def test_estimation_is_announced_and_cancelled_while_the_kernel_answers(lab):
    page = lab(OPEN, SLOW)
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("estimating intervals by bootstrap")).to_be_visible(timeout=WAIT_MS)
    # The answer is here, with the intervals that need no refits, and another fit can begin.
    expect(page.get_by_text("Optimum found").first).to_be_visible()
    expect(page.get_by_role("button", name="Fit", exact=True)).to_be_enabled()
    assert run_code(page, "print(session.busy, session.uncertainty.method)") == "False sandwich\n"
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("estimating intervals by bootstrap")).to_have_count(0)
    page.get_by_role("button", name="Bootstrap", exact=True).click()
    draws(page, "Bayesian")


def test_a_click_opens_a_profile(lab):
    page = lab(OPEN)
    page.get_by_role("button", name="Fit", exact=True).click()
    draws(page)
    page.locator("button.cnb-interval").nth(3).click()
    expect(page.get_by_text("these runs agree with any α")).to_be_visible(timeout=WAIT_MS)
    charts = page.locator(".cnb-card .cnb-pair .bqplot")
    expect(charts).to_have_count(3)
    expect(page.get_by_text("Of both exponents together")).to_be_visible(timeout=WAIT_MS)
    screenshot(page, "profile", ".cnb-workbench")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("these runs agree with any α")).to_be_hidden()
