"""Grids suggested from runs."""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW, make_runs

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.suggestion import suggest_grid
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs

# Losses a hundred times and sizes a thousand times smaller: beyond the range of a fixed grid.
SMALL = ScalingLaw(E=0.012, A=0.9, B=3.0, alpha=0.45, beta=0.52)


@pytest.mark.parametrize(("law", "C"), [(LAW, (1e18, 1e21)), (SMALL, (1e10, 1e14))])
def test_suggested_grid_surrounds_the_law_and_leads_to_it(law, C):
    runs = make_runs(law=law, C=C)
    grid = suggest_grid(runs)
    for axis, value in zip(
        grid.log_axes(), (np.log(law.E), np.log(law.A), np.log(law.B), law.alpha, law.beta), strict=True
    ):
        assert axis.min() <= value <= axis.max()
    assert grid.axes["E"].max() < runs.loss.min()
    found = fit(runs, grid).law
    assert found.as_dict() == pytest.approx(law.as_dict(), rel=1e-5)


def test_without_runs_there_is_no_suggestion():
    with pytest.raises(ValueError, match="^a grid can be suggested only once there are runs: append some first$"):
        suggest_grid(Runs([], [], []))
