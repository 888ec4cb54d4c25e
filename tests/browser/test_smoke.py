"""The basis of the browser tests: widgets and charts run in a real page, and a click reaches the kernel."""

from __future__ import annotations

import pytest
from pages import run_code, screenshot, set_theme

pytestmark = pytest.mark.browser

CELL = """
import bqplot.pyplot as plt
import ipywidgets as widgets
import numpy as np

button, answer = widgets.Button(description="Press"), widgets.Label("waiting")
button.on_click(lambda _: setattr(answer, "value", f"pressed {6 * 7}"))
figure = plt.figure(title="A line")
plt.plot(np.arange(5.0), np.arange(5.0) ** 2)
widgets.VBox([button, answer, figure])
"""


def press(page):
    page.get_by_role("button", name="Press", exact=True).click()
    page.get_by_text("pressed 42", exact=True).wait_for()
    assert "L" in page.locator("path.line").first.get_attribute("d")


def test_click_in_lab_in_both_themes(lab):
    page = lab(CELL)
    press(page)
    assert run_code(page, "print(answer.value)") == "pressed 42\n"
    screenshot(page, "smoke-lab-light")
    set_theme(page, "dark")
    screenshot(page, "smoke-lab-dark")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_click_in_voila(voila, theme):
    page = voila(CELL, theme=theme)
    press(page)
    assert page.locator(f"body.theme-{theme}").count() == 1
    screenshot(page, f"smoke-voila-{theme}")


@pytest.mark.parametrize("open_notebook", ["lab", "voila"])
def test_failing_cell_fails_the_test(request, open_notebook):
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        request.getfixturevalue(open_notebook)("1 / 0")
