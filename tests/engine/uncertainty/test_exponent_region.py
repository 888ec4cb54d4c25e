"""The region of both exponents, against refits with both held and the textbook F test."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import LAW, make_runs
from scipy.stats import f as f_distribution

from chinchilla_nb import InputError, Runs, exponent_region, fit, log_huber, mae, mse

LEAST_SQUARES = functools.partial(log_huber, delta=10.0)  # all of these errors are in its quadratic middle


def squares(runs, law):
    return float(np.sum((np.log(runs.loss) - np.log(law.loss(runs.N, runs.D))) ** 2))


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_edge_is_where_the_f_test_of_two_parameters_rejects(level):
    runs = make_runs(60, noise=0.01)
    fitted = fit(runs, loss_fn=LEAST_SQUARES)
    region = exponent_region(fitted.uncertainty("sandwich"), level)
    wanted = f_distribution.ppf(level, 2, 55)
    for alpha, beta in region.edge[::4]:
        held = {"alpha": (alpha, alpha), "beta": (beta, beta)}
        pinned = fit(runs, loss_fn=LEAST_SQUARES, bounds=held)
        found = (squares(runs, pinned.law) / squares(runs, fitted.law) - 1) * 55 / 2
        assert found == pytest.approx(wanted, rel=0.03)
    assert not region.open


def test_the_region_holds_the_interval_of_each_exponent():
    found = fit(make_runs(60, noise=0.01), loss_fn=LEAST_SQUARES).uncertainty("profile")
    region, interval = exponent_region(found), found.interval()
    for index, name in enumerate(region.names):
        assert region.edge[:, index].min() < interval[name].low
        assert region.edge[:, index].max() > interval[name].high


def test_exponents_that_make_up_for_each_other_are_said():
    # All runs have 20 tokens per parameter, but for a few: one term can take over from the other.
    N = np.geomspace(1e7, 1e10, 40)
    D = np.where(np.arange(40) % 8 == 0, 60, 20) * N
    noise = np.exp(0.002 * np.random.default_rng(0).standard_normal(40))
    region = exponent_region(fit(Runs(N, D, LAW.loss(N, D) * noise), loss_fn=log_huber).uncertainty("sandwich"))
    goes_with = np.corrcoef(region.edge.T)[0, 1]
    assert f"a larger alpha goes with a {'larger' if goes_with > 0 else 'smaller'} beta" in str(region)


def test_a_region_without_an_end_says_so():
    region = exponent_region(fit(make_runs(30, noise=0.2), loss_fn=log_huber).uncertainty("sandwich"))
    assert region.open
    assert str(region).endswith("they do not determine a, the exponent of N*")
    with pytest.raises(InputError, match="one must be of type str, got 1"):
        region.text(1, "beta")


@pytest.mark.parametrize("loss_fn", [mse, mae])
def test_other_losses_have_a_region_around_the_fit(loss_fn):
    region = exponent_region(fit(make_runs(60, noise=0.01), loss_fn=loss_fn).uncertainty("sandwich"), 0.5)
    low, high = region.edge.min(axis=0), region.edge.max(axis=0)
    assert np.all((low < region.fitted) & (region.fitted < high))


@pytest.mark.parametrize("bounds", [{"alpha": (0.3, 0.3)}, {}])
def test_two_free_exponents_and_enough_runs_are_needed(bounds):
    runs = make_runs(30 if bounds else 5, noise=0.01)
    with pytest.raises(InputError, match="uncertainty must be of a fit with two free exponents, and with more runs"):
        exponent_region(fit(runs, loss_fn=log_huber, bounds=bounds).uncertainty("sandwich"))
