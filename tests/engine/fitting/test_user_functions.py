"""Losses and weights that users write: what they may return, and how their faults are named."""

from __future__ import annotations

import functools
from decimal import Decimal

import numpy as np
import pytest
from runs import GRID, make_runs

from chinchilla_nb.engine.cancellation import Cancelled
from chinchilla_nb.engine.errors import FitError, InputError
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import huber, log_huber, mae, mse
from chinchilla_nb.engine.fitting.problem import Problem

RUNS = make_runs(9, noise=0.01)


def raising(error):
    def function(*arguments):
        raise error

    return function


def changing(values):
    values *= 2
    return values


RETURNS = [
    (np.array([1.0, 2.0]), "must return one {} per run, shape (9,), got shape (2,)"),
    (3.0, "must return one {} per run, shape (9,), got shape ()"),
    (None, "must return one {} per run, shape (9,), got shape ()"),
    ("text", "must return one {} per run, shape (9,), got shape ()"),
    (np.ones((9, 1)), "must return one {} per run, shape (9,), got shape (9, 1)"),
    ([[1], [1, 2]], "must return one {} per run, got [[1], [1, 2]]"),
    (np.ones(9) + 1e-3j, "must return real numbers, got an array of complex128"),
    (np.ones(9, dtype=complex), "must return real numbers, got an array of complex128"),
    (["1"] * 9, "must return real numbers, got an array of <U1"),
    (np.array([object()] * 9), "must return real numbers, got <object object"),
    (np.array(["1"] * 9, dtype=object), "must return real numbers, got '1' at index 0"),
    (np.array(["2020"] * 9, "M8[Y]"), "must return real numbers, got an array of datetime64[Y]"),
    (np.ma.masked_less(np.arange(9.0), 1), "must return one {} per run, got masked values"),
]
RAISES = [
    ValueError("a\nb"),
    KeyError("key"),
    StopIteration(),
    RecursionError("deep"),
    MemoryError(),
    OverflowError(34),
]


@pytest.mark.parametrize(("returned", "problem"), RETURNS, ids=[problem for _, problem in RETURNS])
def test_what_is_not_one_real_number_per_run_is_refused_by_the_name_of_the_function(returned, problem):
    def my_loss(y_true, y_pred):
        return returned

    for where, kind, options in (
        ("my_loss", "loss", {"loss_fn": my_loss}),
        ("weight_fn", "weight", {"loss_fn": mse, "weight_fn": lambda C: returned}),
    ):
        with pytest.raises(FitError) as caught:
            fit(RUNS, GRID, **options)
        assert str(caught.value).startswith(f"{where} {problem.format(kind)}")


@pytest.mark.parametrize("error", RAISES, ids=lambda error: type(error).__name__)
def test_an_exception_is_one_sentence_that_names_the_function(error):
    for options in ({"loss_fn": raising(error)}, {"loss_fn": mse, "weight_fn": raising(error)}):
        with pytest.raises(
            FitError, match=rf"^(function|weight_fn) raised {type(error).__name__}\(.*\) on 9 runs: call"
        ):
            fit(RUNS, GRID, **options)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, Cancelled])
def test_an_interrupt_and_a_cancellation_pass(error):
    for options in ({"loss_fn": raising(error)}, {"loss_fn": mse, "weight_fn": raising(error)}):
        with pytest.raises(error):
            fit(RUNS, GRID, **options)


def test_a_weight_function_gets_a_copy_that_it_must_not_change():
    C = RUNS.C.copy()
    with pytest.raises(FitError, match="^weight_fn must not change its argument C: let it compute with a copy"):
        fit(RUNS, GRID, mse, weight_fn=changing)
    assert np.array_equal(RUNS.C, C)


@pytest.mark.parametrize("weights", [[1, 0, 1, 1, 1, 0, 1, 1, 1], [Decimal(2)] * 9, np.arange(9) > 1, range(1, 10)])
def test_weights_of_any_real_type_are_weights(weights):
    expected = np.array([float(weight) for weight in weights])
    assert np.array_equal(Problem(RUNS, weight_fn=lambda C: weights).weights(), expected)


@pytest.mark.parametrize(
    ("loss", "problem"),
    [
        (functools.partial(log_huber, dleta=1e-3), "loss_fn log_huber has no key 'dleta': did you mean 'delta'?"),
        (functools.partial(mae, delta=1), "loss_fn mae has no key 'delta': it takes none"),
        (functools.partial(huber, delta="1"), "loss_fn['delta'] must be a number, got '1'"),
        (functools.partial(huber, delta=True), "loss_fn['delta'] must be a number, got True"),
        (functools.partial(huber, delta=np.nan), "loss_fn['delta'] must be positive and finite, got nan"),
        (functools.partial(huber, delta=[1]), "loss_fn['delta'] must be a number, got [1]"),
        (functools.partial(huber, y_true=1), "loss_fn huber has no key 'y_true'"),
        (
            functools.partial(huber, 1e-3),
            "loss_fn must have the options of huber by name, got (0.001,): write partial(",
        ),
    ],
)
def test_options_of_a_built_in_loss_are_checked_before_a_fit(loss, problem):
    with pytest.raises(InputError) as caught:
        Problem(RUNS, loss_fn=loss)
    assert str(caught.value).startswith(problem)


def test_a_function_that_is_not_hashable_is_a_loss():
    class Loss:
        __hash__ = None

        def __call__(self, y_true, y_pred):
            return (y_true - y_pred) ** 2

    assert fit(RUNS, GRID, Loss()).objective * 0.5 == pytest.approx(fit(RUNS, GRID, mse).objective * 0.5, rel=1e-9)
