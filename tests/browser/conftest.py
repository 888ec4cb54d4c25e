"""Fixtures that open a notebook in a real page: ``lab``, ``notebook`` and ``voila`` take cells and return the page.

Cells are Python sources; all are run before the page is returned. When the test ends, an error in the page's
JavaScript fails it. ``pages.py`` has what a test does next: ``run_code``, ``set_theme``, ``screenshot``.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest
from find_chromium import find_chromium
from notebook_servers import NotebookServer, serve_lab, serve_notebook, serve_voila
from pages import PAGE_MS, collect_errors, open_in_lab, open_in_voila, write_notebook
from playwright.sync_api import Browser, Page, Route, sync_playwright

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
_numbers = itertools.count()


class OpenNotebook(Protocol):
    """The type of ``lab``, ``notebook`` and ``voila``: takes cells and returns a page in which all have run."""

    def __call__(self, *cells: str, theme: str = "light", size: tuple[int, int] = (1400, 1000)) -> Page: ...


# Not session-scoped: while Playwright is active an event loop counts as running, which would affect other tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    assert path is not None, "no Chromium: run `python tests/browser/find_chromium.py`, which installs one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotebookServer]:
    with serve_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def notebook_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotebookServer]:
    with serve_notebook(tmp_path_factory.mktemp("notebook")) as server:
        yield server


@pytest.fixture(scope="session")
def voila_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotebookServer]:
    with serve_voila(tmp_path_factory.mktemp("voila")) as server:
        yield server


@pytest.fixture
def lab(browser: Browser, lab_server: NotebookServer) -> Iterator[OpenNotebook]:
    with _opener(browser, lab_server, "/doc/tree/", open_in_lab) as opener:
        yield opener


@pytest.fixture
def notebook(browser: Browser, notebook_server: NotebookServer) -> Iterator[OpenNotebook]:
    with _opener(browser, notebook_server, "/notebooks/", open_in_lab) as opener:
        yield opener


@pytest.fixture
def voila(browser: Browser, voila_server: NotebookServer) -> Iterator[OpenNotebook]:
    with _opener(browser, voila_server, "/voila/render/", open_in_voila) as opener:
        yield opener


@contextlib.contextmanager
def _opener(
    browser: Browser, server: NotebookServer, route: str, show: Callable[[Page, str, str], None]
) -> Iterator[OpenNotebook]:
    errors: list[str] = []
    with contextlib.ExitStack() as pages:

        def open_notebook(*cells: str, theme: str = "light", size: tuple[int, int] = (1400, 1000)) -> Page:
            name = f"{next(_numbers)}.ipynb"
            write_notebook(server.notebooks / name, cells)
            page = browser.new_page(viewport={"width": size[0], "height": size[1]})
            page.set_default_timeout(PAGE_MS)
            pages.callback(_close, page)
            collect_errors(page, errors)
            # Fonts and icons from other hosts: tests must not depend on the network.
            page.route(lambda url: not url.startswith((server.url, "data:", "blob:")), _refuse)
            show(page, server.url + route + name, theme)
            return page

        yield open_notebook
    assert not errors, "\n".join(errors)


def _refuse(route: Route) -> None:
    route.abort()


def _close(page: Page) -> None:
    """Close a page and, in JupyterLab, end the kernel behind it."""
    page.evaluate("() => globalThis.jupyterapp?.serviceManager.sessions.shutdownAll()")
    page.close()
