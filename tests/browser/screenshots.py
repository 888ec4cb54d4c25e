"""Take screenshots of all panels: ``python tests/browser/screenshots.py FOLDER [NAME ...]``.

JupyterLab, Notebook and Voila, light and dark, 900 and 1,400 pixels wide, on the shipped study. A name, such as
``lab-dark-900``, consists of an application, a theme and a width; without names all twelve are taken.
"""

from __future__ import annotations

import os
import sys

from pages import PAGE_MS, screenshot
from places import names_of, open_places
from playwright.sync_api import Page

OPEN = """
from chinchilla_nb import Workbench, datasets
Workbench(datasets.load("python_stdlib"))
"""
WIDTHS = (900, 1400)
WORKBENCH = ".cnb-workbench"


def photograph(page: Page, name: str) -> None:
    """Save the workbench before and after a fit, and then each of its other panels."""
    page.locator(".bqplot").nth(2).wait_for()
    screenshot(page, f"{name}-before", WORKBENCH)
    page.get_by_role("button", name="Fit", exact=True).click()
    page.get_by_text("Predicted loss", exact=True).wait_for()
    page.get_by_role("button", name="Diagnostics").click()
    page.get_by_text("Residual by compute").wait_for()
    print(screenshot(page, f"{name}-fitted", WORKBENCH))
    shown = ["Scaling law", "Frontier"]
    for panel in ("Configuration", "Runs", "Approaches", "Groups", "Simulation"):
        for title in (*shown, panel):
            _toggle(page, title)
        shown = [panel]
        page.wait_for_timeout(1500)
        if panel == "Simulation":
            page.get_by_role("button", name="Run", exact=True).click()
            page.get_by_text("101 runs done").wait_for(timeout=PAGE_MS)
        print(screenshot(page, f"{name}-{panel.lower()}", WORKBENCH))


def _toggle(page: Page, panel: str) -> None:
    page.locator(".cnb-nav").get_by_role("button", name=panel, exact=True).click()


def main(folder: str, *only: str) -> None:
    """Take all screenshots, or those with the given names."""
    os.environ["CHINCHILLA_NB_SCREENSHOTS"] = folder
    for opened in open_places(only or names_of(WIDTHS), OPEN):
        photograph(opened.page, opened.name)


if __name__ == "__main__":
    main(*sys.argv[1:] or ["screenshots"])
