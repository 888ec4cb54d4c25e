"""Runs from other people's files: columns guessed, rows checked, nothing dropped silently."""

from __future__ import annotations

import json
import sys
from collections import Counter

import pandas as pd
import pytest

from chinchilla_nb import quantity
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.records import rows
from chinchilla_nb.records.columns.reading import read_columns
from chinchilla_nb.records.columns.sources import Source
from chinchilla_nb.records.importing import preview_import
from chinchilla_nb.records.rows import checked_row
from chinchilla_nb.records.tables import Table, read_table


def read(text: str, name: str = "runs.csv"):
    return read_table(name, text.encode())


def sources_of(table: Table):
    """Return the columns that bear the names of the quantities; others by what they hold."""
    named = {name: Source(name) for name in ("N", "D", "C", "loss") if name in table.columns}
    return named if len(named) > 2 else read_columns(table).sources


def importing(text: str, name: str = "runs.csv", known: Runs | None = None):
    table = read(text, name)
    return preview_import(table, sources_of(table), known)


def reasons(preview) -> dict[int, str]:
    return {one.place: one.reason for one in preview.rejected}


def test_two_of_three_suffice():
    (row,) = importing("C,N,loss\n6e20,1e9,2.5\n").rows
    assert row == {"C": 6e20, "N": 10**9, "D": 10**11, "loss": 2.5}
    (row,) = importing("C,D,loss\n6e20,1e11,2.5\n").rows
    assert row == {"C": 6e20, "N": 10**9, "D": 10**11, "loss": 2.5}
    (row,) = importing("N,D,loss\n1e9,1e11,2.5\n").rows
    assert row == {"C": 6e20, "N": 10**9, "D": 10**11, "loss": 2.5}


def test_compute_that_was_measured_is_kept_beside_n_and_d():
    (row,) = importing("C,N,D,loss\n7e20,1e9,1e11,2.5\n").rows
    assert row["C"] == 7e20


def test_a_row_may_lack_what_follows_from_the_other_two():
    rows = importing("C,N,D,loss\n,1e9,1e11,2.5\n6e20,,1e11,2.4\n6e20,1e9,,2.3\n").rows
    assert [(row["C"], row["N"], row["D"]) for row in rows] == [(6e20, 1e9, 1e11)] * 3


@pytest.mark.parametrize("missing", ["--", "?", "tbd", "#N/A", "<NA>", "n/a", "\N{EM DASH}", "null", " "])
@pytest.mark.parametrize("size", ["1e9", "1B"])  # a column of numbers, and one of texts with units
def test_a_cell_that_says_that_it_is_empty_is_empty_in_every_column(missing, size):
    rows = importing(f"C,N,D,loss,lr\n6e20,{size},1e11,2.5,0.1\n6e20,{missing},1e11,2.4,{missing}\n").rows
    assert [row["N"] for row in rows] == [1e9, 1e9]  # the second from C = 6ND
    assert [row.get("lr") for row in rows] == [0.1, None]


def test_numbers_as_people_write_them():
    (row,) = importing('N,D,loss\n70B,"1,400,000,000,000",1.98\n').rows
    assert (row["N"], row["D"]) == (70_000_000_000, 1_400_000_000_000)


def test_a_number_with_a_unit_of_its_own_is_not_multiplied_again():
    (row,) = importing("params_b,tokens_b,loss\n70B,1400,1.98\n").rows
    assert (row["N"], row["D"]) == (70_000_000_000, 1_400_000_000_000)


def test_every_rejected_row_says_where_and_why():
    preview = importing(
        "N,D,loss,run\n"
        "1e9,1.0e11,2.5,good\n"
        "abc,1e11,2.5,words\n"
        "1e9,-3,2.5,negative\n"
        "1e9,1e11,nan,diverged\n"
        "1e9,1e11,,unfinished\n"
        "1e9,,2.5,half\n"
        ",,,\n"
        "1e9,1e11\n"
        "0.2,1e11,2.5,tiny\n"
        'inf,1e11,2.5,endless\n1e9,"1,5",2.5,decimal comma\n'
    )
    assert [row["run"] for row in preview.rows] == ["good"]
    expected = {
        3: "N (N) is 'abc', not a number",
        4: "D (D) is -3: it must be above 0",
        5: "loss (loss) is nan",
        6: "loss (loss) is empty",
        7: "D and C are missing",
        9: "has 2 values for 4 columns",
        10: "N must round to 1 or more",
        11: "N (N) is inf, not a finite number",
        12: "D (D) is '1,5', not a number",
    }
    found = reasons(preview)
    assert list(found) == list(expected)
    for place, reason in expected.items():
        assert found[place].startswith(reason)
        assert "nothing was appended" not in found[place]


def test_lines_are_counted_through_quoted_line_breaks():
    preview = importing('N,D,loss,run\n1e9,1e11,2.5,"two\nlines"\nx,1e11,2.5,b\n')
    assert preview.rows[0]["run"] == "two lines"
    assert list(reasons(preview)) == [4]


def test_the_same_file_twice_adds_nothing():
    database = Database()
    text = "N,D,loss,run\n1e9,1e11,2.5,a\n2e9,1e11,2.4,b\n"
    database.extend(importing(text).rows)
    again = importing(text + "3e9,1e11,2.3,c\n", known=database.runs)
    assert [row["run"] for row in again.rows] == ["c"]
    assert all("already in the log" in reason for reason in reasons(again).values())
    assert len(again.rejected) == 2


def test_a_run_that_stands_in_the_file_twice_is_added_once():
    preview = importing("N,D,loss,run\n1e9,1e11,2.5,a\n2e9,1e11,2.4,b\n1e9,1e11,2.5,a\n")
    assert [row["run"] for row in preview.rows] == ["a", "b"]
    assert reasons(preview) == {4: "is in the file twice (line 2 holds the same run)"}


def test_runs_of_two_seeds_are_two_runs():
    preview = importing("N,D,loss,seed\n1e9,1e11,2.5,0\n1e9,1e11,2.5,1\n1e9,1e11,2.5,1\n")
    assert [row["seed"] for row in preview.rows] == [0, 1]


@pytest.mark.parametrize("state", ["crashed", "FAILED", "killed", "TrialState.PRUNED", "Timed out", "running", "OOM"])
def test_runs_that_did_not_finish_are_named_and_can_be_taken(state):
    text = f"N,D,loss,status\n1e9,1e11,2.5,finished\n2e9,1e11,2.4,{state}\n3e9,1e11,2.3,\n"
    table = read(text)
    preview = preview_import(table, sources_of(table))
    assert reasons(preview) == {3: f"did not finish (status: {state!r})"}
    assert len(preview_import(table, sources_of(table), failed=True).rows) == 3


@pytest.mark.parametrize(
    ("header", "values", "said"),
    [
        ("diverged", "False True", "has diverged (diverged: 'True')"),
        ("Has Diverged", "no yes", "has diverged (Has Diverged: 'yes')"),
        ("crashed", "0 1", "did not finish (crashed: 1)"),
        ("is_finished", "True False", "did not finish (is_finished: 'False')"),
    ],
)
def test_a_flag_of_a_run_that_failed_is_named_and_the_run_can_be_taken(header, values, said):
    good, bad = values.split()
    table = read(f"N,D,loss,{header}\n1e9,1e11,2.5,{good}\n2e9,1e11,2.4,{bad}\n3e9,1e11,2.3,\n")
    assert reasons(preview_import(table, sources_of(table))) == {3: said}
    assert len(preview_import(table, sources_of(table), failed=True).rows) == 3


@pytest.mark.parametrize("word", ["mean", "Average", "Total:", "Median"])
def test_a_row_that_sums_up_the_others_is_no_run(word):
    preview = importing(f"model,N,D,loss\na,1e9,1e11,2.5\nb,2e9,1e11,2.4\n{word},1.5e9,1e11,2.45\n")
    assert reasons(preview) == {4: f"sums up other rows (model: {word!r})"}


def test_means_over_seeds_are_runs():
    preview = importing("statistic,N,D,loss\nmean,1e9,1e11,2.5\nmean,2e9,1e11,2.4\n")
    assert len(preview.rows) == 2


def test_a_loss_that_has_diverged_is_named_and_can_be_taken():
    table = read("N,D,loss\n1e9,1e11,2.5\n2e9,1e11,2.4\n3e9,1e11,812\n4e9,1e11,inf\n")
    preview = preview_import(table, sources_of(table))
    assert reasons(preview) == {
        4: "has diverged (its loss is 812, above 15)",
        5: "loss (loss) is inf, not a finite number",
    }
    assert [row["loss"] for row in preview_import(table, sources_of(table), failed=True).rows] == [2.5, 2.4, 812]


def test_losses_that_are_not_in_nats_may_be_large():
    assert len(importing("N,D,loss\n1e9,1e11,250\n2e9,1e11,240\n3e9,1e11,10\n").rows) == 3


def test_other_columns_come_along_and_keep_their_kind():
    preview = importing("N,D,loss,lr,layers,name,empty\n1e9,1e11,2.5,3e-4,12,a,\n2e9,1e11,2.4,1e-4,24,b,\n")
    assert preview.rows[0]["lr"] == 3e-4
    assert preview.rows[0]["layers"] == 12
    assert preview.rows[0]["name"] == "a"
    assert "empty" not in preview.rows[0]


def test_a_column_that_would_collide_is_named():
    table = read("Model Size,Training FLOP,C,loss\n1e9,6e20,red,2.5\n")
    sources = {"N": Source("Model Size"), "C": Source("Training FLOP"), "loss": Source("loss")}
    preview = preview_import(table, sources)
    assert preview.left_out == ("C",)
    assert preview.rows[0]["C"] == 6e20


def test_an_incomplete_choice_of_columns_is_an_error():
    table = read("a,b,loss\n1,2,3\n")
    with pytest.raises(ValueError, match="two of N, D and C"):
        preview_import(table, {"N": Source("a"), "loss": Source("loss")})
    with pytest.raises(ValueError, match="holds the loss"):
        preview_import(table, {"N": Source("a"), "D": Source("b")})
    with pytest.raises(ValueError, match="N and D cannot both come from column 'a'"):
        preview_import(table, {"N": Source("a"), "D": Source("a"), "loss": Source("loss")})
    with pytest.raises(ValueError, match="no such column"):
        preview_import(table, {"N": Source("z"), "D": Source("a"), "loss": Source("loss")})


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_and_the_mark_that_excel_writes(separator):
    text = "\ufeff" + "\n".join(separator.join(row) for row in (["N", "D", "loss"], ["1e9", "1e11", "2.5"]))
    assert len(importing(text + "\r\n").rows) == 1


def test_columns_without_a_name_and_with_the_same_one():
    table = read("N,D,loss,,note,note\n1e9,1e11,2.5,x,y,z\n")
    assert table.columns == ("N", "D", "loss", "column 4", "note", "note (2)")


def test_json_lines_with_nested_values_and_broken_lines():
    lines = [
        json.dumps({"config": {"n_params": 1e9}, "tokens": 1e11, "val_loss": 2.5, "betas": [0.9, 0.95], "ok": True}),
        '{"config": {"n_par',
        "[1, 2]",
        "",
        json.dumps({"config": {"n_params": None}, "tokens": 1e11, "val_loss": 2.5}),
        '{"config": {"n_params": 1e9}, "tokens": 1e11, "val_loss": NaN}',
    ]
    preview = importing("\n".join(lines), "runs.jsonl")
    assert preview.rows == ({"C": 6e20, "N": 10**9, "D": 10**11, "loss": 2.5, "betas": "[0.9, 0.95]", "ok": True},)
    found = reasons(preview)
    assert list(found) == [2, 3, 5, 6]
    assert found[2].startswith("is not JSON")
    assert found[3].startswith("is not an object")
    assert "missing" in found[5]
    assert "nan" in found[6]


def test_lines_of_json_end_where_a_line_ends_and_nowhere_else():
    lines = ['{"N": 1, "D": 2, "loss": 3, "note": "a\u2028b\x85c"}', "[" * 100_000, '{"N": ' + "9" * 5_000 + "}"]
    preview = importing("\r\n".join(lines), "runs.jsonl")
    assert [row["N"] for row in preview.rows] == [1]
    assert reasons(preview) == {
        2: "is not a row: it is nested too deeply",
        3: "is not a row: a number has thousands of digits",
    }


def test_json_without_a_number_where_it_follows_from_the_others():
    (row,) = importing('{"N": NaN, "D": 1e11, "C": 6e20, "loss": 2.5}', "runs.jsonl").rows
    assert row == {"C": 6e20, "N": 10**9, "D": 10**11, "loss": 2.5}


def test_names_of_json_fit_into_the_header_of_a_csv(tmp_path):
    text = json.dumps({"N": 1e9, "D": 1e11, "loss": 2.5, " my\nnote ": "x", "": "y"})
    Database(tmp_path).extend(importing(text, "runs.jsonl").rows)
    assert list(Database(tmp_path).df.columns) == ["C", "N", "D", "loss", "my note", "column"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"N": 1e9, "D": 1e11, "loss": 2.5}, {"N": 2e9, "D": 1e11, "loss": 2.4}]',
        '{"N": [1e9, 2e9], "D": [1e11, 1e11], "loss": [2.5, 2.4]}',
        '{"N": {"0": 1e9, "1": 2e9}, "D": {"0": 1e11, "1": 1e11}, "loss": {"0": 2.5, "1": 2.4}}',
        '{"N": 1e9, "D": 1e11, "loss": 2.5}\n{"N": 2e9, "D": 1e11, "loss": 2.4}',
    ],
)
def test_json_in_the_shapes_it_comes_in(text):
    assert [row["N"] for row in importing(text, "runs.json").rows] == [10**9, 2 * 10**9]


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "runs.parquet"
    frame = pd.DataFrame(
        {"Model Size": [1e9, 2e9], "Training FLOP": [6e20, None], "loss": [2.5, 2.4], "run": ["a", None]}
    )
    frame.to_parquet(path)
    table = read_table(path.name, path.read_bytes())
    preview = preview_import(table, read_columns(table).sources)
    assert preview.rows == ({"C": 6e20, "N": 10**9, "D": 10**11, "loss": 2.5, "run": "a"},)
    assert list(reasons(preview)) == [2]
    with pytest.raises(ValueError, match="'bad.parquet' is not a Parquet file"):
        read_table("bad.parquet", b"N,D,loss\n")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("runs.xls", b"PK", r"must end in one of \.csv"),
        ("runs.csv", b"", "holds no rows"),
        ("runs.csv", b"N,D,loss\n", "holds no rows"),
        ("runs.csv", b"N,D,loss\n\x81,1,2\n", "not UTF-8"),
        ("runs.json", b"{", "is not JSON"),
        ("runs.json", b"[]", "holds no rows"),
        ("runs.json", b"[" * 100_000, "'runs.json' cannot be read: it is nested too deeply"),
        ("runs.json", b"[" + b"9" * 5_000 + b"]", "'runs.json' cannot be read: a number has thousands of digits"),
    ],
)
def test_files_that_are_not_tables(name, content, message):
    with pytest.raises(ValueError, match=message):
        read_table(name, content)


def test_what_an_import_accepts_the_database_takes(tmp_path, reference):
    frame = reference("gemstones_hot.csv")
    database = Database(tmp_path)
    preview = importing(frame.to_csv(index=False))
    database.extend(preview.rows)
    assert not preview.rejected
    assert len(Database(tmp_path).runs) == len(frame)
    assert database.runs.loss.tolist() == frame.loss.tolist()


# Checked once


class Counted(float):
    """A number that counts how often its value is read."""

    looks = 0

    def __float__(self) -> float:
        type(self).looks += 1
        return super().__float__()


def test_a_row_is_checked_once_on_its_way_into_the_log(tmp_path, monkeypatch):
    checks = []
    monkeypatch.setattr(Counted, "looks", 0)
    table = Table(
        ("N", "D", "loss", "lr"),
        tuple({"N": Counted(N), "D": Counted(2e10), "loss": Counted(2.5), "lr": 3e-4} for N in (1e9, 2e9, 3e9)),
        (2, 3, 4),
    )

    def profile(frame, event, _):
        if event == "call" and frame.f_code in checking:
            checks.append(checking[frame.f_code])

    checking = {
        function.__code__: function.__name__
        for function in (
            *(quantity.parse_quantity, rows.row_of, rows.row_of_plain, rows.are_plain),
            *(rows._positive, rows._plain, rows.first_bad),
        )
    }
    database = Database(tmp_path)
    sys.setprofile(profile)
    try:
        database.extend(preview_import(table, sources_of(table)).rows)
        assert database.runs.N.tolist() == [1e9, 2e9, 3e9]
    finally:
        sys.setprofile(None)
    # A column is read at once, its numbers or what the user keeps; the file was not read again either.
    assert Counter(checks) == {"are_plain": 1, "row_of_plain": 3}
    assert Counted.looks == 9


@pytest.mark.parametrize(
    "cells",
    [
        ["a", "b c", "é", 1, 2.5, True, None],
        [" a", "b"],
        ["a ", "b"],
        ["a  b", "c"],
        ["a\tb", "c"],
        ["a\nb", "c"],
        ["a\xa0", "b"],
        ["a\x00", "b"],
        [" ", "b"],
        [Counted(2.0), "b"],
        [[1], "b"],
    ],
)
def test_values_that_are_plain_are_kept_as_they_are(cells):
    """A column that is plain gives what a look at each of its values gives."""
    if rows.are_plain(cells):
        for cell in cells:
            kept = rows.row_of({"N": 1e9, "D": 1e10, "loss": 2.5}, {"note": cell})["note"]
            assert kept is cell or (cell is None and kept != kept)
            assert not isinstance(cell, str) or " ".join(cell.split()) == cell
    assert rows.are_plain(cells) == (cells[0] == "a")


def test_a_row_that_was_checked_cannot_be_changed():
    (row,) = importing("N,D,loss\n1e9,1e11,2.5\n").rows
    assert checked_row(row) is row
    with pytest.raises(TypeError):
        row["N"] = -1


def test_a_number_is_checked_after_its_unit_is_applied():
    table = read("params_b,tokens,loss\n1e305,1e11,2.5\n1e9,1e300,2.5\n1e-10,1e11,2.5\n")
    sources = {"N": Source("params_b", "×B"), "D": Source("tokens"), "loss": Source("loss")}
    preview = preview_import(table, sources)
    assert not preview.rows
    assert reasons(preview) == {
        2: "N must be below 1.8e308, got inf",
        3: f"C must be below 1.8e308, got {str(6 * int(1e18) * int(1e300))[:60]}...",
        4: "N must round to 1 or more, got 0.1",
    }


def test_most_rows_have_the_same_thing_wrong():
    preview = importing("N,D,loss\nx,1e11,2.5\ny,1e11,2.5\n1e9,1e11\n1e9,1e11,2.5,7\n")
    assert [one.kind for one in preview.rejected] == ["N (N)"] * 2 + [f"has {n} values for 3 columns" for n in (2, 4)]


def test_only_an_append_says_that_nothing_was_appended():
    with pytest.raises(InputError, match="^loss must be positive and finite, got -1: nothing was appended$") as caught:
        Database().append(N=1e9, D=1e10, loss=-1)
    assert (caught.value.where, caught.value.remedy) == ("loss", "nothing was appended")
    with pytest.raises(InputError, match=r"convert it with str\(\); nothing was appended$"):
        Database().append(N=1e9, D=1e10, loss=1, extra=[1])
    with pytest.raises(InputError, match="^loss must be positive and finite, got -1$"):
        checked_row({"N": 1e9, "D": 1e10, "loss": -1})
