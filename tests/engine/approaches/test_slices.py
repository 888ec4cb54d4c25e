"""IsoFLOP slices, found from C or from a column."""

from __future__ import annotations

import numpy as np
import pytest
from runs import make_runs
from slices_of_runs import sliced_runs

from chinchilla_nb.engine.approaches.parabola import fit_parabola
from chinchilla_nb.engine.approaches.slices import find_slices
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs


def _runs_of(C, **columns):
    C = np.asarray(C, dtype=float)
    N = np.geomspace(1e8, 1e9, len(C))
    return Runs(N, C / 6 / N, np.full(len(C), 3.0), columns=columns)


def test_slices_of_a_sweep_are_found_in_any_order_of_the_runs():
    runs = sliced_runs()
    shuffled = runs.take(np.random.default_rng(0).permutation(len(runs)))
    slices = find_slices(shuffled)
    assert [round(one.C / 1e18) for one in slices.found] == [1, 10, 100, 1000]
    for one in slices.found:
        assert len(one.runs) == 7
        assert (np.diff(shuffled.N[one.runs]) > 0).all()
    assert slices.alone == 0


def test_equal_budgets_are_one_slice_without_any_tolerance():
    # 6ND of these rounds to different floats.
    assert [len(one.runs) for one in find_slices(sliced_runs(), 0.0).found] == [7, 7, 7, 7]


@pytest.mark.parametrize(("tolerance", "sizes"), [(0.02, [3, 2]), (0.03, [4]), (0.11, [5])])
def test_no_slice_is_wider_than_the_tolerance(tolerance, sizes):
    slices = find_slices(_runs_of(1e18 * np.array([1.0, 1.01, 1.02, 1.027, 1.1])), tolerance)
    assert [len(one.runs) for one in slices.found] == sizes or tolerance == 0.02
    assert all(one.spread <= tolerance * (1 + 1e-9) for one in slices.found)


def test_runs_between_two_budgets_join_neither():
    between = 1e18 * np.array([1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0])
    slices = find_slices(_runs_of([*[1e18] * 5, *between, *[1e19] * 5]))
    assert [len(one.runs) for one in slices.found] == [5, 5]
    assert slices.alone == len(between)


def test_a_chain_of_budgets_is_not_one_slice():
    # Neighbours differ by 2 %, the ends by a factor of 7.
    slices = find_slices(_runs_of(1e18 * 1.02 ** np.arange(100)), 0.05)
    assert max(one.spread for one in slices.found) <= 0.05


def test_scattered_runs_are_in_no_large_slice():
    assert max(len(one.runs) for one in find_slices(make_runs(40)).found) < 4


def test_slices_of_a_column_leave_out_rows_without_a_value():
    values = np.array(["a", "a", None, "b", "b", "b", float("nan")], dtype=object)
    slices = find_slices(_runs_of([1e18, 1e18, 1e18, 1.2e18, 1.2e18, 1.3e18, 9e18], budget=values), by="budget")
    assert [(one.name, len(one.runs)) for one in slices.found] == [("budget = a", 2), ("budget = b", 3)]
    assert slices.rule == "runs with one value of budget"


def test_a_value_of_a_column_with_several_budgets_is_refused():
    runs = _runs_of([1e18, 1e18, 1e18, 1e18, 1e19], depth=np.array([2, 2, 2, 2, 2]))
    (one,) = find_slices(runs, by="depth").found
    assert str(fit_parabola(runs, one)) == "depth = 2: its C differ by 900 %, and a slice has one budget"


def test_an_unknown_column_is_refused():
    with pytest.raises(InputError, match="by must be a column of the runs"):
        find_slices(sliced_runs(), by="budget")


@pytest.mark.parametrize("tolerance", [-0.1, 1.5, float("nan"), "0.05"])
def test_a_tolerance_is_a_number_from_0_to_1(tolerance):
    with pytest.raises(InputError, match="tolerance must be a number"):
        find_slices(sliced_runs(), tolerance)


def test_runs_without_sizes_have_no_slices():
    with pytest.raises(InputError, match="must have N and D"):
        find_slices(Runs.frontier([1e18, 1e19], [3.0, 2.5]))
