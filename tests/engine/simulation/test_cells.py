"""One cell of a study, against simulations and fits made one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import solve
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.cell_intervals import Intervals
from chinchilla_nb.engine.simulation.cells import IMPOSSIBLE, NO_OPTIMUM, Cell, Projects, measured
from chinchilla_nb.engine.simulation.designs import RandomSeeds
from chinchilla_nb.engine.simulation.noise import Noise
from chinchilla_nb.engine.simulation.study import Study, iter_study

REGIME = SeedRegime((1e18, 1e21), (5.0, 100.0))
FITTED = Problem(Runs([], [], []), loss_fn=mse)
TARGETS = np.array([1e22, 1e24])


def cell(seeds: int = 20, factor: float | None = None, law: ScalingLaw = LAW, noise: float = 0.02, **changed) -> Cell:
    scalings = changed.pop("scalings", int(factor is not None))
    made = {"design": RandomSeeds(REGIME), "problem": FITTED, **changed}
    return Cell({}, law, Noise("normal", noise), made["design"], seeds, scalings, factor, made["problem"])


def test_a_scaled_project_is_what_it_is_when_made_step_by_step():
    asked = cell(20, factor=10.0, scalings=2)
    found = measured(asked, [3], 7, TARGETS)
    projects = Projects.of(asked, [3], 7)
    N, D, loss = (list(getattr(projects, name)[0]) for name in ("N", "D", "loss"))
    assert REGIME.contains(np.array(N), np.array(D)).all()
    for step in (1, 2):
        law = solve(Problem(Runs(N, D, loss), loss_fn=mse)).law
        best = allocate(law, 10.0**step * 1e21)
        N.append(float(np.round(best[0])))
        D.append(float(np.round(10.0**step * 1e21 / 6 / N[-1])))
        loss.append(float(LAW.loss(N[-1], D[-1]) + projects.noise[0, 19 + step]))
    alone = solve(Problem(Runs(N, D, loss), loss_fn=mse)).law
    assert [found[name][0] for name in alone.as_dict()] == pytest.approx(list(alone.as_dict().values()), rel=1e-4)
    assert found["N"][0] == pytest.approx(allocate(alone, TARGETS)[0], rel=1e-4)
    assert found["N_error"][0] == pytest.approx(np.log(found["N"][0] / allocate(LAW, TARGETS)[0]))
    assert found["D_error"][0] == pytest.approx(-found["N_error"][0])
    true_loss = LAW.loss(found["N"][0], found["D"][0])
    # The compute that would have been enough for that loss: the optimum of (1 - share) C has the same loss.
    enough = TARGETS * (1 - found["deadweight_share"][0])
    assert LAW.loss(*allocate(LAW, enough)) == pytest.approx(true_loss, rel=1e-12)


def test_fewer_seeds_are_the_first_of_more_and_repetitions_do_not_depend_on_each_other():
    few, many = (Projects.of(cell(count), [0, 1], 0) for count in (5, 9))
    np.testing.assert_array_equal(few.loss, many.loss[:, :5])
    np.testing.assert_array_equal(Projects.of(cell(5), [1], 0).loss[0], few.loss[1])
    quieter = Projects.of(cell(5, noise=0.01), [0], 0)
    np.testing.assert_allclose(quieter.noise[0], few.noise[0] / 2)


def test_without_noise_the_law_is_found():
    found = measured(cell(10, noise=0.0), range(3), 0, TARGETS)
    assert np.abs(found["N_error"]).max() < 1e-6
    assert np.abs(found["a_error"]).max() < 1e-6
    assert found["deadweight_share"].max() < 1e-10


def test_a_project_whose_law_has_no_optimum_ends_and_says_so():
    without_data = Problem(Runs([], [], []), loss_fn=mse, bounds={"beta": (0.0, 0.0)})
    found = measured(cell(8, 10.0, problem=without_data), range(4), 0, TARGETS)
    assert set(found["status"]) == {NO_OPTIMUM}
    assert np.isnan(found["N"]).all()


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    found = measured(cell(40), range(60), 0, TARGETS[:1], Intervals("sandwich"))
    best = float(allocate(LAW, 1e22)[0])
    held = np.mean((found["N_low"] <= best) & (best <= found["N_high"]))
    # 95 % of 60, give or take three standard deviations of a binomial count.
    assert 0.95 - 3 * np.sqrt(0.95 * 0.05 / 60) <= held


def test_noise_that_makes_a_loss_negative_is_refused():
    with pytest.raises(InputError, match="noise must leave losses positive and finite"):
        measured(cell(20, law=ScalingLaw(0.1, 1.0, 1.0, 0.3, 0.3), noise=1.0), range(3), 0, TARGETS)


def test_large_projects_are_fitted_in_smaller_pieces():
    study = Study((cell(10), cell(30_000)), TARGETS, 60, 0)
    sizes = {index: [piece.count for piece in study.pieces if piece.cell == index] for index in (0, 1)}
    assert sizes == {0: [50, 10], 1: [1] * 60}
    assert study.total == sum(piece.count for piece in study.pieces)


def test_progress_counts_only_what_is_asked_of_what_is_known():
    longer, asked = (Study((cell(10),), TARGETS, repetitions, 0) for repetitions in (170, 60))
    first = next(iter_study(asked, longer.pieces))
    assert (first.done, first.total) == (50, 60)  # the first fifty are known, the last ten are a piece of their own


def test_a_project_ends_at_a_scaled_run_with_an_impossible_loss():
    def noise(rng, count):
        return np.where(np.arange(count) < 8, rng.normal(0, 0.02, count), -10.0 * (rng.random() < 0.5))

    asked = Cell({}, LAW, noise, RandomSeeds(REGIME), 8, 1, 10.0, FITTED)
    found = measured(asked, range(12), 0, TARGETS)
    failed = found["status"] == IMPOSSIBLE
    assert 0 < failed.sum() < 12
    before = measured(cell(8), range(12), 0, TARGETS)
    np.testing.assert_allclose(found["N"][failed], before["N"][failed], rtol=1e-5)  # the law of the seeds
