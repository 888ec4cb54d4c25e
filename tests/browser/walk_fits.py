"""Steps of the walk that begin with a fit: its loss and intervals, laws beside it, its history, its checks."""

from __future__ import annotations

import re

from pages import centre
from playwright.sync_api import Locator, expect
from walk import WAIT_MS, Walk

LINE = "path.line[style*='--cnb-law-by-hand']"
HANDLES = ".cnb-hand-row .noUi-handle"


def loss(walk: Walk) -> Locator:
    """Return the list of losses beside Fit."""
    return walk.page.locator(".cnb-loss select").filter(visible=True).last


def fit_with_a_loss(walk: Walk) -> None:
    """The loss is chosen beside Fit; the number stands beside its interval, and the badge says what it means."""
    walk.see(loss(walk))
    walk.fit()
    walk.see("Optimum found")
    walk.see(walk.page.locator(".cnb-interval"))


def sensitivity_to_the_loss(walk: Walk) -> None:
    """One line says what N* other losses give."""
    walk.see(walk.page.get_by_text(re.compile(r"N\* at .+ is .+ with .+, .+ with ")))
    loss(walk).select_option("Squared")
    walk.see("press Fit")
    loss(walk).select_option("Huber of the logarithms")
    walk.see("Up to date with")


def open_a_profile(walk: Walk) -> None:
    """A click on an interval shows the profile of its parameter."""
    walk.page.get_by_role("button", name="95 % interval of α").click()
    walk.see(walk.button("Close"))
    walk.see("Misfit by value")
    walk.see_no("Fitting the other parameters")


def set_a_law_by_hand(walk: Walk) -> None:
    """A slider moves the law on all charts; the objective of both laws is said."""
    walk.button("Close").click()
    walk.page.get_by_role("button", name="Law by hand").click()
    expect(walk.page.locator(".cnb-hand-row")).to_have_count(5, timeout=WAIT_MS)
    drag_slider(walk, 3, 40)
    walk.see("times that of the fit")
    expect(walk.page.locator(LINE)).to_have_count(4, timeout=WAIT_MS)


def fix_and_follow(walk: Walk) -> None:
    """A fixed parameter stays; the others are fitted while one is dragged."""
    walk.titled("Keep E at its value").click()
    walk.button("Fit the others").click()
    box = walk.titled("Value of B")
    before = box.input_value()
    drag_slider(walk, 3, -60)
    expect(box).not_to_have_value(before, timeout=WAIT_MS)


def fit_from_the_law_by_hand(walk: Walk) -> None:
    """The search starts from this law, and the law by hand can be removed."""
    walk.button("Fit from here").click()
    walk.see("Up to date with")
    reset = walk.button("Reset to the fit")
    if reset.is_enabled():
        reset.click()
    expect(reset).to_be_disabled(timeout=WAIT_MS)
    walk.page.get_by_role("button", name="Law by hand").click()


def lay_a_published_law_over_the_runs(walk: Walk) -> None:
    """It is drawn on all charts, with its source."""
    walk.page.locator(".cnb-law-choice select").select_option("Hoffmann et al. 2022")
    walk.see("arXiv:2203.15556")
    expect(walk.page.locator("path.line[style*='--cnb-law-1']")).to_have_count(4, timeout=WAIT_MS)


def open_diagnostics(walk: Walk) -> None:
    """Predictions and residuals, also those of the published law."""
    walk.page.get_by_role("button", name="Diagnostics").click()
    walk.see("Residual by compute")
    walk.page.get_by_label("of", exact=True).select_option("Hoffmann et al. 2022")
    walk.see("Predictions and residuals of Hoffmann et al. 2022, not of the fit")


def open_roll_outs(walk: Walk) -> None:
    """How the law, fitted to the smaller runs, has predicted the larger ones."""
    walk.page.get_by_role("button", name="Remove", exact=True).click()
    walk.see_no("arXiv:2203.15556")
    walk.page.get_by_role("button", name="Diagnostics").click()
    walk.page.get_by_role("button", name="Roll-outs").click()
    walk.see(walk.chart("Errors of predictions beyond C₀"))


def compare_and_restore_fits(walk: Walk) -> None:
    """Every fit is a row; two are compared, and one is restored."""
    walk.page.get_by_role("button", name="Roll-outs").click()
    loss(walk).select_option("Squared")
    walk.see("press Fit")
    walk.fit()
    walk.show("Scaling law", "Fit history", "Frontier")
    for number in (1, 3):
        walk.titled(f"Draw the law of fit {number}").click()
    walk.see(walk.page.locator(".cnb-differences"))


def restore_a_fit(walk: Walk) -> None:
    """Its settings come back with it."""
    for number in (1, 3):
        walk.titled(f"Draw the law of fit {number}").click()
    walk.titled("Make fit 1 the fit again").click()
    expect(loss(walk)).to_have_value("Huber of the logarithms", timeout=WAIT_MS)
    walk.see("Up to date with")


def drag_slider(walk: Walk, row: int, by: float) -> None:
    """Drag the handle of a parameter, in the order of the law."""
    x, y = centre(walk.page.locator(HANDLES).nth(row))
    walk.drag([(x, y), (x + by / 2, y), (x + by, y)])
