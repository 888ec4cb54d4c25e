"""Take the pictures of the panels in tutorial 05, which GitHub cannot show: ``python scripts/picture_panels.py``.

They are real screenshots: Voila in Chromium runs the code of the tutorial, and each panel is photographed as it stands
at the end. It needs what ``make test`` installs. Then run the tutorial again, so that it stores the pictures.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import Locator, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "notebooks" / "05-the-workbench.ipynb"
WIDTH, HEIGHT = 1000, 2600
TALLEST = 1500
"""Pixels of a page after which a picture ends: what follows are closed sections."""
COLOURS = 128
SETTLE_MS = 20_000
"""Milliseconds that intervals and roll-outs may take."""
SHOWN = re.compile(r'\AImage\("pictures/([^"]+)"')

sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

from conftest import CHROMIUM_OPTIONS  # noqa: E402
from find_chromium import find_chromium  # noqa: E402
from notebook_servers import serve_voila  # noqa: E402
from pages import open_in_voila, write_notebook  # noqa: E402


def cells_and_names() -> tuple[list[str], list[str]]:
    """Return the code of the tutorial without the cells that show pictures, and the names of these."""
    sources = [cell.source for cell in nbformat.read(TUTORIAL, as_version=4).cells if cell.cell_type == "code"]
    names = [found[1] for source in sources if (found := SHOWN.match(source))]
    return [source for source in sources if not SHOWN.match(source)], names


def save(panel: Locator, path: Path) -> None:
    """Save a picture of a panel, up to `TALLEST`, with few colours: a palette halves the file."""
    panel.evaluate("element => element.scrollIntoView({block: 'start'})")
    box = panel.bounding_box()
    assert box is not None
    # Not a screenshot of the element: one taller than the window shows what stands above it instead.
    shown = {**box, "height": min(box["height"], TALLEST)}
    picture = Image.open(io.BytesIO(panel.page.screenshot(clip=shown)))
    path.parent.mkdir(exist_ok=True)
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {picture.width} x {picture.height}, {path.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    """Write the pictures and print their sizes."""
    cells, names = cells_and_names()
    with tempfile.TemporaryDirectory() as place, serve_voila(Path(place)) as server, sync_playwright() as playwright:
        write_notebook(server.notebooks / "tutorial.ipynb", tuple(cells))
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.25)
        open_in_voila(page, f"{server.url}/voila/render/tutorial.ipynb", "light")
        page.wait_for_timeout(SETTLE_MS)
        panels = page.locator(".jupyter-widgets.cnb:visible:not(.cnb .cnb, .cnb-workbench .cnb), .cnb-workbench")
        assert panels.count() == len(names), [panel.get_attribute("class") for panel in panels.all()]
        for place_of, name in enumerate(names):
            save(panels.nth(place_of), TUTORIAL.parent / "pictures" / name)
        browser.close()


if __name__ == "__main__":
    main()
