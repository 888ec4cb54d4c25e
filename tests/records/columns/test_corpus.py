"""Ordinary tables are read right or asked about, never wrong in silence."""

from __future__ import annotations

import pytest
import runs_as_tables as corpus

from chinchilla_nb.records.columns.reading import read_columns
from chinchilla_nb.records.importing import preview_reading
from chinchilla_nb.records.tables import read_table

CASES = {case.name: case for case in corpus.cases()}


@pytest.mark.parametrize("name", CASES)
def test_a_table_is_read_right_or_asked_about(name):
    case = CASES[name]
    reading = read_columns(read_table("runs.csv", case.csv.encode()))
    asked = [quantity for quantity in ("N", "D", "C", "loss") if quantity in reading.questions]
    if case.outcome != "right":
        assert asked == case.outcome.split()
        return
    assert asked == []
    assert not reading.questions
    preview = preview_reading(reading)
    assert preview.rejected == ()
    for quantity, expected in (("N", corpus.N), ("D", corpus.D), ("loss", corpus.LOSS), ("C", case.C)):
        found = [row[quantity] for row in preview.rows]
        assert found == pytest.approx(list(expected), rel=max(case.digits, 1e-7)), quantity
    said = " ".join(reading.sentences())
    assert all(f"{quantity} " in said for quantity in ("N", "D", "loss", "C"))


def test_a_validation_loss_without_values_is_said():
    reading = read_columns(read_table("runs.csv", CASES["validation-is-empty"].csv.encode()))
    assert "'val_loss' is empty." in reading.sentences()
