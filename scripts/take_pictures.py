"""Take the picture of the workbench that the README and the documentation show: ``python scripts/take_pictures.py``.

It is a real screenshot: Voila in Chromium on the shipped study, after a click on Fit. It needs what ``make test``
installs.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "_static" / "workbench.png"
WIDTH = 1280
COLOURS = 200
MARGIN = 12
SETTLE_MS = 2000
ROLLED_OUT, ROLL_OUTS_MS = "came out better than predicted", 120_000
"""Text that appears last, and how long that may take on a busy machine."""

sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

from conftest import CHROMIUM_OPTIONS  # noqa: E402
from find_chromium import find_chromium  # noqa: E402
from notebook_servers import serve_voila  # noqa: E402
from pages import open_in_voila, write_notebook  # noqa: E402

OPEN = 'from chinchilla_nb import Workbench, datasets\nWorkbench(datasets.load("python_stdlib"))'


def photograph(page: Page) -> Image.Image:
    """Return the workbench after a fit, without the page around it."""
    page.get_by_role("button", name="Fit", exact=True).click()
    page.get_by_text("Predicted loss", exact=True).wait_for()
    page.get_by_text(ROLLED_OUT).wait_for(timeout=ROLL_OUTS_MS)
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE_MS)
    box = page.locator(".cnb-workbench").bounding_box()
    assert box is not None
    clip = {
        "x": box["x"] - MARGIN,
        "y": box["y"] - MARGIN,
        "width": box["width"] + 2 * MARGIN,
        "height": box["height"] + 2 * MARGIN,
    }
    return Image.open(io.BytesIO(page.screenshot(clip=clip)))


def main() -> None:
    """Write the picture and print its size."""
    with tempfile.TemporaryDirectory() as place, serve_voila(Path(place)) as server, sync_playwright() as playwright:
        write_notebook(server.notebooks / "workbench.ipynb", (OPEN,))
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": WIDTH, "height": 2000}, device_scale_factor=1.5)
        open_in_voila(page, f"{server.url}/voila/render/workbench.ipynb", "light")
        picture = photograph(page)
        browser.close()
    # It has few colours: a palette halves the file without a visible difference.
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {picture.width} x {picture.height}, {PICTURE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
