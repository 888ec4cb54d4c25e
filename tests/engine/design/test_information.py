"""What one more run adds to the information of others."""

import numpy as np
import pytest

from chinchilla_nb.engine.design.information import Information, Observations


def some_runs(n: int = 12, laws: int = 1, rng: int = 0) -> Observations:
    """Return random runs whose curvatures and variances differ."""
    generator = np.random.default_rng(rng)
    slope = generator.normal(size=(laws, n, 4))
    return Observations(slope, *generator.uniform(0.5, 5, size=(2, laws, n)))


def first(runs: Observations, n: int) -> Observations:
    return Observations(runs.slope[:, :n], runs.curvature[:, :n], runs.noise[:, :n])


def sandwich(runs: Observations, law: int) -> np.ndarray:
    """The covariance from the definition, without updates."""
    slope, curvature, noise = runs.slope[law], runs.curvature[law], runs.noise[law]
    hessian = np.eye(4) + sum(h * np.outer(v, v) for h, v in zip(curvature, slope, strict=True))
    scores = np.eye(4) + sum(g * np.outer(v, v) for g, v in zip(noise, slope, strict=True))
    return np.linalg.inv(hessian) @ scores @ np.linalg.inv(hessian)


def test_a_run_that_is_added_changes_the_variance_as_the_sum_over_all_runs_does():
    runs, target = some_runs(laws=3), np.array([[1.0, -2.0, 0.5, 3.0]] * 3)
    predicted = Information.of(first(runs, 11)).variance_with(runs, target)[:, 11]
    expected = [target[law] @ sandwich(runs, law) @ target[law] for law in range(3)]
    assert predicted == pytest.approx(expected, rel=1e-10)
    added = Information.of(first(runs, 11)).plus(runs, 11)
    assert added.variance(target) == pytest.approx(expected, rel=1e-10)


def test_a_run_that_is_removed_leaves_what_the_others_tell():
    runs, target = some_runs(), np.array([[1.0, -2.0, 0.5, 3.0]])
    left = Information.of(runs).plus(runs, 11, -1)
    assert left.variance(target) == pytest.approx(Information.of(first(runs, 11)).variance(target), rel=1e-10)


def test_weights_that_fit_the_noise_give_the_inverse_of_the_fisher_information():
    runs = some_runs()
    efficient = Observations(runs.slope, runs.noise, runs.noise)
    fisher = np.eye(4) + (runs.slope[0] * runs.noise[0][:, None]).T @ runs.slope[0]
    target = np.array([1.0, -2.0, 0.5, 3.0])
    expected = target @ np.linalg.inv(fisher) @ target
    assert Information.of(efficient).variance(target[None])[0] == pytest.approx(expected, rel=1e-10)


def test_sets_of_runs_are_considered_apart():
    runs, target = some_runs(laws=2), np.array([1.0, -2.0, 0.5, 3.0])
    apart = Information.of(runs.in_sets(3)).variance(np.broadcast_to(target, (2, 3, 4)))
    second = Observations(runs.slope[:, 4:8], runs.curvature[:, 4:8], runs.noise[:, 4:8])
    assert apart.shape == (2, 3)
    assert apart[1, 1] == pytest.approx(target @ sandwich(second, 1) @ target, rel=1e-10)
