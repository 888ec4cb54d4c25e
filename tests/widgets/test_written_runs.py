"""The three ways to write runs as CSV (project file, run log, frontier) write them identically."""

from __future__ import annotations

import base64
import csv
import html
import io
import re

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel

# Floats that need many digits, the largest whole number that a float64 holds exactly, and larger ones.
TABLE = pd.DataFrame(
    {
        "C": [6e18, float(2**53), 5.88e23],
        "N": [70_000_001, 2**53, 123_456_789],
        "D": [7_000_000_001, 3, 10**15 + 1],
        "loss": [2 / 3, 0.1 + 0.2, np.nextafter(2.5, 3)],
        "lr": [1e-4 / 3, 5e-324, 1.0],
        "run": ["a, b", 'say "c"', "d"],
    }
)


def linked(widget) -> str:
    return base64.b64decode(re.search('base64,([^"]*)', widget.value)[1]).decode()


@pytest.fixture
def written(tmp_path) -> dict[str, str]:
    database = Database(tmp_path)
    database.df = TABLE
    session = Session(database, Settings())
    log, frontier = RunLogPanel(session), FrontierPanel(session)
    log.query.value = "N > 0"
    next(button for button in log.table.head.children if button.description.startswith("#")).click()
    log.copy_toggle.value = True
    frontier.export.buttons["csv"].click()
    texts = {
        "file": (tmp_path / "df.csv").read_text(),
        "run log": linked(log.copy.link),
        "copied": html.unescape(re.sub("<[^>]*>", "", log.copy.rows.value)).replace("\t", ","),
        "frontier": linked(frontier.export.link),
    }
    log.close()
    frontier.close()
    return texts


@pytest.mark.parametrize("door", ["file", "run log", "frontier"])
def test_every_number_is_read_back_exactly(written, door):
    back = list(csv.DictReader(io.StringIO(written[door])))
    for name in ("C", "N", "D", "loss", "lr"):
        assert [float(row[name]) for row in back] == TABLE[name].tolist(), name
    assert [row["run"] for row in back] == TABLE["run"].tolist()


def test_copied_rows_have_all_digits_too(written):
    rows = [line.split(",") for line in written["copied"].splitlines()]
    at = rows[0].index("loss")
    assert [float(row[at]) for row in rows[1:]] == TABLE["loss"].tolist()


@pytest.mark.parametrize("door", ["run log", "frontier"])
def test_every_door_writes_a_number_in_the_same_way(written, door):
    def cells(text: str) -> list[list[str]]:
        return [[row[name] for name in TABLE] for row in csv.DictReader(io.StringIO(text))]

    assert cells(written[door]) == cells(written["file"])
