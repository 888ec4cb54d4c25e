"""Valleys that hold several optima of a kinked loss, and the best laws that a search without the engine found.

The fits of version 0.1.0 and of the search that followed it said converged at a worse optimum.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from optima.problems import case_of

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, mae
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs

VALLEYS = Path(__file__).with_name("valleys")


def stored(name):
    """Return the runs of a file."""
    return Runs(*np.loadtxt(VALLEYS / f"{name}.csv", delimiter=",", skiprows=1).T)


def generated(seed, loss="mae"):
    """Return the runs of a problem of the census's kind, beyond its seeds."""
    case = case_of("plain", seed, loss)
    return Runs(case.N, case.D, case.loss)


PROBLEMS = {
    # Either term can stand for the other.
    "ten runs along a line": (
        stored("ten_runs_along_a_line"),
        partial(asymmetric_mae, w=1.5),
        (0.0, 0.00011343558065389034, 0.00010180866846740884, 0.19939973047054446, 0.1428868252061321),
    ),
    # The objective hardly depends on beta.
    "a steep term": (
        stored("steep_term"),
        asymmetric_mae,
        (1.1194579387980377e-05, 97088235248.0595, 9.028690651210259e77, 1.5424819344273017, 8.384598384818666),
    ),
    # Five of the seven residuals are zero, so that their median says nothing about the noise.
    "hardly more runs than parameters": (
        generated(1117),
        mae,
        (2.0876618799711553, 198626.1472422507, 1352.8820222709246, 0.6890889309277144, 0.3321938169672465),
    ),
    # The losses of nine runs along a line range from 0.5 to 43,000, and the residuals are below 0.1.
    "a narrow valley": (
        generated(1101, "asymmetric_mae"),
        partial(asymmetric_mae, w=10.0),
        (0.4169377420267987, 2.880843241070679e72, 3.971169457273673e32, 10.0, 3.2068926250283605),
    ),
    "many runs and a steep term": (
        generated(1006),
        mae,
        (2.6578767640512555, 25563351.9830387, 3.2314369962605554e39, 0.789247026373507, 3.4402213228756175),
    ),
}


@pytest.mark.parametrize(("runs", "loss", "best"), PROBLEMS.values(), ids=PROBLEMS)
def test_no_law_known_is_below_the_fit(runs, loss, best):
    known = loss(runs.loss, ScalingLaw(*best).loss(runs.N, runs.D)).mean()
    assert fit(runs, loss_fn=loss).objective <= known * (1 + 1e-9)
