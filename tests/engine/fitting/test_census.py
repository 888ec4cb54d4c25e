"""The engine's fits compared with the optima of the census, which a search without code of the engine found.

`tests/benchmarks/bench_optima.py` compares every fit of the census; here are a few of each kind.
"""

from __future__ import annotations

from itertools import islice

import pytest
from bench_optima import outcome_of
from optima.objective import feasible, objective_of
from optima.problems import agenda, case_of
from optima.store import read

from chinchilla_nb.engine.fitting.results import FitStatus

BESTS = read()
SAMPLES = {"plain": 30, "bounds": 20, "weights": 20, "custom": 6, "kaplan": 20}
"""Fits of each kind; those of custom losses take the longest."""
HARD = [
    ("plain", 6, "asymmetric_mae"),
    ("plain", 14, "mse"),
    ("plain", 28, "mae"),
    ("plain", 55, "asymmetric_mae"),
    ("plain", 57, "mae"),
    ("plain", 62, "mse"),
    ("plain", 67, "huber"),
    ("plain", 103, "asymmetric_mae"),
    ("plain", 110, "mse"),
    ("plain", 145, "asymmetric_mae"),
    ("plain", 150, "huber"),
    ("plain", 217, "asymmetric_mae"),
    ("plain", 234, "mae"),
    ("plain", 244, "mse"),
    ("plain", 246, "log_huber"),
    ("plain", 254, "huber"),
    ("plain", 313, "mae"),
    ("plain", 324, "huber"),
    ("plain", 328, "asymmetric_mae"),
    ("bounds", 131, "asymmetric_mae"),
    ("bounds", 161, "asymmetric_mae"),
    ("weights", 41, "asymmetric_mae"),
    ("weights", 61, "asymmetric_mae"),
    ("weights", 85, "mae"),
    ("weights", 95, "mae"),
    ("weights", 101, "asymmetric_mae"),
    ("weights", 131, "asymmetric_mae"),
    ("weights", 146, "asymmetric_mae"),
    ("kaplan", 30, "mae"),
]
"""Problems in which fits of version 0.1.0 were in a worse minimum, at a point that was none, or lost a steep term."""


def falsely_converged(keys):
    """Return the problems whose fit says it converged, but is above the known optimum, and how far."""
    outcomes = (outcome_of(key, BESTS[key]) for key in keys)
    return [(one.key, one.excess) for one in outcomes if one.above and one.status == FitStatus.CONVERGED.value]


def test_every_problem_has_an_optimum():
    assert BESTS.keys() == set(agenda())


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_law_of_each_optimum_is_feasible_and_has_its_objective(kind):
    for key, best in BESTS.items():
        if key[0] == kind:
            case = case_of(*key)
            assert objective_of(case, best.law) == pytest.approx(best.objective, rel=1e-9, abs=1e-13), key
            assert feasible(case, best.law), key


@pytest.mark.parametrize("kind", SAMPLES)
def test_no_fit_that_says_converged_is_above_the_known_optimum(kind):
    keys = islice((key for key in agenda() if key[0] == kind), SAMPLES[kind])
    assert not falsely_converged(keys)


def test_problems_with_several_minima_or_flat_valleys_are_solved():
    assert not falsely_converged(HARD)
