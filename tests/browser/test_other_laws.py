"""Laws beside the fit in a real page: a dragged slider turns the line, and a published law is chosen and labelled."""

from __future__ import annotations

import pytest
from pages import centre, run_code, screenshot, set_theme, until
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

WAIT_MS = 60_000
OPEN = """
from chinchilla_nb import Workbench, datasets
workbench = Workbench(datasets.load("python_stdlib"))
session = workbench.session
session.run_fit()
workbench
"""
LINE = "path.line[style*='--cnb-law-by-hand']"


def drawn(page: Page, line: str, count: int) -> None:
    """Wait until so many lines of a colour are drawn; bqplot keeps the path of a line without points."""
    page.wait_for_function(
        "([line, count]) => [...document.querySelectorAll(line)].filter(p => p.getTotalLength() > 0).length === count",
        arg=[line, count],
        timeout=WAIT_MS,
    )


def slider_of(page: Page, row: int):
    """Return the handle of the slider of a parameter, in the order of the law."""
    return page.locator(".cnb-hand-row .noUi-handle").nth(row)


def drag(page: Page, row: int, by: float) -> None:
    """Drag a handle horizontally in several moves, as a hand does."""
    x, y = centre(slider_of(page, row))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=12)
    page.mouse.up()


def test_a_dragged_slider_turns_the_line_about_the_runs(lab):
    page = lab(OPEN)
    page.get_by_role("button", name="Law by hand").click()
    expect(page.locator(".cnb-hand-row")).to_have_count(5)
    # The tiles show intervals, which are estimated in the background and widened by the roll-outs.
    until(page, "session.uncertainty is not None and session.uncertainty_progress is None")
    until(page, "session.roll_outs is not None and session.roll_outs_progress is None")
    expect(page.get_by_text("widened by the roll-outs").first).to_be_visible(timeout=WAIT_MS)
    fitted = run_code(page, "print(session.fit.law)")
    tiles = page.locator(".cnb-tiles").all_inner_texts()
    drawn(page, LINE, 0)
    drag(page, 3, 40)
    drawn(page, LINE, 4)
    expect(page.get_by_text("times that of the fit")).to_be_visible()
    before = page.locator(LINE).first.get_attribute("d")
    drag(page, 3, 40)
    page.wait_for_function(
        "([line, before]) => document.querySelector(line).getAttribute('d') !== before", arg=[LINE, before]
    )
    # In the middle of the runs the law predicts what the fit does, and elsewhere it does not.
    apart = """
import numpy as np
N, D = np.exp(np.log(session.runs.N).mean()), np.exp(np.log(session.runs.D).mean())
by_hand, fit = session.law_by_hand, session.fit.law
print(abs(by_hand.loss(N, D) / fit.loss(N, D) - 1) < 1e-9, by_hand.alpha > fit.alpha + 0.01)
"""
    assert run_code(page, apart) == "True True\n"
    # What is planned and fitted stays.
    assert run_code(page, "print(session.fit.law)") == fitted
    assert page.locator(".cnb-tiles").all_inner_texts() == tiles
    # Every chart says which line it is.
    expect(page.locator("svg text[style*='--cnb-law-by-hand']", has_text="by hand")).to_have_count(4)

    page.get_by_role("button", name="Reset to the fit").click()
    drawn(page, LINE, 0)


def test_a_published_law_is_laid_over_the_runs_on_all_charts(lab):
    page = lab(OPEN)
    page.locator(".cnb-law-choice select").select_option("Hoffmann et al. 2022")
    # Its losses are those of tokens, far above those of bytes here, so that its line leaves the chart of the loss.
    expect(page.locator("path.line[style*='--cnb-law-1']")).to_have_count(4, timeout=WAIT_MS)
    expect(page.get_by_text("arXiv:2203.15556")).to_be_visible()
    page.locator(".cnb-law-choice select").select_option("Besiroglu et al. 2024")
    expect(page.locator("path.line[style*='--cnb-law-2']")).to_have_count(4, timeout=WAIT_MS)
    page.get_by_role("button", name="Law by hand").click()
    drag(page, 3, 30)
    page.get_by_role("button", name="Diagnostics").click()
    expect(page.get_by_text("Predictions and residuals of the law set by hand, not of the fit")).to_be_visible()
    for width in (900, 1400, 1900):
        page.set_viewport_size({"width": width, "height": 2600})
        for theme in ("light", "dark"):
            set_theme(page, theme)
            expect(page.locator(".cnb-workbench")).to_be_visible(timeout=WAIT_MS)
            screenshot(page, f"other-laws-{width}-{theme}", ".cnb-workbench")
    page.get_by_role("button", name="Remove", exact=True).nth(1).click()
    expect(page.get_by_text("arXiv:2203.15556")).to_have_count(0)
