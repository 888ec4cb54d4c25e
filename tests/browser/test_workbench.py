"""The workbench in a real page, in JupyterLab and in Voila: clicking, typing, and what is shown."""

from __future__ import annotations

import time

import pytest
from pages import DOTS, centre, run_code
from playwright.sync_api import Page, expect
from workbench_cells import OPEN

from chinchilla_nb.widgets.charts.plots import tick_key

pytestmark = pytest.mark.browser

ATTACK = "<img src=x onerror=alert(1)>"
WAIT_MS = 30_000
ANSWER_S = 5
"""The longest time an unblocked kernel needs on a busy machine; the fit itself would take far longer."""


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def tile(page: Page, name: str):
    return page.locator(".cnb-tile", has=page.get_by_text(name, exact=True)).locator(".cnb-value")


def marker(page: Page) -> str:
    """Return the position of the next run in the first chart."""
    return page.locator(".bqplot").first.locator("g.object_grp").last.get_attribute("transform")


def fit(page: Page) -> None:
    button(page, "Fit").click()
    page.get_by_text("Optimum found").first.wait_for(timeout=WAIT_MS)
    expect(tile(page, "E, irreducible loss")).to_have_text("1.700")
    expect(tile(page, "β, exponent of D")).to_have_text("0.2800")
    expect(button(page, "Fit")).to_be_enabled()
    expect(button(page, "Cancel")).to_be_disabled()


def choose_budgets(page: Page) -> None:
    """Change the budget with the keyboard and by typing, and check that the numbers and the marker follow."""
    expect(tile(page, "Parameters N")).to_be_visible(timeout=WAIT_MS)
    before, at = tile(page, "Parameters N").inner_text(), marker(page)
    handle = page.locator(".noUi-handle").first
    handle.focus()
    for _ in range(20):
        handle.press("ArrowRight")
    box = page.get_by_placeholder("5.76e23")
    # The page sends the last position of the handle after the kernel has replied to the earlier ones.
    last = handle.evaluate("handle => handle.closest('.noUi-target').noUiSlider.get(true)")
    expect(box).to_have_value(f"{10**last:.3g}".replace("e+", "e"))
    expect(tile(page, "Parameters N")).not_to_have_text(before)
    assert marker(page) != at
    box.fill("5.76e23")
    # The optimum of the law by its closed form: G = (alpha A / (beta B))^(1 / 0.62), N = G (C / 6)^(0.28 / 0.62).
    G = (0.34 * 400 / (0.28 * 410)) ** (1 / 0.62)
    N = G * (5.76e23 / 6) ** (0.28 / 0.62)
    expect(tile(page, "Parameters N")).to_have_text(f"{N / 1e9:.3g}B")
    expect(tile(page, "Tokens per parameter")).to_have_text(f"{5.76e23 / 6 / N**2:.1f}")
    box.fill("5.76e")
    expect(page.get_by_role("note").filter(has_text="'5.76e' is not a number of FLOPs")).to_have_count(1)
    box.fill("1e22")
    # A page of Voila also says that nothing of these runs is kept: they have no project folder.
    expect(page.get_by_role("note").filter(has_not_text="Nothing of this session is kept")).to_have_count(0)
    expect(page.locator(".cnb").last).to_contain_text("10²²")


def test_workbench_in_lab(lab):
    page = lab(OPEN)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    expect(page.get_by_text("30 runs ready: press Fit")).to_be_visible(timeout=WAIT_MS)
    fit(page)
    choose_budgets(page)

    run_code(page, f"database.append(N=2e7, D=5e11, loss=2.9, run={ATTACK!r})")
    expect(page.get_by_text("1 run since this fit: press Fit")).to_be_visible()
    dots = page.locator(".bqplot").first.locator(DOTS)
    expect(dots).to_have_count(32)  # with the marker of the next run
    page.mouse.move(*centre(dots.nth(30)))
    expect(page.locator(".bqplot_mark_tooltip:visible")).to_contain_text(ATTACK)
    expect(page.locator(".bqplot_mark_tooltip:visible")).to_contain_text("D: 500B tokens")
    assert page.locator("img[src='x']").count() == 0
    assert not dialogs

    # The keys of our tick labels are how this browser writes the ticks.
    ticks = [1e21, 1e20, 1.5e22, 7e9, 0.1, 1e-6, 1e-7, 2e5, 5.76e23]
    assert page.evaluate("ticks => ticks.map(String)", ticks) == [tick_key(tick) for tick in ticks]
    assert page.locator(".bqplot .tick text", has_text="e+").count() == 0
    run_code(page, "assert not workbench.fit.errors.value and not workbench.frontier.errors.value")


def test_cancel_while_the_kernel_answers(lab):
    page = lab(OPEN)
    run_code(page, "session.start_fit(exhaustive=True)")
    expect(button(page, "Cancel")).to_be_enabled()
    expect(button(page, "Fit")).to_be_disabled()
    expect(page.get_by_text("Optimising ·")).to_be_visible()
    started = time.monotonic()
    assert run_code(page, "print(session.busy)") == "True\n"
    assert time.monotonic() - started < ANSWER_S
    started = time.monotonic()
    button(page, "Cancel").click()
    expect(button(page, "Fit")).to_be_enabled()
    assert time.monotonic() - started < ANSWER_S
    expect(page.get_by_text("Cancelled: best so far").first).to_be_visible()
    # The click after a fit is not lost.
    fit(page)


def test_workbench_in_voila(voila):
    page = voila(OPEN, theme="dark", size=(900, 1000))
    fit(page)
    choose_budgets(page)
    scrolls = "chart => chart.scrollHeight > chart.clientHeight + 1 || chart.scrollWidth > chart.clientWidth + 1"
    charts = page.locator(".bqplot")
    assert [chart.evaluate(scrolls) for chart in charts.all()] == [False] * 4
