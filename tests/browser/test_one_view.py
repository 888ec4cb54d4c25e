"""Groups, selection and filter in a real page: dots that can be hovered and clicked, legends, lassos, and rows."""

from __future__ import annotations

import pytest
from pages import centre, run_code, still_box, until
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

WAIT_MS = 30_000
OPEN = """
import numpy as np
from chinchilla_nb import Database, ScalingLaw, Session, Settings, Workbench, run_keys
law = ScalingLaw(E=1.7, A=400, B=410, alpha=0.34, beta=0.28)
rng = np.random.default_rng(7)
N, D = np.tile(np.geomspace(1e7, 1e9, 5), 8), np.repeat(np.geomspace(1e9, 1e11, 8), 5)
database = Database()
loss = law.loss(N, D) * np.exp(rng.normal(0, 0.01, 40))
database.df = __import__("pandas").DataFrame({"N": N, "D": D, "loss": loss, "optimizer": ["adam", "lion"] * 20})
session = Session(database, Settings())
workbench = Workbench(session)
workbench.toggles["Runs"].value = True
session.run_fit()
workbench
"""
SELECTED = "[row for row, key in enumerate(run_keys(session.all_runs)) if key in session.view.selected]"

HOVERED = """([chart, colour]) => {
    const dots = [...document.querySelectorAll('.cnb-charts .bqplot')[chart].querySelectorAll('path.dot.element')];
    const runs = dots.filter(dot => dot.getAttribute('style').includes(colour));
    const hit = runs.filter(dot => {
        const {x, y, width, height} = dot.getBoundingClientRect();
        const top = document.elementFromPoint(x + width / 2, y + height / 2);
        return runs.includes(top);
    });
    return [runs.length, hit.length];
}"""
"""How many runs a chart has, and in the middle of how many the pointer is over a run."""


def charts(page: Page):
    return page.locator(".cnb-charts .bqplot")


RINGS = """count => [...document.querySelectorAll('.cnb-charts .bqplot')].slice(0, 4).every(
    chart => chart.querySelectorAll("path.element[style*='--cnb-selected']").length === count)"""


def until_ringed(page: Page, count: int) -> None:
    """Wait until each of the four charts has rings around so many runs."""
    page.wait_for_function(RINGS, arg=count, timeout=WAIT_MS)


def until_selected(page: Page, rows: list[int]) -> None:
    until(page, f"{SELECTED} == {rows}")


def open_workbench(lab, theme: str = "light") -> Page:
    page = lab(OPEN, theme=theme, size=(1400, 2400))
    charts(page).nth(3).locator("path.dot.element").first.wait_for(timeout=WAIT_MS)
    return page


def test_every_run_can_be_hovered(lab):
    page = open_workbench(lab)
    run_code(page, "session.exclude([key for key in run_keys(session.all_runs)][20:])")
    for chart in range(4):
        expect(charts(page).nth(chart).locator("path.dot.element[style*='--cnb-run-outline']")).to_have_count(20)
        still_box(charts(page).nth(chart))
        assert page.evaluate(HOVERED, [chart, "--cnb-run-outline"]) == [20, 20]


def test_a_tooltip_names_the_run_that_counts_and_what_is_predicted(lab):
    page = open_workbench(lab, theme="dark")
    # The second run is a repetition of the first, and excluded.
    run_code(page, "database.append(N=N[0], D=D[0], loss=3.0 * loss[0], optimizer='adam')")
    run_code(page, "session.exclude(run_keys(session.all_runs)[-1:])")
    dot = charts(page).first.locator("path.dot.element[style*='--cnb-run-outline']").first
    page.mouse.move(*centre(dot))
    tooltip = page.locator(".bqplot_tooltip_div:visible td:visible").filter(has_text="Residual").first
    expect(tooltip).to_contain_text("optimizer: adam")
    expect(tooltip).to_contain_text("Predicted loss: ")
    expect(tooltip).not_to_contain_text("Excluded")
    ink = page.locator(".cnb").first.evaluate("panel => getComputedStyle(panel).color")
    expect(tooltip).to_have_css("color", ink)  # bqplot's own is orange in dark themes


def test_a_legend_hides_its_group_in_every_chart(lab):
    page = open_workbench(lab)
    page.get_by_label("Colour by").first.select_option("optimizer")
    legend = page.locator(".cnb-groups").last
    lion = legend.get_by_role("button", name="lion")
    expect(lion).to_have_text("lion · 20")
    blue, orange = (f"path.dot.element[style*='--cnb-group-{at}']" for at in (0, 1))
    expect(charts(page).nth(3).locator(blue)).to_have_count(20)
    expect(charts(page).nth(3).locator(orange)).to_have_count(20)
    lion.click()
    for at in range(4):
        expect(charts(page).nth(at).locator(orange)).to_have_count(0)
    expect(legend.get_by_role("status")).to_have_text("1 group hidden (20 runs); fits use them all the same")
    lion.click()
    expect(charts(page).first.locator(orange)).to_have_count(20)


def test_a_dot_a_row_and_an_arrow_key_select_runs_everywhere(lab):
    page = open_workbench(lab)
    dot = charts(page).nth(3).locator("path.dot.element[style*='--cnb-run-outline']").first
    page.mouse.click(*centre(dot))
    until_selected(page, [0])
    expect(page.locator(".cnb-picked")).to_have_count(1)
    until_ringed(page, 1)
    page.locator(".cnb-pager").get_by_role("button", name="«").click()
    rows = page.locator(".cnb-runs-scroll [role=row]")
    rows.nth(4).click(position={"x": 200, "y": 10})
    until_selected(page, [35])
    rows.nth(2).click(position={"x": 200, "y": 10}, modifiers=["Shift"])
    until_selected(page, [35, 36, 37])
    rows.nth(9).click(position={"x": 200, "y": 10}, modifiers=["Control"])
    until_selected(page, [30, 35, 36, 37])
    rows.nth(2).click(position={"x": 200, "y": 10})
    until_selected(page, [37])
    page.keyboard.press("ArrowDown")
    until_selected(page, [36])
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    until_selected(page, [22])
    page.keyboard.press("ArrowUp")
    until_selected(page, [23])
    expect(page.locator(".cnb-picked")).to_have_count(1)


@pytest.mark.parametrize("place", ["voila", "notebook"])
def test_shift_selects_rows_where_it_selects_text_too(place, request):
    page = request.getfixturevalue(place)(OPEN, size=(1400, 2400))
    rows = page.locator(".cnb-runs-scroll [role=row]")
    rows.nth(4).click(position={"x": 200, "y": 10}, timeout=WAIT_MS)
    expect(page.locator(".cnb-picked")).to_have_count(1)
    rows.nth(7).click(position={"x": 200, "y": 10}, modifiers=["Shift"])
    expect(page.locator(".cnb-picked")).to_have_count(4)
    assert page.evaluate("() => getSelection().toString()") == ""


ARROW_AT_ONCE = """row => {
    const field = row.closest('.cnb').querySelector('.cnb-row-field input');
    row.click();
    field.stepDown();  // what the key does
    field.dispatchEvent(new Event('input', {bubbles: true}));
    field.dispatchEvent(new Event('change', {bubbles: true}));
}"""


def test_an_arrow_key_moves_from_the_row_just_clicked_before_the_kernel_has_answered(lab):
    page = open_workbench(lab)
    rows = page.locator(".cnb-runs-scroll [role=row]")
    rows.nth(2).click(position={"x": 200, "y": 10})
    rows.nth(5).click(position={"x": 200, "y": 10}, modifiers=["Shift"])
    until_selected(page, [34, 35, 36, 37])
    rows.nth(5).evaluate(ARROW_AT_ONCE)
    until_selected(page, [33])
    page.keyboard.press("ArrowDown")
    until_selected(page, [32])


def test_a_lasso_selects_what_it_surrounds(lab):
    page = open_workbench(lab)
    page.get_by_role("button", name="Lasso", exact=True).click()
    page.wait_for_timeout(800)
    dots = charts(page).nth(2).locator("path.dot.element[style*='--cnb-run-outline']")
    box = still_box(dots.nth(0))
    x, y = box["x"], box["y"]
    page.mouse.move(x - 6, y - 6)
    page.mouse.down()
    for across, up in ((14, -6), (14, 14), (-6, 14), (-6, 0)):
        page.mouse.move(x + across, y + up, steps=4)
    page.mouse.up()
    until_selected(page, [0])
    until_ringed(page, 1)


@pytest.mark.parametrize("mode", ["Set budget", "Pan / zoom", "Select runs", "Lasso"])
def test_a_click_on_a_dot_selects_its_run_in_every_mode(lab, mode):
    page = open_workbench(lab)
    page.get_by_role("button", name=mode, exact=True).click()
    page.wait_for_timeout(800)
    for chart, (row, chosen) in enumerate([(0, [0]), (39, [0, 39]), (0, [39]), (20, [20, 39])]):
        dots = charts(page).nth(chart).locator("path.dot.element[style*='--cnb-run-outline']")
        page.mouse.click(*centre(dots.nth(row)))
        until_selected(page, chosen)
    until_ringed(page, 2)


PLOT = """chart => {
    const figure = document.querySelectorAll('.cnb-charts .bqplot')[chart];
    const {left, top, bottom} = figure.querySelector('.plotarea_events').getBoundingClientRect();
    return [left, top, bottom];
}"""
"""The left, the upper and the lower end of the plot area of a chart, in pixels of the page."""


@pytest.mark.parametrize("mode", ["Select runs", "Lasso"])
def test_what_is_drawn_from_beside_the_axes_selects_what_it_encloses(lab, mode):
    page = open_workbench(lab)
    page.get_by_role("button", name=mode, exact=True).click()
    page.wait_for_timeout(800)
    still_box(charts(page).nth(2))
    left, top, bottom = page.evaluate(PLOT, 2)
    # The smallest model has the leftmost column of dots in the chart of D by N: rows 0, 5, 10, ...
    dots = charts(page).nth(2).locator("path.dot.element[style*='--cnb-run-outline']")
    first, second = (dots.nth(row).bounding_box()["x"] for row in (0, 1))
    between = (first + second) / 2
    page.mouse.move(left - 30, top - 5)
    page.mouse.down()
    # A box ends at the opposite corner; a lasso goes around by the fourth one.
    for x, y in ((left - 30, bottom + 5), (between, bottom + 5), (between, top - 5))[: 2 if mode != "Lasso" else 3]:
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    until_selected(page, list(range(0, 40, 5)))


def test_the_filter_drives_charts_and_fits(lab):
    page = open_workbench(lab)
    page.get_by_placeholder("Filter: loss < 3 N >= 1B adam").fill("optimizer = lion and N > 1e7")
    page.get_by_role("button", name="Use in charts and fits", exact=True).click()
    note = page.get_by_text("Filter optimizer = lion and N > 1e7: 16 of 40 runs · this law was fitted without it")
    expect(note).to_have_count(2)
    expect(charts(page).nth(3).locator("path.dot.element[style*='--cnb-run-outline']")).to_have_count(16)
    page.get_by_role("button", name="Fit", exact=True).click()
    expect(page.get_by_text("Up to date with 16 runs")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Use all runs").first.click()
    expect(charts(page).nth(3).locator("path.dot.element[style*='--cnb-run-outline']")).to_have_count(40)
    expect(page.get_by_text("The runs have changed since this fit: press Fit")).to_be_visible()
