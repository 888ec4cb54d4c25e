"""Grids suggested by runs."""

from __future__ import annotations

import numpy as np
import pytest

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.suggestion import suggest_grid
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs

LAWS = [
    ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28),
    # Losses a hundred times smaller, sizes a thousand times smaller: nothing that a fixed grid was made for.
    ScalingLaw(E=0.012, A=0.9, B=3.0, alpha=0.45, beta=0.52),
]


def runs_of(law: ScalingLaw, low: float, high: float) -> Runs:
    rng = np.random.default_rng(3)
    C, ratio = 10 ** rng.uniform(low, high, 40), 10 ** rng.uniform(0.5, 2, 40)
    N = np.sqrt(C / 6 / ratio)
    return Runs(N, C / 6 / N, law.loss(N, C / 6 / N))


@pytest.mark.parametrize(("law", "decades"), [(LAWS[0], (18, 21)), (LAWS[1], (10, 14))])
def test_suggested_grid_surrounds_the_law_and_leads_to_it(law, decades):
    runs = runs_of(law, *decades)
    grid = suggest_grid(runs)
    for axis, value in zip(
        grid.log_axes(), (np.log(law.E), np.log(law.A), np.log(law.B), law.alpha, law.beta), strict=True
    ):
        assert axis.min() <= value <= axis.max()
    assert grid.axes["E"].max() < runs.loss.min()
    found = fit(runs, grid).law
    assert found.as_dict() == pytest.approx(law.as_dict(), rel=1e-5)


def test_without_runs_it_says_what_is_missing():
    with pytest.raises(ValueError, match="once there are runs"):
        suggest_grid(Runs([], [], []))
