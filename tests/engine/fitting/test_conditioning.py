"""Condition numbers of Jacobians, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from chinchilla_nb.engine.fitting.conditioning import condition_numbers


@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e12])
def test_two_columns_at_an_angle_whatever_their_units(unit):
    angle = 0.3  # the singular values are sqrt(1 + cos) and sqrt(1 - cos)
    jacobian = np.array([[1.0, np.cos(angle)], [0.0, np.sin(angle)]]) * [unit, 1.0]
    assert condition_numbers(jacobian) == pytest.approx(1 / np.tan(angle / 2))


def test_dependent_columns_and_a_column_of_zeros_are_singular():
    jacobians = np.array([[[1.0, 2.0], [3.0, 6.0]], [[1.0, 0.0], [3.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]])
    assert condition_numbers(jacobians).tolist() == [np.inf, np.inf, pytest.approx(1.0)]


def test_fewer_rows_than_columns_are_singular():
    assert condition_numbers(np.eye(3)[None, :2]).tolist() == [np.inf]
