"""Opening tables: what was taken is said, what is not clear is asked, and a project's own file is read strictly."""

from __future__ import annotations

import gzip
import html
import json
import os
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import runs_as_tables as corpus

from chinchilla_nb import Workbench
from chinchilla_nb.database import Database
from chinchilla_nb.opening import RowsLeftOutWarning, open_session, read_runs
from chinchilla_nb.records.columns.questions import UnclearColumns

ROOT = Path(__file__).resolve().parents[1]
AMBIGUOUS = pd.DataFrame(corpus.table()).assign(non_embedding_params=[0.7 * N for N in corpus.N])


def test_what_was_taken_of_a_file_is_said(tmp_path, capfd):
    path = tmp_path / "sweep.csv"
    columns = corpus.in_units("params (M)", 1e6, "tokens", 1, "val_loss")
    path.write_text(corpus.Case("", {**columns, "train_loss": corpus.TRAIN}).csv)
    session = open_session(path)
    assert session.remarks == (
        f"'{path}':",
        "N is column 'params (M)', the parameters, in millions (20M to 600M).",
        "D is column 'tokens', the tokens (100M to 24B).",
        "loss is column 'val_loss', the validation loss (2.44 to 5.01).",
        "C = 6ND.",
        'Fits minimise "Absolute, asymmetric, w = 10", the default, unless another loss is chosen.',
    )
    logged = " ".join(capfd.readouterr().err.split())
    assert "N is column 'params (M)', the parameters, in millions" in logged


def test_what_was_taken_is_no_warning(tmp_path):
    path = tmp_path / "sweep.csv"
    path.write_text(corpus.Case("", corpus.table()).csv)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert open_session(path).runs.N.tolist() == corpus.N


def test_rows_that_were_left_out_have_a_remark_of_their_own(tmp_path):
    path = tmp_path / "sweep.csv"
    states = ["finished"] * 10 + ["crashed", "FAILED"]
    path.write_text(corpus.Case("", {**corpus.table(), "State": states}).csv)
    with pytest.warns(RowsLeftOutWarning, match="2 of 12 rows left out: line 12: did not finish"):
        session = open_session(path)
    assert session.left_out_remark.startswith(
        "2 of 12 rows left out: line 12: did not finish (State: 'crashed'); line 13"
    )
    assert session.all_remarks == (*session.remarks, session.left_out_remark)
    assert "left out" not in "".join(session.remarks)
    assert f"<li>{session.remarks[-1]}" in html.unescape(Workbench(session).remarks.value)
    assert len(session.runs) == 10
    assert len(open_session(path, failed=True).runs) == 12


def test_ranges_and_settings_are_those_of_the_rows_that_are_taken(tmp_path):
    rows = [
        "params,tokens,loss,arch,state",
        "2e7,4e8,3.5,dense,finished",
        "6e7,1.2e9,3.125,dense,finished",
        "6e7,1.2e9,3.125,dense,finished",  # a duplicate
        "9e9,4e11,9.75,moe,crashed",
        "1e5,2e9,0.5,rwkv,running",
    ]
    (tmp_path / "sweep.csv").write_text("\n".join(rows) + "\n")
    with pytest.warns(RowsLeftOutWarning):
        said = " ".join(open_session(tmp_path / "sweep.csv").remarks)
    assert "the parameters (20M to 60M)" in said
    assert "the tokens (400M to 1.2B)" in said
    assert "(3.12 to 3.5)" in said
    assert "differ in" not in said
    with pytest.warns(RowsLeftOutWarning, match="in the file twice"):
        said = " ".join(open_session(tmp_path / "sweep.csv", failed=True).remarks)
    assert "(0.5 to 9.75)" in said
    assert "The runs differ in 'arch' ('dense', 'moe', 'rwkv')" in said


def test_ranges_are_those_of_the_checkpoints_that_are_taken(tmp_path):
    lines = [f"{name},{N},{step * 1e8},{3 + 5 / step}" for name, N in (("a", 2e7), ("b", 6e7)) for step in range(1, 11)]
    (tmp_path / "log.csv").write_text("\n".join(["name,params,tokens,loss", *lines]) + "\n")
    said = " ".join(open_session(tmp_path / "log.csv", checkpoints="last").remarks)
    assert "the tokens (1B)" in said
    assert "(3.5)" in said


def test_every_row_that_was_left_out_is_known_with_its_line_and_reason(tmp_path):
    rows = ["2e7,4e8,3.5,finished", "6e7,1.2e9,3.1,finished", *(f"6e7,1.{at}e9,3.1,crashed" for at in range(3, 9))]
    (tmp_path / "sweep.csv").write_text("\n".join(["params,tokens,loss,state", *rows]))
    with pytest.warns(RowsLeftOutWarning, match="and 3 more"):
        session = open_session(tmp_path / "sweep.csv")
    (left_out,) = session.left_out
    assert (left_out.source, left_out.place) == (repr(str(tmp_path / "sweep.csv")), "line")
    assert [row.place for row in left_out.rows] == [4, 5, 6, 7, 8, 9]
    with pytest.warns(RowsLeftOutWarning):
        table = read_runs(tmp_path / "sweep.csv")
    assert table.attrs["left_out"] == [
        {"line": line, "reason": "did not finish (state: 'crashed')"} for line in range(4, 10)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workbench = Workbench(tmp_path / "sweep.csv")
    assert "left out" not in workbench.remarks.value
    assert workbench.left_out.rows.value.count("did not finish (state:") == 6
    assert ": did not finish (6)</summary>" in workbench.left_out.rows.value
    assert "cnb-none" not in workbench.left_out._dom_classes
    workbench.close()
    assert open_session(pd.DataFrame(corpus.table())).left_out == ()


def test_a_data_frame():
    session = open_session(pd.DataFrame(corpus.table()))
    assert session.runs.D.tolist() == corpus.D
    assert session.remarks[0] == "the data frame:"


def test_a_data_frame_with_n_and_d_in_its_index():
    frame = pd.DataFrame(corpus.table()).set_index(["params", "tokens"])
    assert open_session(frame).runs.N.tolist() == corpus.N


def test_a_table_that_can_be_read_in_several_ways_is_an_error_that_says_how_to_choose():
    with pytest.raises(UnclearColumns, match="give N='params' .20M to 600M. or N='non_embedding_params'") as caught:
        open_session(AMBIGUOUS)
    assert list(caught.value.reading.questions) == ["N"]
    chosen = open_session(AMBIGUOUS, N="non_embedding_params")
    assert chosen.runs.N.tolist() == pytest.approx([0.7 * N for N in corpus.N])


def test_bytes_are_what_d_counts():
    frame = pd.DataFrame(corpus.table(tokens="Training bytes"))
    assert open_session(frame, D="Training bytes").data_unit == "bytes"
    assert open_session(pd.DataFrame(corpus.table())).data_unit == "tokens"


def test_the_file_of_a_project_is_read_strictly(tmp_path):
    (tmp_path / "df.csv").write_text("C,N,D,loss\n6e16,1e8,1e8,3.0\n6e16,1e8,1e8,nan\n")
    with pytest.raises(ValueError, match=r"df.csv.*line 3|line 3.*df.csv"):
        open_session(tmp_path / "df.csv")
    (tmp_path / "df.csv").rename(tmp_path / "copy.csv")
    with pytest.warns(RowsLeftOutWarning, match="1 of 2 rows"):
        assert len(open_session(tmp_path / "copy.csv").runs) == 1


def test_the_file_of_a_project_is_read_as_its_folder_is(tmp_path):
    # Columns that would be asked about, and numbers that no table would be believed.
    (tmp_path / "df.csv").write_text("N,D,loss,val_loss\n12,768,3.0,2.9\n13,768,2.5,2.4\n")
    assert open_session(tmp_path / "df.csv").runs.N.tolist() == [12, 13]
    assert np.array_equal(open_session(tmp_path).runs.loss, open_session(tmp_path / "df.csv").runs.loss)


def test_columns_of_a_frame_that_was_called_df_csv_are_recognised(tmp_path):
    (tmp_path / "df.csv").write_text(corpus.Case("", corpus.table()).csv)
    assert open_session(tmp_path / "df.csv").runs.N.tolist() == corpus.N


def test_numbers_of_n_d_and_loss_in_other_units_are_asked(tmp_path):
    (tmp_path / "sweep.csv").write_text(corpus.Case("", corpus.in_units("N", 1e6, "D", 1e9)).csv)
    with pytest.raises(UnclearColumns, match="give N=.*'N:M'"):
        open_session(tmp_path / "sweep.csv")


def test_the_table_of_the_fourth_tutorial_opens_as_it_says():
    notebook = nbformat.read(ROOT / "notebooks" / "04-your-own-data.ipynb", as_version=4)
    said = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert '`chinchilla-nb export.csv --D "Training bytes"`' in said
    names = {}
    here = Path.cwd()
    try:
        exec(next(cell.source for cell in notebook.cells if cell.cell_type == "code"), names)
        folder = Path.cwd()  # that of the notebook's files
    finally:
        os.chdir(here)
    with pytest.raises(UnclearColumns, match="give D='Training bytes'"):
        open_session(folder / "export.csv")
    with pytest.warns(RowsLeftOutWarning, match="2 of 79 rows left out"):
        session = open_session(folder / "export.csv", D="Training bytes")
    assert session.runs.D.tolist() == names["study"].D.drop([4, 9]).tolist()


def test_json_files_are_tables_unless_they_are_configurations(tmp_path):
    rows = pd.DataFrame(corpus.table(loss="val_loss")).to_dict("records")
    (tmp_path / "runs.json").write_text(json.dumps(rows))
    assert open_session(tmp_path / "runs.json").runs.loss.tolist() == corpus.LOSS
    (tmp_path / "runs.json.gz").write_bytes(gzip.compress(json.dumps(rows).encode()))
    assert open_session(tmp_path / "runs.json.gz").runs.loss.tolist() == corpus.LOSS
    (tmp_path / "config.json").write_text(json.dumps({"law": "kaplan"}))
    assert open_session(tmp_path / "config.json").settings.family.name == "kaplan"
    (tmp_path / "empty.json").write_text("{}")
    assert len(open_session(tmp_path / "empty.json").runs) == 0


def test_a_folder_of_json_files_is_a_table_if_they_hold_runs(tmp_path):
    project, results = tmp_path / "project", tmp_path / "results"
    for folder in (project, results):
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"law": "kaplan"}))
        (folder / "package.json").write_text(json.dumps({"name": "x", "version": 1}))
    for number, (N, D, loss) in enumerate(zip(corpus.N, corpus.D, corpus.LOSS, strict=True)):
        run = {"config": {"n_params": N, "z_loss": 1e-4}, "summary": {"tokens": D, "val_loss": loss}}
        (results / f"run{number:02}.json").write_text(json.dumps(run))
    assert Path(open_session(project).database.project_dir) == project
    with pytest.warns(RowsLeftOutWarning):
        session = open_session(results)
    assert session.runs.loss.tolist() == corpus.LOSS
    assert "D is column 'summary.tokens'" in " ".join(session.remarks)
    (results / "df.csv").write_text("C,N,D,loss\n6e16,1e8,1e8,3.0\n")
    assert len(open_session(results).runs) == 1


def test_the_runs_of_a_file_are_read_in_its_units_and_go_into_a_project(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        "Run name,params (M),Training bytes,val/loss\na,1.5,2000000,3.1\nb,3,4000000,nan\nc,6,9000000,2.5\n"
    )
    with pytest.warns(RowsLeftOutWarning, match="line 3: loss") as caught:
        runs = read_runs(path, D="Training bytes")
    assert caught[0].filename == __file__  # the line of the user, not one of this package
    assert runs[["N", "D", "loss", "Run name"]].to_numpy().tolist() == [
        [1_500_000, 2_000_000, 3.1, "a"],
        [6_000_000, 9_000_000, 2.5, "c"],
    ]
    assert runs["C"].tolist() == [1.8e13, 3.24e14]  # 6ND
    assert runs.attrs["data_unit"] == "bytes"
    assert "N is column 'params (M)', the parameters, in millions (1.5M to 6M)." in runs.attrs["remarks"]
    database = Database(tmp_path)
    database.extend(runs)
    pd.testing.assert_frame_equal(database.df.copy(), runs)


def test_a_table_that_leaves_a_question_is_not_read():
    with pytest.raises(UnclearColumns, match="'Training bytes' counts bytes"):
        read_runs(pd.DataFrame({"params": [1e6, 2e6], "Training bytes": [1e7, 2e7], "loss": [3.0, 2.5]}))
