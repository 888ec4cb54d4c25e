"""Fits of the same runs with other losses, and what they make of the optimum of a budget."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from runs import LAW, make_runs

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, log_huber, mae, mse
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.uncertainty.loss_sensitivity import iter_loss_sensitivity

EXACT, NOISY = make_runs(30, rng=7), make_runs(30, rng=7, noise=0.01)
NAMES = ("asymmetric_mae", "log_huber(delta=0.001)", "mse")
WORDS = ("Absolute, asymmetric, w = 10", "Huber of the logarithms, δ = 0.001", "Squared")


def test_without_noise_all_losses_give_the_same_optimum():
    found = fit(EXACT).loss_sensitivity()
    N, D = allocate(LAW, 1e23)
    for name, (n, d) in found.allocate(1e23).items():
        assert name in NAMES
        assert (float(n), float(d)) == (pytest.approx(N, rel=1e-4), pytest.approx(D, rel=1e-4))


@pytest.mark.parametrize(
    ("loss_fn", "first"), [(asymmetric_mae, NAMES[0]), (partial(log_huber, delta=1e-3), NAMES[1]), (mse, NAMES[2])]
)
def test_each_loss_is_fitted_once_and_that_of_the_fit_comes_first(loss_fn, first):
    mine = fit(NOISY, loss_fn=loss_fn)
    found = mine.loss_sensitivity()
    assert found.fits[0] is mine
    assert found.names == (first, *(name for name in NAMES if name != first))
    for one in found.fits[1:]:
        alone = fit(NOISY, loss_fn=one.loss_fn)
        assert one.law == alone.law


def test_another_loss_is_compared_with_all_three():
    assert fit(NOISY, loss_fn=mae).loss_sensitivity().names == ("mae", *NAMES)


def test_bounds_and_weights_hold_for_all():
    found = fit(NOISY, bounds={"alpha": 0.3}, weight_fn=np.sqrt).loss_sensitivity()
    assert {one.law.alpha for one in found.fits} == {0.3}
    assert {one.problem.weight_fn for one in found.fits} == {np.sqrt}


def test_the_sentence_names_each_loss_and_the_budget():
    found = fit(NOISY).loss_sensitivity()
    text = found.text(1e23)
    assert text.startswith("N* at 10²³ FLOPs is ")
    assert all(f'with "{words}"' in text for words in WORDS)
    for C in (0, -1, float("nan"), float("inf"), "much"):
        with pytest.raises(InputError):
            found.text(C)


def test_progress_ends_with_the_result():
    steps = list(iter_loss_sensitivity(fit(NOISY)))
    assert [(one.done, one.total) for one in steps] == [(0, 2), (1, 2), (2, 2), (2, 2)]
    assert [one.result is not None for one in steps] == [False, False, False, True]
