"""Fits of many projects at once, against fits of each alone."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from runs import LAW, make_runs

from chinchilla_nb.engine.fitting.fit import solve
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, log_huber, mse
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.results import FitStatus
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.laws.kaplan import KaplanLaw
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.many_fits import fit_many

SMALL = partial(log_huber, delta=1e-3)


def together(projects: list[Runs]) -> Runs:
    return Runs(*(np.concatenate([getattr(one, name) for one in projects]) for name in ("N", "D", "loss")))


@pytest.mark.parametrize("loss_fn", [SMALL, mse, asymmetric_mae], ids=["log_huber", "mse", "asymmetric_mae"])
@pytest.mark.parametrize("n", [12, 60])
def test_each_project_has_the_optimum_that_it_has_alone(loss_fn, n):
    projects = [make_runs(n, noise=0.02, rng=seed) for seed in range(10)]
    found = fit_many(Problem(together(projects), loss_fn=loss_fn), len(projects), LAW)
    assert set(found.status) == {FitStatus.CONVERGED}
    for runs, law in zip(projects, found.laws, strict=True):
        alone = solve(Problem(runs, loss_fn=loss_fn))
        reached = np.mean(loss_fn(runs.loss, law.loss(runs.N, runs.D)))
        assert reached <= alone.objective * (1 + 1e-8)


def test_projects_may_follow_another_law_than_the_one_that_is_fitted():
    kaplan = KaplanLaw(6.4e13, 1.8e13, 0.076, 0.103)
    projects = []
    for seed in range(2):
        runs = make_runs(30, rng=seed)
        projects.append(Runs(runs.N, runs.D, kaplan.loss(runs.N, runs.D)))
    found = fit_many(Problem(together(projects), loss_fn=mse), 2, kaplan)
    for runs, law in zip(projects, found.laws, strict=True):
        assert law.as_dict() == pytest.approx(solve(Problem(runs, loss_fn=mse)).law.as_dict())


@pytest.mark.parametrize("loss_fn", [lambda true, pred: (true - pred) ** 2, mse], ids=["own loss", "weights of zero"])
def test_what_cannot_be_fitted_together_is_fitted_alone(loss_fn):
    projects = [make_runs(20, noise=0.01, rng=seed) for seed in range(2)]
    largest = max(runs.C.max() for runs in projects)
    weight_fn = (lambda C: np.where(largest > C, 1.0, 0.0)) if loss_fn is mse else None
    found = fit_many(Problem(together(projects), loss_fn=loss_fn, weight_fn=weight_fn), 2, LAW)
    for runs, law in zip(projects, found.laws, strict=True):
        alone = solve(Problem(runs, loss_fn=loss_fn, weight_fn=weight_fn))
        assert law.as_dict() == pytest.approx(alone.law.as_dict(), rel=1e-6)


@pytest.mark.parametrize("loss_fn", [SMALL, asymmetric_mae], ids=["log_huber", "asymmetric_mae"])
def test_runs_that_determine_no_law_are_fitted_as_anyone_fits_them(loss_fn):
    """With D = 20N the terms of N and D are one: from the true law, a search finds one near it, which fits as well."""
    rng, projects = np.random.default_rng(0), []
    for _ in range(3):
        N = 10 ** rng.uniform(7, 9, 30)
        projects.append(Runs(N, 20 * N, LAW.loss(N, 20 * N) * np.exp(0.01 * rng.normal(size=30))))
    found = fit_many(Problem(together(projects), loss_fn=loss_fn), 3, LAW)
    alone = [solve(Problem(runs, loss_fn=loss_fn)) for runs in projects]
    assert [law.as_dict() for law in found.laws] == [fit.law.as_dict() for fit in alone]


@pytest.mark.parametrize("n", [3, 4])
def test_projects_of_fewer_runs_than_parameters_are_fitted_as_anyone_fits_them(n):
    """From the true law, which nearly passes through them, a search would end there."""
    projects = [make_runs(n, noise=0.05, rng=seed) for seed in range(20)]
    found = fit_many(Problem(together(projects), loss_fn=SMALL), len(projects), LAW)
    alone = [solve(Problem(runs, loss_fn=SMALL)) for runs in projects]
    assert [law.as_dict() for law in found.laws] == [fit.law.as_dict() for fit in alone]


def test_kaplans_law_and_weights_are_fitted_together():
    kaplan = KaplanLaw(6.4e13, 1.8e13, 0.076, 0.103)
    rng = np.random.default_rng(0)
    projects = []
    for seed in range(3):
        runs = make_runs(30, rng=seed)
        loss = kaplan.loss(runs.N, runs.D) * np.exp(0.01 * rng.normal(size=30))
        projects.append(Runs(runs.N, runs.D, loss))
    from chinchilla_nb.engine.laws.families import FAMILIES

    family = FAMILIES["kaplan"]
    options = {"family": family, "starts": family.starts, "loss_fn": mse, "weight_fn": np.sqrt}
    found = fit_many(Problem(together(projects), **options), 3, kaplan)
    for runs, law in zip(projects, found.laws, strict=True):
        assert law.as_dict() == pytest.approx(solve(Problem(runs, **options)).law.as_dict(), rel=1e-5)


def test_runs_without_N_and_D_are_fitted_together():
    from chinchilla_nb.engine.laws.families import FAMILIES

    law, family, rng = FrontierLaw(1.7, 2000.0, 0.16), FAMILIES["frontier"], np.random.default_rng(1)
    C = np.geomspace(1e18, 1e22, 20)
    losses = [law.loss(C) * np.exp(0.005 * rng.normal(size=20)) for _ in range(3)]
    options = {"family": family, "starts": family.starts, "loss_fn": mse}
    found = fit_many(Problem(Runs.frontier(np.tile(C, 3), np.concatenate(losses)), **options), 3, law)
    for loss, one in zip(losses, found.laws, strict=True):
        alone = solve(Problem(Runs.frontier(C, loss), **options)).law
        assert one.as_dict() == pytest.approx(alone.as_dict(), rel=1e-5)
