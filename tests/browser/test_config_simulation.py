"""The configuration and simulation panels in a real page: what is typed, what it changes, and what is drawn."""

from __future__ import annotations

import pytest
from pages import DOTS, run_code, screenshot
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

ATTACK = "<img src=x onerror=alert(1)>"
WAIT_MS = 60_000

CONFIG = """
import tempfile
from chinchilla_nb import Chinchilla, ConfigPanel, SimulationPanel
cc = Chinchilla(
    tempfile.mkdtemp(),
    {"E": [1.0, 1.5, 2.0], "A": [100, 1000], "B": [100, 1000], "alpha": [0.3, 0.5], "beta": [0.3, 0.5]},
    {"C": (1e18, 1e20), "N_to_D": (5, 50)},
    num_seeding_steps=10, scaling_factor=10.0, log_level=50, rng=0,
)
ConfigPanel(cc)
"""
SIMULATION = "simulation = SimulationPanel(cc)\nsimulation"


def box(page: Page, title: str):
    return page.locator(f'input[title="{title}"], select[title="{title}"]')


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def assert_nothing_sticks_out(page: Page) -> None:
    """No panel is wider than its place, and no field lies outside its card."""
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.cnb')].flatMap(panel => {
            const edge = panel.getBoundingClientRect().right + 1;
            const inner = [...panel.querySelectorAll('input, select, button, .cnb-card, td')];
            return inner.filter(e => e.getBoundingClientRect().right > edge).map(e => e.title || e.className);
        })"""
    )
    assert outside == []


def test_configuration_in_lab(lab):
    page = lab(CONFIG, "ConfigPanel(cc)")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    expect(page.get_by_text("✓ in force")).to_have_count(2, timeout=WAIT_MS)
    count = box(page, "Number of the starting values of E").first
    count.fill(ATTACK)
    expect(page.get_by_role("alert")).to_contain_text("is not a number")
    expect(page.get_by_text("1 field not valid: the last valid values still apply")).to_have_count(1)
    count.fill("6")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert run_code(page, "print(cc.param_grid['E'])").strip() == "[1.  1.2 1.4 1.6 1.8 2. ]"
    # The other panel over the same project follows, and so do both when code changes a setting.
    expect(box(page, "Number of the starting values of E").nth(1)).to_have_value("6")
    # What is closed says what it holds, and shows its fields when it is opened.
    for at in (0, 1):
        expect(page.locator(".cnb-section").filter(has_text="Model search").nth(at)).to_contain_text("none: N is free")
        for name in ("Seeds and scaling", "What the fit minimises"):
            page.get_by_role("button", name=name).nth(at).click()
    run_code(page, "from chinchilla_nb import huber, log_huber\ncc.loss_fn = log_huber\ncc.scaling_factor = 2.5")
    for at in (0, 1):
        expect(page.get_by_label("Loss").nth(at)).to_have_value("Huber of the logarithms")
        expect(page.get_by_label("Scaling factor").nth(at)).to_have_value("2.5")
    # By keyboard alone: from the low end to the high end of the same row.
    box(page, "Lowest of the starting values of E").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("3")
    expect(box(page, "Highest of the starting values of E").nth(1)).to_have_value("3")
    assert_nothing_sticks_out(page)
    assert dialogs == []


@pytest.mark.parametrize(("width", "theme"), [(900, "dark"), (1400, "light")])
def test_simulation_in_voila(voila, width, theme):
    page = voila(CONFIG, SIMULATION, size=(width, 1300), theme=theme)
    expect(button(page, "Run")).to_be_enabled(timeout=WAIT_MS)
    button(page, "Step").click()
    expect(page.get_by_text("Paused at 1 of 11 runs")).to_be_visible(timeout=WAIT_MS)
    chart = page.locator(".cnb-charts .bqplot").first
    # One run, and the markers of the plane that are not drawn yet have no dot.
    expect(chart.locator(DOTS)).to_have_count(1)
    button(page, "Resume").click()
    expect(page.get_by_text("11 runs done")).to_be_visible(timeout=WAIT_MS)
    expect(chart.locator(DOTS)).to_have_count(12)  # with the estimate at the target budget
    expect(page.locator(".cnb-compare tr")).to_have_count(4)
    page.get_by_label("Study", exact=True).fill("8, 16")
    page.get_by_label("seeds ×").fill("2")
    button(page, "Study").click()
    expect(page.get_by_text("4 simulations done")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("16 seeds: N* off by")).to_be_visible()
    page.get_by_label("Study", exact=True).fill("100, 200")
    page.get_by_label("seeds ×").fill("500")
    button(page, "Study").click()
    expect(button(page, "Cancel")).to_be_enabled()
    button(page, "Cancel").click()
    expect(page.get_by_text("Cancelled at")).to_be_visible(timeout=5_000)
    assert_nothing_sticks_out(page)
    screenshot(page, f"simulation-{theme}-{width}")
