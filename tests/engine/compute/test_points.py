"""Seeds, other sizes of a budget, and lines of a chart under conventions other than 6ND."""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW, make_runs

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import at_ratio, other_D
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.compute.tabulated import TabulatedCompute
from chinchilla_nb.engine.planning.off_frontier import off_frontier
from chinchilla_nb.engine.planning.seeding import SeedRegime, draw_seed
from chinchilla_nb.figures import frontier_figure

TABLE = TabulatedCompute((1e6, 1e8, 1e9, 1e11), (4e7, 9e8, 6e9, 2e12), "mine")
CONVENTIONS = [ProductCompute(8), PowerCompute(12, 0.95, 1.03), TABLE]
REGIME = SeedRegime((1e17, 1e19), (5.0, 80.0))


@pytest.mark.parametrize("compute", CONVENTIONS, ids=lambda compute: compute.text)
def test_a_budget_pays_for_a_ratio(compute: Compute) -> None:
    C, ratio = np.array([1e16, 1e20, 1e24]), np.array([3.0, 20.0, 300.0])
    N = at_ratio(compute, C, ratio)
    np.testing.assert_allclose(compute.C(N, ratio * N), C, rtol=1e-11)


@pytest.mark.parametrize("compute", CONVENTIONS, ids=lambda compute: compute.text)
def test_seeds_lie_in_the_regime_by_the_convention(compute: Compute) -> None:
    rng = np.random.default_rng(1)
    drawn = [draw_seed(rng, REGIME, compute=compute) for _ in range(200)]
    N, D = np.array([(one.N, one.D) for one in drawn]).T
    C = compute.C(N, D)
    assert (C >= 1e17 * 0.999).all()
    assert (C <= 1e19 * 1.001).all()
    assert REGIME.contains(N, D, compute).all()
    # Log-uniform in C: a quarter of 200 lies in each quarter of the two decades, within four standard deviations.
    counts, _ = np.histogram(np.log10(C), bins=[16.99, 17.5, 18, 18.5, 19.01])
    assert (np.abs(counts - 50) < 4 * np.sqrt(200 * 0.25 * 0.75)).all()


@pytest.mark.parametrize("compute", CONVENTIONS, ids=lambda compute: compute.text)
def test_another_size_spends_the_same(compute: Compute) -> None:
    D = other_D(compute, 3e8, 1e10, np.array([0.25, 1, 4]))
    np.testing.assert_allclose(compute.C(3e8 * np.array([0.25, 1, 4]), D), compute.C(3e8, 1e10), rtol=1e-11)
    off = off_frontier(LAW, 1e20, 0.5, compute)
    assert compute.C(off.N, off.D) == pytest.approx(1e20, rel=1e-10)
    assert off.extra_loss > 0
    assert off.compute_ratio == pytest.approx(float(compute.C(off.N, off.D_same_loss)) / 1e20)


@pytest.mark.parametrize("compute", [SIX_ND, *CONVENTIONS], ids=lambda compute: compute.text)
def test_lines_of_a_chart_are_those_of_the_convention(compute: Compute) -> None:
    runs = make_runs(12).under(compute)
    figure = frontier_figure(runs, LAW, regime=REGIME, budget=1e20)
    _, CD, ND = figure.planes
    np.testing.assert_allclose(compute.C(ND.isoflop.x, ND.isoflop.y), 1e20, rtol=1e-9)
    np.testing.assert_allclose(CD.isoflop.x, 1e20, rtol=1e-9)
    corners = compute.C(ND.regime.x, ND.regime.y)
    assert corners.min() == pytest.approx(1e17, rel=1e-9)
    assert corners.max() == pytest.approx(1e19, rel=1e-9)
    assert (len(ND.isoflop.x) > 2) == (compute is TABLE)
