"""Laws minimised along lines of the lattice: which become starts, and which lines are given up."""

from __future__ import annotations

import numpy as np
import pytest
from runs import GRID, make_runs

from chinchilla_nb.engine.fitting.lattice import profiled_lattice
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, mae, residual_loss
from chinchilla_nb.engine.fitting.newton import newton_from_each
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.profiles import Profiles
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA

EXPONENTS, FLOORS = (3, 4), (0,)
WIDTHS = [0.2 * 5.0**-level for level in range(6)]


def profiles_of(loss_fn, runs):
    box = CHINCHILLA.coordinates(runs, {})
    objective = Objective.of(Problem(runs), residual_loss(loss_fn), box)
    lattice = profiled_lattice(objective)
    return Profiles.along(lattice, objective, WIDTHS[0], box, EXPONENTS, FLOORS), box.theta(GRID.points())


@pytest.mark.parametrize("loss_fn", [mae, asymmetric_mae])
@pytest.mark.parametrize("seed", range(4))
def test_no_law_on_a_line_that_is_given_up_is_better_than_the_best_known(loss_fn, seed):
    every, grid = profiles_of(loss_fn, make_runs(30, noise=0.01, rng=seed))
    kept, known = every, grid
    for width in WIDTHS[1:]:
        known = np.concatenate([known, kept.theta])
        kept = kept.below(known).narrowed(width)
        every = every.narrowed(width)
    assert 0 < len(kept) < len(every)
    given_up = ~np.isin(every.place, kept.place)
    assert every.objective.value(every.theta[given_up]).min() > every.objective.value(known).min()


def test_a_law_beside_a_better_one_is_no_start():
    profiles, grid = profiles_of(mae, make_runs(30, noise=0.03))
    starts = profiles.minima(grid[:0])
    ends = np.array([one.theta for one in newton_from_each(profiles.smooth, starts, profiles.box)])
    left = profiles.minima(ends)
    assert len(left) < len(starts)
    for law in left:
        lower = ends[profiles.smooth.value(ends) < profiles.smooth.value(law)]
        # Lines of the lattice are a factor of 1.39 apart.
        ratio = np.exp(np.abs(np.log(lower[:, [*EXPONENTS]] / law[[*EXPONENTS]])))
        assert (ratio > 1.39).any(axis=1).all()


def test_a_law_whose_irreducible_loss_should_grow_is_no_start():
    profiles, grid = profiles_of(mae, make_runs(30, noise=0.001))
    without = profiles.fixed[:, 0]
    assert without.any()
    laws, starts = profiles.theta[without], profiles.minima(grid[:0])
    assert (profiles.smooth.derivatives(laws).gradient[:, 0] < 0).all()
    assert not (laws[:, None] == starts).all(axis=-1).any()
