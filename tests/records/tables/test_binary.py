"""Tables in files that are not text: Parquet, Excel, gzip."""

from __future__ import annotations

import gzip
import io
import random
import sys
import zipfile

import pandas as pd
import pytest
from twelve_runs import NAMES, RUNS, lines

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.tables import file_bytes, parquet, read_table

FRAME = pd.DataFrame(RUNS)
TEXT = "\n".join(lines()).encode()


def workbook(**sheets: list[list[object]]) -> bytes:
    """Return an Excel workbook of some sheets."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


ROWS: list[list[object]] = [list(NAMES), *(list(run.values()) for run in RUNS)]


def test_an_index_in_a_parquet_file_is_kept(tmp_path):
    pytest.importorskip("pyarrow")
    FRAME.set_index(["n_params", "tokens"]).to_parquet(tmp_path / "runs.parquet")
    table = read_table("runs.parquet", (tmp_path / "runs.parquet").read_bytes())
    assert table.columns == ("n_params", "tokens", "run", "val_loss")
    assert [{name: row[name] for name in NAMES} for row in table.rows] == list(RUNS)


def test_a_parquet_file_of_billions_of_equal_values_is_refused(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(parquet, "MOST_VALUES", 47)
    FRAME.to_parquet(tmp_path / "runs.parquet")
    with pytest.raises(InputError, match=r"^'runs.parquet' holds 48 values: keep at most 47"):
        read_table("runs.parquet", (tmp_path / "runs.parquet").read_bytes())


def test_the_first_sheet_with_columns_of_numbers_is_read():
    table = read_table(
        "runs.xlsx", workbook(Readme=[["Made by", "me"], ["on", "Monday"]], Runs=ROWS, More=[["x"], [1]])
    )
    assert table.rows == RUNS
    assert table.notes == ("the sheet 'Runs' was read, and not 'Readme', 'More'",)


def test_titles_units_and_empty_cells_of_a_sheet():
    rows = [
        ["Sweep"],
        [],
        [None, "N", "D", "loss", "note"],
        [None, "million", "billion", "nats"],
        [None, 20, 0.1, "5,0086", " "],
        [None, 60, 0.3, "4,38", "x"],
    ]
    table = read_table("runs.XLSX", workbook(Runs=rows))
    assert table.columns == ("N (million)", "D (billion)", "loss (nats)", "note")
    assert [row["loss (nats)"] for row in table.rows] == [5.0086, 4.38]
    assert table.places == (5, 6)
    assert table.rows[0]["note"] is None


def test_a_workbook_without_openpyxl(monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"^reading Excel workbooks needs openpyxl: pip install openpyxl, or save"):
        read_table("runs.xlsx", b"PK")


def test_what_is_no_workbook_is_refused():
    pytest.importorskip("openpyxl")
    for content in (b"PK", TEXT, b""):
        with pytest.raises(InputError, match=r"^'runs.xlsx' is not an Excel workbook \("):
            read_table("runs.xlsx", content)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(InputError, match="is not an Excel workbook"):
        read_table("runs.xlsx", file.getvalue())


def test_a_workbook_that_expands_too_far_is_refused(monkeypatch):
    pytest.importorskip("openpyxl")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(file_bytes.MOST_BYTES + 1))
    assert len(file.getvalue()) < 1 << 20
    with pytest.raises(InputError, match="'runs.xlsx' holds more than 256 MiB: save the sheet as CSV"):
        read_table("runs.xlsx", file.getvalue())


def test_compressed_tables():
    assert read_table("runs.csv.gz", gzip.compress(TEXT)).rows == RUNS
    assert read_table("Runs.CSV.GZ", gzip.compress(TEXT[:50]) + gzip.compress(TEXT[50:])).rows == RUNS
    assert read_table("runs.xlsx.gz", gzip.compress(workbook(Runs=ROWS))).rows == RUNS


@pytest.mark.parametrize(
    "content",
    [b"", TEXT, gzip.compress(TEXT)[:-9], gzip.compress(TEXT)[:30] + b"x" * 30],
    ids=["empty", "not compressed", "cut off", "overwritten"],
)
def test_damaged_gzip_is_refused(content):
    with pytest.raises(InputError, match=r"^'runs.csv.gz' (is not a complete gzip file|holds no rows)"):
        read_table("runs.csv.gz", content)


def test_a_gzip_that_expands_too_far_is_refused():
    bomb = gzip.compress(bytes(file_bytes.MOST_BYTES + 1), compresslevel=1)
    assert len(bomb) < 4 << 20
    with pytest.raises(InputError, match=r"^'runs.csv.gz' holds more than 256 MiB: decompress it, or keep only"):
        read_table("runs.csv.gz", bomb)


def test_damaged_files_are_read_or_refused_in_one_sentence():
    pytest.importorskip("pyarrow")
    file = io.BytesIO()
    FRAME.to_parquet(file)
    contents = {"a.parquet": file.getvalue(), "a.xlsx": workbook(Runs=ROWS), "a.csv.gz": gzip.compress(TEXT)}
    chance, refused = random.Random(0), []
    for name, content in contents.items():
        for _ in range(100):
            begin, length = chance.randrange(len(content)), chance.choice([0, 1, 20])
            damaged = content[:begin] + chance.randbytes(chance.choice([0, 1, 20])) + content[begin + length :]
            try:
                read_table(name, damaged)
            except InputError as error:
                refused.append(str(error))
    assert refused
    assert not any("\n" in sentence for sentence in refused)


@pytest.mark.parametrize("name", ["runs.xls", "runs.gz", "runs.csv.zip", "runs", ".csv"])
def test_other_endings_are_refused(name):
    with pytest.raises(InputError, match=r"must end in one of \.csv, .*, or in one of them and \.gz: save the table"):
        read_table(name, TEXT)
