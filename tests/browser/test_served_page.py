"""The page of chinchilla-nb in a real browser: behind a proxy, while it loads, and without its kernel or server."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from command import Serving, serving
from pages import run_code, screenshot
from playwright.sync_api import Browser, Page, Route, expect
from reverse_proxy import proxying
from waiting import wait_until
from workbench_cells import OPEN

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc"),
]

WAIT_MS = 60_000
SOON_MS = 15_000
"""A kernel is asked for every two seconds, and a server twice; the rest is for a busy machine."""
PREFIX = "/user/me/proxy/8866/"
NOTE = ".cnb-lost-note"


@contextlib.contextmanager
def served(folder: Path, *options: str, **more: str) -> Iterator[Serving]:
    temporary = folder / "tmp"
    with serving("python_stdlib", *options, cwd=folder, temporary=temporary, **more) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert not errors, "\n".join(errors)


def fit_button(page: Page):
    return page.get_by_role("button", name="Fit", exact=True)


def fit(page: Page) -> None:
    fit_button(page).click(timeout=WAIT_MS)
    expect(page.get_by_text("per run ·")).to_be_visible(timeout=WAIT_MS)


def kill_kernels(server: Serving) -> None:
    assert server.kernels()
    for number in server.kernels():
        os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize("options", [(), ("strip",)], ids=["prefix kept", "prefix removed"])
def test_everything_works_under_the_path_of_a_proxy(page, tmp_path, options):
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(served(tmp_path, "--base-url", PREFIX))
        origin = stack.enter_context(proxying(urlsplit(server.url).netloc, PREFIX, *options))
        asked: list[str] = []

        def record(route: Route) -> None:  # without what the page's policy forbids
            asked.append(route.request.url)
            route.continue_()

        page.route("**", record)
        page.goto(f"{origin}{PREFIX}?{urlsplit(server.url).query}", timeout=WAIT_MS)
        fit(page)
        assert page.url == f"{origin}{PREFIX}"
        assert len(asked) > 10
        allowed = (f"{origin}{PREFIX}", "data:", "blob:")
        assert [url for url in asked if not url.startswith(allowed)] == []
        page.reload(timeout=WAIT_MS)
        fit(page)


def test_something_can_be_read_at_once_and_the_workbench_takes_its_place(page, tmp_path):
    with served(tmp_path) as server:
        begun = time.monotonic()
        page.goto(server.url, wait_until="commit", timeout=WAIT_MS)
        expect(page.get_by_text("Opening the workbench")).to_be_visible()
        assert time.monotonic() - begun < 1
        assert "token" not in page.url
        expect(page.locator("#loading")).to_be_hidden()
        expect(fit_button(page)).to_be_visible(timeout=WAIT_MS)
        expect(page.get_by_text("Opening the workbench")).to_have_count(0)


def test_a_kernel_that_cannot_start_is_said_on_the_page(page, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ipykernel_launcher.py").write_text("raise SystemExit('no kernel today')\n")
    path = os.pathsep.join([str(tmp_path / "broken"), str(Path(__file__).resolve().parents[2])])
    with served(tmp_path, PYTHONPATH=path) as server:
        page.goto(server.url, timeout=WAIT_MS)
        expect(page.get_by_role("alert")).to_contain_text("Its kernel did not start", timeout=WAIT_MS)
        assert "no kernel today" in server.said
        (tmp_path / "broken" / "ipykernel_launcher.py").unlink()
        page.reload(timeout=WAIT_MS)
        expect(fit_button(page)).to_be_visible(timeout=WAIT_MS)


def test_a_lost_kernel_is_said_and_reloading_brings_another(page, tmp_path):
    with served(tmp_path) as server:
        page.goto(server.url, timeout=WAIT_MS)
        fit(page)
        expect(page.locator(NOTE)).to_have_count(0)
        kill_kernels(server)
        expect(page.locator(NOTE)).to_contain_text("The kernel behind this page has ended", timeout=SOON_MS)
        assert "grayscale" in page.locator(".cnb").nth(1).evaluate("one => getComputedStyle(one).filter")
        page.locator(NOTE).get_by_role("button", name="Reload").click()
        expect(fit_button(page)).to_be_visible(timeout=WAIT_MS)
        expect(page.locator(NOTE)).to_have_count(0)
        fit(page)


def test_a_server_that_is_gone_is_said_and_one_that_answers_again_is_not(page, tmp_path):
    with served(tmp_path) as server:
        page.goto(server.url, timeout=WAIT_MS)
        expect(fit_button(page)).to_be_visible(timeout=WAIT_MS)
        page.context.set_offline(True)
        expect(page.locator(NOTE)).to_contain_text("does not answer", timeout=SOON_MS)
        page.context.set_offline(False)
        expect(page.locator(NOTE)).to_have_count(0, timeout=SOON_MS)
        fit(page)
        server.process.kill()
        expect(page.locator(NOTE)).to_contain_text("start it again", timeout=SOON_MS + WAIT_MS)


def test_a_kernel_ends_if_its_page_is_not_used_for_long(page, tmp_path):
    with served(tmp_path, "--idle-hours", "0.002") as server:
        page.goto(server.url, timeout=WAIT_MS)
        expect(fit_button(page)).to_be_visible(timeout=WAIT_MS)
        expect(page.locator(NOTE)).to_contain_text("Reload the page", timeout=WAIT_MS)
        assert wait_until(lambda: not server.kernels(), 30)
        page.reload(timeout=WAIT_MS)
        expect(fit_button(page)).to_be_visible(timeout=WAIT_MS)


def test_voila_says_that_a_kernel_is_lost_although_it_starts_another(voila):
    page = voila(
        "import os\nfrom chinchilla_nb import Workbench, datasets", "Workbench(datasets.load('python_stdlib'))"
    )
    expect(fit_button(page)).to_be_visible(timeout=WAIT_MS)
    kernel = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if kernel in (place / "cmdline").read_text(errors="replace"):
                os.kill(int(place.name), signal.SIGKILL)
    expect(page.locator(NOTE)).to_contain_text("The kernel behind this page has ended", timeout=SOON_MS)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_notebook_says_in_each_panel_that_its_kernel_is_lost(lab, theme):
    page = lab(OPEN, "workbench.frontier", theme=theme)
    expect(page.locator(".bqplot").first).to_be_visible(timeout=WAIT_MS)
    os.kill(int(run_code(page, "import os; print(os.getpid())")), signal.SIGKILL)
    lost = page.locator(".cnb.jupyter-widgets-disconnected")
    expect(lost.first).to_be_visible(timeout=SOON_MS)
    says = "one => getComputedStyle(one, '::before').content"
    said = [text for text in lost.evaluate_all(f"all => all.map({says})") if text != "none"]
    assert said
    assert all("Run its cell again" in text for text in said)
    screenshot(page, f"lost-kernel-lab-{theme}", ".jp-Notebook")
