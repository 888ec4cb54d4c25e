"""Helpers for an open page: run its cells, change its theme, take a screenshot."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import Error, FloatRect, Locator, Page

PAGE_MS = 60_000
"""Milliseconds a page may take to load, to run its cells or to draw its widgets on a busy machine."""

LAB_THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
KERNEL_IS_IDLE = "() => jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
DOTS = "path.dot.element:not([style*='opacity: 0;'])"
"""The visible dots of a chart; the others are the invisible dots for dragging the line of a budget."""
MAX_SCREENSHOTS = 20
POLL_MS = 250
STILL_POLLS = 3
"""How many times in a row an element must be where it was before the mouse goes there."""


def write_notebook(path: Path, cells: tuple[str, ...]) -> None:
    """Write a notebook with the given sources as code cells."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, path)


def open_in_lab(page: Page, url: str, theme: str) -> None:
    """Open a notebook in JupyterLab, or in Notebook, which works the same way, and run all its cells."""
    page.goto(url + "?reset", wait_until="domcontentloaded", timeout=PAGE_MS)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PAGE_MS)
    page.wait_for_function(KERNEL_IS_IDLE, timeout=PAGE_MS)
    set_theme(page, theme)
    # The command returns when the last cell has been executed.
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
    wait_idle(page)
    assert_no_cell_failed(page)


def open_in_voila(page: Page, url: str, theme: str) -> None:
    """Open a notebook in Voila, which runs it before responding, and wait until its outputs are shown."""
    page.goto(f"{url}?theme={theme}", wait_until="domcontentloaded", timeout=PAGE_MS)
    page.wait_for_selector("#rendered_cells", state="visible", timeout=PAGE_MS)
    page.wait_for_function("() => !document.querySelector('#loading')?.checkVisibility()", timeout=PAGE_MS)
    assert_no_cell_failed(page)


def wait_idle(page: Page) -> None:
    """Wait until the kernel of a JupyterLab or Notebook page has nothing left to do."""
    page.wait_for_function(KERNEL_IS_IDLE, timeout=PAGE_MS)


def run_code(page: Page, source: str) -> str:
    """Run Python in the kernel of a JupyterLab page, as a further cell would, and return what it printed.

    Raises
    ------
    AssertionError
        If the code raised; the message is its traceback.
    """
    reply = page.evaluate(
        """async source => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute({code: source});
            let text = '';
            future.onIOPub = message => { if (message.header.msg_type === 'stream') text += message.content.text; };
            const {content} = await future.done;
            return {text, error: content.status === 'error' ? content.traceback.join('\\n') : null};
        }""",
        source,
    )
    assert reply["error"] is None, reply["error"]
    return str(reply["text"])


def until(page: Page, condition: str) -> None:
    """Wait until an expression is true in the kernel of a JupyterLab page, which receives events with some delay."""
    for _ in range(PAGE_MS // POLL_MS):
        if run_code(page, f"print(bool({condition}))") == "True\n":
            return
        page.wait_for_timeout(POLL_MS)
    raise AssertionError(f"never true: {condition}")


def set_theme(page: Page, theme: str) -> None:
    """Switch a JupyterLab page to ``"light"`` or ``"dark"``; Voila takes its theme when it opens."""
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", LAB_THEMES[theme])
    page.wait_for_selector(f"body[data-jp-theme-name='{LAB_THEMES[theme]}']", state="attached", timeout=PAGE_MS)


def assert_no_cell_failed(page: Page) -> None:
    """Fail with the traceback if a cell of the page ended in an error or wrote to stderr."""
    failures = page.locator(
        "[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedText[data-mime-type*='error']"
    )
    assert not failures.all_inner_texts(), "\n".join(failures.all_inner_texts())


def collect_errors(page: Page, errors: list[str]) -> None:
    """Append the errors that the JavaScript of a page raises from now on, except those of an application itself."""
    page.on("pageerror", lambda error: None if _of_notebook_itself(error) else errors.append(str(error)))


def _of_notebook_itself(error: Error) -> bool:
    """Whether this is an error that every page raises, even without widgets.

    Notebook 7.6 raises one about its own settings, and JupyterLab one when a kernel ends before it has answered.
    """
    if "Canceled future for create_subshell_request" in str(error):
        return True
    return "'schema'" in str(error) and "/static/notebook/notebook_core" in (error.stack or "")


def still_box(element: Locator) -> FloatRect:
    """Scroll to an element, and return its box once the page has stopped moving it.

    The mouse goes to a place of the page, not to an element: it misses one that moves after its box was read, as
    charts do when intervals arrive and add lines above them.
    """
    element.scroll_into_view_if_needed()
    box, unchanged = element.bounding_box(), 0
    while unchanged < STILL_POLLS:
        element.page.wait_for_timeout(POLL_MS)
        before, box = box, element.bounding_box()
        unchanged = unchanged + 1 if box == before else 0
    assert box is not None, f"{element} is not shown"
    return box


def centre(element: Locator) -> tuple[float, float]:
    """Return the centre of an element in pixels of the page, once the page has stopped moving it."""
    box = still_box(element)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def screenshot(page: Page, name: str, down_to: str | None = None) -> Path:
    """Save a screenshot of the window, or of its part down to the end of an element, once it has stopped changing.

    Screenshots go to the folder named by ``CHINCHILLA_NB_SCREENSHOTS``, or to one in the system's temporary folder.
    """
    fallback = Path(tempfile.gettempdir()) / "chinchilla_nb_screenshots"
    folder = Path(os.environ.get("CHINCHILLA_NB_SCREENSHOTS", fallback))
    folder.mkdir(parents=True, exist_ok=True)
    before, picture = b"", _picture(page, down_to)
    for _ in range(MAX_SCREENSHOTS):
        if picture == before:
            break
        page.wait_for_timeout(POLL_MS)
        before, picture = picture, _picture(page, down_to)
    path = folder / f"{name}.png"
    path.write_bytes(picture)
    return path


def _picture(page: Page, down_to: str | None) -> bytes:
    if down_to is None:
        return page.screenshot()
    page.locator(down_to).wait_for()  # JupyterLab hides a cell for a moment when its theme changes
    size, box = page.viewport_size, page.locator(down_to).bounding_box()
    assert size is not None, "the page has no window"
    assert box is not None, f"{down_to} is not shown"
    height = min(size["height"], box["y"] + box["height"] + 30)
    return page.screenshot(clip={"x": 0, "y": 0, "width": size["width"], "height": height})
