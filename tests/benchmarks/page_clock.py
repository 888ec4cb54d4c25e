"""A clock in a page of JupyterLab: times from a click, a key or a line of Python to the change on the screen."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BROWSER = Path(__file__).resolve().parents[1] / "browser"
sys.path.insert(0, str(BROWSER))

from conftest import CHROMIUM_OPTIONS  # noqa: E402
from find_chromium import find_chromium  # noqa: E402
from notebook_servers import serve_lab  # noqa: E402
from pages import open_in_lab, run_code, wait_idle, write_notebook  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

PATIENCE = 60_000

# Acts, then waits for the frame in which the condition is true on the screen. Times are in milliseconds since 1970, so
# that they can be compared with those of the kernel on the same machine.
CLOCK = """() => {
    const now = () => performance.timeOrigin + performance.now();
    globalThis.cnbTimed = (act, holds) => new Promise((answer, fail) => {
        let waiting = true;
        const look = () => {
            if (waiting && holds()) {
                waiting = false;
                observer.disconnect();
                requestAnimationFrame(() => answer([started, now()]));
            }
        };
        const observer = new MutationObserver(look);
        const all = {subtree: true, childList: true, attributes: true, characterData: true};
        observer.observe(document.body, all);
        setTimeout(() => { observer.disconnect(); fail(new Error('never: ' + holds)); }, PATIENCE);
        const started = now();
        act();
        look();
    });
    globalThis.cnbButton = (name) => [...document.querySelectorAll('.jp-OutputArea button')]
        .find(button => button.textContent.trim() === name && button.checkVisibility());
    globalThis.cnbCell = (code) => jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({code});
}""".replace("PATIENCE", str(PATIENCE))

# A task on the event loop of the kernel that wakes every 20 ms: the delay of its waking is the delay of clicks.
TICKER = """
import asyncio, time

class Ticker:
    late = 0.0
    async def run(self):
        while True:
            asleep = time.perf_counter()
            await asyncio.sleep(0.02)
            self.late = max(self.late, time.perf_counter() - asleep - 0.02)

ticker = Ticker()
ticking = asyncio.get_running_loop().create_task(ticker.run())
"""


@contextlib.contextmanager
def lab_pages() -> Iterator[Any]:
    """Yield a function that opens cells in JupyterLab and returns the page with its clock."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_lab(Path(folder)) as server,
        sync_playwright() as playwright,
        contextlib.closing(
            playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_OPTIONS)
        ) as browser,
    ):

        @contextlib.contextmanager
        def opened(*cells: str) -> Iterator[Page]:
            name = f"{abs(hash(cells))}.ipynb"
            write_notebook(server.notebooks / name, (TICKER, *cells))
            page = browser.new_page(viewport={"width": 1400, "height": 1600})
            open_in_lab(page, f"{server.url}/doc/tree/{name}", "light")
            page.evaluate(CLOCK)
            wait_idle(page)
            late(page)  # discard the delay while the page opened
            yield page
            page.evaluate("() => jupyterapp.serviceManager.sessions.shutdownAll()")
            page.close()

        yield opened


def seconds(page: Page, act: str, holds: str) -> float:
    """Return the seconds from the evaluation of one JavaScript expression until another is true on the screen."""
    started, seen = page.evaluate(f"() => cnbTimed(() => {{ {act} }}, () => {holds})")
    return (seen - started) / 1000


def seconds_from_kernel(page: Page, source: str, holds: str) -> float:
    """Return the seconds from the start of a line of Python in the kernel until a JavaScript expression is true."""
    code = f"began = time.time()\n{source}"
    _, seen = page.evaluate(f"code => cnbTimed(() => cnbCell(code), () => {holds})", code)
    wait_idle(page)
    return seen / 1000 - float(run_code(page, "print(began)"))


def late(page: Page) -> float:
    """Return the largest delay of the event loop of the kernel since the last call."""
    return float(run_code(page, "print(ticker.late); ticker.late = 0.0"))
