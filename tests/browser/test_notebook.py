"""The workbench in Jupyter Notebook 7, which puts tall outputs into a scrolling box."""

from __future__ import annotations

import pytest
import workbench_cells
from pages import set_theme

pytestmark = pytest.mark.browser


def test_the_workbench_is_never_boxed(notebook):
    page = notebook(workbench_cells.OPEN, size=(900, 700))
    page.get_by_role("button", name="Fit", exact=True).click()
    page.get_by_text("Predicted loss", exact=True).wait_for()
    # When an output is drawn again, the notebook decides again whether it is too tall.
    set_theme(page, "dark")
    boxed = """() => {
        const cell = document.querySelector('.jp-CodeCell');
        cell.classList.add('jp-mod-outputsScrolled');
        const output = cell.querySelector('.jp-Cell-outputArea');
        return output.scrollHeight - output.clientHeight;
    }"""
    assert page.evaluate(boxed) == 0
    assert page.locator(".cnb-workbench").bounding_box()["height"] > 900
