"""Least squares in boxes against SciPy's, one problem at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from chinchilla_nb.engine.laws.box_least_squares import box_least_squares


@given(seed=st.integers(0, 10_000), n=st.integers(1, 3), above=st.booleans())
@settings(max_examples=60, deadline=None)
def test_every_problem_of_a_batch_has_the_optimum_of_scipy(seed, n, above):
    rng = np.random.default_rng(seed)
    design, wanted = rng.normal(size=(4, 12, n)), rng.normal(size=(4, 12))
    low = rng.uniform(-1, 0.2, size=(4, n))
    high = low + rng.uniform(0.01, 1, size=(4, n)) if above else np.full((4, n), np.inf)
    normal, right = np.swapaxes(design, 1, 2) @ design, (wanted[:, None, :] @ design)[:, 0]
    found = box_least_squares(normal, right, low, high)
    assert (found >= low - 1e-12).all()
    assert (found <= high + 1e-12).all()
    for at in range(4):
        exact = lsq_linear(design[at], wanted[at], bounds=(low[at], high[at]), tol=1e-14).x
        value = [float(np.sum((design[at] @ z - wanted[at]) ** 2)) for z in (found[at], exact)]
        assert value[0] <= value[1] * (1 + 1e-9)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_variable_with_equal_bounds_keeps_its_value(seed):
    rng = np.random.default_rng(seed)
    design, wanted, value = rng.normal(size=(12, 3)), rng.normal(size=12), rng.normal()
    low, high = np.array([value, -0.2, -0.2]), np.array([value, 0.2, 0.2])
    found = box_least_squares(design.T @ design, wanted @ design, low, high)
    others = lsq_linear(design[:, 1:], wanted - design[:, 0] * value, bounds=(low[1:], high[1:]), tol=1e-14).x
    np.testing.assert_allclose(found, [value, *others], atol=1e-6)


def test_a_column_of_zeros_and_equal_columns_are_allowed():
    design = np.array([[1.0, 0.0, 1.0], [2.0, 0.0, 2.0], [3.0, 0.0, 3.0]])
    wanted = np.array([2.0, 4.0, 6.0])
    found = box_least_squares(design.T @ design, wanted @ design, np.zeros(3), np.full(3, np.inf))
    np.testing.assert_allclose(design @ found, wanted, rtol=1e-9)
