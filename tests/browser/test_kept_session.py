"""A page that is loaded again shows the session as it was: a project, a table, and a file that cannot be used."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from command import Serving, serving
from pages import screenshot
from playwright.sync_api import Page, expect
from runs import make_runs, table_of
from waiting import wait_until

from chinchilla_nb.database import Database

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc"),
]

WAIT_MS = 60_000
NAME = "chinchilla_nb.session.json"
BUDGET = "5.76e23"


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1600})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert not errors, "\n".join(errors)


@pytest.fixture
def project(tmp_path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    Database(folder).df = table_of(make_runs(20, noise=0.004, rng=5))
    return folder


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def work(page: Page) -> None:
    """Exclude a run, fit, and choose a budget."""
    button(page, "Runs").click(timeout=WAIT_MS)
    page.get_by_label("Include run 19 in the fit").uncheck()
    expect(page.get_by_text("19 runs ready")).to_be_visible(timeout=WAIT_MS)
    button(page, "Fit").click()
    expect(page.get_by_text("Up to date with 19 runs").first).to_be_visible(timeout=WAIT_MS)
    page.get_by_placeholder(BUDGET).fill("3e21")


def check_restored(page: Page) -> None:
    expect(page.get_by_text("Up to date with 19 runs").first).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_placeholder(BUDGET)).to_have_value("3e21")
    button(page, "Fit history").click()
    expect(page.get_by_text("the fit shown")).to_have_count(1)


def test_a_project_is_as_it_was_when_its_page_is_loaded_again(page, project, tmp_path):
    with serving(str(project), cwd=tmp_path, temporary=tmp_path / "tmp") as server:
        page.goto(server.url, timeout=WAIT_MS)
        work(page)
        assert wait_until(lambda: (project / NAME).exists() and "3e+21" in (project / NAME).read_text(), 30)
        page.reload(timeout=WAIT_MS)
        check_restored(page)
        button(page, "Fit").click()
        expect(page.get_by_text("2 fits, kept in chinchilla_nb.session.json")).to_be_visible(timeout=WAIT_MS)
        for toggle in page.get_by_role("button", name="Compare").all()[:2]:
            toggle.click()
        expect(page.locator(".cnb-differences")).to_be_visible(timeout=WAIT_MS)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width in (900, 1400, 1900):
                page.set_viewport_size({"width": width, "height": 2200})
                page.wait_for_timeout(1500)
                screenshot(page, f"history-{theme}-{width}")
    # The next command restores it, too.
    with serving(str(project), cwd=tmp_path, temporary=tmp_path / "tmp2") as server:
        page.goto(server.url, timeout=WAIT_MS)
        expect(page.get_by_text("Up to date with 19 runs").first).to_be_visible(timeout=WAIT_MS)


def kept_files(server: Serving) -> list[Path]:
    return list(server.temporary.glob("chinchilla-nb-*/session.json"))


def test_the_page_of_a_table_keeps_it_until_the_command_ends(page, tmp_path):
    table_of(make_runs(20, noise=0.004, rng=5)).to_csv(tmp_path / "runs.csv", index=False)
    with serving("runs.csv", cwd=tmp_path, temporary=tmp_path / "tmp") as server:
        page.goto(server.url, timeout=WAIT_MS)
        work(page)
        assert wait_until(lambda: any("3e+21" in file.read_text() for file in kept_files(server)), 30)
        page.reload(timeout=WAIT_MS)
        check_restored(page)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["runs.csv"]


def test_a_damaged_file_is_said_on_the_page_and_kept(page, project, tmp_path):
    (project / NAME).write_text('{"format": ')
    with serving(str(project), cwd=tmp_path, temporary=tmp_path / "tmp") as server:
        page.goto(server.url, timeout=WAIT_MS)
        expect(page.get_by_text("Nothing was restored, and the file is moved aside")).to_be_visible(timeout=WAIT_MS)
        button(page, "Fit").click()
        aside = project / "chinchilla_nb.session.damaged.json"
        assert wait_until(lambda: aside.exists() and (project / NAME).exists(), 30)
    assert aside.read_text() == '{"format": '
    assert json.loads((project / NAME).read_text())["version"] == 1


def test_voila_says_that_a_study_is_not_kept(voila):
    page = voila("from chinchilla_nb import Workbench, datasets", "Workbench(datasets.load('python_stdlib'))")
    expect(page.get_by_text("Nothing of this session is kept when the page is loaded again")).to_be_visible(
        timeout=WAIT_MS
    )
