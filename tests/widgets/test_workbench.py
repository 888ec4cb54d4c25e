"""The workbench opens runs in any form, and its panels share one session."""

from __future__ import annotations

import asyncio
import html
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output
from ipywidgets.widgets.widget import _instances

from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.widgets import FitPanel, FrontierPanel, Workbench
from chinchilla_nb.widgets import workbench as workbench_module


def test_panels_share_the_session(session):
    workbench = Workbench(session)
    assert workbench.fit.session is workbench.frontier.session is session
    workbench.fit.fit_button.click()
    workbench.fit.wait()
    assert "Parameters N" in workbench.frontier.allocation.value
    assert repr(workbench) == "Workbench over 30 runs"


def test_chinchilla_and_panels_share_the_session(tmp_path, rows, law):
    from chinchilla_nb import HOFFMANN_GRID, Chinchilla

    grid = {name: list(values) for name, values in HOFFMANN_GRID.axes.items()}
    cc = Chinchilla(tmp_path, grid, None, log_level=50)
    cc.database.df = rows
    fit, frontier = FitPanel(cc), FrontierPanel(cc)
    fit.fit_button.click()
    fit.wait()
    assert cc.get_params() == pytest.approx(law.as_dict(), rel=1e-6)
    cc.append(N=1e8, D=1e10, loss=3.0)
    assert "1 run since this fit" in fit.state.value
    dots = frontier.charts.charts[0].dots
    assert len(dots.settled.x) + len(dots.latest.x) == 31


FRAME = pd.DataFrame(
    {"params": [2e7, 6e7, 2e8], "tokens": [4e8, 1.2e9, 4e9], "train_loss": [3.3, 2.9, 2.5], "val_loss": [3.5, 3.1, 2.7]}
)


def test_a_data_frame_is_opened_and_what_was_taken_is_shown():
    workbench = Workbench(FRAME)
    assert workbench.session.runs.loss.tolist() == [3.5, 3.1, 2.7]
    shown = html.unescape(workbench.remarks.value)
    assert "<summary>Read from the data frame</summary>" in shown
    assert "<li>N is column 'params', the parameters (20M to 200M).</li>" in shown
    assert "loss is column 'val_loss', the validation loss (2.7 to 3.5)." in shown
    assert list(workbench.panels) == ["Scaling law", "Frontier"]
    assert Workbench(FRAME, loss="train_loss").session.runs.loss.tolist() == [3.3, 2.9, 2.5]


def test_nothing_is_shown_of_a_folder(tmp_path, rows):
    rows.to_csv(tmp_path / "df.csv", index=False)
    assert Workbench(tmp_path).remarks.value == ""


def test_a_table_that_is_not_clear_opens_the_run_log_with_its_questions(tmp_path):
    path = tmp_path / "sweep.csv"
    FRAME.assign(non_embedding_params=[1.4e7, 5e7, 1.8e8]).to_csv(path, index=False)
    workbench = Workbench(path)
    runs = workbench.panels["Runs"]
    assert workbench.toggles["Runs"].value
    assert (runs.import_toggle.value, runs.add_toggle.value) == (True, False)
    assert "can be N and differ" in runs.file.preview.value
    runs.file.ways.buttons[0].click()
    runs.file.add.click()
    assert workbench.session.runs.N.tolist() == [2e7, 6e7, 2e8]
    assert runs.errors.value == ""


def test_folder_of_runs(tmp_path, rows):
    rows.to_csv(tmp_path / "df.csv", index=False)
    workbench = Workbench(tmp_path)
    assert len(workbench.session.runs) == 30
    assert len(Workbench(str(tmp_path)).session.runs) == 30


def test_table_of_runs_is_not_written_to(tmp_path, rows):
    table = tmp_path / "runs.csv"
    rows.to_csv(table, index=False)
    before = table.read_bytes()
    workbench = Workbench(table)
    workbench.session.database.append(N=1e8, D=1e10, loss=3.0)
    assert len(workbench.session.runs) == 31
    assert table.read_bytes() == before


def test_study_is_not_written_to(rows):
    from chinchilla_nb.datasets import Study

    study = Study("mine", "", rows, SeedRegime((1e18, 1e20), (2, 200)))
    workbench = Workbench(study)
    assert workbench.session.settings.seed_regime is study.seed_regime
    workbench.session.database.append(N=1e8, D=1e10, loss=3.0)
    assert len(workbench.session.runs) == 31
    assert len(study.df) == 30


def test_configuration_file(tmp_path, rows):
    rows.to_csv(tmp_path / "df.csv", index=False)
    config = tmp_path / "config.yaml"
    config.write_text(
        f"project_dir: {tmp_path}\n"
        "param_grid: {E: [1, 2], A: [100, 1000], B: [100, 1000], alpha: [0.3], beta: [0.3]}\n"
        "seed_ranges: {C: [1.0e18, 1.0e20], N_to_D: [2, 200]}\n"
    )
    workbench = Workbench(config)
    assert len(workbench.session.runs) == 30
    assert workbench.session.settings.seed_regime.C == (1e18, 1e20)


def test_a_source_that_does_not_exist_is_reported_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"there is nothing at .*absent"):
        Workbench(tmp_path / "absent")
    with pytest.raises(TypeError, match="got 1.5"):
        Workbench(1.5)


def test_widgets_do_not_import_the_facade():
    code = "import sys, chinchilla_nb.widgets; sys.exit('chinchilla_nb.core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_panels_are_created_when_opened_and_share_the_session(session):
    workbench = Workbench(session)
    assert set(workbench.panels) == {"Scaling law", "Frontier"}
    for name, toggle in workbench.toggles.items():
        toggle.value = True
        assert workbench.panels[name].session is session
    assert workbench.errors.value == ""
    runs = workbench.panels["Runs"]
    workbench.toggles["Runs"].value = False
    workbench.toggles["Runs"].value = True
    assert workbench.panels["Runs"] is runs
    workbench.close()


def test_the_reason_a_panel_does_not_open_is_shown(session, monkeypatch):
    workbench = Workbench(session)
    monkeypatch.setitem(workbench_module._MODULES, "Runs", ("no_such_module", "RunLogPanel"))
    workbench.toggles["Runs"].value = True
    assert "ModuleNotFoundError" in workbench.errors.value
    monkeypatch.undo()
    workbench.toggles["Simulation"].value = True
    assert workbench.errors.value == ""
    workbench.close()


def test_a_closed_workbench_leaves_no_models_behind(session):
    def open_and_close() -> int:
        workbench = Workbench(session)
        for toggle in workbench.toggles.values():
            toggle.value = True
        workbench.close()
        return len(_instances)

    assert open_and_close() == open_and_close()


def test_without_runs_the_run_log_is_open(empty_session):
    workbench = Workbench(empty_session)
    assert workbench.toggles["Runs"].value
    assert "Runs" in workbench.panels
    workbench.close()


@pytest.fixture
def captured() -> Iterator[CapturedIO]:
    """What is displayed, as in a cell."""
    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            yield captured
    finally:
        InteractiveShell.clear_instance()


def test_a_snapshot_is_left_in_the_notebook(session, captured):
    workbench = Workbench(session)
    workbench._ipython_display_()
    live, still, either = (output.data for output in captured.outputs)
    assert live["application/vnd.jupyter.widget-view+json"]["model_id"] == workbench.model_id
    # Only an image, because nbval compares everything else.
    assert list(still) == ["image/png"]
    assert still["image/png"].startswith(b"\x89PNG")
    assert list(either) == ["text/html"]


def test_the_snapshot_shows_the_last_of_two_quick_fits(session, captured):
    workbench = Workbench(session)

    async def main() -> None:
        workbench._ipython_display_()
        session.run_fit()
        session.exclude(run_keys(session.runs)[:3])
        session.run_fit()  # while the snapshot of the first is being drawn
        end = time.monotonic() + 100
        while captured.outputs[-1].data.get("image/png") != workbench.snapshot()["image/png"]:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)

    asyncio.run(main())


def seed_drawn_by(panel) -> dict[str, str]:
    """Return what the run log fills in for the next seed."""
    panel.form.seed.click()
    return {name: field.value for name, field in panel.form.fields.items()}


def test_seeds_repeat_and_all_panels_draw_from_one_generator(tmp_path):
    from chinchilla_nb import Chinchilla, RunLogPanel

    def project(name: str) -> Chinchilla:
        (tmp_path / name).mkdir()
        ranges = {"C": (1e18, 1e20), "N_to_D": (5, 100)}
        return Chinchilla(tmp_path / name, seed_ranges=ranges, rng=0, log_level=50)

    cc, other, alone = (project(name) for name in "abc")
    expected = [alone.seed()[0] for _ in range(3)]
    bench, panel, again = Workbench(cc), RunLogPanel(other), Workbench(other)
    drawn = [seed_drawn_by(bench.panels["Runs"]) for _ in range(2)]
    assert drawn[0] != drawn[1]
    assert drawn == [seed_drawn_by(panel), seed_drawn_by(again.panels["Runs"])]
    # The third draw of each follows two others, from whichever panel.
    assert cc.seed()[0] == other.seed()[0] == expected[2]
    for one in (bench, panel, again):
        one.close()  # ends the watch of the file


def test_opening_a_configuration_does_not_load_the_facade(tmp_path):
    (tmp_path / "config.yaml").write_text("scaling_factor: 2\nlaw: kaplan\n")
    code = (
        "import sys\nfrom chinchilla_nb import open_session\n"
        "assert open_session(sys.argv[1]).settings.family.name == 'kaplan'\n"
        "sys.exit('chinchilla_nb.core' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "config.yaml")]
    assert subprocess.run(command, check=False).returncode == 0


def test_panels_use_the_functions_and_folders_that_the_workbench_allows(tmp_path, rows):
    project, other = tmp_path / "project", tmp_path / "other"
    project.mkdir()
    other.mkdir()
    rows.to_csv(project / "df.csv", index=False)
    (other / "more.csv").write_text("N,D,loss\n1e9,1e10,2.5\n")
    (other / "mine.yaml").write_text("weight_fn: numpy:sqrt\n")
    workbench = Workbench(project, allow_functions=["numpy:sqrt"], allow_folders=[other])
    for toggle in workbench.toggles.values():
        toggle.value = True
    runs, config = workbench.panels["Runs"], workbench.panels["Configuration"]
    runs.file.path.value = str(other / "more.csv")
    assert len(runs.file.rows) == 1
    config.path.value = str(other / "mine.yaml")
    config.load_button.click()
    assert workbench.session.settings.weight_fn is np.sqrt
    workbench.close()


@pytest.mark.parametrize(
    ("allowed", "message"),
    [
        ({"allow_functions": "numpy:sqrt"}, "allow_functions must be a list of names, got 'numpy:sqrt'"),
        ({"allow_functions": ["numpy:squirt"]}, "'numpy:squirt' cannot be imported"),
        ({"allow_folders": "."}, "allow_folders must be a list of folders, got '.'"),
        ({"allow_folders": ["nowhere at all"]}, "allow_folders 'nowhere at all' does not exist"),
    ],
)
def test_what_cannot_be_allowed_is_reported_when_the_workbench_is_made(session, allowed, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Workbench(session, **allowed)


def test_rows_left_out_are_said_once_on_the_panel(tmp_path, rows):
    """Tests turn warnings into errors, and a notebook shows them as red text with a path above the panel."""
    table = rows.astype(object)  # pandas 1.5 warns when it writes NaN among floats
    table.loc[0, "loss"] = None
    table.to_csv(tmp_path / "runs.csv", index=False)
    workbench = Workbench(tmp_path / "runs.csv")
    assert "left out" not in workbench.remarks.value
    assert "1 row is left out" in workbench.left_out.rows.value
    workbench.toggles["Runs"].value = True
    assert "1 row is left out" in workbench.panels["Runs"].left_out.rows.value
    assert workbench.left_out.rows.value == ""
    workbench.toggles["Runs"].value = False
    assert "1 row is left out" in workbench.left_out.rows.value


def test_a_page_of_voila_says_why_nothing_is_kept(tmp_path, rows, monkeypatch):
    from chinchilla_nb import Chinchilla

    monkeypatch.setenv("VOILA_REQUEST_URL", "http://localhost/")
    assert "its runs have no project folder." in Workbench(rows).kept.value
    cc = Chinchilla(tmp_path, log_level=50)
    assert "the notebook that made it does not keep it." in Workbench(cc).kept.value
    cc.session.keep()
    assert Workbench(cc).kept.value == ""
    assert Workbench(tmp_path).kept.value == ""
