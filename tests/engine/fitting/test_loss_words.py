"""How losses are written for readers."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from chinchilla_nb.engine.fitting.loss_words import WORDS, loss_in_words, named_loss
from chinchilla_nb.engine.fitting.losses import BUILTIN_LOSSES, asymmetric_mae, huber, log_huber, mae, mse


def of_my_own(y_true, y_pred):
    return np.abs(y_true - y_pred)


@pytest.mark.parametrize(
    ("loss_fn", "words"),
    [
        (functools.partial(log_huber, delta=1e-3), "Huber of the logarithms, δ = 0.001"),
        (log_huber, "Huber of the logarithms, δ = 1"),
        (functools.partial(huber, delta=2), "Huber, δ = 2"),
        (asymmetric_mae, "Absolute, asymmetric, w = 10"),
        (mae, "Absolute"),
        (functools.partial(mse), "Squared"),
        (of_my_own, "of_my_own"),
        (functools.partial(of_my_own, scale=2.5), "of_my_own(scale=2.5)"),
    ],
)
def test_a_loss_has_a_title_and_its_parameter_and_a_function_of_the_user_its_name(loss_fn, words):
    assert loss_in_words(loss_fn) == words


@pytest.mark.parametrize("loss_fn", [functools.partial(mse, w=2), functools.partial(huber, 1.0), of_my_own, print])
def test_other_functions_are_not_taken_for_a_built_in_loss(loss_fn):
    assert named_loss(loss_fn) is None


def test_every_built_in_loss_has_words_of_its_own():
    assert set(WORDS) == set(BUILTIN_LOSSES)
    assert len({words.title for words in WORDS.values()}) == len(WORDS)
