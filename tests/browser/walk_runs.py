"""Steps of the walk that begin with the runs: import, filter, exclusions, selection, groups."""

from __future__ import annotations

import re

from pages import centre
from playwright.sync_api import expect
from tracker_table import tracker_table
from walk import WAIT_MS, Walk

RUN = "path.dot.element[style*='--cnb-run-outline']"
RING = "path.dot.element[style*='--cnb-excluded']"
SELECTED = "path.element[style*='--cnb-selected']"
FILTER = "Filter: loss < 3"
ROWS = ".cnb-runs-scroll [role=row]"
PICKED = re.compile(r"\bcnb-picked\b")
LOSS = "Loss by compute"
PLANE = "Training data by parameters"


def import_with_questions(walk: Walk) -> None:
    """A tracker's table: what its columns mean, what cannot be added, and which loss fits minimise."""
    walk.see("No runs yet: a fit needs at least three")
    walk.button("Import").click()
    with walk.page.expect_file_chooser() as chooser:
        walk.page.get_by_role("button", name="Upload").click()
    content = tracker_table().encode()
    chooser.value.set_files({"name": "export.csv", "mimeType": "text/csv", "buffer": content})
    walk.see("36 of 41 rows can be added")
    walk.see("5 rows cannot be added")
    walk.see("The runs differ in 'config/arch'")
    failed = walk.page.get_by_label("Failed runs, too")
    failed.check()
    walk.see("38 of 41 rows can be added")
    failed.uncheck()
    walk.see("36 of 41 rows can be added")
    walk.page.get_by_label("Fits minimise", exact=True).select_option("Huber of the logarithms")
    walk.see("δ =")


def add_the_rows(walk: Walk) -> None:
    """The rows stand in the table and in the charts."""
    walk.button("Add 36 runs").click()
    walk.see("36 imported from export.csv")
    walk.see("36 runs ready: press Fit")
    expect(walk.chart(LOSS).locator(RUN)).to_have_count(36, timeout=WAIT_MS)


def filter_with_words(walk: Walk) -> None:
    """An unknown word is named, and the filter drives charts and fits."""
    box = walk.page.get_by_placeholder(FILTER)
    box.fill("nonsense > 3")
    walk.see("nonsense")
    box.fill('"config/arch" ~ mam and (loss < 3 or N > 1B)')
    expect(walk.page.locator(ROWS).first).to_contain_text("mamba")
    walk.button("Use in charts and fits").click()
    walk.see("8 of 36 runs")
    expect(walk.chart(LOSS).locator(RUN)).to_have_count(8, timeout=WAIT_MS)


def end_the_filter(walk: Walk) -> None:
    """All runs are back."""
    walk.button("Use all runs").first.click()
    expect(walk.chart(LOSS).locator(RUN)).to_have_count(36, timeout=WAIT_MS)
    walk.page.get_by_placeholder(FILTER).fill("")


def exclude_an_architecture(walk: Walk) -> None:
    """The excluded runs are rings beneath the others, which can all be hovered."""
    walk.page.get_by_placeholder(FILTER).fill('"config/arch" = mamba')
    walk.see("of 18 matching")  # before that, a click is ignored: it would mean other runs
    walk.button("Exclude these").click()
    walk.see("18 excluded in this session")
    expect(walk.chart(LOSS).locator(RUN)).to_have_count(18, timeout=WAIT_MS)
    expect(walk.chart(LOSS).locator(RING)).to_have_count(18)
    walk.see("since this fit: press Fit")


def undo_the_exclusion(walk: Walk) -> None:
    """Undo includes them again."""
    walk.button("Undo", ".cnb-run-log").click()
    expect(walk.chart(LOSS).locator(RUN)).to_have_count(36, timeout=WAIT_MS)
    walk.page.get_by_placeholder(FILTER).fill("")


def select_in_the_table(walk: Walk) -> None:
    """A row, a range of rows and the arrow keys select runs in all charts."""
    rows = walk.page.locator(ROWS)
    rows.nth(2).click(position={"x": 150, "y": 10})
    expect(walk.chart(LOSS).locator(SELECTED)).to_have_count(1, timeout=WAIT_MS)
    rows.nth(5).click(position={"x": 150, "y": 10}, modifiers=["Shift"])
    for chart in (LOSS, PLANE):
        expect(walk.chart(chart).locator(SELECTED)).to_have_count(4, timeout=WAIT_MS)
    rows.nth(5).click(position={"x": 150, "y": 10})
    walk.page.keyboard.press("ArrowDown")
    expect(walk.page.locator(".cnb-picked")).to_have_count(1, timeout=WAIT_MS)
    expect(rows.nth(6)).to_have_class(PICKED, timeout=WAIT_MS)


def select_with_a_box(walk: Walk) -> None:
    """A box lists the runs inside it, beside the charts, and marks their rows."""
    walk.button("Select runs").click()
    box = walk.plot(PLANE)
    right, bottom = box["x"] + 0.6 * box["width"], box["y"] + box["height"] - 3
    walk.drag(
        [(box["x"] + 3, box["y"] + 0.4 * box["height"]), (right, box["y"] + 0.8 * box["height"]), (right, bottom)]
    )
    walk.see(walk.page.get_by_role("button", name="Exclude ").filter(has_text="run"))
    expect(walk.chart(LOSS).locator(SELECTED).nth(1)).to_be_attached(timeout=WAIT_MS)


def select_with_a_lasso(walk: Walk) -> None:
    """A lasso selects what it surrounds and no other run."""
    walk.button("Lasso").click()
    x, y = centre(walk.chart(PLANE).locator(RUN).first)
    before = walk.chart(LOSS).locator(SELECTED).count()
    walk.drag([(x - 9, y - 9), (x + 9, y - 9), (x + 9, y + 9), (x - 9, y + 9), (x - 9, y)])
    expect(walk.chart(LOSS).locator(SELECTED)).not_to_have_count(before, timeout=WAIT_MS)
    walk.button("Clear").first.click()
    expect(walk.chart(LOSS).locator(SELECTED)).to_have_count(0, timeout=WAIT_MS)
    walk.button("Set budget").click()


def colour_by_a_column(walk: Walk) -> None:
    """Groups have colours and a legend, and a click on it hides one in all charts."""
    walk.page.get_by_label("Colour by").first.select_option("config/arch")
    entry = walk.page.locator(".cnb-groups").last.get_by_role("button", name="mamba")
    expect(entry).to_have_text("mamba · 18", timeout=WAIT_MS)
    entry.click()
    walk.see("1 group hidden (18 runs)")
    expect(walk.chart(PLANE).locator("path.dot.element[style*='--cnb-group-1']")).to_have_count(0, timeout=WAIT_MS)


def show_the_group_again(walk: Walk) -> None:
    """A second click shows it again."""
    walk.page.locator(".cnb-groups").last.get_by_role("button", name="mamba").click()
    walk.see_no("1 group hidden")


def compare_groups(walk: Walk) -> None:
    """A law for each architecture, and how much compute one is worth of the other."""
    walk.show("Groups")
    walk.button("Compare").click()
    walk.see("times the compute of")
    walk.page.get_by_label("Shared", exact=True).select_option("nothing")
    walk.see_no("α (shared)")
