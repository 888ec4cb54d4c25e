"""`Chinchilla.uncertainty`: the engine's answer as DataFrames, with messages."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest
from runs import AXES, make_runs, table_of

from chinchilla_nb import Chinchilla, log_huber

LEAST_SQUARES = functools.partial(log_huber, delta=10.0)


@pytest.fixture
def fitted(tmp_path):
    cc = Chinchilla(
        tmp_path, AXES, seed_ranges={"C": (1e18, 1e21), "N_to_D": (2, 200)}, loss_fn=LEAST_SQUARES, log_level=40
    )
    cc.database.df = table_of(make_runs(60, noise=0.01))
    cc.fit()
    return cc


def test_tables_have_the_documented_columns(fitted):
    found = fitted.uncertainty(draws=40, rng=0)
    assert list(found.params) == ["E", "A", "B", "alpha", "beta"]
    assert len(found.params) == 40
    interval = found.interval()
    assert list(interval.index) == ["E", "A", "B", "alpha", "beta", "a", "b"]
    assert list(interval) == ["low", "high"]
    assert (interval.low < interval.high).all()
    at = found.allocate([1e22, 1e23])
    assert at.index.name == "C"
    assert list(at)[:6] == ["N", "N_low", "N_high", "D", "D_low", "D_high"]
    assert {"D_per_N", "D_per_N_low", "loss", "loss_high"} <= set(at)
    assert list(found.predict_loss([1e9, 2e9], 1e10)) == ["loss", "low", "high"]
    assert len(found.predict_loss([1e9, 2e9], 1e10)) == 2


def test_values_are_those_of_the_fit(fitted):
    found = fitted.uncertainty("sandwich")
    assert found.allocate(1e22).N.iloc[0] == fitted.allocate_compute(1e22)[0]
    assert found.predict_loss(1e9, 1e10).loss.iloc[0] == fitted.predict_loss(1e9, 1e10)


def test_the_same_seed_gives_the_same_draws_serial_and_parallel(fitted):
    one, other = fitted.uncertainty(draws=30, rng=1), fitted.uncertainty(draws=30, rng=1, parallel=False)
    pd.testing.assert_frame_equal(one.params, other.params)
    assert not one.params.equals(fitted.uncertainty(draws=30, rng=2).params)


def test_correlation_has_ones_and_fixed_parameters_have_none(tmp_path):
    cc = Chinchilla(tmp_path, AXES, loss_fn=LEAST_SQUARES, bounds={"alpha": (0.34, 0.34)}, log_level=40)
    cc.database.df = table_of(make_runs(60, noise=0.01))
    cc.fit()
    correlation = cc.uncertainty("sandwich").correlation
    assert np.diag(correlation)[[0, 1, 2, 4]] == pytest.approx(1)
    assert correlation.alpha.isna().all()


def test_the_text_says_method_draws_and_condition(fitted):
    found = fitted.uncertainty(draws=40, rng=0)
    assert repr(found).startswith("95 % intervals of 60 runs, if the law holds (pairs bootstrap, 40 draws)")
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda cc: cc.uncertainty("bootstrap"), "method"),
        (lambda cc: cc.uncertainty(rng="seed"), "rng must be a seed"),
        (lambda cc: cc.uncertainty("profile").params, "method must make draws, got 'profile'"),
        (lambda cc: cc.uncertainty("profile").covariance, "method must be one that has a covariance, got 'profile'"),
        (lambda cc: cc.uncertainty("stratified", by="size"), "by must be a column of the runs, got 'size'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(fitted, ask, message):
    with pytest.raises((ValueError, TypeError), match=message):
        ask(fitted)


def test_nothing_fitted_is_said(tmp_path):
    with pytest.raises(ValueError, match="the scaling law has not been estimated yet: call fit"):
        Chinchilla(tmp_path, AXES, log_level=40).uncertainty()
