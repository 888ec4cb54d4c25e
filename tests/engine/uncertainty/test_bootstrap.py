"""Each draw of a bootstrap is the fit of a resample, as if it had been fitted by itself."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
from joblib import Parallel, delayed
from runs import make_runs

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, huber, log_huber, loss_name, mae, mse
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.bootstrap import BLOCK
from chinchilla_nb.engine.uncertainty.estimate import GROUPED, METHODS, estimate_uncertainty, iter_uncertainty

LOSSES = [
    mse,
    mae,
    asymmetric_mae,
    functools.partial(huber, delta=0.02),
    log_huber,
    functools.partial(log_huber, delta=1e-3),
]


def drawn_counts(runs, seed, draws):
    """How often each run is drawn: one block, whose seed is the first number of the generator."""
    assert draws <= BLOCK // len(runs)
    seed = np.random.default_rng(seed).integers(np.iinfo(np.int64).max, size=1)[0]
    n = len(runs)
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)


@pytest.mark.parametrize("loss_fn", LOSSES, ids=loss_name)
def test_a_draw_is_the_fit_of_its_resample(loss_fn):
    runs = make_runs(40, noise=0.01)
    found = fit(runs, loss_fn=loss_fn).uncertainty("pairs", 5, rng=3)
    assert not found.failed
    for counts, law in zip(drawn_counts(runs, 3, 5), found.laws, strict=True):
        resample = runs.take(np.repeat(np.arange(len(runs)), counts))
        alone = fit(resample, loss_fn=loss_fn)
        objective = np.mean(loss_fn(resample.loss, law.loss(resample.N, resample.D)))
        assert objective <= alone.objective * (1 + 1e-7)


@pytest.mark.parametrize("loss_fn", LOSSES, ids=loss_name)
def test_a_draw_of_the_bayesian_bootstrap_is_the_fit_with_its_weights(loss_fn):
    runs = make_runs(40, noise=0.01)
    found = fit(runs, loss_fn=loss_fn).uncertainty("bayesian", 5, rng=3)
    assert not found.failed
    seed = np.random.default_rng(3).integers(np.iinfo(np.int64).max, size=1)[0]
    for weights, law in zip(np.random.default_rng(seed).exponential(size=(5, 40)), found.laws, strict=True):
        of_run = dict(zip(runs.C.tolist(), weights.tolist(), strict=True))
        alone = fit(runs, loss_fn=loss_fn, weight_fn=lambda C, of_run=of_run: np.array([of_run[c] for c in C.tolist()]))
        objective = np.average(loss_fn(runs.loss, law.loss(runs.N, runs.D)), weights=weights)
        assert objective <= alone.objective * (1 + 1e-7)


@pytest.mark.parametrize(("loss_fn", "method"), [(mse, "pairs"), (log_huber, "pairs"), (asymmetric_mae, "bayesian")])
def test_the_default_is_the_method_whose_intervals_hold(loss_fn, method):
    assert fit(make_runs(30, noise=0.01), loss_fn=loss_fn).uncertainty(draws=10, rng=0).method == method


def test_a_draw_can_lie_in_another_basin():
    # The noise is so large that the fit has several optima: which is lowest depends on the resample.
    runs = make_runs(30, noise=0.1, rng=5)
    fitted = fit(runs, loss_fn=mae)
    found = fitted.uncertainty("pairs", 15, rng=0)
    assert not found.failed
    above = 0
    for counts, law in zip(drawn_counts(runs, 0, 15), found.laws, strict=True):
        resample = runs.take(np.repeat(np.arange(len(runs)), counts))
        alone = fit(resample, loss_fn=mae)
        above += np.mean(mae(resample.loss, law.loss(resample.N, resample.D))) > alone.objective * (1 + 1e-6)
    assert above <= 2


@functools.cache
def fit_of_grouped():
    runs = make_runs(60, noise=0.01)
    return fit(Runs(runs.N, runs.D, runs.loss, columns={"group": np.arange(60) % 5}), loss_fn=log_huber)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_draws(method):
    by = "group" if method in GROUPED else None
    fitted = fit_of_grouped()
    one, other = (fitted.uncertainty(method, 30, rng=7, by=by).interval() for _ in range(2))
    assert all(np.array_equal(one[name].low, other[name].low) for name in one)


def test_draws_are_the_same_in_processes():
    fitted = fit(make_runs(60, noise=0.01), loss_fn=log_huber)

    def in_processes(function, items):
        return Parallel(n_jobs=2)(delayed(function)(item) for item in items)

    draws = 2 * (BLOCK // 60) + 5  # three blocks
    serial, parallel = fitted.uncertainty(draws=draws, rng=1), fitted.uncertainty(draws=draws, rng=1, map=in_processes)
    assert np.array_equal(serial.theta, parallel.theta)


def test_a_stratified_bootstrap_keeps_the_size_of_each_group():
    runs = make_runs(40, noise=0.01)
    group = np.repeat(["a", "b"], 20)
    # All runs of one group lie exactly on the law: had the other group fewer runs in some draws, alpha would vary more.
    kept = Runs(runs.N, runs.D, runs.loss, columns={"group": group})
    found = fit(kept, loss_fn=log_huber).uncertainty("stratified", 50, rng=0, by="group")
    assert found.theta.shape == (50, 5)
    with pytest.raises(InputError, match=r"by must be a column of the runs, got 'grup': choose one of N, D, C, group"):
        fit(kept, loss_fn=log_huber).uncertainty("stratified", 50, by="grup")


def test_progress_ends_with_the_result():
    steps = list(iter_uncertainty(fit(make_runs(30, noise=0.01), loss_fn=log_huber), draws=10))
    assert [step.result is None for step in steps[:-1]] == [True] * (len(steps) - 1)
    assert (steps[-1].done, steps[-1].total) == (10, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "boots"}, "method"),
        ({"draws": 1}, "draws must be a whole number from 2 to 100,000, got 1"),
        ({"draws": 2.5}, "draws must be a whole number from 2 to 100,000, got 2.5"),
        ({"draws": "many"}, "draws must be a whole number from 2 to 100,000, got 'many'"),
    ],
)
def test_arguments_that_cannot_be_used_are_said(arguments, message):
    with pytest.raises(InputError, match=message):
        estimate_uncertainty(fit(make_runs(30, noise=0.01)), **arguments)


def test_a_loss_of_ones_own_is_refused():
    fitted = fit(make_runs(30, noise=0.01), loss_fn=lambda y, p: (y - p) ** 4)
    with pytest.raises(InputError, match="loss_fn must be a built-in loss to estimate an uncertainty"):
        fitted.uncertainty()


def test_strata_of_two_runs_have_the_variance_of_pairs():
    """With g of g runs drawn, the standard errors would be smaller by the root of 2."""
    runs = make_runs(200, noise=0.01)
    group = np.repeat(np.arange(100), 2)[np.random.default_rng(0).permutation(200)]
    fitted = fit(Runs(runs.N, runs.D, runs.loss, columns={"group": group}), loss_fn=mse)
    pairs = np.std(fitted.uncertainty("pairs", 400, rng=0).theta, axis=0)
    strata = np.std(fitted.uncertainty("stratified", 400, rng=0, by="group").theta, axis=0)
    assert strata == pytest.approx(pairs, rel=0.2)


def test_runs_alone_in_their_strata_are_refused():
    # Of random budgets, hardly two are one isoFLOP slice.
    with pytest.raises(
        InputError, match=r"the method 'stratified' needs groups of several runs each, got \d+ of 50 runs"
    ):
        fit(make_runs(50, noise=0.01), loss_fn=log_huber).uncertainty("stratified", 20, rng=0)


def test_groups_are_not_ignored():
    with pytest.raises(
        InputError, match="by is used by 'stratified' and 'wild-cluster' only, got the method 'profile'"
    ):
        fit(make_runs(30, noise=0.01), loss_fn=log_huber).uncertainty("profile", by="width")


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, ("1 of 41 refits has no proven optimum and is left out", "1 of 41 refits ends at a bound of a parameter")),
        (2, ("2 of 42 refits have no proven optimum and are left out", "2 of 42 refits end at a bound of a parameter")),
    ],
)
def test_what_is_said_of_refits_agrees_with_their_number(count, said):
    found = fit(make_runs(30, noise=0.01), loss_fn=log_huber).uncertainty(draws=40, rng=0)
    assert found.at_bound == 0
    theta = np.array(found.theta)
    theta[:count, -1] = found.box.upper[-1]
    assert set(said) <= set(dataclasses.replace(found, theta=theta, failed=count).notes)


def test_too_few_draws_for_an_interval_are_said():
    fitted = fit(make_runs(30, noise=0.01), loss_fn=log_huber)
    assert any("5 draws are too few for 95 % intervals" in note for note in fitted.uncertainty(draws=5, rng=0).notes)
    assert not any("too few for" in note for note in fitted.uncertainty(draws=40, rng=0).notes)
