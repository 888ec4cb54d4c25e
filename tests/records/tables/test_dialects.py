"""The same twelve runs in random dialects: their numbers come back exactly, or what is unclear is refused."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twelve_runs import RUNS

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import parse_quantity
from chinchilla_nb.records.tables import Table, read_table

QUANTITIES = ("n_params", "tokens", "val_loss")
NOTES = ["", "x", "a; b", "1,5 of 2", "two\nlines", 'she said "no"', "# late", "0.5", "é", "tab\there", "-"]


@dataclass(frozen=True)
class Dialect:
    """How somebody writes a table."""

    separator: str
    decimal: str
    group: str
    digits: int
    exponents: bool
    quote_all: bool
    encoding: str
    line_end: str
    above: tuple[str, ...]
    units: bool
    trailing: bool
    blank_lines: bool
    compressed: bool

    @property
    def losses(self) -> list[float]:
        return [round(run["val_loss"], self.digits) for run in RUNS]

    def count(self, value: int) -> str:
        if self.units:
            return self.fraction(value / 1e6)
        if self.exponents:
            return f"{value:.3e}".replace(".", self.decimal)
        return f"{value:,}".replace(",", self.group)

    def fraction(self, value: float) -> str:
        return f"{value:.{self.digits}f}".replace(".", self.decimal)

    def field(self, text: str) -> str:
        special = {self.separator, '"', "\n", "\r"} & {*text} or text.startswith("#")
        return '"' + text.replace('"', '""') + '"' if self.quote_all or special else text

    def write(self, notes: list[str]) -> bytes:
        rows = [["run", *QUANTITIES, "notes"]]
        if self.units:
            rows.append(["", "million", "[10^6]", "nats", ""])
        for run, loss, note in zip(RUNS, self.losses, notes, strict=True):
            counts = [self.count(run["n_params"]), self.count(run["tokens"])]
            rows.append([run["run"], *counts, self.fraction(loss), note])
        end = (self.separator if self.trailing else "") + self.line_end * (2 if self.blank_lines else 1)
        above = "".join(line.replace("|", self.separator) + self.line_end for line in self.above)
        text = above + "".join(self.separator.join(map(self.field, row)) + end for row in rows)
        content = text.encode(self.encoding)
        return gzip.compress(content, compresslevel=1) if self.compressed else content


dialects = st.builds(
    Dialect,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    group=st.sampled_from(["", "", ",", ".", " ", "\u00a0", "'"]),
    digits=st.integers(1, 4),
    exponents=st.booleans(),
    quote_all=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    above=st.lists(
        st.sampled_from(["# exported", "Sweep of May", "Sweep||||", "# a|b", "model|llama|||", "||||", "%"]), max_size=3
    ).map(tuple),
    units=st.booleans(),
    trailing=st.booleans(),
    blank_lines=st.booleans(),
    compressed=st.booleans(),
)


def is_right(value: Any, expected: float) -> bool:
    """Return whether a value of a table is a number, the right one, or is refused when it is used."""
    try:
        return abs(parse_quantity(value) - expected) <= 1e-12 * expected
    except InputError:
        return True


def check(table: Table, losses: list[float], scale: dict[str, float]) -> int:
    """Check every number of every run that was read; return how many runs were."""
    by_run = {run["run"]: (run, loss) for run, loss in zip(RUNS, losses, strict=True)}
    names = {quantity: next((one for one in table.columns if one.startswith(quantity)), "") for quantity in QUANTITIES}
    if not all(names.values()):
        return 0  # no column is there under a name: nothing can be taken from it
    for row in table.rows:
        run, loss = by_run[row["run"]]
        for quantity, name in names.items():
            expected = loss if quantity == "val_loss" else run[quantity] / scale.get(name, 1)
            assert is_right(row[name], expected), (quantity, row[name], expected)
    return len(table.rows)


@settings(max_examples=300, deadline=None)
@given(dialect=dialects, notes=st.lists(st.sampled_from(NOTES), min_size=12, max_size=12))
def test_a_text_is_read_right_or_refused(dialect, notes):
    name = "runs.tsv" if dialect.separator == "\t" else "runs.csv"
    try:
        table = read_table(name + ".gz" * dialect.compressed, dialect.write(notes))
    except InputError:
        return
    check(table, dialect.losses, {"n_params (million)": 1e6, "tokens [10^6]": 1e6})


@settings(max_examples=200, deadline=None)
@given(dialect=dialects, notes=st.lists(st.sampled_from(NOTES), min_size=12, max_size=12))
def test_what_programs_write_is_read_completely(dialect, notes):
    """With decimal points, digits that are not grouped, and no titles, nothing is refused."""
    plain = {"decimal": ".", "group": "", "above": (), "line_end": "\n", "digits": 4}
    dialect = Dialect(**{**vars(dialect), **plain})
    name = "runs.tsv" if dialect.separator == "\t" else "runs.csv"
    table = read_table(name + ".gz" * dialect.compressed, dialect.write(notes))
    assert check(table, dialect.losses, {"n_params (million)": 1e6, "tokens [10^6]": 1e6}) == 12
    assert not table.rejected
    assert [row["notes"] for row in table.rows] == notes or all(note in ("", "0.5", "-") for note in notes)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_json_is_read_right_or_refused(data):
    runs: list[dict[str, Any]] = [dict(run) for run in RUNS[: data.draw(st.integers(2, 12))]]
    if data.draw(st.booleans()):
        runs = [{"config": {"n_params": run.pop("n_params"), "layers": 12}, **run} for run in runs]
    nested = "config" in runs[0]
    rows = [
        {"config.n_params": run["config"]["n_params"], **{key: run[key] for key in run if key != "config"}}
        if nested
        else run
        for run in runs
    ]
    shapes: dict[str, Any] = {
        "records": runs,
        "by name": {run["run"]: run for run in runs},
        "columns": {name: [row[name] for row in rows] for name in rows[0] if name != "config"},
        "labels": {name: {str(i): row[name] for i, row in enumerate(rows)} for name in rows[0] if name != "config"},
        "split": {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]},
    }
    value = shapes[data.draw(st.sampled_from(sorted(shapes)))]
    for key in data.draw(st.lists(st.sampled_from(["runs", "data", "result"]), max_size=2, unique=True)):
        value = {key: value, **data.draw(st.sampled_from([{}, {"version": 1}, {"by": "me", "tags": ["a"]}]))}
    table = read_table("runs.json", json.dumps(value).encode())
    name = "config.n_params" if nested else "n_params"
    read = [(row["run"], row[name], row["tokens"], row["val_loss"]) for row in table.rows]
    assert read == [tuple(run.values()) for run in RUNS[: len(runs)]]


@settings(max_examples=100, deadline=None)
@given(cells=st.lists(st.from_regex(r"[0-9]{1,3}([.,' ][0-9]{1,3}){0,2}", fullmatch=True), min_size=1, max_size=5))
def test_a_comma_or_point_is_never_dropped_without_proof(cells):
    """A number above 999 is read from one group of three digits only if the column shows that digits are grouped."""
    text = "x\ty\n" + "".join(f"{cell}\ta\n" for cell in cells)
    try:
        table = read_table("runs.tsv", text.encode())
    except InputError:
        return
    shown = any(len([one for one in cell if not one.isdigit()]) > 1 for cell in cells)
    for row, cell in zip(table.rows, cells, strict=True):
        if not shown and not isinstance(row["x"], str):
            assert row["x"] < 1000, (cell, row["x"])
