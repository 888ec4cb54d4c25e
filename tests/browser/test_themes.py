"""Colours of a real page: each theme has its own, which contrast with it, and a change of theme needs no kernel."""

from __future__ import annotations

import re

import numpy as np
import pytest
from pages import run_code, set_theme, wait_idle
from playwright.sync_api import Page, expect
from workbench_cells import OPEN

pytestmark = pytest.mark.browser

FITTED = "session.run_fit()"
COLOURS = """() => {
    const style = (path, name) => getComputedStyle(path)[name];
    return {
        page: style(document.querySelector('.cnb:has(.bqplot)'), 'backgroundColor'),
        dots: [...document.querySelectorAll('.cnb-charts path.dot.element')]
            .filter(dot => style(dot, 'opacity') != 0 && dot.hasAttribute('style')).map(dot => style(dot, 'fill')),
        curves: [...document.querySelectorAll("path.line[style*='--cnb-loss-']")].map(line => style(line, 'stroke')),
        bar: style(document.querySelector('.cnb-scale i'), 'backgroundImage'),
    };
}"""


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.1 defines it."""
    light = []
    for colour in (one, other):
        rgb = np.array([float(number) for number in re.findall(r"[\d.]+", colour)[:3]]) / 255
        linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
        light.append(float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05)
    return max(light) / min(light)


def colours(page: Page) -> dict[str, list[str]]:
    found = page.evaluate(COLOURS)
    return {**found, "bar": re.findall(r"rgb\([^)]*\)", found["bar"])}


def test_each_theme_has_its_own_colours_which_contrast_with_it(lab):
    page = lab(OPEN, FITTED)
    expect(page.get_by_text("Predicted loss", exact=True)).to_be_visible(timeout=30_000)
    wait_idle(page)
    light = colours(page)
    run_code(page, "import os, threading; threading.Timer(0.5, os._exit, [1]).start()")
    page.wait_for_timeout(1500)
    set_theme(page, "dark")
    page.wait_for_timeout(500)
    dark = colours(page)
    for found in (light, dark):
        assert len(found["bar"]) == 32
        assert len(set(found["curves"])) > 5
        assert len(set(found["dots"])) > 20
        for kind in ("dots", "curves", "bar"):
            for colour in set(found[kind]):
                assert contrast(colour, found["page"]) >= 3, (kind, colour)
    assert not set(light["bar"]) & set(dark["bar"])
    assert not set(light["curves"]) & set(dark["curves"])
