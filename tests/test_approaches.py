"""`Chinchilla.approaches`: the three approaches as a DataFrame."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest
from runs import AXES, make_runs, table_of
from slices_of_runs import sliced_runs

from chinchilla_nb import Chinchilla, InputError, log_huber

LEAST_SQUARES = functools.partial(log_huber, delta=10.0)


@pytest.fixture
def cc(tmp_path):
    cc = Chinchilla(tmp_path, AXES, loss_fn=LEAST_SQUARES, log_level=50)
    cc.database.df = table_of(sliced_runs(noise=0.003, sizes=9))
    return cc


def test_the_table_is_as_documented(cc):
    cc.fit()
    cc.uncertainty(draws=100, rng=0)
    table = cc.approaches(1e23, draws=100)
    assert list(table.index) == ["envelope", "isoflop", "parametric"]
    names = [f"{name}{end}" for name in ("a", "b", "N", "D", "loss") for end in ("", "_low", "_high")]
    assert list(table) == names
    assert table.notna().all(axis=None)
    assert table.attrs["C"] == 1e23
    assert table.attrs["slices"] == pytest.approx([1e18, 1e19, 1e20, 1e21])
    assert table.attrs["rule"] == "runs whose C differ by at most 5 %"
    assert table.attrs["refused"] == []
    assert table.attrs["compute"] == "6ND"
    assert "on these slices approach 2" in table.attrs["bias"]
    fitted = cc.allocate_compute(1e23)
    assert (table.N["parametric"], table.D["parametric"]) == fitted


def test_the_default_budget_is_that_of_the_next_model(cc):
    assert cc.approaches(draws=10).attrs["C"] == pytest.approx(10 * 1e21)
    cc.scaling_factor = 3.0
    assert cc.approaches(draws=10).attrs["C"] == pytest.approx(3e21)


def test_without_a_fit_the_third_row_is_missing_and_said(cc):
    table = cc.approaches(draws=50)
    assert table.loc["parametric"].isna().all()
    assert table.loc[["envelope", "isoflop"]].notna().all(axis=None)
    assert table.attrs["notes"]["parametric"] == ["the parametric law has not been fitted: fit it first"]
    assert table.attrs["bias"] == ""


def test_pandas_can_copy_and_join_the_tables(cc):
    one, other = cc.approaches(1e22, draws=10), cc.approaches(1e23, draws=10)
    assert pd.concat([one, other]).shape == (6, 15)
    assert one.copy().attrs == one.attrs


def test_repeated_calls_give_the_same_numbers(cc):
    pd.testing.assert_frame_equal(cc.approaches(draws=20), cc.approaches(draws=20))


def test_the_runs_are_those_of_the_last_fit(cc):
    cc.fit()
    cc.uncertainty("sandwich")
    before = cc.approaches(1e22, draws=10)
    cc.append(N=1e9, D=1e12, loss=2.0)
    pd.testing.assert_frame_equal(before, cc.approaches(1e22, draws=10))


def test_a_loss_of_ones_own_has_no_intervals_in_the_third_row(tmp_path):
    def squares(y_true, y_pred):
        return (y_true - y_pred) ** 2

    cc = Chinchilla(tmp_path, {"e": 0.5, "a": 5, "b": 5, "alpha": 0.3, "beta": 0.3}, loss_fn=squares, log_level=50)
    cc.database.df = table_of(sliced_runs(noise=0.003))
    cc.fit(parallel=False)
    table = cc.approaches(draws=20)
    assert np.isfinite(table.a["parametric"])
    assert np.isnan(table.a_low["parametric"])


def test_slices_from_a_column(cc):
    frame = cc.database.df.assign(budget=["a"] * 9 + ["b"] * 9 + ["c"] * 9 + [None] * 9)
    cc.database.df = frame
    table = cc.approaches(draws=10, by="budget")
    assert table.attrs["slices"] == pytest.approx([1e18, 1e19, 1e20])
    assert table.attrs["rule"] == "runs with one value of budget"


def test_scattered_runs_have_two_approaches(tmp_path):
    cc = Chinchilla(tmp_path, AXES, loss_fn=LEAST_SQUARES, log_level=50)
    cc.database.df = table_of(make_runs(30, noise=0.003))
    table = cc.approaches(draws=10)
    assert table.loc["isoflop"].isna().all()
    assert "isoFLOP parabolas need" in table.attrs["notes"]["isoflop"][0]


def test_no_runs_are_refused(tmp_path):
    with pytest.raises(InputError):
        Chinchilla(tmp_path, AXES, log_level=50).approaches()
    with pytest.raises(InputError):
        Chinchilla(tmp_path, AXES, log_level=50).approaches(1e22)
