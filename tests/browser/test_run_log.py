"""The run log in a real page, in JupyterLab and in Voila: clicking, typing, uploading, and what is shown."""

from __future__ import annotations

import re
import time

import pytest
from pages import centre, run_code
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

ATTACK = "<img src=x onerror=alert(1)>"
WAIT_MS = 30_000

OPEN = f"""
import subprocess, sys, tempfile
import numpy as np
import pandas as pd
from chinchilla_nb import Database, RunLogPanel, ScalingLaw, Session
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.config.settings import Settings

law = ScalingLaw(E=1.7, A=400, B=410, alpha=0.34, beta=0.28)
rng = np.random.default_rng(7)
N, D = np.round(10 ** rng.uniform(7, 9, 30)), np.round(10 ** rng.uniform(9, 11, 30))
folder = tempfile.mkdtemp()
database = Database(folder)
names = [{ATTACK!r}, *(f"sweep-{{i}}" for i in range(1, 30))]
database.df = pd.DataFrame({{"N": N, "D": D, "loss": law.loss(N, D), "run": names}})
session = Session(database, Settings(seed_regime=SeedRegime((1e18, 1e20), (5, 100))))
panel = RunLogPanel(session)
panel
"""

OTHER_PANELS = "from chinchilla_nb import ConfigPanel, Workbench; display(ConfigPanel(session), Workbench(session))"

# For each row: the distance between its centre and that of its check box, in pixels, and whether the two agree.
BESIDE = """() => {
    const boxes = [...document.querySelectorAll('.cnb-runs-side input')].filter(box => box.checkVisibility());
    const rows = [...document.querySelectorAll('.cnb-runs-scroll [role=row]')];
    const centre = element => (({top, bottom}) => (top + bottom) / 2)(element.getBoundingClientRect());
    return boxes.length !== rows.length ? null : rows.map((row, i) => [
        centre(boxes[i]) - centre(row), boxes[i].checked !== row.classList.contains('cnb-out')]);
}"""
STRUCK_OUT = re.compile(r"\bcnb-out\b")

JOB = "from chinchilla_nb import Database; Database({folder!r}).append(N=9e9, D=9e10, loss=2.125, run='job')"


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def rows(page: Page | Locator) -> Locator:
    return page.locator(".cnb-runs-scroll [role=row]")


def row(page: Page | Locator, number: int) -> Locator:
    return rows(page).nth(number)


def find(page: Page | Locator, query: str) -> None:
    box = page.get_by_placeholder("Filter: loss < 3")
    box.fill(query)


def leave_out_and_take_back(page: Page) -> None:
    """Uncheck a run by keyboard, see it struck through and out of the fit, and undo it."""
    box = page.get_by_label("Include run 29 in the fit")
    expect(box).to_be_visible()
    box.focus()
    box.press("Space")
    expect(row(page, 1)).to_have_class(STRUCK_OUT)
    expect(page.get_by_role("status")).to_contain_text("29 in the fit · 1 excluded in this session")
    button(page, "Undo").click()
    expect(row(page, 1)).not_to_have_class(STRUCK_OUT)
    expect(box).to_be_checked()


def add_the_next_seed(page: Page) -> None:
    button(page, "Add a run").click()
    button(page, "Next seed").click()
    expect(page.get_by_text("C = 6ND =")).to_be_visible()
    expect(button(page, "Add run")).to_be_disabled()
    loss = page.get_by_placeholder("1.98")
    loss.fill("2,5")
    expect(page.get_by_text("loss is '2,5', not a number")).to_be_visible()
    loss.fill("2.4321")
    button(page, "Add run").click()
    expect(row(page, 0)).to_contain_text("2.4321")
    expect(page.get_by_role("status")).to_contain_text("31 runs")


def boxes_stand_beside_their_rows(page: Page, count: int) -> None:
    """Assert that each row has its check box at its own height, checked unless the row is struck through."""
    expect(rows(page)).to_have_count(count)
    expect(page.locator(".cnb-runs-side input:visible")).to_have_count(count)
    beside = page.evaluate(BESIDE)
    assert max(abs(distance) for distance, _ in beside) < 3, beside
    assert all(agrees for _, agrees in beside), beside


def no_row_is_askew(page: Page) -> None:
    """Assert that check boxes and headings align with rows and columns, and that nothing overflows the panel."""
    boxes_stand_beside_their_rows(page, 15)
    headings = page.locator(".cnb-runs-head button")
    for place in range(headings.count()):
        above, below = headings.nth(place).bounding_box(), row(page, 0).locator("span").nth(place).bounding_box()
        assert abs(above["x"] - below["x"]) < 1
        assert abs(above["width"] - below["width"]) < 1
    assert page.locator(".cnb").evaluate("panel => panel.scrollWidth <= panel.clientWidth")


def test_run_log_in_lab(lab):
    page = lab(OPEN)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    expect(rows(page)).to_have_count(15, timeout=WAIT_MS)
    no_row_is_askew(page)

    find(page, "img")
    expect(rows(page)).to_have_count(1)
    expect(row(page, 0)).to_contain_text(ATTACK)
    find(page, "")
    expect(rows(page)).to_have_count(15)
    leave_out_and_take_back(page)
    page.get_by_role("button", name="loss").click()
    best = run_code(page, "print(f'{session.runs.loss.min():.4f}')").strip()
    expect(row(page, 0)).to_contain_text(best)
    button(page, "#").click()
    button(page, "# ▲").click()
    add_the_next_seed(page)

    button(page, "Import").click()
    content = f"params_b,tokens (B),val_loss,{ATTACK}\n7,140,2.2,{ATTACK}\n8,160,nan,{ATTACK}\n"
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload").click()
    chooser.value.set_files({"name": f"{ATTACK}.csv", "mimeType": "text/csv", "buffer": content.encode()})
    expect(page.get_by_text("1 of 2 rows can be added")).to_be_visible()
    page.get_by_text("1 row is left out of").first.click()
    expect(page.get_by_text("loss (val_loss) is nan, not a finite number").first).to_be_visible()
    button(page, "Add 1 run").click()
    expect(row(page, 0)).to_contain_text("140B")

    run_code(page, "job = subprocess.Popen([sys.executable, '-c', " + repr(JOB) + ".format(folder=folder)])")
    expect(row(page, 0)).to_contain_text("2.1250", timeout=WAIT_MS)
    started = time.monotonic()
    run_code(page, "Database(folder).append(N=8e9, D=8e10, loss=2.0625)")
    expect(row(page, 0)).to_contain_text("2.0625")
    assert time.monotonic() - started < 2
    run_code(page, "session.run_fit(); None")
    expect(button(page, "residual")).to_be_visible()
    no_row_is_askew(page)
    assert page.locator("img[src='x']").count() == 0
    assert not dialogs
    run_code(page, "assert not panel.errors.value, panel.errors.value")


def test_run_log_in_voila(voila):
    page = voila(OPEN, theme="dark", size=(900, 1000))
    expect(rows(page)).to_have_count(15, timeout=WAIT_MS)
    no_row_is_askew(page)
    leave_out_and_take_back(page)
    page.get_by_title("Last page").click()
    expect(row(page, 14)).to_contain_text(ATTACK)
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.parametrize(("kind", "width"), [("lab", 1400), ("lab", 900), ("voila", 900)])
def test_check_boxes_align_with_their_rows_beside_other_panels(kind, width, request):
    """Each panel brings its own style sheet, and all of them act on the whole page."""
    page = request.getfixturevalue(kind)(OPEN, OTHER_PANELS, size=(width, 1000))
    log = page.locator(".cnb-run-log")
    boxes = log.locator(".cnb-runs-side input:visible")
    expect(page.locator(".cnb-form").first).to_be_attached(timeout=WAIT_MS)
    boxes_stand_beside_their_rows(page, 15)
    assert log.evaluate("panel => panel.scrollWidth <= panel.clientWidth")

    # A click at a row's height in the column of check boxes hits that row, down to the last.
    _, y = centre(row(page, 14))
    box = boxes.nth(0).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, y)
    expect(row(page, 14)).to_have_class(STRUCK_OUT)
    boxes_stand_beside_their_rows(page, 15)
    button(log, "Undo").click()
    expect(row(page, 14)).not_to_have_class(STRUCK_OUT)

    button(log, "loss").click()
    expect(button(log, "loss ▲")).to_be_visible()
    boxes_stand_beside_their_rows(page, 15)
    find(log, "sweep-1")
    boxes_stand_beside_their_rows(page, 11)
    button(log, "Exclude these").click()
    expect(log.locator("[role=row].cnb-out")).to_have_count(11)
    expect(log.locator(".cnb-runs-side input:visible:checked")).to_have_count(0)
    boxes_stand_beside_their_rows(page, 11)
    find(log, "")
    boxes_stand_beside_their_rows(page, 15)
    button(log, "Undo").click()
    expect(log.locator(".cnb-out")).to_have_count(0)
    expect(log.locator(".cnb-runs-side input:visible:checked")).to_have_count(15)
    boxes_stand_beside_their_rows(page, 15)


def test_ten_thousand_runs_stay_usable(lab):
    page = lab(OPEN)
    run_code(
        page,
        "database.df = pd.DataFrame({'N': 10 ** rng.uniform(7, 9, 10_000), 'D': 10 ** rng.uniform(9, 11, 10_000), "
        "'loss': rng.uniform(2, 4, 10_000), 'run': [f'run {i}' for i in range(10_000)]})",
    )
    expect(page.get_by_text("1–15 of 10,000")).to_be_visible()
    seconds = []
    for loss in (5.125, 6.125, 7.125):
        started = time.monotonic()
        run_code(page, f"database.append(N=1e8, D=1e10, loss={loss})")
        expect(row(page, 0)).to_contain_text(f"{loss:.4f}")
        seconds.append(time.monotonic() - started)
    # 0.1 s on an idle machine; the best of three, because this machine may be busy.
    assert min(seconds) < 0.5
    find(page, "run loss > 7")
    expect(rows(page)).to_have_count(0)
    find(page, "loss > 5")
    expect(rows(page)).to_have_count(3)
