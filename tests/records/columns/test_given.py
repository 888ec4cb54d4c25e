"""What a user says of a table: columns, units, products, numbers; each in the words of the command line."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest
import runs_as_tables as corpus

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.columns.questions import UnclearColumns
from chinchilla_nb.records.columns.reading import read_columns
from chinchilla_nb.records.columns.sources import Product, Source
from chinchilla_nb.records.importing import preview_reading
from chinchilla_nb.records.tables import read_table, table_from_frame


def table_of(**columns):
    return read_table("runs.csv", corpus.Case("", columns).csv.encode())


def read(columns, **given):
    reading = read_columns(table_of(**columns), **given)
    assert not reading.questions
    return preview_reading(reading).rows


def values(rows, name):
    return pytest.approx([row[name] for row in rows])


def test_a_column():
    columns = {"bytes seen": corpus.D, **corpus.table(tokens="tokens_of_c4")}
    assert values(read(columns, D="bytes seen"), "D") == corpus.D


@pytest.mark.parametrize(
    ("header", "quantity"), [("N,N,D,loss", "N"), ("params,params,tokens,loss", "N"), ("N,D,D,loss", "D")]
)
def test_columns_of_one_name_that_differ_are_asked_about(header, quantity):
    rows = [f"{N},{2 * N},{20 * N},{loss}" for N, loss in zip(corpus.whole(corpus.N), corpus.LOSS, strict=True)]
    reading = read_columns(read_table("runs.csv", "\n".join([header, *rows]).encode()))
    assert list(reading.questions) == [quantity]
    same = [f"{N},{N},{20 * N},{loss}" for N, loss in zip(corpus.whole(corpus.N), corpus.LOSS, strict=True)]
    again = read_columns(read_table("runs.csv", "\n".join(["N,N,D,loss", *same]).encode()))
    assert not again.questions


@pytest.mark.parametrize(
    ("given", "unit"),
    [("size:M", 1e6), ("size:million", 1e6), ("size:×M", 1e6), ("size:1e6", 1e6), ("size:k", 1e3), ("size:x1", 1)],
)
def test_a_column_and_its_unit(given, unit):
    columns = {"size": corpus.scaled(corpus.N, 1e6), "tokens": corpus.D, "loss": corpus.LOSS}
    assert values(read(columns, N=given), "N") == [max(round(N / 1e6 * unit), 1) for N in corpus.N]


def test_a_column_with_a_colon_in_its_name():
    columns = {"all:params": corpus.whole(corpus.N), "tokens": corpus.D, "loss": corpus.LOSS}
    assert values(read(columns, N="all:params"), "N") == corpus.N


def test_units_of_compute_and_of_the_loss():
    columns = {
        "params": corpus.N,
        "work": corpus.scaled(corpus.SIX_ND, 8.64e19),
        "ppl of words": [math.exp(loss) for loss in corpus.LOSS],
        "bits": [loss / math.log(2) for loss in corpus.LOSS],
    }
    for loss in ("ppl of words:ln", "ppl of words:ppl", "bits:bits"):
        rows = read(columns, C="work:PF-days", loss=loss)
        assert values(rows, "D") == corpus.D
        assert values(rows, "loss") == corpus.LOSS


def test_a_product_of_columns_and_a_number():
    columns = {"params": corpus.N, "steps": [D / 2**19 for D in corpus.D], "batch": [256] * 12, "loss": corpus.LOSS}
    for given in ("steps*batch*2048", "steps * batch * 2048", "steps×524288", "steps*0.524288M"):
        assert values(read(columns, D=given), "D") == corpus.D
    assert values(read(columns, D=Product(("steps", "batch"), 2048)), "D") == corpus.D


@pytest.mark.parametrize("given", ["125M", 125e6, 125_000_000, "0.125B", "125 million", Product((), 125e6)])
def test_a_number_for_all_rows(given):
    columns = {"tokens": [1e9 * (row + 1) for row in range(12)], "loss": corpus.LOSS}
    assert {row["N"] for row in read(columns, N=given, checkpoints="all")} == {125_000_000}


def test_no_column_is_compute():
    columns = {**corpus.table(), "flops": [1e6 * C for C in corpus.SIX_ND]}
    assert values(read(columns, C="6ND"), "C") == corpus.SIX_ND
    assert values(read(columns, C="flops"), "C") == [1e6 * C for C in corpus.SIX_ND]


def test_what_is_given_is_not_recognised_as_something_else():
    columns = {"params": corpus.N, "tokens": corpus.D, "val_loss": corpus.TRAIN, "loss": corpus.LOSS}
    assert values(read(columns, loss="loss"), "loss") == corpus.LOSS
    assert values(read(columns, loss=Source("loss")), "loss") == corpus.LOSS


def test_a_unit_that_stays_open_is_asked():
    table = table_of(size=corpus.scaled(corpus.N, 1e6), tokens=corpus.D, loss=corpus.LOSS)
    reading = read_columns(table, N="size")
    assert [str(way.source) for way in reading.questions["N"].options][:3] == ["size:k", "size:M", "size:B"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"N": "parms"}, "^N is assigned to 'parms', but there is no such column: did you mean 'params'"),
        ({"N": "params:furlongs"}, "^N has no unit 'furlongs': choose from ×1, ×k"),
        ({"loss": "loss:M"}, "^loss has no unit 'M': choose from ×1, 10"),
        ({"D": "tokens*nothing"}, "^D is assigned to 'nothing', but there is no such column"),
        ({"N": "run"}, "^N cannot be column 'run', which holds text such as 'r0'"),
        ({"N": ["params"]}, "^N must be the name of a column, or a number"),
        ({"N": -5.0}, "^N must be"),
        ({"checkpoints": "best"}, "^checkpoints"),
    ],
)
def test_what_cannot_be_given_is_refused_in_a_sentence(given, message):
    with pytest.raises(InputError, match=message):
        read_columns(table_of(run=corpus.NAMES, **corpus.table()), **given)


def test_an_error_names_the_ways_to_read_a_table_and_how_to_choose():
    rest = [round(0.7 * N) for N in corpus.N]
    error = UnclearColumns.of("'runs.csv'", read_columns(table_of(non_embedding_params=rest, **corpus.table())))
    assert str(error) == (
        "'runs.csv' does not say what its columns (non_embedding_params, params, tokens, loss) mean: the columns "
        "'non_embedding_params' and 'params' can be N and differ: give N='non_embedding_params' (14M to 420M) or "
        "N='params' (20M to 600M); or open a folder and choose the columns when importing the file in its run log"
    )


def test_the_answers_that_a_question_offers_answer_it():
    for case in corpus.cases():
        table = read_table("runs.csv", case.csv.encode())
        for quantity, question in read_columns(table).questions.items():
            for option in question.options:
                reading = read_columns(table, **{quantity: option.text})
                assert quantity not in reading.questions, (case.name, option.source)
                assert reading.sources[quantity] == option.source


@pytest.mark.parametrize(
    ("batch", "offered"),
    [
        ("batch_size", ["steps*batch_size*seq_len", "steps*batch_size*grad_accum*n_gpus*seq_len"]),
        ("per_device_train_batch_size", ["steps*per_device_train_batch_size*grad_accum*n_gpus*seq_len"]),
    ],
)
def test_passes_and_devices_are_factors_of_the_data(batch, offered):
    settings = {"steps": [D / 2**21 for D in corpus.D], batch: 32, "grad_accum": 4, "n_gpus": 8, "seq_len": 2048}
    frame = pd.DataFrame({"params": corpus.N, "loss": corpus.LOSS}).assign(**settings)
    (question,) = read_columns(table_from_frame(frame)).questions.values()
    assert [option.text for option in question.options] == offered
    assert question.options[-1].numbers.tolist() == pytest.approx(corpus.D)


def test_losses_of_one_run_on_several_data_are_asked_and_can_be_taken():
    results = [{"val_data": "c4", "loss": 3.9}, {"val_data": "pile", "loss": 3.4}]
    run = {"name": "x", "hyperparameters": {"params": 2e7, "tokens": 8e8}, "results": results}
    table = read_table("x.json", json.dumps(run).encode())
    (question,) = read_columns(table).questions.values()
    assert question.why.startswith("rows differ in 'val_data' ('c4', 'pile'), so that a run has several losses")
    assert [row["loss"] for row in preview_reading(read_columns(table, loss="loss")).rows] == [3.9, 3.4]


def test_a_budget_is_offered_as_the_compute():
    table = read_table("runs.csv", b"budget,params,loss\n1.2e18,1e7,3.4\n6e18,3e7,3.0\n2e19,1e8,2.8\n")
    (question,) = read_columns(table).questions.values()
    assert (question.quantity, [one.text for one in question.options]) == ("C", ["budget"])
    reading = read_columns(table, C="budget")
    assert not reading.questions
    assert [row["D"] for row in preview_reading(reading).rows] == [2 * 10**10, round(1e11 / 3), round(1e11 / 3)]


def test_a_budget_of_money_is_not_asked_about():
    table = read_table("runs.csv", b"budget,params,tokens,loss\n100,1e7,1e9,3.4\n200,3e7,2e9,3.0\n300,1e8,2e9,2.8\n")
    reading = read_columns(table)
    assert not reading.questions
    assert "C" not in reading.taken


@pytest.mark.parametrize(
    ("header", "offered"),
    [
        ("params,tokens_per_param", "tokens_per_param*params"),
        ("params_m,tokens_per_parameter", "tokens_per_parameter*params_m*1M"),
        ("N,TPP", "TPP*N"),
    ],
)
def test_tokens_per_parameter_times_n_is_offered_as_the_data(header, offered):
    size = 1 if "_m" in header else 1e6
    lines = [f"{10 * size:g},20,3.4", f"{30 * size:g},40,3.0", f"{100 * size:g},20,2.8"]
    table = read_table("runs.csv", "\n".join([f"{header},loss", *lines]).encode())
    (question,) = read_columns(table).questions.values()
    assert (question.quantity, [one.text for one in question.options]) == ("D", [offered])
    reading = read_columns(table, D=offered)
    assert not reading.questions
    rows = preview_reading(reading).rows
    assert [(row["N"], row["D"]) for row in rows] == [(1e7, 2e8), (3e7, 1.2e9), (1e8, 2e9)]


def test_a_choice_without_another_way_names_none():
    text = "bytes,total_flos,Params [M],loss\n919831760945.9663,1.9476183582234376e+18,0.3529,2.5\n"
    reading = read_columns(read_table("runs.csv", text.encode()))
    # C / (6 N bytes) = 1.9476e18 / (6 x 0.3529e6 x 9.198e11) = 1.0000: the bytes are D, and nothing else can be.
    assert "D is 'bytes', because then C" in " ".join(reading.notes)
