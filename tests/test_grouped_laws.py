"""Groups of the runs of a project as DataFrames: laws, multipliers and what is shared, with a readable summary."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from runs import AXES
from two_groups import E_D, E_N, two_groups

from chinchilla_nb import Chinchilla, FitError, GroupComparison, InputError, mse, run_keys
from chinchilla_nb.engine.groups.quantities import multiplier


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    runs = two_groups(40)
    project = Chinchilla(str(tmp_path_factory.mktemp("groups")), AXES, loss_fn=mse, log_level=30)
    kind = [f"<b>{name}" for name in runs.columns["group"]]
    project.database.df = pd.DataFrame({"N": runs.N, "D": runs.D, "loss": runs.loss, "kind": kind, "same": 1})
    return project


@pytest.fixture(scope="module")
def found(project) -> GroupComparison:
    return project.groups("kind")


def test_laws_side_by_side(found):
    laws = found.laws
    assert laws.index.tolist() == ["<b>first", "<b>second"]
    assert laws.runs.tolist() == [20, 20]
    assert laws.E.nunique() == laws.alpha.nunique() == laws.beta_low.nunique() == 1
    assert laws.A.nunique() == laws.B.nunique() == 2
    separate = found.under("separate").laws
    assert separate.E.nunique() == 2
    assert (separate.E_low < separate.E).all()


def test_multipliers_against_a_baseline(project, found):
    row = found.multipliers.loc["<b>second"]
    assert row.multiplier_low < E_N * E_D < row.multiplier_high
    assert row.e_N * row.e_D == pytest.approx(row.multiplier)
    assert row.e_N_low < E_N < row.e_N_high
    other = project.groups("kind", baseline="<b>second", C=1e20, model="exponents", level=0.5)
    assert other.multipliers.index.tolist() == ["<b>first"]
    assert "e_N" not in other.multipliers
    expected = multiplier(other.fit, "<b>first", "<b>second", 1e20, 0.5)
    assert other.multipliers.multiplier_low.item() == float(expected.low)


def test_what_is_shared_is_tested(found):
    sharing = found.sharing
    assert sharing.index.tolist() == ["separate", "exponents", "efficiency", "N-efficiency", "D-efficiency", "pooled"]
    assert sharing.parameters.tolist() == [10, 8, 7, 6, 6, 5]
    assert np.isnan(sharing.p["separate"])
    assert sharing.rejected.tolist() == [False, False, False, True, True, True]


def test_the_summary_is_readable_and_escaped(found):
    text, html = repr(found), found._repr_html_()
    assert "40 runs in 2 groups of 'kind'; E, alpha and beta are shared" in text
    assert "'<b>first' needs " in text
    assert "times the compute of '<b>second' to reach the same loss" in text
    assert "The runs do not reject that E, alpha and beta are shared" in text
    assert "<b>" not in html
    assert "&lt;b&gt;first" in html


def test_excluded_runs_are_in_no_group(project):
    runs = project.session.all_runs
    first = runs.take(np.flatnonzero(runs.columns["kind"] == "<b>first")[:5])
    project.session.exclude(run_keys(first))
    try:
        assert project.groups("kind").laws.runs.tolist() == [15, 20]
    finally:
        project.session.excluded = frozenset()


def test_wrong_arguments_are_refused_in_a_sentence(project, found):
    with pytest.raises(FitError, match="^'same' has one value, '1', among the runs that count: use"):
        project.groups("same")
    with pytest.raises(InputError, match="did you mean 'kind'"):
        project.groups("kinds")
    with pytest.raises(InputError, match="model must be 'separate' or"):
        project.groups("kind", model="E")
    with pytest.raises(InputError, match="baseline must be '<b>first' or '<b>second'"):
        project.groups("kind", baseline="third")
    with pytest.raises(InputError, match="C must be positive"):
        project.groups("kind", C=-1.0)
    with pytest.raises(InputError, match="level must be a number between 0 and 1"):
        project.groups("kind", level=95)
    with pytest.raises(InputError, match="model must be"):
        found.under("all")
