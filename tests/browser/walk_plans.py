"""Steps of the walk that begin with a budget: charts, plans, what is copied and saved, and the other panels."""

from __future__ import annotations

from pages import PAGE_MS, centre, wait_idle
from playwright.sync_api import expect
from walk import SETTLE_MS, WAIT_MS, Walk

BUDGET = "5.76e23"
LOSS = "Loss by compute"
PLANE = "Parameters by compute"


def type_a_budget(walk: Walk) -> None:
    """1e24 and 10^24 are the same budget, and what is planned for it follows."""
    box = walk.page.get_by_placeholder(BUDGET)
    for text in ("1e24", "1e22", "10^24", "1e24 FLOPs"):
        box.fill(text)
        walk.see("= 10²²" if text == "1e22" else "= 10²⁴")


def describe_the_hardware(walk: Walk) -> None:
    """A budget from devices, days and speed, in the words of a data sheet."""
    budget = walk.page.get_by_placeholder(BUDGET)
    before = budget.input_value()
    walk.page.get_by_role("button", name="Hardware").click()
    walk.titled("Peak FLOP/s of one device").fill("989 TFLOP/s")
    walk.titled("Number of devices").fill("1024")
    walk.titled("Price of a device").fill("2")
    expect(budget).not_to_have_value(before, timeout=WAIT_MS)


def shrink_the_axes(walk: Walk) -> None:
    """A budget that was far too large leaves the axes when it is corrected."""
    walk.page.get_by_role("button", name="Hardware").click()
    box = walk.page.get_by_placeholder(BUDGET)
    box.fill("1e30")
    walk.see("= 10³⁰")
    expect(walk.chart(PLANE).locator(".tick text", has_text="10³⁰")).not_to_have_count(0, timeout=WAIT_MS)
    box.fill("1e23")
    walk.see("= 10²³")
    expect(walk.chart(PLANE).locator(".tick text", has_text="10³⁰")).to_have_count(0, timeout=WAIT_MS)


def draw_the_loss_above_e(walk: Walk) -> None:
    """On the scale of L - E the law is a line."""
    before = walk.ticks(LOSS).all_text_contents()
    walk.button("Log, L − E").first.click()
    walk.see(walk.chart(LOSS).get_by_text("L − E"))
    expect(walk.ticks(LOSS)).not_to_have_text(before, timeout=WAIT_MS)


def draw_linear_axes(walk: Walk) -> None:
    """One switch makes all axes linear, and logarithmic again."""
    walk.button("Linear").first.click()
    walk.see_no(walk.chart(LOSS).get_by_text("L − E"))
    walk.page.wait_for_timeout(SETTLE_MS)


def fill_the_panel_with_a_chart(walk: Walk) -> None:
    """One chart fills the panel until Escape."""
    walk.button("Log").first.click()
    small = walk.plot(LOSS)["width"]
    walk.button(f"Enlarge {LOSS}").click()
    assert walk.plot(LOSS)["width"] > 1.3 * small, "the chart does not fill the panel"


def shrink_the_chart_again(walk: Walk) -> None:
    """Escape shows all charts again, and a click in one sets the budget."""
    walk.page.keyboard.press("Escape")
    walk.see(walk.chart(PLANE))
    box = walk.plot(PLANE)
    before = walk.page.get_by_placeholder(BUDGET).input_value()
    walk.page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.95 * box["height"])
    expect(walk.page.get_by_placeholder(BUDGET)).not_to_have_value(before, timeout=WAIT_MS)


def hover_a_run(walk: Walk) -> None:
    """The tooltip names the run, its residual and what is predicted."""
    walk.plot(LOSS)
    walk.page.mouse.move(*centre(walk.chart(LOSS).locator("path.dot.element[style*='--cnb-group']").first))
    expect(walk.page.locator(".bqplot_tooltip_div:visible").filter(has_text="Predicted loss").first).to_be_visible()


def copy_and_save(walk: Walk) -> None:
    """One click copies or saves; off the optimum the tiles and the snippet agree."""
    walk.page.mouse.move(2, 2)
    walk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    walk.button("Copy the allocation").click()
    walk.see(walk.page.get_by_text("Copied", exact=True))
    assert walk.page.evaluate("() => navigator.clipboard.readText()").startswith("allocation = {")
    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<"), ("CSV", b"C,N,D,loss")):
        walk.saves(walk.button(kind, ".cnb:has(.cnb-budget)").last, start)
    walk.button("YAML").click()


def plan_under_a_constraint(walk: Walk) -> None:
    """Plans are collected in a table."""
    walk.titled("Plan under constraints").click()
    walk.see("Deadweight compute")
    walk.button("Add to table").click()
    walk.titled("The constraint of the plan").select_option("Fixed N")
    walk.page.get_by_placeholder("7B", exact=True).fill("20B")
    walk.see(walk.page.locator(".cnb-value").get_by_text("20B", exact=True))
    walk.button("Add to table").click()
    expect(walk.page.locator(".cnb-plans tbody tr")).to_have_count(2, timeout=WAIT_MS)


def choose_the_next_runs(walk: Walk) -> None:
    """Which runs tell most about the optimum."""
    walk.titled("Plan under constraints").click()
    walk.button("Choose runs").click()
    walk.see("The error is the standard error of log N*")


def publish(walk: Walk) -> None:
    """A table of sizes as LaTeX, and the report as one file."""
    walk.titled("Sizes or budgets of the rows").fill("1B, 7B, 70B")
    walk.button("Table").click()
    walk.see(walk.button("LaTeX"))
    walk.saves(walk.button("LaTeX"), b"")
    walk.saves(walk.button("Report"), b"<!")


def compare_three_approaches(walk: Walk) -> None:
    """Slices of equal compute, their parabolas, and the comparison with the fit."""
    walk.show("Approaches")
    walk.see("3 · Parametric fit")
    walk.see("On these slices approach 2")


def simulate_from_the_fit(walk: Walk) -> None:
    """A simulation starts from the law of the session; a wrong field turns red, and no other."""
    walk.show("Simulation")
    expect(walk.page.get_by_label("Target law", exact=True)).to_have_value("Current fit", timeout=WAIT_MS)
    field = walk.page.locator(".cnb-law-number input").nth(1)
    value = field.input_value()
    field.fill("abc")
    expect(walk.page.locator(".cnb-wrong")).to_have_count(1, timeout=WAIT_MS)
    expect(walk.page.locator(".cnb-law-number").nth(1).and_(walk.page.locator(".cnb-wrong"))).to_have_count(1)
    field.fill(value)
    expect(walk.page.locator(".cnb-wrong")).to_have_count(0, timeout=WAIT_MS)
    walk.button("Run").click()
    walk.see("101 runs done", PAGE_MS)


def open_the_configuration(walk: Walk) -> None:
    """What matters first, and each section opens."""
    walk.show("Configuration")
    closed = walk.page.get_by_role("button", name="▸")
    while closed.count():
        closed.first.click()
        walk.page.wait_for_timeout(300)


def load_the_page_again(walk: Walk) -> None:
    """The fit and the budget are there as before."""
    walk.show("Scaling law", "Frontier")
    budget = walk.page.get_by_placeholder(BUDGET)
    before = budget.input_value()
    if walk.voila:
        walk.page.wait_for_timeout(3000)  # the session is kept a moment after its last change
        walk.page.reload(wait_until="domcontentloaded")
    else:
        wait_idle(walk.page)
        walk.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        walk.page.goto(walk.page.url.split("?")[0], wait_until="domcontentloaded")
    expect(budget).to_have_value(before, timeout=PAGE_MS)
    walk.see("Up to date with")
