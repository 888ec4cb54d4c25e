"""The configuration and simulation panels in a real page: user input, its effects, and the charts."""

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
    """Assert that no panel is wider than its container and no field lies outside its card."""
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
    expect(page.get_by_text("✓ applied")).to_have_count(2, timeout=WAIT_MS)
    for at in (0, 1):
        page.get_by_role("button", name="Starting values of the fit").nth(at).click()
    count = box(page, "Number of the starting values of E").first
    count.fill(ATTACK)
    expect(page.get_by_role("alert")).to_contain_text("is not a number")
    expect(page.get_by_text("1 field not valid: the last valid values still apply")).to_have_count(1)
    count.fill("6")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert run_code(page, "print(cc.param_grid['E'])").strip() == "[1.  1.2 1.4 1.6 1.8 2. ]"
    # The other panel on the same project follows, and both follow when code changes a setting.
    expect(box(page, "Number of the starting values of E").nth(1)).to_have_value("6")
    # A closed section summarises its contents, and shows its fields when it is opened.
    for at in (0, 1):
        expect(page.locator(".cnb-section").filter(has_text="Model search").nth(at)).to_contain_text("none: N is free")
        page.get_by_role("button", name="Seeds and scaling").nth(at).click()
    run_code(page, "from chinchilla_nb import huber, log_huber\ncc.loss_fn = log_huber\ncc.scaling_factor = 2.5")
    for at in (0, 1):
        expect(page.get_by_label("Loss", exact=True).nth(at)).to_have_value("Huber of the logarithms")
        expect(page.get_by_label("Scaling factor", exact=True).nth(at)).to_have_value("2.5")
    # With the keyboard only: from the low end to the high end of the same row.
    box(page, "Lowest of the starting values of E").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("3")
    expect(box(page, "Highest of the starting values of E").nth(1)).to_have_value("3")
    assert_nothing_sticks_out(page)
    assert dialogs == []


LAW = """
import numpy as np
import pandas as pd
from chinchilla_nb import FitPanel, KaplanLaw
N, D = (np.ravel(values) for values in np.meshgrid(np.geomspace(1e7, 1e9, 5), np.geomspace(1e9, 1e11, 5)))
law = KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)
cc.database.df = pd.DataFrame({"N": N, "D": D, "loss": law.loss(N, D)})
FitPanel(cc)
"""


@pytest.mark.parametrize(("width", "theme"), [(900, "dark"), (1400, "light")])
def test_another_law_in_lab(lab, width, theme):
    page = lab(CONFIG, LAW, size=(width, 1600), theme=theme)
    page.get_by_role("button", name="▸ Law").click()
    page.get_by_role("button", name="▸ Starting values of the fit").click()
    page.get_by_role("button", name="▸ Parameters in the fit").click()
    page.get_by_label("Law", exact=True).select_option("Kaplan: [(N_c/N)^(α_N/α_D) + D_c/D]^α_D")
    expect(page.get_by_text("Fits start from the 144 starting values of this law")).to_be_visible(timeout=WAIT_MS)
    for form in (".cnb-grid", ".cnb-limits"):
        labels = page.locator(f"{form} .cnb-row > :first-child > .widget-label")
        expect(labels).to_have_text(["Nc", "Dc", "αN", "αD"])
        expect(labels.locator(".cnb-sub")).to_have_text(["c", "c", "N", "D"])
        # None is cut off.
        assert labels.evaluate_all("labels => labels.every(l => l.scrollWidth <= l.clientWidth)")
    expect(page.get_by_role("button", name="Suggest a grid from the runs")).to_be_hidden()
    button(page, "Fit").click()
    tiles = page.locator(".cnb-tile")
    expect(tiles).to_have_count(4, timeout=WAIT_MS)
    expect(tiles.locator(".cnb-name")).to_have_text(["Nc", "Dc", "αN, exponent of N", "αD, exponent of D"])
    expect(tiles.locator(".cnb-value")).to_have_text(["6.4×10¹³", "1.8×10¹³", "0.07600", "0.1030"])
    assert tiles.evaluate_all("tiles => tiles.every(t => t.scrollWidth <= t.clientWidth)")
    page.get_by_role("button", name="Diagnostics").click()
    expect(page.locator(".cnb-map b .cnb-sub")).to_have_text(["N", "D"])
    assert_nothing_sticks_out(page)
    screenshot(page, f"another-law-{theme}-{width}")


@pytest.mark.parametrize(("width", "theme"), [(900, "dark"), (1400, "light")])
def test_simulation_in_voila(voila, width, theme):
    page = voila(CONFIG, SIMULATION, size=(width, 1300), theme=theme)
    expect(button(page, "Run")).to_be_enabled(timeout=WAIT_MS)
    button(page, "Step").click()
    expect(page.get_by_text("Paused at 1 of 11 runs")).to_be_visible(timeout=WAIT_MS)
    chart = page.locator(".cnb-charts .bqplot").first
    # One run; the markers of the plane that are not drawn yet have no dots.
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


def test_the_parameters_of_a_target_law_can_be_read(lab):
    page = lab(CONFIG + SIMULATION, "SimulationPanel(cc)")
    number = page.locator(".cnb-law-number input").last
    number.fill("0.364632")
    assert number.evaluate("input => input.scrollWidth <= input.clientWidth")
