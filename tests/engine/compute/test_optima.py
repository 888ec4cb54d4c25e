"""The optimum along a true isoFLOP line, against SciPy's bounded minimisation of the loss along it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.compute.tabulated import TabulatedCompute
from chinchilla_nb.engine.compute.transformer import transformer_flops
from chinchilla_nb.engine.laws.allocation import allocate, compute_optimal_D, exponents, optima
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.kaplan import KaplanLaw
from chinchilla_nb.engine.planning.model_sizes import transformer_size

CHINCHILLA = ScalingLaw(1.69, 406.4, 410.7, 0.34, 0.28)
KAPLAN = KaplanLaw(N_c=8.8e13, D_c=5.4e13, alpha_N=0.076, alpha_D=0.095)
LAWS = st.builds(
    ScalingLaw,
    E=st.floats(0, 3),
    A=st.floats(10, 1e4),
    B=st.floats(10, 1e4),
    alpha=st.floats(0.2, 0.6),
    beta=st.floats(0.2, 0.6),
)
BUDGETS = st.floats(18, 26).map(lambda exponent: 10**exponent)
POWERS = st.builds(PowerCompute, k=st.floats(1, 40), p=st.floats(0.8, 1.2), q=st.floats(0.8, 1.2))


def lowest_on_line(law: Law, C: float, compute: Compute) -> tuple[float, float]:
    """Return log N and the loss of the lowest point of an isoFLOP line, by SciPy in its most promising pieces."""

    def loss(log_N: float) -> float:
        return float(law.loss(np.exp(log_N), np.exp(compute.log_D(C, log_N))))

    ends = np.union1d(np.linspace(0, np.log(float(compute.N(C, 1.0))), 401), compute.kinks)
    at = np.array([loss(log_N) for log_N in ends])
    found = []
    for place in np.argsort(at)[:6]:  # the pieces beside the lowest ends
        for low, high in zip(ends[max(place - 1, 0) : place + 1], ends[max(place, 1) : place + 2], strict=False):
            best = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
            found.append((best.fun, best.x))
    lowest, log_N = min(found)
    return log_N, lowest


@settings(max_examples=60, deadline=None)
@given(law=LAWS, C=BUDGETS, compute=POWERS)
def test_the_closed_form_of_a_power_law_is_the_minimum(law: ScalingLaw, C: float, compute: PowerCompute) -> None:
    N, D = optima(law, C, compute)
    if np.isnan(N):  # less than one parameter or token
        return
    assert compute.C(N, D) == pytest.approx(C, rel=1e-10)
    log_N, lowest = lowest_on_line(law, C, compute)
    assert float(law.loss(N, D)) <= lowest * (1 + 1e-13)
    # Where the terms are a millionth of E, the search cannot tell places on the line closer than this by their losses.
    assert np.log(N) == pytest.approx(log_N, abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(C=BUDGETS, compute=POWERS)
def test_kaplans_law_is_bisected_to_the_minimum(C: float, compute: PowerCompute) -> None:
    N, D = allocate(KAPLAN, C, compute)
    log_N, lowest = lowest_on_line(KAPLAN, C, compute)
    assert compute.C(N, D) == pytest.approx(C, rel=1e-10)
    assert np.log(N) == pytest.approx(log_N, abs=1e-5)
    assert float(KAPLAN.loss(N, D)) <= lowest * (1 + 1e-13)


@settings(max_examples=60, deadline=None)
@given(
    law=st.one_of(LAWS, st.just(KAPLAN)),
    C=BUDGETS,
    slopes=st.lists(st.floats(0.2, 2.5), min_size=2, max_size=12),
    widths=st.lists(st.floats(0.15, 3), min_size=12, max_size=12),
)
def test_kinks_of_a_table_never_hide_the_lowest_minimum(law, C, slopes, widths) -> None:
    """Where C grows more slowly from a size on, larger models are cheap again: the line has several minima."""
    log_N = np.log(1e6) + np.cumsum([0, *widths[: len(slopes)]])
    log_f = np.log(6e6) + np.cumsum([0, *np.multiply(slopes, widths[: len(slopes)])])
    compute = TabulatedCompute(tuple(np.exp(log_N)), tuple(np.exp(log_f)))
    N, D = optima(law, C, compute)
    _, lowest = lowest_on_line(law, C, compute)
    if np.isnan(N):
        return
    assert compute.C(N, D) == pytest.approx(C, rel=1e-10)
    assert float(law.loss(N, D)) <= lowest * (1 + 1e-12)


def test_the_lower_of_two_minima_is_found() -> None:
    """FLOPs per token hardly grow between 1e9 and 1e11: both ends of that range have a minimum beside them."""
    compute = TabulatedCompute((1e6, 1e9, 1e11, 1e12), (6e6, 1.2e10, 1.5e10, 6e13))
    for C in (1e18, 1e19, 1e20, 1e21, 1e22):
        N, D = allocate(CHINCHILLA, C, compute)
        _, lowest = lowest_on_line(CHINCHILLA, C, compute)
        assert float(CHINCHILLA.loss(N, D)) <= lowest * (1 + 1e-12)  # SciPy never quite reaches a kink
    N, _ = allocate(CHINCHILLA, [1e19, 1e20], compute)
    assert N[0] < 1e9
    assert N[1] == pytest.approx(1e11, rel=1e-8)  # a kink


def test_a_power_law_of_six_ND_is_six_ND() -> None:
    C = np.geomspace(1e18, 1e26, 9)
    for mine, theirs in zip(allocate(CHINCHILLA, C, PowerCompute(6.0)), allocate(CHINCHILLA, C), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-13)


def test_exponents_of_a_power_law_spend_the_budget() -> None:
    """With C = k N^p D^q, p a + q b = 1, and both are the slopes of the optima."""
    compute = PowerCompute(11, 0.9, 1.05)
    a, b = exponents(CHINCHILLA, compute=compute)
    assert 0.9 * a + 1.05 * b == pytest.approx(1, rel=1e-14)
    N, D = allocate(CHINCHILLA, [1e20, 1e24], compute)
    assert np.log(N[1] / N[0]) / np.log(1e4) == pytest.approx(a, rel=1e-12)
    assert np.log(D[1] / D[0]) / np.log(1e4) == pytest.approx(b, rel=1e-12)


@pytest.mark.parametrize("compute", [ProductCompute(9), PowerCompute(9, 0.93, 1.04)])
@pytest.mark.parametrize("law", [CHINCHILLA, KAPLAN])
def test_the_optimal_tokens_of_a_size_are_those_of_the_budget_it_is_optimal_for(law: Law, compute: Compute) -> None:
    N, D = allocate(law, [1e20, 1e23], compute)
    np.testing.assert_allclose(compute_optimal_D(law, N, compute), D, rtol=1e-8)


def test_a_ladder_of_transformers_moves_the_optimum_to_larger_models() -> None:
    """Embeddings and scores are a larger share of small models, so that FLOPs grow more slowly than N."""
    ladder = [{"d_model": 64 * n, "n_layers": n, "vocab_size": 32000} for n in range(4, 40)]
    N = [transformer_size(**config) for config in ladder]
    compute = TabulatedCompute.of(N, [transformer_flops(**config, seq_len=2048) for config in ladder], "transformer")
    size, data = allocate(CHINCHILLA, 1e20, compute)
    log_N, lowest = lowest_on_line(CHINCHILLA, 1e20, compute)
    assert float(CHINCHILLA.loss(size, data)) == pytest.approx(lowest, rel=1e-12)
    assert np.log(size) == pytest.approx(log_N, abs=1e-4)
    assert size > allocate(CHINCHILLA, 1e20, SIX_ND)[0]
