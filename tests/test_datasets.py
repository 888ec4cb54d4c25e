"""The shipped study: complete, consistent with its plan, and described by figures that its own runs give."""

from __future__ import annotations

import csv
import subprocess
import sys
from importlib import resources

import numpy as np
import pytest

from chinchilla_nb import datasets
from chinchilla_nb.datasets.python_stdlib.plan import plan
from chinchilla_nb.datasets.python_stdlib.summary import summary


@pytest.fixture(scope="module")
def study() -> datasets.Study:
    return datasets.load("python_stdlib")


def test_unknown_study_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no study is called 'wikitext': choose from python_stdlib"):
        datasets.load("wikitext")


def test_a_cell_shows_what_was_measured(study: datasets.Study) -> None:
    assert repr(study) == f"Study('python_stdlib', {len(study.df)} runs, C from 2.01e+10 to 5e+12 FLOPs)"
    assert study._repr_markdown_().startswith("# Byte-level transformers")


def test_study_has_sixty_runs_or_more_in_the_range_it_says(study: datasets.Study) -> None:
    df = study.df
    assert len(df) >= 60
    assert df.C.between(2e10 * 0.98, 5e12 * 1.02).all()
    assert df.N.between(5e3, 1e6).all()
    assert df.loss.between(0.5, np.log(256)).all()


def test_losses_are_those_of_the_file_to_the_last_bit(study: datasets.Study) -> None:
    with resources.files(datasets).joinpath("python_stdlib/runs.csv").open(encoding="utf-8") as file:
        assert list(study.df.loss) == [float(row["loss"]) for row in csv.DictReader(file)]


def test_C_is_6ND(study: datasets.Study) -> None:
    np.testing.assert_allclose(study.df.C, 6.0 * study.df.N * study.df.D, rtol=1e-12)


def test_four_isoflop_slices_of_five_sizes_or_more(study: datasets.Study) -> None:
    slices = study.df[study.df.part == "isoflop"].groupby(lambda row: round(np.log10(study.df.C[row]), 1)).N.nunique()
    assert (slices >= 5).sum() >= 4


def test_every_run_was_planned_and_trained_once(study: datasets.Study) -> None:
    planned = plan()
    assert sorted(study.df.run) == list(range(len(planned)))
    for row in study.df.itertuples():
        run = planned[row.run]
        assert (run.part, run.width, run.depth, run.seed) == (row.part, row.width, row.depth, row.seed)
        assert row.D == pytest.approx(run.D, rel=0.01)


def test_readme_says_what_the_runs_give(study: datasets.Study) -> None:
    assert summary() in study.description


def test_the_summary_prints_as_a_command() -> None:
    module = "chinchilla_nb.datasets.python_stdlib.summary"
    printed = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == summary()
