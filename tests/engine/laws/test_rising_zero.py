"""Zeros of increasing functions: found to the resolution of float64, or NaN."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chinchilla_nb.engine.laws.rising_zero import rising_zero


@given(zero=st.floats(-300, 300), steep=st.floats(-2, 2), low=st.floats(0, 400), high=st.floats(0, 400))
@settings(deadline=None)
def test_a_zero_is_found_wherever_it_lies(zero, steep, low, high):
    for function in (np.tanh, np.arctan, np.cbrt, lambda x: x**3 + x, np.sign):
        at = rising_zero(lambda x, f=function: f(10**steep * (x - zero)), np.array(zero - low), np.array(zero + high))
        assert float(at) == pytest.approx(zero, rel=1e-14, abs=1e-12)


def test_few_evaluations_are_enough():
    calls = []

    def function(x):
        calls.append(x)
        return np.tanh(0.3 * (x - 22.8))

    rising_zero(function, np.array(0.0), np.array(55.0))
    assert len(calls) < 20  # bisection takes 50 for the same width


def test_elements_without_a_zero_are_nan():
    found = rising_zero(lambda x: x - np.array([1.0, 5.0, -3.0, np.nan]), np.zeros(4), np.full(4, 2.0))
    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1:]).all()


def test_a_function_that_is_not_a_number_above_some_place():
    found = rising_zero(lambda x: np.where((x > 3) & (x < 9), np.nan, x - 1), np.array(0.0), np.array(10.0))
    assert found == pytest.approx(1)
