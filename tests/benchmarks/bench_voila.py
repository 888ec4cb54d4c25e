"""Time from the start of the kernel to the first chart of the workbench in Voila. Prints; asserts nothing.

    python tests/benchmarks/bench_voila.py             400, 1,280 and 2,200 pixels wide, median of three each
    CHINCHILLA_NB_SCREENSHOTS=... python ...           also saves a screenshot of each

The first cell prints when the kernel began to run the page. The time before that, in which Jupyter starts the kernel,
is printed separately.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "browser")]

from conftest import CHROMIUM_OPTIONS  # noqa: E402
from find_chromium import find_chromium  # noqa: E402
from notebook_servers import serve_voila  # noqa: E402
from pages import PAGE_MS, screenshot, write_notebook  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

SIZES = {"phone": (400, 800), "laptop": (1280, 800), "wide": (2200, 1200)}
REPEATS = 3
CELLS = (
    "import time\nprint(f'kernel up at {time.time()}')",
    'from chinchilla_nb import Workbench, datasets\nWorkbench(datasets.load("python_stdlib"))',
)


def open_once(browser: Browser, url: str, name: str, size: tuple[int, int]) -> tuple[float, float]:
    """Return the seconds from the request to the start of the kernel, and from there to the first chart with runs."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    asked = time.time()
    page.goto(url, wait_until="commit", timeout=PAGE_MS)
    page.locator(".bqplot path.dot.element").first.wait_for(timeout=PAGE_MS)
    shown = time.time()
    up = float(page.get_by_text("kernel up at").inner_text().split()[-1])
    if "CHINCHILLA_NB_SCREENSHOTS" in os.environ:
        page.get_by_role("button", name="Fit", exact=True).click()
        page.get_by_text("Predicted loss", exact=True).wait_for(timeout=PAGE_MS)
        page.set_viewport_size({"width": size[0], "height": 2400})
        screenshot(page, f"voila-{name}")
    page.close()
    return up - asked, shown - up


def main() -> None:
    """Print one line per width."""
    with tempfile.TemporaryDirectory() as place, serve_voila(Path(place)) as server, sync_playwright() as playwright:
        write_notebook(server.notebooks / "workbench.ipynb", CELLS)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_OPTIONS)
        for name, size in SIZES.items():
            times = [
                open_once(browser, f"{server.url}/voila/render/workbench.ipynb", name, size) for _ in range(REPEATS)
            ]
            kernel, chart = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"{name:<7}{size[0]:>6} px   kernel up {kernel:.1f} s, then first chart {chart:.1f} s", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
