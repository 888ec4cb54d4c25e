"""The five documented losses: values by hand, derivatives against differences, and recognition of built-in losses."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chinchilla_nb.engine.fitting.losses import (
    BUILTIN_LOSSES,
    ResidualLoss,
    asymmetric_mae,
    huber,
    log_huber,
    loss_name,
    mae,
    mse,
    residual_loss,
)

TRUE, PREDICTED = np.array([2.0, 2.0, 2.0, 2.0]), np.array([2.0, 2.5, 1.5, 5.0])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (mae, [0, 0.5, 0.5, 3]),
        (mse, [0, 0.25, 0.25, 9]),
        # Over-prediction weighs ten times as much.
        (asymmetric_mae, [0, 5, 0.5, 30]),
        (functools.partial(asymmetric_mae, w=2), [0, 1, 0.5, 6]),
        # r^2 / 2 inside delta = 1; delta (|r| - delta / 2) outside.
        (huber, [0, 0.125, 0.125, 2.5]),
        (functools.partial(huber, delta=0.5), [0, 0.125, 0.125, 1.375]),
        (functools.partial(huber, delta=0.1), [0, 0.045, 0.045, 0.295]),
    ],
)
def test_values_by_hand(loss, expected):
    assert loss(TRUE, PREDICTED) == pytest.approx(expected, rel=1e-14, abs=0)


@pytest.mark.parametrize("loss_fn", BUILTIN_LOSSES.values())
@given(r=st.floats(-10, 10), width=st.floats(1e-6, 10))
def test_smoothing_raises_no_built_in_loss(loss_fn, r, width):
    loss, residual = residual_loss(loss_fn), np.array([r])
    assert loss.smoothing_lowers
    assert loss.smoothed(width).value(residual) <= loss.value(residual) + 1e-12


def test_log_huber_is_huber_of_the_logarithms():
    r = np.log([2.0, 4.0]) - np.log(2.0)
    assert log_huber(np.array([2.0, 2.0]), np.array([2.0, 4.0])) == pytest.approx([0, r[1] ** 2 / 2])
    assert log_huber(2.0, 4.0, delta=0.1) == pytest.approx(0.1 * (np.log(2) - 0.05), rel=1e-14)


@pytest.mark.parametrize("loss", BUILTIN_LOSSES.values())
def test_arguments_are_left_as_they_were(loss):
    true, predicted = TRUE.copy(), PREDICTED.copy()
    loss(true, predicted)
    assert np.array_equal(true, TRUE)
    assert np.array_equal(predicted, PREDICTED)


@pytest.mark.parametrize("loss", BUILTIN_LOSSES.values())
def test_whole_numbers_and_lists_are_taken_as_real_numbers(loss):
    assert loss([2, 3], [5, 1]) == pytest.approx(loss(np.array([2.0, 3.0]), np.array([5.0, 1.0])), rel=1e-15)


@pytest.mark.parametrize("loss", BUILTIN_LOSSES.values())
def test_long_double_stays_long_double(loss):
    assert loss(TRUE.astype(np.longdouble), PREDICTED.astype(np.longdouble)).dtype == np.longdouble


@given(
    lower=st.floats(0.1, 10),
    upper=st.floats(0.1, 10),
    width=st.floats(0.01, 2),
    r=st.floats(-5, 5),
)
def test_slope_and_curvature_are_derivatives(lower, upper, width, r):
    loss = ResidualLoss(False, lower, upper, width)
    h = 1e-6
    # Away from the two points where the second derivative jumps.
    assume(min(abs(r + lower * width), abs(r - upper * width)) > 2 * h)
    low, here, high = np.array([r - h]), np.array([r]), np.array([r + h])
    assert loss.slope(here) == pytest.approx((loss.value(high) - loss.value(low)) / (2 * h), rel=1e-6, abs=1e-6)
    assert loss.curvature(here) == pytest.approx((loss.slope(high) - loss.slope(low)) / (2 * h), rel=1e-6, abs=1e-6)


@given(width=st.floats(1e-6, 1), r=st.floats(-5, 5))
def test_smoothing_is_the_moreau_envelope(width, r):
    kinked = ResidualLoss(False, 1.0, 10.0, 0.0)
    # min over u of kinked(u) + (r - u)^2 / (2 width); the candidates are the three pieces' own minima.
    candidates = np.array([0.0, min(r + width, 0.0), max(r - 10 * width, 0.0)])
    envelope = (kinked.value(candidates) + (r - candidates) ** 2 / (2 * width)).min()
    smooth = kinked.smoothed(width).value(np.array([r]))[0]
    assert smooth == pytest.approx(envelope, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (mae, ResidualLoss(False, 1, 1, 0)),
        (functools.partial(mae), ResidualLoss(False, 1, 1, 0)),
        (functools.partial(asymmetric_mae, w=3), ResidualLoss(False, 1, 3, 0)),
        (functools.partial(log_huber, delta=1e-3), ResidualLoss(True, 1e-3, 1e-3, 1)),
    ],
)
def test_built_in_losses_and_partials_of_them_are_recognised(loss, expected):
    assert residual_loss(loss) == expected


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.longdouble])
def test_an_option_in_another_precision_does_not_change_that_of_the_loss(kind):
    assert residual_loss(functools.partial(asymmetric_mae, w=kind(2))) == residual_loss(
        functools.partial(asymmetric_mae, w=2)
    )


@pytest.mark.parametrize(
    "loss", [lambda y, p: abs(y - p), np.subtract, functools.partial(mae, np.ones(3)), functools.partial(np.subtract)]
)
def test_other_callables_are_not_recognised(loss):
    assert residual_loss(loss) is None


def test_a_loss_that_does_not_grow_with_the_error_is_refused():
    with pytest.raises(ValueError, match=r"^delta must be positive, got -1\.0$"):
        huber(1.0, 2.0, delta=-1.0)
    with pytest.raises(ValueError, match=r"^w must be positive and finite, got 0"):
        asymmetric_mae(1.0, 2.0, w=0)


def test_names_include_the_options():
    assert loss_name(mae) == "mae"
    assert loss_name(functools.partial(log_huber, delta=1e-3)) == "log_huber(delta=0.001)"
    assert loss_name(type("Mine", (), {"__call__": lambda self, y, p: y - p})()) == "Mine"
