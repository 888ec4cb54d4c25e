"""The noise of pseudo-runs: its distribution, its reproducibility and refused sizes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.simulation.noise import NOISE_FAMILIES, draw_noise
from chinchilla_nb.engine.simulation.simulate import Task, pseudo_loss

LAW = ScalingLaw(E=1.5, A=300, B=300, alpha=0.3, beta=0.3)
DISTRIBUTIONS = {
    "exponential": stats.expon(scale=0.2),
    "half-normal": stats.halfnorm(scale=0.2),
    "normal": stats.norm(scale=0.2),
}


def drawn(family: str, size: float, count: int, seed: int = 1) -> list[float]:
    return list(itertools.islice(draw_noise(family, size, np.random.default_rng(seed)), count))


@pytest.mark.parametrize("family", NOISE_FAMILIES)
def test_noise_follows_the_distribution_it_is_named_after(family):
    # At 20,000 draws the p-value of every other family is practically zero.
    pvalues = {name: stats.kstest(drawn(family, 0.2, 20_000), one.cdf).pvalue for name, one in DISTRIBUTIONS.items()}
    assert pvalues.pop(family) > 1e-3
    assert max(pvalues.values()) < 1e-12


def test_the_default_noise_is_exponential_with_mean_a_tenth_to_the_bit():
    rng = np.random.default_rng(4)
    assert drawn("exponential", 0.1, 50, seed=4) == [rng.exponential(0.1) for _ in range(50)]
    train, rng = Task(LAW).trainer(np.random.default_rng(4)), np.random.default_rng(4)
    for N, D in ((1e8, 2e9), (1e9, 2e10)):
        assert train(N, D) == float(LAW.loss(N, D)) + rng.exponential(0.1)


@pytest.mark.parametrize(
    ("family", "size", "message"),
    [
        ("cauchy", 0.1, "noise must be one of exponential, half-normal, normal, got 'cauchy'"),
        ("normal", -1.0, "size of the noise must be finite and not negative, got -1"),
        ("normal", math.inf, "size of the noise must be finite and not negative, got inf"),
        ("normal", math.nan, "size of the noise must be finite and not negative, got nan"),
    ],
)
def test_unusable_noise_is_refused_before_the_first_draw(family, size, message):
    with pytest.raises(InputError) as raised:
        draw_noise(family, size, np.random.default_rng(0))
    assert str(raised.value) == message


def test_no_noise_leaves_the_generator_as_it_was():
    rng = np.random.default_rng(7)
    train = Task(LAW, size=0.0).trainer(rng)
    # 300 / (1e10)^0.3 is 0.3.
    assert train(1e10, 1e10) == pytest.approx(1.5 + 0.3 + 0.3, rel=1e-12)
    assert rng.random() == np.random.default_rng(7).random()


def test_an_impossible_loss_is_reported_with_the_noise_and_the_loss():
    with pytest.raises(InputError) as raised:
        pseudo_loss(LAW, 1e10, 1e10, iter([-3.0]))
    assert str(raised.value) == "noise_generator must leave the loss positive and finite, got -3.0 on a loss of 2.1"
    assert (raised.value.where, raised.value.got) == ("noise_generator", "-3.0")
