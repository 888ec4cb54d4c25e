"""Settings in which the runs of a table differ: said, because one law may not describe them all."""

from __future__ import annotations

import pandas as pd
import pytest
import runs_as_tables as corpus

from chinchilla_nb.records.columns.reading import read_columns
from chinchilla_nb.records.tables import read_table


def said(**settings) -> list[str]:
    """Return what is said of settings that are added to the twelve runs, a value for each run."""
    frame = pd.DataFrame(corpus.table()).assign(**settings)
    reading = read_columns(read_table("runs.csv", frame.to_csv(index=False).encode()))
    assert not reading.questions
    return [sentence for sentence in reading.sentences() if "differ" in sentence]


@pytest.mark.parametrize("name", ["arch", "Architecture", "optimizer", "config/optimizer", "tokenizer", "dataset"])
def test_kinds_are_named_with_their_values(name):
    (sentence,) = said(**{name: ["dense", "moe", ""] * 4})
    assert sentence.startswith(f"The runs differ in {name!r} ('dense', 'moe'), and one law is fitted to all of them: ")


def test_a_sweep_of_the_learning_rate_is_said_and_one_tuned_for_each_size_is_not():
    order = sorted(set(corpus.N))
    assert said(lr=[1e-3 / (1 + order.index(N)) for N in corpus.N]) == []
    (sentence,) = said(lr=[1e-3, 3e-4] * 6, optim=["adam"] * 9 + ["muon"] * 3)
    assert "'lr' (2 values) and 'optim' ('adam', 'muon')" in sentence


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": ["adamw"] * 12},
        {"notes": ["a", "b"] * 6},
        {"lr_final": [1, 2] * 6},
        {"seed": range(12)},
    ],
)
def test_what_is_no_mixture_is_not_said(settings):
    assert said(**settings) == []


def test_a_name_for_each_run_is_no_kind():
    runs = pd.concat([pd.DataFrame(corpus.table())] * 2).assign(arch=[f"run {number}" for number in range(24)])
    table = read_table("runs.csv", runs.to_csv(index=False).encode())
    assert not any("differ" in sentence for sentence in read_columns(table).sentences())
