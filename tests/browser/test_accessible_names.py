"""Every control of every panel has a name in Chromium's accessibility tree, and sliders say their values in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pages import PAGE_MS
from playwright.sync_api import Page, expect
from workbench_cells import OPEN

pytestmark = pytest.mark.browser

CONTROLS = {"slider", "textbox", "combobox", "spinbutton", "checkbox", "button", "listbox", "searchbox", "radio"}
PANELS = ("Configuration", "Runs", "Approaches", "Simulation")
SECTIONS = ("Hardware", "Plan", "Diagnostics", "Columns", "Import")
OF_A_PANEL = "function () { return Boolean(this.closest && this.closest('.cnb')); }"


def controls(page: Page) -> Iterator[tuple[str, str]]:
    """Yield the role and name of each control inside a panel, as assistive technology gets them."""
    session = page.context.new_cdp_session(page)
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        if node.get("ignored") or node["role"]["value"] not in CONTROLS:
            continue
        if _of_a_panel(session, node["backendDOMNodeId"]):
            yield node["role"]["value"], node.get("name", {}).get("value", "")


def _of_a_panel(session: Any, node: int) -> bool:
    found = session.send("DOM.resolveNode", {"backendNodeId": node})["object"]["objectId"]
    asked = {"objectId": found, "returnByValue": True, "functionDeclaration": OF_A_PANEL}
    return bool(session.send("Runtime.callFunctionOn", asked)["result"]["value"])


@pytest.mark.parametrize("place", ["lab", "voila"])
def test_every_control_has_a_name(place, request):
    page = request.getfixturevalue(place)(OPEN, "workbench.session.run_fit();", size=(1400, 2400))
    expect(page.get_by_text("Predicted loss", exact=True)).to_be_visible(timeout=PAGE_MS)
    for name in PANELS:
        page.locator(".cnb-nav").get_by_role("button", name=name, exact=True).click()
    for name in SECTIONS:
        page.get_by_role("button", name=name).first.click()
    for head in page.locator("button.cnb-section-head").all():
        if "▸" in head.inner_text():
            head.click()
    expect(page.get_by_label("Price of a device for an hour, for the cost of plans")).to_be_visible(timeout=PAGE_MS)
    page.wait_for_timeout(2000)
    found = list(controls(page))
    assert len(found) > 100
    assert [role for role, name in found if not name.strip()] == []


def test_sliders_say_their_values_as_people_read_them(lab):
    page = lab(OPEN, "workbench.session.run_fit();\nworkbench.frontier.budget.type('1e22');")
    budget = page.get_by_role("slider", name="Compute budget in FLOPs")
    expect(budget).to_have_attribute("aria-valuetext", "= 10²², 10.3× the largest run", timeout=PAGE_MS)
    size = page.get_by_role("slider", name="Size of the model relative to the optimum")
    expect(size).to_have_attribute("aria-valuetext", "1×")
    size.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    expect(size).to_have_attribute("aria-valuetext", "2×", timeout=PAGE_MS)
