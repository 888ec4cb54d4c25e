"""The warning about runs far off the law."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from runs import GRID, LAW, make_runs

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, log_huber, mse
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs

LOSSES = (asymmetric_mae, partial(log_huber, delta=1e-3))


def with_losses(runs: Runs, **loss: float) -> Runs:
    """Return runs with other losses in some rows, given as r0=..., r7=..."""
    losses = runs.loss.copy()
    for row, value in loss.items():
        losses[int(row[1:])] = value
    return Runs(runs.N, runs.D, losses)


def said(runs: Runs, loss_fn, law: str = "chinchilla") -> list[str]:
    found = fit(runs, GRID, loss_fn=loss_fn) if law == "chinchilla" else fit(runs, law=law, loss_fn=loss_fn)
    return [str(warning) for warning in found.warnings if warning.code == "outliers"]


@pytest.mark.parametrize("loss_fn", LOSSES)
def test_crashed_runs_are_named_with_their_errors(loss_fn):
    runs = make_runs(40, noise=0.02)
    true = LAW.loss(runs.N, runs.D)
    (warning,) = said(with_losses(runs, r3=true[3] + 4.9, r20=true[20] + 1.1), loss_fn)
    assert warning.startswith("2 runs lie far off the law of most runs: the losses ")
    assert f"{true[3] + 4.9:.3g} and {true[20] + 1.1:.3g} are off by 4." in warning
    assert warning.endswith("check them, and exclude what crashed or diverged")


def test_a_single_outlier_is_one_run():
    runs = make_runs(40, noise=0.005)
    (warning,) = said(with_losses(runs, r3=1.5 * runs.loss[3]), LOSSES[1])
    assert warning.startswith("a run lies far off the law of most runs: the loss ")


@pytest.mark.parametrize(
    ("loss_fn", "share"), [(loss_fn, share) for loss_fn in LOSSES for share in (0.125, 0.3)] + [(mse, 0.125)]
)
def test_crashed_runs_are_counted_however_many(loss_fn, share):
    """Also by least squares, which they pull away from the others."""
    runs, draws = make_runs(40, noise=0.003), np.random.default_rng(1)
    crashed = draws.permutation(40)[: round(40 * share)]
    losses = {f"r{row}": runs.loss[row] + draws.uniform(0.8, 1.2) for row in crashed}
    (warning,) = said(with_losses(runs, **losses), loss_fn)
    assert warning.startswith(f"{len(crashed)} runs lie far off the law of most runs: ")


def test_the_smallest_runs_are_outliers_though_they_pull_the_law():
    runs = make_runs(42, noise=0.003)
    smallest = np.argsort(runs.N)[:8]
    losses = {f"r{row}": runs.loss[row] + off for row, off in zip(smallest, np.linspace(0.8, 1.2, 8), strict=True)}
    (warning,) = said(with_losses(runs, **losses), LOSSES[1])
    assert warning.startswith("8 runs lie far off the law of most runs: ")


@pytest.mark.parametrize("loss_fn", LOSSES)
@pytest.mark.parametrize("noise", ["none", "normal", "exponential"])
def test_clean_runs_have_no_outliers(noise, loss_fn):
    runs = make_runs(60)
    draws = np.random.default_rng(3)
    factor = {"none": 1.0, "normal": np.exp(draws.normal(0, 0.01, 60)), "exponential": 1 + draws.exponential(0.01, 60)}
    assert not said(Runs(runs.N, runs.D, runs.loss * factor[noise]), loss_fn)


def test_another_law_for_many_runs_is_not_outliers():
    """A quarter of the runs follow a law with a floor of 3.2 instead of 1.69: no single run is to blame."""
    other = ScalingLaw(E=3.2, A=LAW.A, B=LAW.B, alpha=LAW.alpha, beta=LAW.beta)
    runs = make_runs(40, noise=0.002)
    theirs = other.loss(runs.N, runs.D)
    assert not said(with_losses(runs, **{f"r{row}": theirs[row] for row in range(0, 40, 4)}), LOSSES[1])


def test_losses_that_are_rounded_have_no_outliers():
    runs = make_runs(40)
    assert not said(Runs(runs.N, runs.D, np.round(runs.loss, 3)), LOSSES[1])
