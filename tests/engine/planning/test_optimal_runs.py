"""Compute-optimal runs for sizes and budgets, against closed forms and table 3 of Hoffmann et al. 2022."""

from __future__ import annotations

import numpy as np
import pytest
from runs import GRID, LAW, make_runs

from chinchilla_nb.engine.compute.product import ProductCompute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.optimal_runs import optimal_runs
from chinchilla_nb.engine.uncertainty.estimate import estimate_uncertainty

EXACT = fit(make_runs(), GRID, mse)
NOISY = fit(make_runs(noise=0.01), GRID, mse)
DRAWS = estimate_uncertainty(NOISY, "pairs", 200, 0)
HARDWARE = Hardware(1e15, 100, 0.5, 2.0)


def test_each_size_is_the_optimum_of_its_own_budget():
    found = optimal_runs(EXACT, N=[1e9, 70e9])
    G = (LAW.alpha * LAW.A / (LAW.beta * LAW.B)) ** (1 / (LAW.alpha + LAW.beta))
    # N* = G (C/6)^a with a = beta / (alpha + beta): Hoffmann et al. 2022, equation 4, solved for C.
    C = 6 * (found.N / G) ** ((LAW.alpha + LAW.beta) / LAW.beta)
    np.testing.assert_allclose(found.C, C, rtol=1e-4)
    np.testing.assert_allclose(found.D, C / 6 / found.N, rtol=1e-4)
    np.testing.assert_allclose(found.loss, LAW.loss(found.N, found.D), rtol=1e-6)


def test_without_sizes_and_budgets_the_chosen_budget_is_among_the_rows():
    largest = EXACT.runs.C.max()
    np.testing.assert_allclose(optimal_runs(EXACT).C, largest * np.array([1, 10, 100, 1000]))
    planned = optimal_runs(EXACT, budget=250 * largest)
    np.testing.assert_allclose(planned.C, largest * np.array([1, 10, 100, 250, 1000]))
    assert len(optimal_runs(EXACT, budget=10.01 * largest).C) == 4  # the same when it is chosen in three digits
    assert optimal_runs(EXACT, C=[1e20], budget=1e24).C.tolist() == [1e20]


def test_budgets_and_sizes_are_two_ways_into_one_table():
    budgets = optimal_runs(NOISY, C=[1e20, 1e24])
    sizes = optimal_runs(NOISY, N=budgets.N)
    for name in ("D", "C", "loss"):
        np.testing.assert_allclose(getattr(sizes, name), getattr(budgets, name), rtol=1e-9)


def test_days_and_cost_are_those_of_the_compute():
    columns = optimal_runs(EXACT, C=[4.32e24], hardware=HARDWARE).columns
    # 100 devices at half of 1e15 FLOP/s deliver 4.32e21 FLOPs a day; 100 x 24 x 2.0 a day.
    np.testing.assert_allclose(columns["days"], 1000)
    np.testing.assert_allclose(columns["cost"], 4.8e6)
    no_price = optimal_runs(EXACT, C=[1e24], hardware=Hardware(1e15, 100, 0.5)).columns
    assert "days" in no_price
    assert "cost" not in no_price


def test_intervals_are_quantiles_of_what_each_drawn_law_answers():
    """Independent of the code: at the median of the draws, D of a size is that of the closed form of each law."""
    found = optimal_runs(NOISY, N=[1e9], uncertainty=DRAWS, level=0.5, hardware=HARDWARE)
    G = [(law.alpha * law.A / (law.beta * law.B)) ** (1 / (law.alpha + law.beta)) for law in DRAWS.laws]
    D = np.array([(1e9 / g) ** (law.alpha / law.beta) / g for g, law in zip(G, DRAWS.laws, strict=True)])
    low, high = (float(end[0]) for end in found.ends["D"])
    # Somewhat wider than the quartiles, by the degrees of freedom that the parameters used up.
    assert np.quantile(D, 0.2) < low < np.quantile(D, 0.26)
    assert np.quantile(D, 0.74) < high < np.quantile(D, 0.8)
    columns = found.columns
    for end in ("low", "high"):
        D_end = columns[f"D_{end}"]
        np.testing.assert_allclose(columns[f"C_{end}"], 6e9 * D_end)
        np.testing.assert_allclose(columns[f"tokens_per_parameter_{end}"], D_end / 1e9)
        np.testing.assert_allclose(columns[f"cost_{end}"], HARDWARE.cost(6e9 * D_end))


def test_what_is_given_has_no_interval():
    of_sizes = optimal_runs(NOISY, N=[1e9], uncertainty=DRAWS).columns
    of_budgets = optimal_runs(NOISY, C=[1e21], uncertainty=DRAWS, hardware=HARDWARE).columns
    assert "N_low" not in of_sizes
    assert {"N_low", "D_high", "loss_low"} <= set(of_budgets)
    assert not {"C_low", "days_low", "cost_low"} & set(of_budgets)


def test_intervals_without_a_limit_stay_without_one():
    few = fit(make_runs(4, noise=0.01), GRID, mse)
    ends = optimal_runs(few, N=[1e9], uncertainty=estimate_uncertainty(few, "sandwich"), hardware=HARDWARE).columns
    assert [ends[f"{name}_low"][0] for name in ("D", "C", "days")] == [0, 0, 0]
    assert np.isinf([ends[f"{name}_high"][0] for name in ("D", "C", "days")]).all()


def test_the_compute_convention_is_that_of_the_runs():
    kappa = fit(make_runs().under(ProductCompute(8.0)), GRID, mse)
    found = optimal_runs(kappa, C=[1e22])
    np.testing.assert_allclose(8 * found.N * found.D, 1e22, rtol=1e-9)
    np.testing.assert_allclose(found.N, allocate(kappa.law, 1e22 * 6 / 8)[0], rtol=1e-9)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"N": [1e9], "C": [1e20]}, "give either N, the model sizes, or C, the budgets, not both"),
        ({"N": []}, "N must be 1 to 1,000 numbers, got 0"),
        ({"N": [[1e9]]}, "N must be 1 to 1,000 numbers, got an array of shape"),
        ({"N": [0.0]}, "N must be positive"),
        ({"C": [1e20, np.nan]}, "C must be"),
        ({"C": [1.0]}, "C must have an optimum of at least one parameter"),
        ({"N": [1e9], "level": 2}, "level must be a number between 0 and 1"),
        ({"N": [1e9], "uncertainty": DRAWS}, "uncertainty must be of the fit"),
        ({"N": [1e9], "hardware": 3}, "hardware must be"),
    ],
)
def test_what_gives_no_table_is_refused(given, message):
    with pytest.raises(InputError) as error:
        optimal_runs(EXACT, **given)
    assert message in str(error.value)


def test_a_law_of_compute_alone_has_no_such_runs():
    frontier = fit(make_runs(noise=0.01), law="frontier", loss_fn=mse)
    with pytest.raises(InputError, match="must be a function of N and D"):
        optimal_runs(frontier, N=[1e9])
