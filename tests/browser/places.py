"""Where the panels are shown: each application, in each theme and width, opened on the same cells."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from conftest import CHROMIUM_OPTIONS
from find_chromium import find_chromium
from notebook_servers import NotebookServer, serve_lab, serve_notebook, serve_voila
from pages import collect_errors, open_in_lab, open_in_voila, write_notebook
from playwright.sync_api import Page, sync_playwright

Serve = Callable[[Path], AbstractContextManager[NotebookServer]]

PLACES: dict[str, tuple[Serve, str, Callable[[Page, str, str], None]]] = {
    "lab": (serve_lab, "/doc/tree/", open_in_lab),
    "notebook": (serve_notebook, "/notebooks/", open_in_lab),
    "voila": (serve_voila, "/voila/render/", open_in_voila),
}
HEIGHT = 3600
"""Height of the window, which shows a workbench with several panels without scrolling, also a narrow one."""


def names_of(widths: Sequence[int]) -> list[str]:
    """Return the names of all combinations at these widths, such as ``lab-dark-900``."""
    return ["-".join(parts) for parts in itertools.product(PLACES, ("light", "dark"), map(str, widths))]


@dataclass(frozen=True)
class Opened:
    """A page in which all cells have run: its name, what failed in it, and where its server and kernel log."""

    name: str
    page: Page
    errors: list[str]
    log: Path


def open_places(names: Sequence[str], *cells: str) -> Iterator[Opened]:
    """Open the cells in each combination of application, theme and width, one after another.

    Each is a notebook in a folder of its own. Its page is closed when the next one is asked for.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_OPTIONS)
        for place, same_place in itertools.groupby(names, key=lambda name: name.split("-")[0]):
            serve, route, show = PLACES[place]
            with tempfile.TemporaryDirectory() as root, serve(Path(root)) as server:
                for name in same_place:
                    _, theme, width = name.split("-")
                    (server.notebooks / name).mkdir()
                    write_notebook(server.notebooks / name / "workbench.ipynb", cells)
                    page = browser.new_page(viewport={"width": int(width), "height": HEIGHT})
                    errors: list[str] = []
                    collect_errors(page, errors)
                    show(page, f"{server.url}{route}{name}/workbench.ipynb", theme)
                    yield Opened(name, page, errors, server.log)
                    page.close()
        browser.close()
