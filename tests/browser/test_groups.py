"""The panel of groups in a real page: compare two groups, share something else, and see the curves by name."""

from __future__ import annotations

import pytest
from pages import DOTS, run_code, screenshot, set_theme
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WAIT_MS = 90_000
OPEN = """
import numpy as np, pandas as pd
from chinchilla_nb import ScalingLaw, Workbench, log_huber
rng = np.random.default_rng(0)
C = np.exp(rng.uniform(np.log(1e18), np.log(1e21), 40))
N = np.sqrt(C / 6 / np.exp(rng.uniform(np.log(2), np.log(200), 40)))
D, kind = C / 6 / N, np.resize(["dense", "sparse"], 40)
loss = np.where(kind == "dense", 1.0, 3.0) * D  # sparse runs make three times as much of their data
loss = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28).loss(N, loss) * np.exp(0.004 * rng.normal(size=40))
workbench = Workbench(pd.DataFrame({"N": N, "D": D, "loss": loss, "architecture": kind}))
for name, toggle in workbench.toggles.items():
    toggle.value = name == "Groups"
panel = workbench.panels["Groups"]
workbench
"""
ENDS = """
from chinchilla_nb.engine.groups.quantities import multiplier
found = multiplier(panel.view.groups.fit(panel.view.model), "sparse", "dense")
print(float(found.low), float(found.high))
"""


def test_two_groups_are_compared(lab):
    page = lab(OPEN)
    expect(page.get_by_text("Press Compare to fit a law to each group of 'architecture'.")).to_be_visible()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("times the compute of").first).to_be_visible(timeout=WAIT_MS)
    low, high = map(float, run_code(page, ENDS).split())
    assert low < 3 < high
    chart = page.locator(".cnb-chart-card .bqplot")
    expect(chart.locator(DOTS)).to_have_count(40)
    for name in ("dense", "sparse"):
        expect(chart.locator("text.label", has_text=name)).to_be_visible()
    screenshot(page, "groups-light")
    # Whether the runs reject what is shared is the answer: beside another panel it must not lie beyond the end of a
    # table that scrolls.
    run_code(page, 'workbench.toggles["Scaling law"].value = True')
    expect(page.get_by_role("button", name="Fit", exact=True)).to_be_visible()
    hidden = "it => it.parentElement.scrollWidth - it.parentElement.clientWidth"
    assert page.locator(".cnb-group-sharing").evaluate(hidden) == 0
    run_code(page, 'workbench.toggles["Scaling law"].value = False')

    page.get_by_label("Shared", exact=True).select_option("nothing")
    expect(page.get_by_text("α (shared)")).to_have_count(0)
    page.get_by_label("Baseline", exact=True).select_option("sparse")
    expect(page.get_by_text("Efficiency of compute, dense over sparse")).to_be_visible()
    page.get_by_label("Compute", exact=True).fill("a lot")
    expect(page.get_by_text("is not a number of FLOPs")).to_be_visible()
    page.get_by_label("Compute", exact=True).fill("1e20")
    expect(page.get_by_text("at 10²⁰ FLOPs")).to_be_visible()
    set_theme(page, "dark")
    screenshot(page, "groups-dark")

    page.set_viewport_size({"width": 900, "height": 1200})
    table = page.locator(".cnb-group-scroll", has_text="Loss per run")
    expect(table.get_by_text("rejected (p = ").first).to_be_visible()
    assert table.evaluate("box => box.scrollWidth - box.clientWidth") <= 1
    rows = table.locator("tbody tr").all()
    assert all(row.bounding_box()["height"] < 45 for row in rows)  # two lines
