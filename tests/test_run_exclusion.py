"""Excluding runs of a project by a filter and by values of their columns, each with a reason."""

from __future__ import annotations

import pandas as pd
import pytest
from runs import AXES

from chinchilla_nb import Chinchilla, open_session
from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel

RUNS = pd.DataFrame(
    {
        "N": [1e8, 2e8, 3e8, 4e8],
        "D": [1e10] * 4,
        "loss": [3.0, 2.9, 7.8, 2.7],
        "Run name": ["a", "b", "c", "c2"],
        "seed": [0, 1, 0, 1],
    }
)


@pytest.fixture
def cc(tmp_path):
    project = Chinchilla(tmp_path, AXES, log_level=50)
    project.database.df = RUNS
    return project


def excluded(cc):
    return cc.session.excluded_runs.columns["Run name"].tolist()


@pytest.mark.parametrize(
    ("query", "values", "names"),
    [
        (None, {"Run name": "c"}, ["c"]),  # not c2, which contains it
        (None, {"Run name": ["a", "c2"]}, ["a", "c2"]),
        (None, {"seed": 1}, ["b", "c2"]),
        (None, {"seed": 1, "N": 2e8}, ["b"]),
        (None, {"SEED": 1, "run name": ["a", "b"]}, ["b"]),
        ("loss > 5", {}, ["c"]),
        ("loss < 5", {"seed": 0}, ["a"]),
    ],
)
def test_runs_are_excluded_by_what_they_are(cc, query, values, names):
    described = cc.exclude(query, **values)
    assert described["Run name"].tolist() == excluded(cc) == names
    assert len(cc.session.runs) == 4 - len(names)
    assert len(cc.database.df) == 4  # the record of what was measured
    cc.include(query, **values)
    assert excluded(cc) == []


@pytest.mark.parametrize(
    ("query", "values", "message"),
    [
        (None, {}, "nothing says which runs are meant"),
        (" ", {}, "nothing says which runs are meant"),
        (None, {"Seed": "1"}, "seed holds numbers, got '1': give a number"),
        (None, {"Run nam": "a"}, "a run has no column 'Run nam': did you mean 'Run name'?"),
        (None, {"Run name": "d"}, "no run has Run name = 'd': choose from a, b, c, c2"),
        (None, {"seed": "1"}, "seed holds numbers, got '1': give a number"),
        (None, {"seed": []}, "seed must be a value or several, got none"),
        (None, {"seed": None}, "seed must be a number, text or a list of these, got None"),
        ("loss > 9", {}, "no run fulfils loss > 9"),
        ("loss > 5", {"seed": 1}, "no run fulfils loss > 5 and seed = 1"),
        ("los > 5", {}, "there is no column 'los': did you mean 'loss'?"),
    ],
)
def test_what_describes_no_run_is_refused_and_excludes_nothing(cc, query, values, message):
    with pytest.raises(ValueError, match=r"\A") as error:
        cc.exclude(query, **values)
    assert str(error.value).startswith(message)
    assert excluded(cc) == []


def test_the_case_of_a_name_decides_between_columns_that_differ_only_in_that(cc):
    cc.database.df = RUNS.assign(g=["a", "a", "b", "b"], G=["b", "a", "a", "a"])
    assert cc.exclude(g="a")["Run name"].tolist() == ["a", "b"]
    assert cc.exclude(G="b")["Run name"].tolist() == ["a"]
    cc.database.df = RUNS.assign(tag=["a", "a", "b", "b"], Tag=["b", "a", "a", "a"])
    with pytest.raises(ValueError, match="a run has no column 'TAG': did you mean 'tag'"):
        cc.exclude(TAG="a")


def test_the_reason_is_kept_with_the_run_and_comes_back_with_an_undo(cc):
    cc.exclude(**{"Run name": "c"}, reason="diverged")
    cc.exclude("seed = 1")
    reasons = cc.session.exclusion_reasons
    assert list(reasons.values()) == ["diverged"]
    assert next(iter(reasons))[:3] == (3e8, 1e10, 7.8)
    cc.include("seed = 0")
    assert cc.session.exclusion_reasons == {}
    cc.session.undo_exclusion()
    assert cc.session.exclusion_reasons == reasons
    cc.exclude(**{"Run name": "c"}, reason="loss of guessing")
    assert list(cc.session.exclusion_reasons.values()) == ["loss of guessing"]


def test_what_the_run_log_excludes_has_its_filter_as_the_reason():
    session = open_session(RUNS)
    log = RunLogPanel(session)
    log.query.value = " loss > 5 "
    log.exclude_matching.click()
    assert list(session.exclusion_reasons.values()) == ["matches the filter loss > 5"]
