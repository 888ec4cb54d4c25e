"""Take screenshots of all panels: ``python tests/browser/screenshots.py FOLDER [NAME ...]``.

JupyterLab, Notebook and Voila, light and dark, 900 and 1,400 pixels wide, on the shipped study. A name, such as
``lab-dark-900``, consists of an application, a theme and a width; without names all twelve are taken.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from pathlib import Path

from conftest import CHROMIUM_OPTIONS
from find_chromium import find_chromium
from notebook_servers import serve_lab, serve_notebook, serve_voila
from pages import PAGE_MS, open_in_lab, open_in_voila, screenshot, write_notebook
from playwright.sync_api import Page, sync_playwright

OPEN = """
from chinchilla_nb import Workbench, datasets
Workbench(datasets.load("python_stdlib"))
"""
PLACES = {
    "lab": (serve_lab, "/doc/tree/", open_in_lab),
    "notebook": (serve_notebook, "/notebooks/", open_in_lab),
    "voila": (serve_voila, "/voila/render/", open_in_voila),
}
NAMES = ["-".join(parts) for parts in itertools.product(PLACES, ("light", "dark"), ("900", "1400"))]
WORKBENCH = ".cnb-workbench"
HEIGHT = 2600


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
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_OPTIONS)
        for place, names in itertools.groupby(only or NAMES, key=lambda name: name.split("-")[0]):
            serve, route, show = PLACES[place]
            with tempfile.TemporaryDirectory() as root, serve(Path(root)) as server:
                write_notebook(server.notebooks / "workbench.ipynb", (OPEN,))
                for name in names:
                    _, theme, width = name.split("-")
                    page = browser.new_page(viewport={"width": int(width), "height": HEIGHT})
                    show(page, f"{server.url}{route}workbench.ipynb", theme)
                    photograph(page, name)
                    page.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:] or ["screenshots"])
