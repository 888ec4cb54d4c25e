"""A file that loses rows during a session: the run log reports it, and nothing that was typed is lost."""

from __future__ import annotations

import re
import shutil
import time
from html import unescape

import pytest

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel


@pytest.fixture
def folder(tmp_path, rows):
    folder = tmp_path / "runs"
    folder.mkdir()
    Database(folder).extend(rows.to_dict("records"))
    return folder


@pytest.fixture
def panel(folder):
    panel = RunLogPanel(Session(Database(folder, log_level=40), Settings()))
    yield panel
    panel.close()


def said(panel) -> str:
    return re.sub("<[^>]*>", "", unescape(panel.empty.value))


def wait_for(panel, text: str) -> None:
    end = time.monotonic() + 20
    while text not in said(panel):
        assert time.monotonic() < end, said(panel)
        time.sleep(0.02)


def type_a_run(panel) -> None:
    for name, value in (("N", "70M"), ("D", "1.4B"), ("loss", "3.2")):
        panel.form.fields[name].value = value
    panel.form.add.click()


def test_a_truncated_file_is_reported_until_it_is_restored(panel, folder):
    file, whole = folder / "df.csv", (folder / "df.csv").read_text()
    file.write_text("".join(whole.splitlines(keepends=True)[:5]))
    wait_for(panel, f"df.csv lost 26 of 30 rows since it was read: restore {file}")
    assert len(panel.session.runs) == 4
    type_a_run(panel)  # the file exists, so the run is added
    assert panel.errors.value == ""
    assert len(Database(folder)) == 5
    assert "lost 26 of 30 rows" in said(panel)
    assert len(panel.session.database.former) == 30
    file.write_text(whole)
    end = time.monotonic() + 20
    while said(panel):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert len(panel.session.runs) == 30
    assert panel.session.database.former is None


def test_a_run_is_not_added_where_the_folder_has_vanished(panel, folder):
    before = panel.session.database.df
    shutil.rmtree(folder)
    type_a_run(panel)  # before or after the file watch notices
    assert not folder.exists()
    assert f"nothing was added: {folder / 'df.csv'} is gone, with the 30 rows" in unescape(panel.errors.value)
    assert panel.form.fields["loss"].value == "3.2"
    assert f"{folder / 'df.csv'} is gone, with the 30 rows" in said(panel)
    panel.form.add.click()
    assert not folder.exists()
    panel.session.database.df = panel.session.database.former  # as the panel advises
    assert said(panel) == ""
    panel.form.add.click()
    assert panel.errors.value == ""
    assert Database(folder).df["loss"].tolist() == [*before["loss"], 3.2]


def test_rows_that_were_changed_are_not_lost(panel, folder):
    text = (folder / "df.csv").read_text().splitlines(keepends=True)
    (folder / "df.csv").write_text("".join([text[0], *text[:0:-1]]))
    end = time.monotonic() + 20
    while panel.session.revision == 1:
        assert time.monotonic() < end
        panel.session.database.refresh()
    assert said(panel) == ""


def test_the_log_of_the_session_reports_it_too(folder, capsys):
    database = Database(folder)
    (folder / "df.csv").write_text("")
    database.refresh()
    assert "df.csv lost 30 of 30 rows" in " ".join(capsys.readouterr().err.split())
    database.append(N=1e9, D=1e10, loss=2.5)  # a job's result is always written
    assert len(Database(folder)) == 1
