"""Targets move with the law as their closed forms say."""

import dataclasses

import numpy as np
import pytest
from runs import LAW, make_runs

from chinchilla_nb import InputError, KaplanLaw, Runs, ScalingLaw
from chinchilla_nb.engine.compute.product import ProductCompute
from chinchilla_nb.engine.design.targets import LossAt, OptimalLoss, OptimalN
from chinchilla_nb.engine.fitting.reliability.linearised import point_of
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.laws.families import FAMILIES

KAPLAN = KaplanLaw(8.8e13, 5.4e13, 0.076, 0.095)
SMALL = 1e-5


def moved(target, family, law, other) -> tuple[float, float]:
    """Return by how much the log of a target changes from one law to another, and by its gradient."""
    runs = make_runs()
    box = family.coordinates(Runs(runs.N, runs.D, law.loss(runs.N, runs.D)), {})
    step = box.theta(point_of(other)) - box.theta(point_of(law))
    return float(np.log(target.value(other) / target.value(law))), float(target.gradient(law, box) @ step)


@pytest.mark.parametrize("name", ["E", "A", "B", "alpha", "beta"])
@pytest.mark.parametrize("target", [OptimalN(1e22), OptimalLoss(1e22), LossAt(1e10, 1e11)])
def test_gradients_of_the_law_of_hoffmann(target, name):
    other = dataclasses.replace(LAW, **{name: getattr(LAW, name) * (1 + SMALL)})
    change, linear = moved(target, CHINCHILLA, LAW, other)
    assert linear == pytest.approx(change, rel=1e-3, abs=1e-9)


def test_the_optimum_moves_with_a_factor_as_its_closed_form():
    # N* = G (C/6)^a with G = (alpha A / (beta B))^(1 / (alpha + beta)) [Hoffmann et al. 2022, equation 4].
    other = dataclasses.replace(LAW, A=LAW.A * (1 + SMALL))
    _, linear = moved(OptimalN(1e22), CHINCHILLA, LAW, other)
    assert linear == pytest.approx(np.log1p(SMALL) / (LAW.alpha + LAW.beta), rel=1e-3)


@pytest.mark.parametrize("compute", [ProductCompute(), ProductCompute(8.0)])
def test_gradients_of_another_law_and_convention(compute):
    other = dataclasses.replace(KAPLAN, alpha_N=KAPLAN.alpha_N * (1 + SMALL))
    change, linear = moved(OptimalN(1e22, compute), FAMILIES["kaplan"], KAPLAN, other)
    assert linear == pytest.approx(change, rel=1e-3)


def test_the_convention_of_compute_counts():
    assert OptimalN(8e21, ProductCompute(8.0)).value(LAW) == pytest.approx(OptimalN(6e21).value(LAW))


def test_a_law_without_an_optimum_is_refused_by_name():
    flat = ScalingLaw(1.69, 406.4, 0.0, 0.34, 0.28)
    runs = make_runs()
    box = CHINCHILLA.coordinates(Runs(runs.N, runs.D, LAW.loss(runs.N, runs.D)), {})
    with pytest.raises(InputError, match="B"):
        OptimalN(1e22).gradient(flat, box)


@pytest.mark.parametrize("wrong", [0, -1.0, np.inf, np.nan, "x", None, True])
def test_numbers_that_are_no_budget_or_size_are_refused(wrong):
    with pytest.raises(InputError, match="C"):
        OptimalN(wrong)
    with pytest.raises(InputError, match="D"):
        LossAt(1e9, wrong)
