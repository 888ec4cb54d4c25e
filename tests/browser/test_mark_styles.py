"""The style of a mark depends on the mark, not on how many others the figure contains."""

from __future__ import annotations

import json

import pytest
from pages import run_code, wait_idle
from playwright.sync_api import Page, expect
from workbench_cells import OPEN

pytestmark = pytest.mark.browser

EXTRA = "rgb(1, 2, 3)"
FITTED = """
import dataclasses
from chinchilla_nb.engine.planning.seeding import SeedRegime
session.settings = dataclasses.replace(session.settings, seed_regime=SeedRegime((1e18, 1e20), (2, 200)))
session.run_fit()
workbench.frontier.off_frontier.slider.value = 1
"""
ADD_MARKS = f"""
for chart, _ in workbench.frontier.charts.all:
    first, last = (chart.frame.lines(colors=[{EXTRA!r}]) for _ in range(2))
    for mark in (first, last):
        mark.x, mark.y = chart.frontier.x, chart.frontier.y
    chart.figure.marks = [first, *chart.figure.marks, last]
"""
STYLES = """() => [...document.querySelectorAll('.bqplot')].map(chart =>
    [...chart.querySelectorAll('path.line, path.element')].map(path => {
        const style = getComputedStyle(path), mark = getComputedStyle(path.parentNode.parentNode);
        const names = ['stroke', 'strokeDasharray', 'strokeWidth', 'fill', 'opacity', 'cursor'];
        return JSON.stringify([...names.map(name => style[name]), mark.filter]);
    }).sort())"""


def styles(page: Page) -> list[list[list[str]]]:
    """Return the computed styles of the paths of each chart, and the filter of the mark that each belongs to."""
    return [[json.loads(text) for text in chart] for chart in page.evaluate(STYLES)]


def test_further_marks_change_no_style(lab):
    page = lab(OPEN, FITTED, theme="dark")
    expect(page.get_by_text("Compute, same loss")).to_be_visible(timeout=30_000)
    wait_idle(page)
    before = styles(page)
    for number, chart in enumerate(before):
        dashes = {path[1] for path in chart}
        # The lines of the budget, and of the envelope or the seed regime.
        assert {"10px, 10px", "2px, 3px" if number == 3 else "4px, 3px"} <= dashes
        assert {"ew-resize", "grab"} <= {path[5] for path in chart}
        assert {path[6] for path in chart} == {"none"}
    run_code(page, ADD_MARKS)
    wait_idle(page)
    count = [len(chart) for chart in before]
    page.wait_for_function(
        f"counts => {STYLES.removeprefix('() => ')}.every((chart, i) => chart.length == counts[i] + 2)",
        arg=count,
    )
    after = [[path for path in chart if path[0] != EXTRA] for chart in styles(page)]
    assert after == before
