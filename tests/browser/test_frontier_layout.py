"""Distances in the frontier panel, in a real page."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

OPEN = """
from chinchilla_nb import FrontierPanel, datasets, open_session
panel = FrontierPanel(open_session("python_stdlib"))
panel.budget_control.hardware_toggle.value = True
panel
"""
LEAST = 6
"""Pixels between two rows of fields whose frames do not seem to touch."""


@pytest.mark.parametrize("width", [900, 1400])
def test_the_row_of_hardware_does_not_touch_the_row_above(lab, width):
    page = lab(OPEN, size=(width, 1000))
    page.get_by_title("Devices × days × FLOP/s × utilisation").wait_for()
    above = page.locator(".cnb-budget > .cnb-bar input[type=text]").first.bounding_box()
    devices = page.locator(".cnb-budget .cnb-hardware input[type=text]").first.bounding_box()
    assert devices["y"] - (above["y"] + above["height"]) >= LEAST
