"""Tables in text, in the shapes in which spreadsheets, programs and people write them."""

from __future__ import annotations

import codecs

import pandas as pd
import pytest
from twelve_runs import NAMES, RUNS, lines

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import parse_quantity
from chinchilla_nb.records.tables import Table, read_table

FRAME = pd.DataFrame(RUNS)
TEXT = "\n".join(lines()) + "\n"


def read(text: str, name: str = "runs.csv") -> Table:
    return read_table(name, text.encode())


def rows(*texts: str) -> str:
    return "\n".join(texts) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "\n\n" + TEXT.replace("\n", "\n\n"),
        TEXT.replace("\n", "\r"),
        TEXT.replace("\n", "\r\n"),
        "# exported by sweep.py\n" + TEXT + "# end\n",
        "% made with Matlab\n// and C\n" + TEXT,
        "Scaling sweep\n" + TEXT,
        "Scaling sweep,,,\nof May 2024,,,\n,,,\n" + TEXT,
        "model,llama,,\nsteps,1000,,\n" + TEXT,
        TEXT.replace("\n", ",\n").replace("loss,", "loss"),
        TEXT.replace("\n", ",,\n"),
        "sep=;\n" + TEXT.replace(",", ";"),
        TEXT.replace(",", ";"),
        TEXT.replace(",", "\t"),
        TEXT.replace(",", "|"),
        TEXT.replace(",", ", "),
        TEXT.replace(",", "   "),
        "\n".join('"' + line.replace(",", '","') + '"' for line in lines()),
        "\n".join(f"| {line.replace(',', ' | ')} |" for line in [lines()[0], "--,--,--,--", *lines()[1:]]),
        "# " + TEXT,
        "#" + TEXT,
        TEXT + "\n\n",
    ],
)
def test_the_runs_are_read_from_any_of_these(text):
    table = read(text)
    assert not table.rejected
    assert table.columns == NAMES
    assert table.rows == RUNS


def test_columns_aligned_by_blanks_below_a_comment_as_numpy_writes_them():
    text = "# n_params tokens val_loss\n" + rows(*(f"{run['n_params']:.18e} 1e9  2.5" for run in RUNS))
    assert [row["n_params"] for row in read(text, "runs.txt").rows] == [run["n_params"] for run in RUNS]


def test_a_tsv_has_tabs_whatever_else_is_in_it():
    table = read(rows("run\tN\tnote", "a\t1000\tx, y, z; w", "b\t2000\tx, y, z; v"), "runs.tsv")
    assert table.columns == ("run", "N", "note")


def test_what_was_left_out_is_said():
    assert read("# one\n" + TEXT + "# two\n").notes == ("2 comment lines were left out",)
    assert read("A title\n" + TEXT).notes == ("the title 'A title' was left out",)
    assert read(TEXT).notes == ()
    assert read('N,note\n1000,"two\nlines"\n').notes == ("a run keeps the text of note in one line",)


def test_lines_keep_their_numbers():
    table = read("Title\n# comment\n\n" + "sep,N,loss\n" + 'a,1000,2.5\n"b\nc",2000,2.4\nd,3000,2.3\nd,3000\n')
    assert table.places == (5, 6, 8)
    assert [(row.place, row.reason) for row in table.rejected] == [(9, "has 2 values for 3 columns")]
    assert read("sep=;\nN;loss\n1000;2.5\n").places == (3,)


def test_a_run_that_looks_like_a_comment_is_not_dropped_in_silence():
    table = read(rows("run,N,loss", "a,1000,2.5", "#b,2000,2.4", "c,3000,2.3"))
    assert [row["run"] for row in table.rows] == ["a", "c"]
    assert [(row.place, row.reason) for row in table.rejected] == [(3, "begins like a comment")]
    table = read(rows("run,N,loss", "#1,1000,2.5", "#2,2000,2.4", "#3,3000,2.3"))
    assert [row["run"] for row in table.rows] == ["#1", "#2", "#3"]
    table = read(rows("#,N,loss", "1,1000,2.5", "2,2000,2.4"))
    assert table.columns == ("#", "N", "loss")
    table = read(rows("run,N,loss", "a,1000,2.5", '"#b",2000,2.4'))
    assert [row["run"] for row in table.rows] == ["a", "#b"]


def test_units_below_the_names_become_part_of_them():
    text = rows("run,N,D,loss", ",million,[10^9],nats", "a,20,0.1,5.0", "b,20,0.3,4.4")
    table = read(text)
    assert table.columns == ("run", "N (million)", "D [10^9]", "loss (nats)")
    assert [row["N (million)"] for row in table.rows] == [20, 20]
    assert table.notes == ("row 2 holds the units of the columns",)


@pytest.mark.parametrize(
    "units", ["M,B,-", "1e6,1e9,nats/token", "(M),(B),", "Mio.,Mrd.,", "M params,B tokens,nats", "10⁶,10⁹,nats"]
)
def test_units_in_many_spellings(units):
    table = read(rows("N,D,loss", units, "20,0.1,5.0", "20,0.3,4.4"))
    assert len(table.rows) == 2
    assert table.columns[0].startswith("N (")


def test_names_in_two_rows_are_joined():
    table = read(rows("run,train,val,val", ",loss,loss,tokens", "a,2.5,2.6,1000", "b,2.4,2.5,2000"))
    assert table.columns == ("run", "train.loss", "val.loss", "val.tokens")
    assert [row["val.tokens"] for row in table.rows] == [1000, 2000]
    assert table.notes == ("row 2 holds more names of the columns",)
    columns = pd.MultiIndex.from_tuples([("train", "loss"), ("val", "loss")])
    table = read(pd.DataFrame([[2.5, 2.6], [2.4, 2.5]], columns=columns).to_csv())
    assert table.columns == ("column 1", "train.loss", "val.loss")


@pytest.mark.parametrize("row", ["1e6,1e9,2.5", ",,failed", "nan,nan,nan", "abc,1e9,2.5", "10,10,diverged"])
def test_a_first_run_is_not_taken_for_units(row):
    table = read(rows("N,D,loss", row, "20,0.1,5.0", "20,0.3,4.4"))
    assert table.columns == ("N", "D", "loss")
    assert len(table.rows) == 3


@pytest.mark.parametrize("text", [FRAME.to_string(), FRAME.to_string(index=False)])
def test_what_pandas_prints(text):
    table = read(text, "runs.txt")
    assert [{name: row[name] for name in NAMES} for row in table.rows] == list(RUNS)


def test_what_r_writes_with_the_names_of_rows():
    table = read(rows('"N" "loss"', '"1" 1000 2.5', '"2" 2000 2.4'), "runs.txt")
    assert table.rows == ({"column 1": 1, "N": 1000, "loss": 2.5}, {"column 1": 2, "N": 2000, "loss": 2.4})


def test_a_table_without_names_is_refused():
    with pytest.raises(InputError, match=r"^'runs.csv' has no row with the names of the columns: write them above"):
        read(rows(*lines(header=False)))


def test_rows_that_begin_with_a_name_for_which_there_is_no_column_are_rejected():
    # R writes names of rows without a name above them.
    table = read(rows("N,D,loss", *lines(header=False)))
    assert {row.reason for row in table.rejected} == {"has 4 values for 3 columns"}
    assert not table.rows


def test_names_that_are_repeated_between_the_rows_are_left_out():
    table = read(TEXT + TEXT)
    assert table.rows == RUNS * 2
    assert [row.reason for row in table.rejected] == ["repeats the names of the columns"]


def test_an_index_without_a_name_keeps_its_column():
    table = read(rows(",N,loss", "a,1000,2.5", "b,2000,2.4"))
    assert table.columns == ("column 1", "N", "loss")


def test_empty_columns_without_a_name_are_left_out():
    table = read(rows(",,,", ",N,,loss", ",1000,,2.5", ",2000,,2.4"))
    assert table.columns == ("N", "loss")


def test_names_of_runs_keep_their_zeros():
    table = read(rows("run,N,loss", "00123,1000,2.5", "00124,2000,2.4"))
    assert [row["run"] for row in table.rows] == ["00123", "00124"]


def test_numbers_that_are_missing():
    table = read(rows("N,loss", "1000,2.5", "N/A,-", ",NA", "null,nan"))
    assert [row["N"] for row in table.rows] == [1000, None, None, None]
    assert [row["loss"] for row in table.rows][:3] == [2.5, None, None]


# Decimal commas and digits in groups


def column(*cells: str, separator: str = ";", others: tuple[str, ...] = ()) -> list[object]:
    """Return the values of a column x, beside another one if given."""
    beside = others or ("a",) * len(cells)
    quoted = [f'"{cell}"' for cell in cells]
    text = rows(f"x{separator}y", *map(separator.join, zip(quoted, (f'"{one}"' for one in beside), strict=True)))
    return [row["x"] for row in read(text).rows]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["5,0086", "4,382", "4"], [5.0086, 4.382, 4.0]),
        (["0,009", "0,001"], [0.009, 0.001]),
        (["2,0E+07", "1,0E+08"], [2e7, 1e8]),
        (["1.234,5", "12.345,678"], [1234.5, 12345.678]),
        (["1,234.5", "12,345.678"], [1234.5, 12345.678]),
        (["1,234,567", "20,000"], [1_234_567, 20_000]),
        (["1.234.567", "20.000"], [1_234_567, 20_000]),
        (["1 234 567", "20 000"], [1_234_567, 20_000]),
        (["1\u202f234\u202f567", "20\u202f000"], [1_234_567, 20_000]),
        (["1'234'567.5", "20'000"], [1234567.5, 20000.0]),
        (["1 234 567,5", "20 000"], [1234567.5, 20000.0]),
        (["\N{MINUS SIGN}1,5", "2,25"], [-1.5, 2.25]),
        (["5.009", "4.382"], [5.009, 4.382]),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_marks_that_the_column_shows(cells, expected, separator):
    assert column(*cells, separator=separator) == expected


def test_a_decimal_comma_is_recognised_from_semicolons_and_other_columns():
    assert column("5,009", "4,382") == [5.009, 4.382]
    assert column("5,009", "4,382", separator=",") == ["5,009", "4,382"]
    assert column("5,009", "4,382", separator=",", others=("0,1", "0,25")) == [5.009, 4.382]


@pytest.mark.parametrize(
    ("cells", "others"),
    [
        (["5,009", "4,382"], ("0.1", "0.25")),  # points are decimal in the file
        (["5,009", "4,382"], ("5.009", "4.382")),  # or may be
        (["20,000", "60,000"], ("a", "b")),  # hardly decimals
        (["20,000", "60,000"], ("0,1", "0,25")),
        (["5,009", "4.38"], ("a", "b")),
        (["5,009", "4.38", "3,29"], ("a", "b", "c")),
    ],
)
def test_a_comma_that_may_be_either_is_never_read(cells, others):
    for cell, value in zip(cells, column(*cells, others=others), strict=True):
        assert value == cell
        if "," in cell:
            with pytest.raises(InputError, match="may be|not a number"):
                parse_quantity(value)


@pytest.mark.parametrize(
    ("cells", "others"),
    [
        (["5,009", "4.382"], ("a", "b")),
        (["20.000", "60.000"], ("0,1", "0,25")),
        (["20.000", "0,25"], ("a", "b")),
    ],
)
def test_a_point_that_may_group_digits_is_refused(cells, others):
    with pytest.raises(InputError, match=r"^in 'runs.csv', column 'x' holds '.*', which may be .* or .*: write"):
        column(*cells, others=others)


def test_a_number_with_letters_behind_it_gets_a_point():
    assert column("1,3B", "125M") == ["1.3B", "125M"]
    assert column("1,3 B", "125 M") == ["1.3 B", "125 M"]


def test_lists_in_a_cell_are_no_decimal_commas():
    table = read(rows("gpus,N,loss", '"0,1",20000,5.009', '"0,1,2",60000,4.382'))
    assert [row["loss"] for row in table.rows] == [5.009, 4.382]
    assert table.rows[1]["gpus"] == "0,1,2"


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("name", ["runs.csv", "runs.txt"])
def test_encodings(encoding, name):
    text = TEXT.replace("r0", "é0").replace(",", "\t")
    table = read_table(name, text.encode(encoding))
    assert table.columns == NAMES
    assert table.rows == ({**RUNS[0], "run": "é0"}, *RUNS[1:])
    assert table.notes == (("it is not UTF-8 and was read as Windows-1252 text",) if encoding == "cp1252" else ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (codecs.BOM_UTF16_LE + b"N\0,\0D", "is not UTF-16 text, as it begins"),
        (b"N,D\n\x81\x8d,1\n", "is not UTF-8 text"),
        (b"N,D\n\0\xff,1\n", "is not UTF-8 text"),
        (b"PK\x03\x04abc", "is an Excel workbook or a ZIP archive"),
        (b"\xd0\xcf\x11\xe0abc", "old Excel"),
    ],
)
def test_what_is_not_text_is_refused(content, message):
    with pytest.raises(InputError, match=message):
        read_table("runs.csv", content)
