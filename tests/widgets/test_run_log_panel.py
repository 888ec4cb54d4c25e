"""The run log on a real session: runs are shown, added, imported, excluded and included."""

from __future__ import annotations

import base64
import csv
import dataclasses
import datetime as dt
import html
import re
import subprocess
import sys
import threading
import time
from html import unescape

import numpy as np
import pytest
from copied_text import copied_text
from mlflow_store import write_run
from runs import make_runs, table_of

from chinchilla_nb import Chinchilla
from chinchilla_nb.config.model_search import ModelSearch
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.run_keys import run_keys
from chinchilla_nb.quantity import interval_text
from chinchilla_nb.records.tables import Rejected
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel
from chinchilla_nb.widgets.run_log.run_log_view import PAGE
from chinchilla_nb.widgets.run_log.run_table import TOO_SOON

ATTACK = "<img src=x onerror=alert(1)>"


def text_of(widget) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", widget.value))


def column(panel, name: str) -> list[str]:
    """Return the cells of a column on the page, from top to bottom."""
    names = [re.sub(" [▲▼]$", "", button.description) for button in panel.table.head.children]
    rows = re.findall('<div class="cnb-run.*?</div>', panel.table.body.value)
    cells = [re.findall("<span[^>]*>(.*?)</span>", row) for row in rows]
    return [row[names.index(name)] for row in cells]


def is_shown(widget) -> bool:
    return "cnb-none" not in widget._dom_classes


def heading(panel, name: str):
    return next(button for button in panel.table.head.children if button.description.startswith(name))


def upload(name: str, content: bytes) -> dict[str, object]:
    """Return a file as the page sends it."""
    now = dt.datetime.now(dt.timezone.utc)
    return {
        "name": name,
        "type": "text/csv",
        "size": len(content),
        "content": memoryview(content),
        "last_modified": now,
    }


def size(hidden_size: int, num_layers: int) -> float:
    return 12 * num_layers * hidden_size**2


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The kernel's current folder, whose files a session without a folder of its own may import."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def panel(session):
    panel = RunLogPanel(session)
    yield panel
    assert panel.errors.value == ""
    panel.close()


# The table


def test_newest_runs_first_a_page_at_a_time(panel, session):
    assert column(panel, "#") == [str(number) for number in range(30, 15, -1)]
    assert text_of(panel.table.place).strip() == "1–15 of 30"
    assert panel.table.previous.disabled
    panel.table.next.click()
    assert column(panel, "#")[-1] == "1"
    assert panel.table.next.disabled
    panel.table.previous.click()
    session.database.append(N=1e8, D=1e10, loss=3.0)
    assert column(panel, "#")[0] == "31"
    assert "31 runs" in text_of(panel.state)


def test_a_click_on_a_heading_sorts_and_another_reverses(panel, session):
    heading(panel, "loss").click()
    expected = [f"{loss:.4f}" for loss in np.sort(session.runs.loss)]
    assert column(panel, "loss") == expected[:PAGE]
    assert heading(panel, "loss").description == "loss ▲"
    heading(panel, "loss").click()
    assert column(panel, "loss") == expected[::-1][:PAGE]
    assert heading(panel, "loss").description == "loss ▼"
    assert heading(panel, "#").description == "#"


def test_names_sort_as_text_and_runs_without_a_name_come_last():
    database = Database()
    database.extend(
        [
            {"N": 1e8, "D": 1e10, "loss": 3.0, "run": "beta"},
            {"N": 2e8, "D": 1e10, "loss": 2.9},
            {"N": 3e8, "D": 1e10, "loss": 2.8, "run": "Alpha"},
        ]
    )
    panel = RunLogPanel(Session(database, Settings()))
    heading(panel, "run").click()
    assert column(panel, "run") == ["Alpha", "beta", "–"]
    heading(panel, "run").click()
    assert column(panel, "run") == ["beta", "Alpha", "–"]
    panel.close()


def test_residuals_come_with_a_fit_and_follow_the_runs(panel, session, law):
    assert not [button for button in panel.table.head.children if button.description == "residual"]
    session.run_fit()
    session.database.append(N=1e8, D=1e10, loss=float(law.loss(1e8, 1e10)) + 0.25)
    assert column(panel, "residual")[0] == "+0.2500"
    assert {text[1:] for text in column(panel, "residual")[1:]} == {"0.0000"}


def test_the_filter_applies_and_a_mistake_in_it_is_explained(panel, session):
    panel.table.next.click()
    panel.query.value = "N >= 1B loss < 2.6"
    expected = np.count_nonzero((session.runs.N >= 1e9) & (session.runs.loss < 2.6))
    assert 0 < expected < PAGE
    assert len(column(panel, "N")) == expected
    assert f"1–{expected} of {expected} matching, 30 in total" in text_of(panel.table.place)
    panel.query.value = "loss < "
    assert "finish the condition" in text_of(panel.query_error)
    assert panel.exclude_matching.disabled
    panel.query.value = "los < 3"
    assert unescape(text_of(panel.query_error)).rstrip().endswith("did you mean 'loss'?")
    panel.query.value = "loss < 0.1"
    assert panel.query_error.value == ""
    assert "No runs match" in text_of(panel.table.body)
    panel.query.value = ""
    assert len(column(panel, "N")) == PAGE


def test_text_from_files_is_escaped_everywhere(panel, session, here):
    session.database.append(N=1e8, D=1e10, loss=3.0, **{"run": ATTACK, "<b>note</b>": ATTACK})
    (here / "a<b>.csv").write_text(f"N,D,loss,{ATTACK}\n1e9,1e10,{ATTACK},{ATTACK}\n1e9,1e10,2.5,{ATTACK}\n")
    panel.file.path.value = str(here / "a<b>.csv")
    panel.query.value = f'"{ATTACK}"'
    assert len(column(panel, "#")) == 1
    panel.query.value = f"{ATTACK[:4]} < 3"
    panel.form.fields["N"].value = ATTACK
    shown = "".join(
        one.value
        for one in (
            panel.table.body,
            panel.file.preview,
            panel.query_error,
            panel.form.remark,
            panel.state,
            panel.errors,
        )
    )
    assert "&lt;img" in panel.file.preview.value
    assert "<img" not in shown
    assert "<b>note" not in shown
    assert "a<b>" not in shown
    panel.file.add.click()
    assert "<b>" not in panel.state.value


def test_columns_can_be_hidden_and_shown_again(panel, session):
    session.database.append(N=1e8, D=1e10, loss=3.0, lr=3e-4)
    panel.columns_toggle.value = True
    assert is_shown(panel.choice)
    assert list(panel.choice.boxes) == ["#", "N", "D", "D/N", "C", "loss", "lr"]
    panel.choice.boxes["D/N"].value = False
    assert [button.description for button in panel.table.head.children] == ["# ▼", "N", "D", "C", "loss", "lr"]
    panel.query.value = "D/N > 150"
    assert 0 < len(panel.shown.matching) < 31, "a column that is not shown can be filtered by"
    panel.choice.boxes["D/N"].value = True
    assert len(panel.table.head.children) == 7
    for box in panel.choice.boxes.values():
        box.value = False
    assert len(panel.table.head.children) == 7, "a table without columns helps nobody"


def test_text_of_runs_is_no_formula_in_a_spreadsheet(panel, session):
    session.database.append(N=1e9, D=1e10, loss=2.0, **{"note": "=cmd|' /C calc'!A0", "@SUM(A1)": "x", "delta": "-3"})
    panel.copy_toggle.value = True
    content = base64.b64decode(re.search('base64,([^"]*)', panel.copy.link.value)[1]).decode()
    text = copied_text(panel.copy.rows)
    for copied in (csv.reader(content.splitlines()), csv.reader(text.splitlines(), delimiter="\t")):
        head, *rows = copied
        assert "'@SUM(A1)" in head
        (row,) = (row for row in (dict(zip(head, row, strict=True)) for row in rows) if row["delta"])
        assert (row["note"], row["delta"]) == ("'=cmd|' /C calc'!A0", "-3")


def test_rows_are_copied_with_all_their_digits(panel, session):
    session.database.append(N=123_456_789, D=7_000_000_001, loss=2.0 / 3.0, run=ATTACK)
    panel.query.value = "loss < 1"
    panel.copy_toggle.value = True
    text = copied_text(panel.copy.rows)
    head, row = csv.reader(text.splitlines(), delimiter="\t")
    copied = dict(zip(head, row, strict=True))
    assert (copied["N"], copied["D"], copied["run"]) == ("123456789", "7000000001", ATTACK)
    assert float(copied["loss"]) == 2.0 / 3.0
    assert ATTACK not in panel.copy.rows.value
    content = base64.b64decode(re.search('base64,([^"]*)', panel.copy.link.value)[1]).decode()
    assert next(csv.DictReader(content.splitlines()))["run"] == ATTACK
    panel.query.value = ""
    assert panel.copy.rows.value.count("\n") == 32, "the rows that match, as they are now"


# Excluded runs


def test_unchecking_a_run_excludes_it_and_undo_includes_it(panel, session):
    everything = session.runs
    worst = int(np.argmax(everything.loss))
    heading(panel, "loss").click()
    heading(panel, "loss").click()
    assert panel.undo.disabled
    panel.table.boxes[0].value = False
    assert len(session.runs) == 29
    assert everything.loss[worst] not in session.runs.loss
    assert "1 excluded" in text_of(panel.state)
    assert "cnb-out" in panel.table.body.value
    assert len(session.run_fit().runs) == 29
    panel.undo.click()
    assert session.runs is everything
    assert panel.undo.disabled
    assert panel.table.boxes[0].value
    assert "cnb-out" not in panel.table.body.value


def test_checking_a_run_again_includes_it(panel, session):
    panel.table.boxes[3].value = False
    panel.table.boxes[3].value = True
    assert len(session.runs) == 30
    panel.undo.click()
    assert len(session.runs) == 29
    panel.undo.click()
    assert len(session.runs) == 30


def test_all_matching_runs_are_excluded_at_once(panel, session):
    assert panel.exclude_matching.disabled
    panel.query.value = "loss > 2.7"
    many = int(np.count_nonzero(session.runs.loss > 2.7))
    panel.exclude_matching.click()
    assert len(session.runs) == 30 - many
    assert panel.exclude_matching.disabled
    panel.query.value = ""
    panel.which.value = "Excluded"
    assert len(panel.shown.matching) == many
    panel.which.value = "In the fit"
    assert len(panel.shown.matching) == 30 - many
    panel.undo.click()
    assert len(session.runs) == 30


def test_runs_excluded_elsewhere_are_shown_and_can_be_undone(panel, session):
    session.exclude(run_keys(session.runs)[-2:])
    assert [box.value for box in panel.table.boxes[:3]] == [False, False, True]
    panel.undo.click()
    assert not session.excluded


# Runs added by hand


def test_a_run_is_checked_as_it_is_typed(panel, session):
    fields = panel.form.fields
    assert panel.form.add.disabled
    fields["N"].value = "70B"
    fields["D"].value = "1,5T"
    assert "D is '1,5T', not a number" in text_of(panel.form.remark).replace("&#x27;", "'")
    fields["D"].value = "1.4T"
    assert "C = 6ND = 5.88×10²³ FLOPs · 20 tokens per parameter" in text_of(panel.form.remark)
    assert panel.form.add.disabled
    fields["loss"].value = "-1"
    assert "loss is -1: it must be above 0" in text_of(panel.form.remark)
    fields["loss"].value = "1.98"
    fields["name"].value = ATTACK
    assert not panel.form.add.disabled
    panel.form.add.click()
    last = session.database.df.iloc[-1]
    assert (last.N, last.D, last.loss, last["name"]) == (70_000_000_000, 1_400_000_000_000, 1.98, ATTACK)
    assert [field.value for field in fields.values()] == [""] * 4
    assert panel.form.add.disabled


def test_the_form_is_open_if_there_are_no_runs(empty_session, session):
    panel = RunLogPanel(empty_session)
    assert is_shown(panel.form)
    assert "No runs yet" in text_of(panel.empty)
    empty_session.database.append(N=1e8, D=1e10, loss=3.0)
    assert panel.empty.value == ""
    assert column(panel, "N") == ["100M"]
    assert not is_shown(RunLogPanel(session).form)


def test_an_empty_log_shows_how_a_job_appends_to_its_folder(tmp_path):
    folder = tmp_path / "<b>mine"
    folder.mkdir()
    panel = RunLogPanel(Session(Database(folder), Settings()))
    assert "<b>mine" not in panel.empty.value
    (code,) = re.findall("<code>(.*?)</code>", panel.empty.value)
    values = {"N=…": "N=1e8", "D=…": "D=2e9", "loss=…": "loss=2.5"}
    exec(re.sub("[A-Za-z]+=…", lambda part: values[part.group()], html.unescape(code)), {"Chinchilla": Chinchilla})
    assert (Database(folder).df.loss == 2.5).all()
    panel.close()


def test_an_empty_log_in_memory_advises_no_code():
    panel = RunLogPanel(Session(Database(), Settings()))
    assert "<code>" not in panel.empty.value


def test_next_seed_fills_in_a_run_of_the_seed_regime_with_its_model(session):
    panel = RunLogPanel(session)
    assert panel.form.seed.disabled
    regime = SeedRegime((1e18, 1e20), (5, 100))
    search = ModelSearch({"hidden_size": [256, 512, 1024, 2048], "num_layers": [4, 8, 16, 32]}, size)
    session.settings = dataclasses.replace(session.settings, seed_regime=regime, model_search=search)
    assert not panel.form.seed.disabled
    panel.form.seed.click()
    N, D = (int(panel.form.fields[name].value) for name in ("N", "D"))
    assert regime.contains(N, D)
    assert size(**panel.form.config) == N
    panel.form.fields["loss"].value = "2.5"
    panel.form.add.click()
    last = session.database.df.iloc[-1]
    assert size(last.hidden_size, last.num_layers) == last.N == N
    panel.form.seed.click()
    panel.form.fields["N"].value = "1e9"
    assert panel.form.config is None
    panel.close()


def test_seeds_come_from_the_generator_of_the_chinchilla(tmp_path):
    from chinchilla_nb import Chinchilla

    grid = {"E": [1], "A": [100], "B": [100], "alpha": [0.3], "beta": [0.3]}
    regime = {"C": (1e18, 1e20), "N_to_D": (5, 100)}
    one, other = (Chinchilla(tmp_path, grid, regime, log_level=50, rng=7) for _ in range(2))
    panel = RunLogPanel(one)
    panel.form.seed.click()
    (N, _), _ = other.seed()
    assert panel.form.fields["N"].value == str(N)
    panel.close()


def test_next_scale_step_is_compute_optimal_at_the_factor(panel, session, law):
    assert panel.form.step.disabled
    session.settings = dataclasses.replace(session.settings, scaling_factor=5.0)
    session.run_fit()
    panel.form.step.click()
    N, D = (float(panel.form.fields[name].value) for name in ("N", "D"))
    assert 6 * N * D == pytest.approx(5 * session.runs.C.max(), rel=1e-6)
    # At the optimum both terms fall alike: alpha A / N^alpha = beta B / D^beta.
    assert law.alpha * law.A / N**law.alpha == pytest.approx(law.beta * law.B / D**law.beta, rel=1e-4)


def test_a_next_scale_step_far_outside_the_runs_is_named_until_it_is_changed(panel, session):
    session.settings = dataclasses.replace(session.settings, scaling_factor=1000.0)
    session.run_fit()
    panel.form.step.click()
    assert "is 1,000 times the compute of the largest run" in text_of(panel.form.remark)
    panel.form.fields["D"].value = "1e10"
    assert "largest run" not in text_of(panel.form.remark)


# Runs from files


def test_a_file_is_mapped_previewed_and_added(panel, session, here):
    path = here / "sweep.csv"
    path.write_text("Model Size,Tokens (B),val_loss,optimizer\n70M,1.4,3.4,adam\n7e8,14,nan,adam\n2B,40,2.6,lion\n")
    panel.import_toggle.value = True
    panel.file.path.value = str(path)
    assert panel.file.mapping.columns["N"].value == "Model Size"
    assert panel.file.mapping.units["D"].value == "×B"
    assert "2 of 3 rows can be added" in text_of(panel.file.preview)
    assert "1 row cannot be added: loss (val_loss) (1)." in text_of(panel.file.preview)
    assert "3 loss (val_loss) is nan" in text_of(panel.file.left_out.rows)
    assert panel.file.add.description == "Add 2 runs"
    panel.file.mapping.units["D"].value = "×1"
    assert "2B 40 2.6 lion" in text_of(panel.file.preview)
    panel.file.mapping.units["D"].value = "×B"
    panel.file.mapping.columns["loss"].value = "—"
    assert panel.file.add.disabled
    assert "Choose the column that holds the loss" in text_of(panel.file.preview)
    panel.file.mapping.columns["loss"].value = "val_loss"
    panel.file.add.click()
    last = session.database.df.iloc[-1]
    assert (last.N, last.D, last.loss, last.optimizer) == (2e9, 4e10, 2.6, "lion")
    assert len(session.runs) == 32
    assert not panel.import_toggle.value
    assert "2 imported from sweep.csv" in text_of(panel.state)


def test_an_import_puts_values_into_the_columns_of_other_spellings(panel, session, here):
    session.database.df = session.database.df.assign(Name="mine", State="finished")
    path = here / "more.csv"
    path.write_text("name,n_params,tokens,loss,state\ntheirs,7e7,1.4e9,3.4,finished\n")
    panel.import_toggle.value = True
    panel.file.path.value = str(path)
    said = "Values go into columns of the log whose names differ only in case: name into Name, state into State."
    assert said in text_of(panel.file.preview)
    panel.file.add.click()
    assert {"name", "state"}.isdisjoint(session.database.df.columns)
    assert session.database.df[["Name", "State"]].iloc[-1].tolist() == ["theirs", "finished"]


def test_a_file_takes_the_place_of_the_form_that_an_empty_log_opens():
    empty = RunLogPanel(Session(Database(), Settings()))
    assert empty.add_toggle.value
    empty.import_toggle.value = True
    assert not empty.add_toggle.value
    empty.add_toggle.value = True  # both can be wanted
    assert empty.import_toggle.value
    empty.close()


def test_what_a_file_does_not_say_is_asked(panel, session, here):
    """The form shows each way to read it, with its first rows; a click chooses one, and its fields say so."""
    (here / "sweep.csv").write_text(
        "params,non_embedding_params,tokens,loss\n20000000,14000000,400000000,3.5\n60000000,50000000,1200000000,3.1\n"
    )
    panel.file.path.value = "sweep.csv"
    asked = html.unescape(text_of(panel.file.preview))
    assert "The columns 'params' and 'non_embedding_params' can be N and differ" in asked
    assert "N = params? N = non_embedding_params?" in asked
    assert "20M 14M" in asked
    assert panel.file.add.disabled
    assert panel.file.rows == ()
    first, second = panel.file.ways.buttons
    assert (first.description, second.description) == (
        "N = params: 20M to 60M",
        "N = non_embedding_params: 14M to 50M",
    )
    second.click()
    assert panel.file.mapping.columns["N"].value == "non_embedding_params"
    assert panel.file.ways.buttons == ()
    said = html.unescape(text_of(panel.file.preview))
    assert "N is column 'non_embedding_params', the parameters without embeddings" in said
    panel.file.add.click()
    assert session.all_runs.N[-2:].tolist() == [14e6, 50e6]


def test_n_of_a_file_with_one_model_is_typed(panel, session, here):
    rows = "".join(f"{step},{step * 1_000_000},{3 + 50 / step}\n" for step in range(100, 900, 100))
    (here / "history.csv").write_text(f"step,tokens,loss\n{rows}")
    panel.file.path.value = "history.csv"
    assert "No column is recognised as N" in text_of(panel.file.preview)
    panel.file.mapping.number.value = "125M"
    assert "8 rows are checkpoints of one run" in text_of(panel.file.preview)
    assert panel.file.add.description == "Add 1 run"
    assert panel.file.mapping.checkpoints.value == "last"
    panel.file.mapping.checkpoints.value = "all"
    assert panel.file.add.description == "Add 8 runs"
    panel.file.mapping.checkpoints.value = "last"
    panel.file.add.click()
    assert (session.all_runs.N[-1], session.all_runs.D[-1]) == (125e6, 8e8)


def test_failed_runs_are_added_on_request(panel, here):
    (here / "sweep.csv").write_text("params,tokens,loss,state\n2e7,4e8,3.5,finished\n6e7,1.2e9,3.1,crashed\n")
    panel.file.path.value = "sweep.csv"
    assert "1 row cannot be added: did not finish (1)." in text_of(panel.file.preview)
    assert "3 did not finish (state: 'crashed')" in html.unescape(text_of(panel.file.left_out.rows))
    assert panel.file.add.description == "Add 1 run"
    panel.file.mapping.failed.value = True
    assert panel.file.add.description == "Add 2 runs"
    panel.file.path.value = ""
    (here / "other.csv").write_text("params,tokens,loss\n2e7,4e8,3.5\n")
    panel.file.path.value = "other.csv"
    assert not panel.file.mapping.failed.value


def rows_left_out(shown) -> dict[int, str]:
    """Return the reason of each row that a list of left-out rows shows, by line."""
    rows = re.findall(r"<td>([\d,]+)</td><td>(.*?)</td>", shown.rows.value)
    return {int(line.replace(",", "")): html.unescape(why) for line, why in rows}


def test_every_row_that_is_left_out_can_be_read_before_and_after_the_import(panel, session, here):
    rows = [
        "2e7,4e8,3.5,finished",
        *(f"{6 + at}e7,{10 + 3 * at % 7}e8,3.1,crashed" for at in range(12)),
        "2e7,4e8,3.5,finished",
    ]
    (here / "sweep.csv").write_text("\n".join(["params,tokens,loss,state", *rows]))
    panel.file.path.value = "sweep.csv"
    assert "13 rows cannot be added: did not finish (12); is in the file twice (1)." in text_of(panel.file.preview)
    assert "more" not in text_of(panel.file.preview)
    before = rows_left_out(panel.file.left_out)
    assert list(before) == [*range(3, 15), 15]
    assert before[3] == "did not finish (state: 'crashed')"
    assert before[15] == "is in the file twice (line 2 holds the same run)"
    assert "cnb-none" in panel.left_out._dom_classes
    panel.file.add.click()
    assert "1 imported from sweep.csv, 13 left out" in text_of(panel.state)
    assert rows_left_out(panel.left_out) == before
    assert [(one.source, len(one.rows)) for one in session.left_out] == [("sweep.csv", 13)]
    panel.left_out.save.click()
    assert 'download="left-out-rows.csv"' in panel.left_out.link.value
    assert panel.errors.value == ""


def test_a_file_that_is_imported_again_replaces_its_list_of_rows(panel, session, here):
    (here / "a.csv").write_text("params,tokens,loss,state\n2e7,4e8,3.5,finished\n6e7,1.2e9,3.1,crashed\n")
    panel.file.path.value = "a.csv"
    panel.file.add.click()
    panel.file.read.click()
    panel.file.mapping.failed.value = True
    panel.file.add.click()
    (left_out,) = session.left_out
    assert [row.reason for row in left_out.rows] == ["is already in the log: a run has the same N, D and loss"]


def test_many_rows_that_are_left_out_are_listed_in_part_and_saved_whole(session):
    rows = [Rejected(at, "=cmd() <script>", "odd") for at in range(1, 2501)]
    session.leave_out("<i>big.csv", rows)
    panel = RunLogPanel(session)
    assert list(rows_left_out(panel.left_out)) == list(range(1, 1001))
    assert "2,500 rows are left out of &lt;i&gt;big.csv (the first 1,000 are listed; the file has all)" in (
        panel.left_out.rows.value
    )
    assert "<script>" not in panel.left_out.rows.value
    panel.left_out.save.click()
    content = base64.b64decode(re.search(r"base64,([^\"]*)", panel.left_out.link.value)[1]).decode()
    assert len(content.splitlines()) == 2501
    assert "<i>big.csv,line,2500,'=cmd() <script>" in content


def test_rows_that_may_be_checkpoints_are_said_with_the_control_that_takes_the_last(panel, here):
    lines = [f"{N},{D},{5 - N / 1e9 - D / 1e10}" for D in (1e9, 2e9, 3e9) for N in (7e7, 1.6e8, 4e8)]
    (here / "sweep.csv").write_text("\n".join(["params,tokens,loss", *lines]))
    panel.file.path.value = "sweep.csv"
    said = html.unescape(text_of(panel.file.preview))
    assert "choose 'the last checkpoint of each run' under Rows" in said
    assert "set checkpoints" not in said
    rows = panel.file.mapping.checkpoints
    assert ">Rows<" in rows.description
    assert "cnb-none" not in rows._dom_classes
    assert panel.file.add.description == "Add 9 runs"
    rows.value = "last"
    assert panel.file.add.description == "Add 3 runs"


def test_ranges_of_an_import_are_those_of_the_rows_that_would_be_added(panel, here):
    rows = "2e7,4e8,3.5,finished\n6e7,1.2e9,3.25,finished\n6e7,1.2e9,3.25,finished\n6e7,1.1e9,9.75,crashed\n"
    (here / "sweep.csv").write_text(f"params,tokens,loss,state\n{rows}")
    panel.file.path.value = "sweep.csv"
    assert "(3.25 to 3.5)" in text_of(panel.file.preview)
    panel.file.mapping.failed.value = True
    assert "(3.25 to 9.75)" in text_of(panel.file.preview)


def test_another_column_and_another_unit_are_chosen_by_hand(panel, here):
    (here / "sweep.csv").write_text("size,params,tokens,loss\n14,20000000,400000000,3.5\n50,60000000,1200000000,3.1\n")
    panel.file.path.value = "sweep.csv"
    mapping = panel.file.mapping
    assert mapping.columns["N"].value == "params"
    mapping.columns["N"].value = "size"
    assert "its unit is not certain" in text_of(panel.file.preview)
    assert mapping.columns["N"].value == "size"
    mapping.units["N"].value = "×M"
    assert [row["N"] for row in panel.file.rows] == [14_000_000, 50_000_000]


def test_an_upload_is_read(panel, session):
    content = b"N,C,loss\n1e9,6e19,2.5\n"
    file = upload("up.csv", content)
    panel.file.upload.value = (file,)
    panel.file.cancel.click()
    # The page does not send the same file twice in a row, so the value must be reset after each upload.
    panel.file.upload.value = (file,)
    panel.file.add.click()
    assert session.runs.D[-1] == 1e10


def test_a_path_that_cannot_be_read_is_explained(panel, here):
    panel.file.path.value = str(here / "absent.csv")
    assert "there is nothing at" in text_of(panel.file.preview)
    (here / "table.xls").write_text("")
    panel.file.path.value = str(here / "table.xls")
    assert "must end in one of .csv" in text_of(panel.file.preview)
    panel.file.path.value = str(here)
    assert "holds no logs of runs" in text_of(panel.file.preview)
    panel.file.path.value = "http://localhost:5000"
    assert "is an address, and a panel reads files only" in text_of(panel.file.preview)


def test_a_folder_of_logs_is_read_by_its_path(panel, here, session):
    write_run(here / "mlruns", "small", {"n_params": 10**8, "n_tokens": 2 * 10**9}, {"val_loss": [3.5, 3.25]})
    panel.file.path.value = "mlruns"
    assert "ead as runs of an MLflow store of files" in text_of(panel.file.preview)
    panel.file.add.click()
    assert (session.runs.N[-1], session.runs.D[-1], session.runs.loss[-1]) == (1e8, 2e9, 3.25)


def test_a_link_does_not_lead_out_of_the_project(panel, here, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_run(elsewhere, "secret", {"n_params": 10**8, "n_tokens": 2 * 10**9}, {"val_loss": [3.5]})
    (here / "logs").mkdir()
    for link in (here / "link", here / "logs" / "link"):
        link.symlink_to(elsewhere)
    panel.file.path.value = "link"
    assert "is outside the project folder" in text_of(panel.file.preview)
    panel.file.path.value = "logs"
    assert "holds no logs of runs" in text_of(panel.file.preview)


# The file of the project, errors, and many runs


def test_rows_of_another_process_appear_and_the_watch_ends_with_the_panel(tmp_path):
    database = Database(tmp_path)
    database.append(N=1e9, D=1e10, loss=3.0)
    panel = RunLogPanel(Session(database, Settings()))
    code = "import sys; from chinchilla_nb import Database; Database(sys.argv[1]).append(N=9e9, D=9e10, loss=2.25)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    written = time.monotonic()
    while len(column(panel, "#")) < 2 and time.monotonic() < written + 2:
        time.sleep(0.02)
    assert column(panel, "loss") == ["2.2500", "3.0000"]
    with (tmp_path / "df.csv").open("a") as file:
        file.write("1,2\n")
    written = time.monotonic()
    while not panel.errors.value and time.monotonic() < written + 5:
        time.sleep(0.02)
    assert "line 4 has 2 values for 4 columns" in text_of(panel.errors)
    panel.close()
    time.sleep(0.7)
    assert "chinchilla_nb file watch" not in {thread.name for thread in threading.enumerate()}


def test_an_exception_in_a_callback_is_shown(session, monkeypatch):
    panel = RunLogPanel(session)

    def fail(*_):
        raise OSError("<b>disk full</b>")

    monkeypatch.setattr(session.database, "extend", fail)
    for name, value in {"N": "1e9", "D": "1e10", "loss": "2"}.items():
        panel.form.fields[name].value = value
    panel.form.add.click()
    assert "&lt;b&gt;disk full" in panel.errors.value
    assert panel.form.fields["N"].value == "1e9"
    panel.close()


def fail(*_, **__):
    raise OSError("<b>not here</b>")


PARTS = {
    "a heading": (lambda panel: heading(panel, "loss").click(), lambda panel: (panel.table, "_on_view")),
    "a page": (lambda panel: panel.table.next.click(), lambda panel: (panel.table, "_on_view")),
    "a check box": (
        lambda panel: setattr(panel.table.boxes[0], "value", False),
        lambda panel: (panel.table, "_on_check"),
    ),
    "a field of the form": (
        lambda panel: setattr(panel.form.fields["N"], "value", "1e9"),
        lambda panel: (panel.form, "_number"),
    ),
    "a box of a column": (
        lambda panel: setattr(panel.choice.boxes["D/N"], "value", False),
        lambda panel: (panel.choice, "_on_choice"),
    ),
    "a path": (lambda panel: setattr(panel.file.path, "value", "runs.csv"), lambda panel: (panel.file, "offer")),
    "an upload": (
        lambda panel: setattr(panel.file.upload, "value", (upload("up.csv", b"N,D,loss\n1e9,1e10,2\n"),)),
        lambda panel: (panel.file, "_load"),
    ),
    "a column of the file": (
        lambda panel: setattr(panel.file.mapping.columns["loss"], "value", "—"),
        lambda panel: (panel.file.mapping, "_on_change"),
    ),
    "the number of parameters": (
        lambda panel: setattr(panel.file.mapping.number, "value", "125M"),
        lambda panel: (panel.file, "_known_runs"),
    ),
    "failed runs": (
        lambda panel: setattr(panel.file.mapping.failed, "value", True),
        lambda panel: (panel.file, "_known_runs"),
    ),
    "a unit": (
        lambda panel: setattr(panel.file.mapping.units["D"], "value", "×B"),
        lambda panel: (panel.file, "_known_runs"),
    ),
    "Cancel": (lambda panel: panel.file.cancel.click(), lambda panel: (panel.file, "clear")),
    "the filter": (lambda panel: setattr(panel.query, "value", "adam"), lambda panel: (panel, "_show_view")),
    "a section": (lambda panel: setattr(panel.copy_toggle, "value", True), lambda panel: (panel.copy, "show")),
}


@pytest.mark.parametrize("part", PARTS)
def test_errors_of_the_observers_of_every_part_are_shown(session, part, monkeypatch, tmp_path):
    panel = RunLogPanel(session)
    panel.columns_toggle.value = True
    (tmp_path / "runs.csv").write_text("N,D,loss\n1e9,1e10,2\n")
    monkeypatch.chdir(tmp_path)
    if part in ("a column of the file", "a unit", "the number of parameters", "failed runs", "Cancel"):
        panel.file.path.value = "runs.csv"
    do, broken = PARTS[part]
    assert panel.errors.value == ""
    with monkeypatch.context() as patch:
        patch.setattr(*broken(panel), fail)
        do(panel)
    assert "OSError: &lt;b&gt;not here" in panel.errors.value
    panel.close()


def test_values_written_by_the_panel_are_not_taken_for_user_input(panel, session, here):
    """Filling in a form checks it once, offering the columns of a file reads it once, and no box changes a run."""
    checks, previews = [], []
    check, preview = panel.form.check, panel.file._show_reading
    panel.form.check = lambda: (checks.append(1), check())
    panel.file._show_reading = lambda: (previews.append(1), preview())
    panel.form.fill(7e7, 1.4e9, {"depth": 4})
    assert len(checks) == 1
    assert panel.form.config == {"depth": 4}
    path = here / "sweep.csv"
    path.write_text("params_b,tokens (B),val_loss\n7,140,2.2\n")
    panel.file.path.value = str(path)
    assert len(previews) == 1
    session.exclude(run_keys(session.runs)[10:])
    assert not [box for box in panel.table.boxes if box.value]
    assert len(session.excluded) == 20


def test_ten_thousand_runs_are_sorted_filtered_and_appended_to():
    database = Database()
    database.df = table_of(make_runs(10_000)).assign(run=[f"run {i}" for i in range(10_000)])
    session = Session(database, Settings())
    panel = RunLogPanel(session)
    heading(panel, "loss").click()
    panel.query.value = "run 99"
    panel.query.value = ""
    panel.table.last.click()
    panel.table.boxes[0].value = False
    panel.undo.click()
    database.append(N=1e8, D=1e10, loss=9.0)
    # Sorted by loss, it is the last of the last page, which is still open.
    assert column(panel, "loss")[-2:] == [f"{max(session.runs.loss[:-1]):.4f}", "9.0000"]
    assert panel.errors.value == ""
    panel.close()


def test_a_click_meant_for_a_row_that_just_moved_down_is_ignored(panel, session):
    time.sleep(TOO_SOON)
    session.database.append(N=1e8, D=1e10, loss=3.0)
    panel.table.boxes[0].value = False
    assert panel.table.boxes[0].value
    assert not session.excluded
    time.sleep(TOO_SOON)
    panel.table.boxes[0].value = False
    assert len(session.excluded) == 1


def test_the_snapshot_is_the_current_page(panel, session):
    session.database.append(N=1e8, D=1e10, loss=3.0, run=ATTACK)
    still = panel.snapshot()["text/html"]
    assert still.count("<tr>") == 1 + 15
    assert f"<td>{html.escape(ATTACK)}</td>" in still
    assert "<img" not in still
    assert "15 of 31 runs" in still


def test_a_predicted_loss_stands_with_its_interval(panel, session):
    panel.form.fields["N"].value, panel.form.fields["D"].value = "1B", "20B"
    session.run_fit()
    assert "the law predicts a loss of" in panel.form.remark.value
    session.uncertainty = session.fit.uncertainty("sandwich")
    known = session.uncertainty.predict_loss(1e9, 2e10, 0.95)
    assert interval_text(float(known.low), float(known.high)) in panel.form.remark.value


# Reasons of exclusions


def test_the_reason_of_an_exclusion_is_typed_and_shown_in_the_table(panel, session):
    assert "exclusion reason" not in panel.shown.columns
    panel.why.value = "  diverged <b>\n at step 100 "
    row = panel.shown.rows[0]
    panel.table.boxes[0].value = False
    key = run_keys(session.all_runs)[row]
    assert session.exclusion_reasons == {key: "diverged <b> at step 100"}
    assert panel.shown.columns["exclusion reason"].values[row] == "diverged <b> at step 100"
    assert "diverged &lt;b&gt; at step 100" in panel.table.body.value
    panel.query.value = "loss > 3"
    panel.exclude_matching.click()
    assert set(session.exclusion_reasons.values()) == {"diverged <b> at step 100"}
    panel.undo.click()
    panel.undo.click()
    panel.query.value = panel.why.value = ""
    assert session.exclusion_reasons == {}
    assert "exclusion reason" not in panel.shown.columns
    panel.query.value = "loss > 3"
    panel.exclude_matching.click()
    assert set(session.exclusion_reasons.values()) == {"matches the filter loss > 3"}
    panel.query.value = "exclusion reason: filter"
    assert panel.errors.value == ""


def test_a_reason_given_in_a_cell_appears_at_once_and_a_column_of_that_name_stays(rows):
    database = Database()
    database.df = rows.assign(**{"exclusion reason": "mine"})
    session = Session(database, Settings())
    panel = RunLogPanel(session)
    session.exclude(run_keys(session.all_runs)[:1])
    assert "exclusion reason" not in panel.shown.columns
    session.exclude(run_keys(session.all_runs)[:1], reason="crashed")
    assert panel.shown.columns["exclusion reason"].values.tolist()[:2] == ["crashed", ""]
    assert set(panel.shown.columns["exclusion reason (yours)"].values) == {"mine"}


def test_a_long_reason_is_cut(panel, session):
    panel.why.value = "x" * 10_000
    panel.table.boxes[0].value = False
    assert list(session.exclusion_reasons.values()) == ["x" * 300]
