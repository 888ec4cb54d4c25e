"""Simulations: seeds and scaled runs on a law that is known."""

from __future__ import annotations

import copy
import itertools
import pickle
import random

import numpy as np
import pytest
from runs import AXES

from chinchilla_nb import Chinchilla, ScalingLaw, Simulator
from chinchilla_nb.engine.fitting.losses import mse

RANGES = {"C": (1e18, 1e20), "N_to_D": (5, 100)}
TARGET = {"E": 1.69337368, "A": 406.401018, "B": 410.722827, "alpha": 0.33917084, "beta": 0.2849083}


@pytest.fixture
def make(tmp_path):
    def make(**changes):
        arguments = {"project_dir": tmp_path, "param_grid": AXES, "seed_ranges": RANGES, "loss_fn": mse, "rng": 0}
        return Chinchilla(**{**arguments, "log_level": 50, "scaling_factor": 10, **changes})

    return make


def test_without_noise_the_target_is_found_again(make):
    sim = make().simulate(30, 2, noise_generator=None)
    assert isinstance(sim, Simulator)
    for name, value in TARGET.items():
        assert sim.get_params()[name] == pytest.approx(value, rel=1e-4), name
    assert len(sim.database.df) == 32
    # The factor applies to the largest compute so far: twice in a row from the end of the seed regime.
    np.testing.assert_allclose(sim.database.df["C"].to_numpy()[-2:], [1e21, 1e22], rtol=1e-6)
    assert not sim.session.stale


def test_losses_are_the_target_plus_the_noise(make):
    law = ScalingLaw(2, 100, 200, 0.3, 0.4)
    sim = make().simulate(5, 0, target_params=law.as_dict(), noise_generator=itertools.cycle([0.25, 0.5]))
    df = sim.database.df
    noise = df["loss"].to_numpy() - law.loss(df["N"].to_numpy(float), df["D"].to_numpy(float))
    np.testing.assert_allclose(noise, [0.25, 0.5, 0.25, 0.5, 0.25], rtol=1e-12)


def test_the_default_noise_averages_a_tenth_and_is_never_negative(make):
    df = make().simulate(600, 0).database.df
    noise = df["loss"].to_numpy() - ScalingLaw(**TARGET).loss(df["N"].to_numpy(float), df["D"].to_numpy(float))
    assert noise.min() > -1e-9
    # The mean of 600 exponential draws of mean 0.1 has a standard error of 0.1 / sqrt(600).
    assert abs(noise.mean() - 0.1) < 5 * 0.1 / 600**0.5


def test_the_default_noise_is_fresh_for_each_call_and_repeats_under_a_seed(make):
    cc = make(rng=1)
    first, second = (cc.simulate(5, 0).database.df for _ in range(2))
    assert not np.array_equal(first["loss"], second["loss"])
    assert np.array_equal(first["loss"], make(rng=1).simulate(5, 0).database.df["loss"])


def test_seeds_and_default_noise_come_in_turn_from_one_generator_to_the_bit(make):
    df = make(rng=3).simulate(6, 0).database.df
    rng, law = np.random.default_rng(3), ScalingLaw(**TARGET)
    for N, D, loss in df[["N", "D", "loss"]].itertuples(index=False):
        C, ratio = (np.exp(rng.uniform(np.log(low), np.log(high))) for low, high in ((1e18, 1e20), (5, 100)))
        assert N == round((C / (6 * ratio)) ** 0.5)
        assert D == round(C / (6 * N))
        assert loss == float(law.loss(N, D)) + rng.exponential(0.1)


def test_the_projects_runs_and_fit_are_not_touched(make, tmp_path):
    cc = make()
    law = ScalingLaw(3, 50, 60, 0.2, 0.5)
    for _ in range(10):
        (N, D), _ = cc.seed()
        cc.append(N=N, D=D, loss=float(law.loss(N, D)))
    fit = cc.fit()
    on_disk, settings = (tmp_path / "df.csv").read_bytes(), cc.session.settings
    sim = cc.simulate(20, 1, noise_generator=None)
    assert (tmp_path / "df.csv").read_bytes() == on_disk
    assert cc.session.fit is fit
    assert cc.session.settings is settings
    assert not cc.session.stale
    # Nothing of the real fit leaks into the simulation either.
    assert len(sim.session.runs) == 21
    assert sim.get_params()["E"] == pytest.approx(TARGET["E"], rel=1e-3)
    assert {path.name for path in tmp_path.iterdir()} <= {"df.csv", "df.csv.lock"}


def test_a_simulator_may_be_called_again(make):
    sim = Simulator(make())
    sim(12, 1, noise_generator=None)
    assert sim(6, 0, noise_generator=None) is None
    assert len(sim.database.df) == 6
    sim.cc.scaling_factor = 100
    sim(6, 1, noise_generator=None)
    assert sim.database.df["C"].iloc[-1] == pytest.approx(1e22, rel=1e-6)


def test_the_factor_may_be_given_or_preset(make):
    sim = make(scaling_factor=None).simulate(6, 1, scaling_factor=100, noise_generator=None)
    assert sim.database.df["C"].iloc[-1] == pytest.approx(1e22, rel=1e-6)
    with pytest.raises(ValueError, match="scaling_factor must be given, here or in the constructor"):
        make(scaling_factor=None).simulate(6, 1)


def test_without_seeds(make):
    with pytest.raises(ValueError, match="at least 3 runs, got 0"):
        make().simulate(0, 1)
    sim = make().simulate(0, 0)
    assert len(sim.session.runs) == 0
    assert sim.session.fit is None
    with pytest.raises(ValueError, match="not been estimated yet"):
        sim.get_params()


def test_a_model_search_decides_the_sizes(make):
    widths = list(range(512, 8192, 64))
    search = {"hyperparam_grid": {"width": widths}, "size_estimator": lambda width: 300 * width**2}
    df = make(model_search_config=search).simulate(10, 1, noise_generator=None).database.df
    assert set(df["N"]) <= {300 * width**2 for width in widths}


def test_anything_but_a_chinchilla_is_a_type_error():
    with pytest.raises(TypeError, match="cc must be a Chinchilla, got 3"):
        Simulator(3)


@pytest.mark.parametrize("noise", [0.1, [0.1] * 200, random.random])
def test_other_noise_is_a_type_error(make, noise):
    with pytest.raises(TypeError, match="noise_generator must be an iterator or a tuple"):
        make().simulate(5, 0, noise_generator=noise)


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        (iter([0.1, 0.1]), "noise_generator ended before the simulation did"),
        (iter(["loud"] * 9), "noise_generator must give numbers, got 'loud'"),
        (iter([-100.0] * 9), "must leave the loss positive and finite, got -100.0"),
        (iter([float("nan")] * 9), "must leave the loss positive and finite, got nan"),
    ],
)
def test_impossible_noise_is_one_sentence(make, noise, message):
    with pytest.raises(ValueError, match=message):
        make().simulate(5, 0, noise_generator=noise)


def test_missing_attributes_are_looked_up_on_cc(make, tmp_path):
    cc = make()
    cc.remark = "a note"
    sim = Simulator(cc)
    assert sim.remark == "a note"
    assert sim.project_dir == str(tmp_path)
    assert sim.seed_ranges == RANGES
    with pytest.raises(AttributeError):
        sim.nothing_of_the_kind  # noqa: B018


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda sim: pickle.loads(pickle.dumps(sim))])
@pytest.mark.parametrize("run", [False, True])
def test_copies(make, duplicate, run):
    sim = Simulator(make())
    if run:
        sim(8, 1, noise_generator=None)
    twin = duplicate(sim)
    assert len(twin.session.runs) == len(sim.session.runs) == (9 if run else 0)
    assert twin.project_dir == sim.project_dir
    if run:
        assert twin.get_params() == sim.get_params()
        assert not twin.session.stale
    twin(4, 0, noise_generator=None)
    assert len(sim.session.runs) == (9 if run else 0)


def test_a_bare_instance_does_not_recurse():
    with pytest.raises(AttributeError):
        Simulator.__new__(Simulator).anything  # noqa: B018


def test_figures_of_a_simulation_are_marked_as_such(make, tmp_path):
    sim = make().simulate(8, 1, noise_generator=None)
    sim.visualizer.plot(sim, simulation=True)
    assert (tmp_path / "simulation--parametric_fit.png").is_file()


def test_a_law_of_another_form_is_simulated_and_recovered(tmp_path):
    target = {"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103}
    ranges = {"C": (1e17, 1e19), "N_to_D": (10, 100)}
    cc = Chinchilla(tmp_path, seed_ranges=ranges, law="kaplan", loss_fn=mse, scaling_factor=10.0, log_level=50, rng=0)
    found = cc.simulate(20, 1, target_params=target, noise_generator=None).get_params()
    assert found["alpha_N"] == pytest.approx(0.076, rel=1e-6)
    assert found["alpha_D"] == pytest.approx(0.103, rel=1e-6)
