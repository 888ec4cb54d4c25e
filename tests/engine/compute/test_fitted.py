"""The compute of runs as a power law: recovered, with errors that cover, and refused where the runs cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from chinchilla_nb.engine.compute.fitted import fitted_compute, measured_compute
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs

TRUE = PowerCompute(9.5, 0.96, 1.01)


def runs_of(N, D, C) -> Runs:
    return Runs(N, D, np.full(len(np.atleast_1d(N)), 3.0), C)


def grid(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return np.exp(rng.uniform(16, 22, n)), np.exp(rng.uniform(19, 25, n))


def test_an_exact_power_law_is_recovered() -> None:
    N, D = grid(12, np.random.default_rng(1))
    found = fitted_compute(runs_of(N, D, TRUE.C(N, D)))
    assert (found.compute.k, found.compute.p, found.compute.q) == pytest.approx((9.5, 0.96, 1.01), rel=1e-9)
    assert found.largest_residual < 1e-12
    assert found.p_error < 1e-12


def test_the_standard_errors_cover() -> None:
    """With normal errors of log C, the estimate divided by its error follows Student's t with n - 3 degrees."""
    rng, n = np.random.default_rng(2), 10
    reach, inside = student.ppf(0.975, n - 3), []
    for _ in range(2000):
        N, D = grid(n, rng)
        found = fitted_compute(runs_of(N, D, TRUE.C(N, D) * np.exp(rng.normal(0, 0.05, n))))
        inside += [abs(found.compute.p - 0.96) <= reach * found.p_error]
        inside += [abs(found.compute.q - 1.01) <= reach * found.q_error]
    # 4,000 checks of .95: three standard errors of the rate are about .0146 if pairs were one.
    assert np.mean(inside) == pytest.approx(0.95, abs=0.0146)


def test_the_largest_residual_is_that_of_the_run_furthest_off() -> None:
    N, D = np.array([1e7, 1e7, 1e9, 1e9, 1e7, 1e9]), np.array([1e9, 1e11, 1e9, 1e11, 1e10, 1e10])
    C = 6 * N * D * np.array([1, 1, 1, 1, 1.3, 1.3])  # off in the middle of D: log C is off by ln 1.3 * (-1/3, 2/3)
    found = fitted_compute(runs_of(N, D, C))
    assert found.largest_residual == pytest.approx(1.3 ** (2 / 3) - 1)
    assert "6 runs" in str(found)


def test_runs_of_one_ratio_are_refused_by_name() -> None:
    N = np.geomspace(1e7, 1e9, 8)
    with pytest.raises(InputError, match="vary only together.*measured"):
        fitted_compute(runs_of(N, 20 * N, 7 * N * 20 * N))
    with pytest.raises(InputError, match="vary only together"):
        fitted_compute(runs_of(N, np.full(8, 1e9), 7 * N * 1e9))


def test_fewer_than_four_runs_are_refused() -> None:
    with pytest.raises(InputError, match="at least 4 runs.*got 3"):
        fitted_compute(runs_of([1e7, 2e7, 1e8], [1e9, 1e9, 3e9], [1e17, 2e17, 3e18]))
    with pytest.raises(InputError, match="at least 1 run"):
        measured_compute(runs_of([], [], []))


def test_compute_that_falls_with_N_is_refused() -> None:
    N, D = grid(9, np.random.default_rng(3))
    with pytest.raises(InputError, match="must grow with N and with D"):
        fitted_compute(runs_of(N, D, 1e30 * D / N))


def test_measured_is_the_geometric_mean() -> None:
    found = measured_compute(runs_of([1e7, 1e8], [1e9, 1e9], [6e16, 24e17 / 4 * 4]))
    assert found.compute.kappa == pytest.approx(12)  # of 6 and 24
    assert (found.low, found.high) == pytest.approx((6, 24))
