"""Take pictures of the workbench to look at: ``python tests/browser/screenshots.py FOLDER``.

JupyterLab and Voila, light and dark, 900 and 1,400 pixels wide, before and after a fit to the shipped study.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from conftest import CHROMIUM_OPTIONS
from find_chromium import find_chromium
from notebook_servers import serve_lab, serve_voila
from pages import open_in_lab, open_in_voila, screenshot, write_notebook
from playwright.sync_api import Browser, Page, sync_playwright

OPEN = """
from chinchilla_nb import Workbench, datasets
Workbench(datasets.load("python_stdlib"))
"""
SERVERS = {
    "lab": (serve_lab, "/doc/tree/", open_in_lab),
    "voila": (serve_voila, "/voila/render/", open_in_voila),
}
HEIGHT = 2300


def photograph(browser: Browser, url: str, show: Callable[[Page, str, str], None], name: str) -> None:
    """Save what the workbench looks like before and after a click on Fit."""
    _, theme, width = name.split("-")
    page = browser.new_page(viewport={"width": int(width), "height": HEIGHT})
    show(page, url, theme)
    page.locator(".bqplot").nth(2).wait_for()
    screenshot(page, f"{name}-before")
    page.get_by_role("button", name="Fit", exact=True).click()
    page.get_by_text("Predicted loss").wait_for()
    page.get_by_role("button", name="Diagnostics").click()
    page.get_by_text("Residual by compute").wait_for()
    print(screenshot(page, name))
    page.close()


def main(folder: str, *only: str) -> None:
    """Take all pictures, or those whose names are given."""
    os.environ["CHINCHILLA_NB_SCREENSHOTS"] = folder
    names = only or [
        f"{kind}-{theme}-{width}" for kind in SERVERS for theme in ("light", "dark") for width in (900, 1400)
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_OPTIONS)
        for kind, (serve, route, show) in SERVERS.items():
            mine = [name for name in names if name.startswith(kind)]
            if not mine:
                continue
            with tempfile.TemporaryDirectory() as place, serve(Path(place)) as server:
                write_notebook(server.notebooks / "workbench.ipynb", (OPEN,))
                for name in mine:
                    photograph(browser, f"{server.url}{route}workbench.ipynb", show, name)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:] or ["screenshots"])
