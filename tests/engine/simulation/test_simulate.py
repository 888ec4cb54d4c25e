"""Simulations run by run, and studies of many simulations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chinchilla_nb.engine.fitting.fit import iter_fit
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.simulation.seeds_study import SeedsStudyProgress
from chinchilla_nb.engine.simulation.simulate import Procedure, Task, iter_simulation

LAW = KNOWN_LAWS["Hoffmann et al. 2022"]
REGIME = SeedRegime((1e18, 1e21), (5.0, 100.0))
GRID = StartGrid({"E": [1.0, 2.0], "A": [100, 1000], "B": [100, 1000], "alpha": [0.3, 0.5], "beta": [0.3, 0.5]})


def FIT(runs):
    return iter_fit(Problem(runs, starts=GRID, loss_fn=mse))


def watched(seeds: int, scalings: int, **options):
    task = options.pop("task", Task(LAW, size=0.0))
    procedure = Procedure(REGIME, seeds, scalings, 10.0)
    return list(iter_simulation(procedure, task, FIT, np.random.default_rng(options.pop("seed", 0)), **options))


def test_every_run_is_reported_once_and_a_noiseless_law_is_found():
    states = watched(8, 2)
    after = [state for state in states if state.stage != "fitting"]
    assert [state.done for state in after] == list(range(1, 11))
    assert [state.stage for state in after] == ["seeding"] * 8 + ["scaling"] * 2
    assert [len(state.runs) for state in after] == list(range(1, 11))
    assert [len(made.runs) for made in after[-1].fits] == [6, 7, 8, 9, 10]
    assert after[-1].fit.law.as_dict() == pytest.approx(LAW.as_dict(), rel=1e-4)
    np.testing.assert_allclose(after[-1].runs.loss, LAW.loss(after[-1].runs.N, after[-1].runs.D))
    assert REGIME.contains(after[-1].runs.N, after[-1].runs.D).tolist() == [True] * 8 + [False] * 2
    # Ten times the regime's largest compute, then ten times that.
    np.testing.assert_allclose(after[-1].runs.C[8:], [1e22, 1e23], rtol=1e-6)


def test_fits_become_less_frequent_as_seeds_accumulate():
    counts = [len(made.runs) for made in watched(60, 0)[-1].fits]
    assert counts[:4] == [6, 7, 8, 9]
    assert counts[-1] == 60
    assert all(b >= 1.05 * a for a, b in itertools.pairwise(counts[:-1]))


def test_unwatched_simulations_are_fitted_only_where_necessary():
    assert [len(made.runs) for made in watched(20, 2, watch=False)[-1].fits] == [20, 21, 22]
    assert [len(made.runs) for made in watched(20, 0, watch=False)[-1].fits] == [20]


def test_quartiles_are_over_the_simulations_made():
    errors = np.array([[1.0, np.nan], [3.0, np.inf], [2.0, 0.5], [4.0, np.inf]])
    quartiles = SeedsStudyProgress(7, 8, np.array([5, 10]), errors).quartiles()
    np.testing.assert_array_equal(quartiles[:, 0], [1, 2, 3])
    np.testing.assert_array_equal(quartiles[:, 1], [0.5, np.inf, np.inf])
