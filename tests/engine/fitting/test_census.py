"""The engine's fits compared with the optima of the census, which a search without code of the engine found.

`tests/benchmarks/bench_optima.py` compares every fit of the census; here are a few of each kind.
"""

from __future__ import annotations

from itertools import islice

import pytest
from bench_optima import TOLERANCE, outcome_of
from optima.objective import feasible, objective_of
from optima.problems import agenda, case_of
from optima.store import read

from chinchilla_nb.engine.fitting.results import FitStatus

BESTS = read()
SAMPLES = {"plain": 40, "bounds": 30, "weights": 30, "custom": 8, "kaplan": 30}
"""Fits of each kind; those of custom losses take the longest."""


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
    outcomes = [outcome_of(key, BESTS[key]) for key in keys]
    above = [(one.key, one.excess) for one in outcomes if one.above and one.status == FitStatus.CONVERGED.value]
    assert not above, f"more than {TOLERANCE:g} above: {above}"
