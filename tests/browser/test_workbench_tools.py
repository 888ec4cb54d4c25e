"""The mouse on the charts of a real page: clicking, dragging, zooming and selecting; and downloads."""

from __future__ import annotations

import pytest
from pages import centre, run_code, still_box, until, wait_idle
from playwright.sync_api import FloatRect, Page, expect
from workbench_cells import OPEN

pytestmark = pytest.mark.browser

WAIT_MS = 30_000


def value_of(page: Page, expression: str) -> float:
    return float(run_code(page, f"print({expression})"))


def plot_box(page: Page, chart: int) -> FloatRect:
    """Return the box of a chart's background once the page has stopped moving it."""
    until(page, "session.uncertainty_progress is None")  # intervals add lines to the panel
    ground = page.locator(".bqplot").nth(chart).locator("rect.plotarea_background")
    return still_box(ground)


def budget_at(page: Page, share: float) -> float:
    """Return the compute at a fraction of the first chart's width."""
    scale = "workbench.frontier.charts.charts[0].frame.scales['x']"
    return value_of(page, f"{scale}.min * ({scale}.max / {scale}.min) ** {share}")


def test_mouse_on_the_charts(lab):
    page = lab(OPEN)
    page.get_by_role("button", name="Fit", exact=True).click()
    page.get_by_text("Optimum found").first.wait_for(timeout=WAIT_MS)
    expect(page.get_by_text("Predicted loss", exact=True)).to_be_visible(timeout=WAIT_MS)
    wait_idle(page)

    # A click sets the budget to its position.
    box = plot_box(page, 0)
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.93 * box["height"])
    C = budget_at(page, 0.6)
    until(page, f"abs(workbench.frontier.budget.C / {C} - 1) < 0.05")

    # The diamond is dragged, and follows the frontier.
    before = value_of(page, "workbench.frontier.charts.charts[0].next_point.y[0]")
    x, y = centre(page.locator(".bqplot").first.locator("path[style*='--cnb-next-run']"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.1 * box["width"], y + 20, steps=6)
    page.mouse.move(x + 0.2 * box["width"], y + 20, steps=6)
    page.mouse.up()
    C = budget_at(page, 0.8)
    until(page, f"abs(workbench.frontier.budget.C / {C} - 1) < 0.1")
    until(page, f"workbench.frontier.charts.charts[0].next_point.y[0] > {before}")

    # So is the dashed line, anywhere along it.
    before = value_of(page, "workbench.frontier.budget.C")
    line = page.locator(".bqplot").first.locator("path.line[style*='10, 10']")  # the only dashed one
    x = line.evaluate("path => path.getBoundingClientRect().x")
    page.mouse.move(x, box["y"] + 0.9 * box["height"])
    page.mouse.down()
    page.mouse.move(x - 0.1 * box["width"], box["y"] + 0.9 * box["height"], steps=6)
    page.mouse.move(x - 0.2 * box["width"], box["y"] + 0.9 * box["height"], steps=6)
    page.mouse.up()
    until(page, f"workbench.frontier.budget.C < {before} / 5")

    # The wheel zooms, the ticks follow, and Reset zoom shows the whole range again.
    page.get_by_role("button", name="Pan / zoom", exact=True).click()
    # Until bqplot has drawn what takes the wheel, the wheel scrolls the page, and the chart leaves the mouse.
    page.locator(".bqplot.cnb-pan").first.locator("[style*='cursor: move']").wait_for(state="attached", timeout=WAIT_MS)
    wait_idle(page)
    box = plot_box(page, 0)
    ticks = page.locator(".bqplot").first.locator(".axis").first.locator(".tick text")
    shown = ticks.all_text_contents()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    for _ in range(4):
        page.mouse.wheel(0, -240)
        page.wait_for_timeout(200)
    until(page, "not workbench.frontier.modes.reset.disabled")
    expect(ticks).not_to_have_text(shown)
    assert all("e+" not in text for text in ticks.all_text_contents())
    # Curves are drawn for the visible range, which is kept when a run is added.
    zoomed = ticks.all_text_contents()
    frontier = page.locator(".bqplot").first.locator("path.line[style*='--cnb-ink']")
    covered = frontier.evaluate("path => path.getBoundingClientRect().toJSON()")
    assert covered["x"] <= box["x"] + 1
    assert covered["x"] + covered["width"] >= box["x"] + box["width"] - 1
    run_code(page, "database.append(N=1e15, D=1e16, loss=1.8)")
    dots = "workbench.frontier.charts.charts[0].dots"
    until(page, f"len({dots}.settled.x) + len({dots}.latest.x) == 31")
    expect(ticks).to_have_text(zoomed)
    run_code(page, "session.exclude([(1e15, 1e16, 1.8, 0)])")
    page.get_by_role("button", name="Reset zoom").click()
    expect(ticks).to_have_text(shown)
    # The excluded run lies far from all others.
    expect(page.get_by_text("1 excluded run beyond the charts")).to_be_visible()

    # A box lists the runs inside it; they can be excluded, and included again.
    page.get_by_role("button", name="Select runs", exact=True).click()
    wait_idle(page)
    box = plot_box(page, 0)  # the legend above it has grown
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.move(box["x"] + 0.35 * box["width"], box["y"] + box["height"] - 3, steps=5)
    page.mouse.up()
    until(page, "len(workbench.frontier.selection.chosen)")
    expect(page.locator("table.cnb-runs tbody tr").first).to_be_visible()
    count = int(value_of(page, "len(workbench.frontier.selection.chosen)"))
    assert 0 < count < 30
    page.get_by_role("button", name=f"Exclude {count} run").click()
    until(page, f"len(session.runs) == 30 - {count}")
    rings = page.locator(".bqplot").first.locator("path.dot.element[style*='--cnb-excluded']")
    expect(rings).to_have_count(count + 1)
    page.get_by_role("button", name=f"Include {count} run").click()
    until(page, "len(session.runs) == 30")

    # Another box, on the chart of losses, replaces the first.
    run_code(page, "first = set(session.view.selected)")
    box = plot_box(page, 3)
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.3 * box["height"], steps=5)
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.35 * box["height"], steps=5)
    page.mouse.up()
    until(page, "session.view.selected and set(session.view.selected) != first")
    sides = (
        "boxes => boxes.filter(box => getComputedStyle(box).display != 'none' && box.getAttribute('width') > 0).length"
    )
    assert page.locator(".bqplot rect.selection").evaluate_all(sides) == 1
    run_code(page, "assert not workbench.fit.errors.value and not workbench.frontier.errors.value")


def test_every_control_can_be_focused_and_shows_it(lab):
    page = lab(OPEN, "session.run_fit()\nworkbench.frontier.off_frontier.slider.value = 1")
    expect(page.get_by_text("Compute, same loss")).to_be_visible(timeout=WAIT_MS)
    page.get_by_placeholder("5.76e23").focus()
    reached = []
    while "CSV" not in reached and len(reached) < 60:
        page.keyboard.press("Tab")
        text, outline = page.evaluate(
            "() => [document.activeElement.textContent.trim(), getComputedStyle(document.activeElement).outlineStyle]"
        )
        reached.append(text)
        assert outline == "solid", text
    modes, scales = ("Set budget", "Pan / zoom", "Select runs", "Lasso"), ("Log", "Linear", "Log, L − E")
    charts = ("Parameters by compute", "Training data by compute", "Training data by parameters", "Loss by compute")
    wanted = (
        *("Hardware", *modes, *scales, *charts, "Reset", "Plan", "Choose runs", "Report", "Table"),
        *("Python", "YAML", "Copy", "PNG", "SVG", "CSV"),
    )
    assert [text for text in reached if text in wanted] == list(wanted)
    assert reached.count("") >= 2  # the handles of the two sliders


def test_one_click_saves_a_file(lab):
    page = lab(OPEN, "workbench.session.run_fit();")
    for kind, start in (("CSV", b"C,N,D,loss"), ("PNG", b"\x89PNG"), ("CSV", b"C,N,D,loss")):
        with page.expect_download(timeout=WAIT_MS) as download:
            page.get_by_role("button", name=kind, exact=True).click()
        assert download.value.path().read_bytes().startswith(start)
    # The link saves it again, and is all that a page finds that is opened later.
    link = page.get_by_role("link", name="Download runs.csv")
    with page.expect_download(timeout=WAIT_MS):
        link.click()
    saved: list[object] = []
    page.on("download", lambda download: saved.append(download))
    run_code(page, "from IPython.display import display\ndisplay(workbench.frontier)")
    wait_idle(page)
    page.wait_for_timeout(1000)
    assert not saved


@pytest.mark.parametrize("secure", [True, False])
def test_one_click_copies_the_allocation(lab, secure):
    page = lab(OPEN, "workbench.session.run_fit();")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if not secure:  # as on a page that is served without TLS from another machine
        page.evaluate("() => Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("button", name="Copy the allocation").click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible(timeout=WAIT_MS)
    box = page.get_by_placeholder("5.76e23")
    text = page.locator("pre.cnb-code").first.inner_text().strip()
    assert text.startswith("allocation = {")
    box.fill("")
    box.press("ControlOrMeta+V")
    assert box.input_value().split() == text.split()


def test_a_click_in_the_snippet_selects_all_of_it(lab):
    page = lab(OPEN, "workbench.session.run_fit();")
    code = page.locator("pre.cnb-code")
    code.click()
    assert page.evaluate("() => getSelection().toString()").strip() == code.inner_text().strip()


def test_one_click_copies_or_saves_the_runs(lab):
    page = lab(OPEN)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".cnb-nav").get_by_role("button", name="Runs", exact=True).click()
    runs = page.locator(".cnb-run-log")
    runs.get_by_role("button", name="Copy", exact=True).click()
    expect(runs.get_by_text("Copied", exact=True)).to_be_visible(timeout=WAIT_MS)
    lines = page.evaluate("() => navigator.clipboard.readText()").strip().split("\n")
    assert lines[0].split("\t")[:3] == ["#", "N", "D"]
    assert len(lines) == 31
    with page.expect_download(timeout=WAIT_MS) as download:
        runs.get_by_role("button", name="CSV", exact=True).click()
    assert download.value.path().read_text().count("\n") == 31


@pytest.mark.parametrize("place", ["voila", "notebook"])
def test_one_click_copies_and_saves_in_other_pages(place, request):
    page = request.getfixturevalue(place)(OPEN, "workbench.session.run_fit();")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the allocation").click(timeout=WAIT_MS)
    expect(page.get_by_text("Copied", exact=True)).to_be_visible(timeout=WAIT_MS)
    assert page.evaluate("() => navigator.clipboard.readText()").startswith("allocation = {")
    with page.expect_download(timeout=WAIT_MS) as download:
        page.get_by_role("button", name="SVG", exact=True).click()
    assert b"<svg" in download.value.path().read_bytes()
