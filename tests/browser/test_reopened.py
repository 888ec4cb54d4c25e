"""A notebook opened again: with its kernel every panel continues as it was, without it a snapshot remains."""

from __future__ import annotations

import pytest
from pages import KERNEL_IS_IDLE, run_code, until, wait_idle
from playwright.sync_api import Locator, Page, expect
from workbench_cells import OPEN

pytestmark = pytest.mark.browser

WAIT_MS = 60_000
PANELS = ("ConfigPanel", "RunLogPanel", "FitPanel", "FrontierPanel", "SimulationPanel")
ALONE = [f"from chinchilla_nb import {name}\n{name}(session)" for name in PANELS]
BUDGET, COUNT_OF_E = "5.76e23", "Number of the starting values of E"


@pytest.fixture(params=["lab", "notebook"])
def open_notebook(request):
    return request.getfixturevalue(request.param)


def button(place: Page | Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def output(page: Page, cell: int) -> Locator:
    return page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-Cell-outputArea")


def reload(page: Page) -> None:
    """Save the notebook and open its page again."""
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    page.goto(page.url.split("?")[0], wait_until="domcontentloaded")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=WAIT_MS)
    page.wait_for_function(KERNEL_IS_IDLE, timeout=WAIT_MS)


def test_every_panel_is_restored(open_notebook):
    page = open_notebook(OPEN, *ALONE, size=(1400, 6000))
    workbench, config, log, fit, frontier, simulation = (output(page, cell) for cell in range(6))
    config.get_by_role("button", name="Starting values of the fit").click()
    config.get_by_title(COUNT_OF_E).fill("6")
    log.get_by_label("Include run 29 in the fit").uncheck()
    expect(log.locator(".cnb-out")).to_have_count(1)
    button(fit, "Fit").click()
    expect(fit.get_by_text("Optimum found").first).to_be_visible(timeout=WAIT_MS)
    frontier.get_by_placeholder(BUDGET).fill("1e22")
    expect(frontier.locator(".cnb").last).to_contain_text("10²²")
    workbench.get_by_role("button", name="Diagnostics").click()
    expect(workbench.get_by_text("Residual by compute")).to_be_visible(timeout=WAIT_MS)
    button(simulation, "Step").click()
    expect(simulation.get_by_text("Paused at 1 of")).to_be_visible(timeout=WAIT_MS)
    wait_idle(page)
    dots = [place.locator("path.dot.element").count() for place in (workbench, frontier, simulation)]

    reload(page)
    expect(config.get_by_title(COUNT_OF_E)).to_have_value("6", timeout=WAIT_MS)
    expect(log.locator(".cnb-out")).to_have_count(1)
    expect(fit.get_by_text("Optimum found").first).to_be_visible(timeout=WAIT_MS)
    expect(frontier.get_by_placeholder(BUDGET)).to_have_value("1e22")
    expect(workbench.get_by_text("Residual by compute")).to_be_visible()
    expect(simulation.get_by_text("Paused at 1 of")).to_be_visible()
    for place, count in zip((workbench, frontier, simulation), dots, strict=True):
        expect(place.locator("path.dot.element")).to_have_count(count, timeout=WAIT_MS)

    config.get_by_title(COUNT_OF_E).fill("7")
    expect(workbench.get_by_text("Optimum found").first).to_be_visible()
    until(page, "next(iter(session.settings.grid.axes.values())).size == 7")
    button(log, "Undo").click()
    expect(log.locator(".cnb-out")).to_have_count(0)
    button(fit, "Fit").click()
    expect(workbench.get_by_text("Up to date with 30 runs")).to_be_visible(timeout=WAIT_MS)
    frontier.get_by_placeholder(BUDGET).fill("1e21")
    expect(frontier.locator(".cnb").last).to_contain_text("10²¹")
    button(simulation, "Step").click()
    expect(simulation.get_by_text("Paused at 2 of")).to_be_visible(timeout=WAIT_MS)


def test_a_fresh_kernel_leaves_snapshots(open_notebook):
    not_ours = "import ipywidgets\nipywidgets.Button(description='Not ours')"
    # JupyterLab 4.3 and 4.4 hide cells that are out of view, so all must be in view here.
    page = open_notebook(OPEN, "workbench.frontier", *ALONE[:3], ALONE[4], not_ours, size=(1400, 6000))
    said = {
        2: "Starting values of the fit",
        3: "15 of 30 runs",
        4: "No law has been fitted to these runs yet.",
        5: "Nothing has been simulated yet.",
    }
    tables = [output(page, cell).locator("td, p").get_by_text(text) for cell, text in said.items()]
    picture = page.locator("img[src^='data:image/png']")
    lost = page.get_by_text("Error displaying widget").filter(visible=True)
    # Four of each frontier panel; the simulation has none before its first run.
    expect(page.locator(".bqplot")).to_have_count(8, timeout=WAIT_MS)
    expect(picture).to_have_count(2)

    reload(page)
    expect(page.locator(".bqplot")).to_have_count(8, timeout=WAIT_MS)
    for still in (picture, *tables):
        expect(still.filter(visible=True)).to_have_count(0)

    page.evaluate("() => jupyterapp.serviceManager.sessions.shutdownAll()")
    reload(page)
    expect(lost).to_have_count(1, timeout=WAIT_MS)
    expect(output(page, 6).get_by_text("Error displaying widget")).to_be_visible()
    expect(picture.filter(visible=True)).to_have_count(2)
    for table in tables:
        expect(table).to_be_visible()
    expect(page.locator(".bqplot")).to_have_count(0)


def test_voila_shows_the_panel_without_a_snapshot(voila):
    page = voila(OPEN)
    expect(page.locator(".bqplot").first).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("img[src^='data:image/png']")).to_have_count(0)


def test_a_fit_goes_on_while_its_page_is_opened_again(lab):
    """If clicks run in a subshell, its loop may be gone, and the fit reports to another."""
    page = lab(OPEN)
    run_code(page, "from functools import partial\nsession.start_fit = partial(session.start_fit, exhaustive=True)")
    state = page.locator(".cnb").get_by_text("Optimising ·")
    button(page, "Fit").click()
    expect(state).to_be_visible(timeout=WAIT_MS)
    reload(page)
    expect(state).to_be_visible(timeout=WAIT_MS)
    expect(state).not_to_have_text(state.inner_text(), timeout=WAIT_MS)
    button(page, "Cancel").click()
    expect(page.get_by_text("Cancelled: best so far").first).to_be_visible(timeout=WAIT_MS)
    expect(button(page, "Fit")).to_be_enabled()


CHANGE_AS_A_PAGE_LOADS = """
from ipywidgets import Widget
answer = Widget._handle_control_comm_msg
workbench.fit.fit_button.disabled = True
def answer_and_change(message):
    answer(message)  # with the state of all widgets
    workbench.fit.fit_button.disabled = False
Widget._handle_control_comm_msg = answer_and_change
"""


def test_a_change_that_a_voila_page_misses_as_it_loads_is_sent_again(voila):
    page = voila(OPEN, CHANGE_AS_A_PAGE_LOADS)
    expect(button(page, "Fit")).to_be_enabled(timeout=WAIT_MS)


def test_a_change_that_a_notebook_misses_as_it_is_loaded_again_is_sent_again(open_notebook):
    page = open_notebook(OPEN)
    run_code(page, CHANGE_AS_A_PAGE_LOADS)
    expect(button(page, "Fit")).to_be_disabled()
    reload(page)
    expect(button(page, "Fit")).to_be_enabled(timeout=WAIT_MS)
