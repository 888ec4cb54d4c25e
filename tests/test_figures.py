"""Figures as values: curves satisfy closed forms, and labels do not overlap."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import warnings

import numpy as np
import pytest
from contourpy import contour_generator
from hypothesis import example, given, settings
from hypothesis import strategies as st
from runs import LAW, make_runs
from scipy.spatial import KDTree

from chinchilla_nb import figures
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import compact, plain, scientific

SYMMETRIC = ScalingLaw(E=1.0, A=1000.0, B=1000.0, alpha=0.3, beta=0.3)
LOPSIDED = ScalingLaw(E=0.5, A=5.0, B=9e4, alpha=0.08, beta=0.6)
REGIME = SeedRegime((1e19, 1e20), (5.0, 50.0))
NO_RUNS = Runs([], [], [])
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def noisy_runs(law: ScalingLaw = LAW, n: int = 60) -> Runs:
    return make_runs(n, law, noise=0.01)


def models(plane: figures.Plane, line: figures.Polyline) -> tuple[np.ndarray, np.ndarray]:
    """Return N and D of points in a plane, from 6ND = C alone."""
    at = {plane.x.name: line.x, plane.y.name: line.y}
    N = at["N"] if "N" in at else at["C"] / (6 * at["D"])
    return N, at["D"] if "D" in at else at["C"] / (6 * at["N"])


def read_back(label: str) -> float:
    """Return the number that a tick label stands for."""
    if "10" in label and label.translate(SUPERSCRIPTS) != label:
        mantissa, _, power = label.rpartition("×")
        return float(f"{mantissa or 1}e{power[2:].translate(SUPERSCRIPTS)}")
    units = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
    return float(label[:-1]) * units[label[-1]] if label[-1] in units else float(label)


# --- Planes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flat", [{"beta": 1e-9}, {"alpha": 1e-9}])
def test_a_nearly_flat_law_has_no_frontier(flat):
    # At every budget the optimum has less than one parameter, or less than one token.
    law = ScalingLaw(**LAW.as_dict() | flat)
    figure = figures.frontier_figure(noisy_runs(), law, budget=1e24)
    assert [len(plane.frontier.x) for plane in figure.planes] == [0, 0, 0]
    assert any(plane.iso_loss for plane in figure.planes)
    assert len(figures.loss_figure(noisy_runs(), law, C_range=(1e18, 1e24)).frontier.x) == 0


@pytest.mark.parametrize("law", [LAW, SYMMETRIC, LOPSIDED], ids=["hoffmann", "symmetric", "lopsided"])
def test_every_vertex_of_an_iso_loss_curve_has_that_loss(law):
    figure = figures.frontier_figure(noisy_runs(law), law)
    for plane in figure.planes:
        assert len({curve.level for curve in plane.iso_loss}) >= 5
        for curve in plane.iso_loss:
            N, D = models(plane, curve.line)
            np.testing.assert_allclose(law.E + law.A / N**law.alpha + law.B / D**law.beta, curve.level, rtol=1e-9)


@pytest.mark.parametrize("law", [LAW, SYMMETRIC, LOPSIDED], ids=["hoffmann", "symmetric", "lopsided"])
def test_curves_and_frontier_stay_in_the_axes_and_reach_their_sides(law):
    figure = figures.frontier_figure(noisy_runs(law), law, budget=1e21)
    for plane in figure.planes:
        lines = [curve.line for curve in plane.iso_loss] + [plane.frontier, plane.isoflop]
        for line in filter(len, lines):
            x, y = plane.x.fraction(line.x), plane.y.fraction(line.y)
            sides = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
            assert sides.min() > -1e-3
            # Both ends lie on a side of the axes.
            assert max(sides[0], sides[-1]) < 5e-3


def test_levels_are_round_and_in_even_steps():
    for law in (LAW, SYMMETRIC):
        runs = noisy_runs(law)
        levels = sorted({curve.level for curve in figures.frontier_figure(runs, law).planes[2].iso_loss})
        assert 4 <= len(levels) <= 11
        np.testing.assert_allclose(np.diff(levels), levels[1] - levels[0])
        assert [float(f"{level:.3g}") for level in levels] == levels
        assert runs.loss.min() * 0.8 < levels[0] < np.median(runs.loss) < levels[-1] < runs.loss.max() * 1.2


def test_frontier_minimises_loss_along_each_isoflop():
    for plane in figures.frontier_figure(noisy_runs(), LAW).planes:
        N, D = models(plane, plane.frontier)
        assert len(N) == 2
        for factor in (0.99, 1.01):
            assert (LAW.loss(N * factor, D / factor) > LAW.loss(N, D)).all()


def test_6ND_is_C_in_every_plane():
    figure = figures.frontier_figure(noisy_runs(), LAW, regime=REGIME, next_point=(70e9, 1.4e12), budget=5.88e23)
    CN, CD, ND = figure.planes
    for name in ("dots", "regime", "next_point"):
        in_CN, in_CD, in_ND = (getattr(plane, name) for plane in figure.planes)
        np.testing.assert_allclose(in_CN.x, 6 * in_CN.y * in_CD.y, rtol=1e-12)
        np.testing.assert_array_equal(in_CN.x, in_CD.x)
        np.testing.assert_array_equal([in_CN.y, in_CD.y], [in_ND.x, in_ND.y])
    assert CN.next_point.x[0] == pytest.approx(5.88e23)
    for plane in (CN, CD):
        np.testing.assert_allclose(plane.isoflop.x, 5.88e23)
    np.testing.assert_allclose(6 * ND.isoflop.x * ND.isoflop.y, 5.88e23)
    np.testing.assert_array_equal(CN.budget_line(5.88e23).y, CN.isoflop.y)
    np.testing.assert_allclose(ND.project(2.0, 3.0).y, 3.0)
    np.testing.assert_allclose(CN.project(2.0, 3.0).x, 36.0)


def test_the_seed_regime_has_its_own_corners():
    CN, _, ND = figures.frontier_figure(NO_RUNS, regime=REGIME).planes
    assert set(np.round(CN.regime.x / 1e19, 9)) == {1.0, 10.0}
    ratios = set(np.round(ND.regime.y / ND.regime.x, 9))
    assert ratios == {5.0, 50.0}
    assert (CN.regime.x[0], CN.regime.y[0]) == (CN.regime.x[-1], CN.regime.y[-1])


def test_axes_of_one_name_are_one_axis_and_hold_all_that_is_drawn():
    runs = noisy_runs()
    figure = figures.frontier_figure(runs, LAW, regime=REGIME, next_point=(7e10, 1.4e12), C_range=(1e16, 1e24))
    CN, CD, ND = figure.planes
    assert CN.x is CD.x
    assert CN.y is ND.x
    assert CD.y is ND.y
    assert CN.x.low < 1e16 < 1e24 < CN.x.high
    for plane in figure.planes:
        for line in (plane.dots, plane.regime, plane.next_point):
            assert ((plane.x.fraction(line.x) > 0) & (plane.x.fraction(line.x) < 1)).all()
            assert ((plane.y.fraction(line.y) > 0) & (plane.y.fraction(line.y) < 1)).all()


def test_a_budget_moved_within_C_range_moves_no_axis():
    runs = noisy_runs()
    seen = {
        (axis.low, axis.high)
        for budget in (1e17, 1e20, 9e23)
        for plane in figures.frontier_figure(runs, LAW, budget=budget, C_range=(1e16, 1e24)).planes
        for axis in (plane.x, plane.y)
    }
    assert len(seen) == 3


@pytest.mark.parametrize("law", [LAW, SYMMETRIC, LOPSIDED], ids=["hoffmann", "symmetric", "lopsided"])
def test_iso_loss_labels_keep_apart_and_each_level_is_labelled_at_most_once(law):
    figure = figures.frontier_figure(noisy_runs(law), law, next_point=(7e10, 1.4e12))
    for plane in figure.planes:
        labelled = [curve for curve in plane.iso_loss if curve.label]
        assert len(labelled) >= 4
        assert len({curve.level for curve in labelled}) == len(labelled)
        assert all(float(curve.label) == curve.level for curve in labelled)
        at = [(curve.line.x[curve.label_at], curve.line.y[curve.label_at]) for curve in labelled]
        at += [(plane.next_point.x[0], plane.next_point.y[0])]
        spots = np.array([(plane.x.fraction(x), plane.y.fraction(y)) for x, y in at])
        gaps = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))[~np.eye(len(spots), dtype=bool)]
        assert gaps.min() > 0.06
        assert spots[:-1].min() > 0.03
        assert spots[:-1].max() < 0.97


def boxes(plane: figures.Plane, size: tuple[float, float] = (190, 256)) -> np.ndarray:
    """Return left, bottom, right and top of every label in pixels, with characters 6 wide and 11 high."""
    found = []
    for curve in plane.iso_loss:
        if curve.label:
            x = plane.x.fraction(curve.line.x[curve.label_at]) * size[0]
            y = plane.y.fraction(curve.line.y[curve.label_at]) * size[1]
            found.append((x - 3 * len(curve.label), y - 5.5, x + 3 * len(curve.label), y + 5.5))
    return np.array(found)


@pytest.mark.parametrize("law", [LAW, SYMMETRIC, LOPSIDED], ids=["hoffmann", "symmetric", "lopsided"])
def test_iso_loss_labels_cover_nothing(law):
    figure = figures.frontier_figure(noisy_runs(law), law)
    for plane in (*figure.planes, figure.in_view(figure.planes[0], *halved(figure.planes[0]))):
        labels = boxes(plane)
        assert len(labels) >= 4
        assert labels.min() >= 0
        assert (labels[:, 2:] <= [190, 256]).all()
        left, bottom, right, top = labels.T
        apart = (
            (left[:, None] >= right) | (right[:, None] <= left) | (bottom[:, None] >= top) | (top[:, None] <= bottom)
        )
        assert (apart | np.eye(len(labels), dtype=bool)).all()
        t = np.linspace(0, 1, 500)[:, None]
        x, y = plane.x.fraction(plane.frontier.x) * 190, plane.y.fraction(plane.frontier.y) * 256
        frontier = np.column_stack([x[0] + t * (x[1] - x[0]), y[0] + t * (y[1] - y[0])])
        dots = np.column_stack([plane.x.fraction(plane.dots.x) * 190, plane.y.fraction(plane.dots.y) * 256])
        # A dot has a radius of four pixels, the marker that moves along the frontier one of eight.
        for points, radius in ((dots, 4), (frontier, 8)):
            for x, y in points:
                off = (x + radius <= left) | (x - radius >= right) | (y + radius <= bottom) | (y - radius >= top)
                assert off.all()


def halved(plane: figures.Plane) -> tuple[figures.Axis, figures.Axis]:
    """Return the middle half of both axes."""
    x, y = ((axis.low**0.75 * axis.high**0.25, axis.low**0.25 * axis.high**0.75) for axis in (plane.x, plane.y))
    return figures.zoomed(plane.x, *x), figures.zoomed(plane.y, *y)


def contours(plane: figures.Plane, x: figures.Axis, y: figures.Axis, level: float) -> np.ndarray:
    """Return the contour of a loss in fractions of the axes, traced by contourpy on a grid."""
    at = np.linspace(0, 1, 201)
    X, Y = np.meshgrid(x.low * (x.high / x.low) ** at, y.low * (y.high / y.low) ** at)
    losses = LAW.loss(*models(plane, figures.Polyline(X, Y)))
    return np.concatenate(contour_generator(at, at, losses).lines(level))


@pytest.mark.parametrize("zoom", [0.3, 2.0], ids=["zoomed in", "zoomed out"])
def test_curves_cover_the_visible_range(zoom):
    figure = figures.frontier_figure(noisy_runs(), LAW)
    for plane in figure.planes:
        x, y = (
            figures.zoomed(axis, middle / (axis.high / middle) ** zoom, middle * (axis.high / middle) ** zoom)
            for axis, middle in ((axis, (axis.low * axis.high) ** 0.5) for axis in (plane.x, plane.y))
        )
        seen = figure.in_view(plane, x, y)
        levels = {curve.level for curve in seen.iso_loss}
        assert len(levels) >= 5
        for level in levels:
            lines = [curve.line for curve in seen.iso_loss if curve.level == level]
            drawn = np.concatenate([np.column_stack([x.fraction(line.x), y.fraction(line.y)]) for line in lines])
            # No point of the contour is further from a drawn vertex than vertices are from each other.
            assert KDTree(drawn).query(contours(plane, x, y, level))[0].max() < 0.02
        for curve in seen.iso_loss:
            N, D = models(seen, curve.line)
            np.testing.assert_allclose(LAW.loss(N, D), curve.level, rtol=1e-9)
            # Both ends lie outside the visible range.
            for end in (0, -1):
                at = np.array([x.fraction(curve.line.x[end]), y.fraction(curve.line.y[end])])
                assert ((at <= 0) | (at >= 1)).any()
        ends = np.array([x.fraction(seen.frontier.x), y.fraction(seen.frontier.y)])
        assert ((ends <= 0) | (ends >= 1)).any(axis=0).all()
        assert seen.dots is plane.dots
    loss = figures.loss_figure(noisy_runs(), LAW)
    frontier = loss.frontier_in_view(figures.zoomed(loss.scatter.x, 1e10, 1e30))
    assert frontier.x[0] < 1e10 < 1e30 < frontier.x[-1]
    N = np.geomspace(1e3, 1e16, 20_001)
    assert frontier.y[60] == pytest.approx(LAW.loss(N, frontier.x[60] / (6 * N)).min(), rel=1e-6)


def test_excluded_runs_are_drawn_apart_and_stretch_an_axis_only_so_far():
    runs = Runs([1e8, 1e9], [1e10, 1e11], [3.0, 2.5])
    near, far = Runs([5e9], [2e10], [3.2]), Runs([1e15], [1e11], [40.0])
    alone = figures.frontier_figure(runs, LAW)
    stretched = figures.frontier_figure(runs, LAW, excluded=near)
    assert stretched.planes[0].y.high > 5e9 > alone.planes[0].y.high
    np.testing.assert_array_equal(stretched.planes[0].excluded.y, [5e9])
    np.testing.assert_array_equal(stretched.colour, alone.colour)
    assert len(stretched.planes[0].dots) == 2
    assert stretched.note == ""
    # Ten decades away, it would squeeze all others into a corner: it is drawn outside the axes, visible by zooming out.
    beyond = figures.frontier_figure(runs, LAW, excluded=far)
    assert beyond.planes[0].y.high == alone.planes[0].y.high
    np.testing.assert_array_equal(beyond.planes[2].excluded.x, [1e15])
    assert beyond.note == "1 excluded run beyond the charts"
    loss = figures.loss_figure(runs, excluded=near)
    assert loss.scatter.y.high > 3.2
    np.testing.assert_array_equal(loss.envelope.y, figures.loss_figure(runs).envelope.y)
    assert figures.loss_figure(runs, excluded=far).scatter.y.high < 5


def test_losses_of_crashed_runs_leave_the_axes_of_losses_as_they_are():
    """Two of the runs of shared/cases/runs/two_architectures.csv crashed, at losses of 7.9 and 4.3."""
    loss = [2.44, 2.6, 2.8, 3.0, 3.2, 3.41]
    runs, crashed = Runs(np.geomspace(1e8, 1e9, 6), [1e10] * 6, loss), Runs([2e8, 3e8], [1e10] * 2, [7.9, 4.3])
    alone, drawn = figures.loss_figure(runs), figures.loss_figure(runs, excluded=crashed)
    assert (drawn.scatter.y.low, drawn.scatter.y.high) == (alone.scatter.y.low, alone.scatter.y.high)
    assert drawn.note == "2 excluded runs beyond the charts"
    predicted = np.array(loss) + 0.01
    parity = figures.prediction_figure(loss, predicted, excluded=(crashed.loss, [3.1, 3.0]))
    assert parity.scatter.x.high == parity.scatter.y.high < 4.3
    assert parity.note == "2 excluded runs beyond the charts"


def test_excluded_runs_do_not_count_in_errors():
    runs, excluded = noisy_runs(), Runs([1e9, 1e9], [1e10, 1e10], [2.7, 9.0])
    predictions, off = LAW.loss(runs.N, runs.D), LAW.loss(excluded.N, excluded.D)
    residuals = figures.residuals_figure(runs, predictions, excluded=excluded, excluded_predictions=off)
    for panel in residuals.panels:
        np.testing.assert_allclose(panel.excluded.y, excluded.loss - off)
        assert panel.y.low < 0 < panel.y.high < 9 - off[1]
    assert residuals.note == "1 excluded run beyond the charts"
    figure = figures.prediction_figure(runs.loss, predictions, excluded=(excluded.loss, off))
    assert figure.errors.counts.sum() + figure.errors.outside == len(runs)
    assert figure.scatter.x.high < 9
    np.testing.assert_array_equal(figure.scatter.excluded.x, excluded.loss)


def test_axes_show_the_unit_of_the_data():
    runs = noisy_runs()
    assert figures.frontier_figure(runs).planes[1].y.title == "Training tokens D"
    assert figures.frontier_figure(runs, data_unit="bytes").planes[1].y.title == "Training bytes D"
    assert figures.residuals_figure(runs, runs.loss, data_unit="bytes").panels[1].x.title == "Training bytes D"
    assert figures.ratio_title("bytes") == "Bytes per parameter"


EDGE_LAWS = {
    "no fit": None,
    "A = 0": ScalingLaw(1.8, 0, 2143, 0.35, 0.37),
    "alpha = 0": ScalingLaw(1.8, 0.3, 2143, 0, 0.37),
    "B = 0": ScalingLaw(1.8, 400, 0, 0.35, 0.37),
    "beta = 0": ScalingLaw(1.8, 400, 0.3, 0.35, 0),
    "constant": ScalingLaw(2, 0, 0, 0, 0),
    "E = 0": ScalingLaw(0, 400, 2143, 0.35, 0.37),
    "frontier far away": ScalingLaw(1.9, 1e-3, 1e5, 0.3, 0.6),
    "enormous": ScalingLaw(2, 1e300, 1e300, 40, 0.001),
    "tiny": ScalingLaw(1e-300, 1e-300, 1e-300, 1e-12, 1e-12),
    "hoffmann": LAW,
}
EDGE_RUNS = {
    "none": NO_RUNS,
    "one": Runs([70e9], [1.4e12], [1.94]),
    "identical": Runs([1e9] * 5, [2e10] * 5, [2.5] * 5),
    "one N": Runs([1e9] * 3, [1e9, 1e10, 1e11], [3, 2.5, 2.3]),
    "wide": Runs([1, 1e30], [1, 1e40], [1e-9, 1e9]),
    "usual": noisy_runs(),
}


@pytest.mark.parametrize("runs", EDGE_RUNS.values(), ids=EDGE_RUNS)
@pytest.mark.parametrize("law", EDGE_LAWS.values(), ids=EDGE_LAWS)
def test_edge_cases_lay_out_without_a_warning_and_with_finite_numbers(law, runs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = figures.frontier_figure(runs, law, regime=None, budget=None)
        with_all = figures.frontier_figure(runs, law, regime=REGIME, next_point=(1e9, 2e10), budget=1e20)
    for plane in (*figure.planes, *with_all.planes):
        for line in (plane.dots, plane.frontier, plane.regime, plane.isoflop, *(c.line for c in plane.iso_loss)):
            assert np.isfinite(line.x).all()
            assert np.isfinite(line.y).all()
            assert len(line.x) == len(line.y)
        for axis in (plane.x, plane.y):
            assert 0 < axis.low < axis.high < np.inf
            assert len(axis.ticks) >= 2


def test_a_law_in_which_size_does_not_matter_has_level_curves_of_constant_D_and_no_frontier():
    law = EDGE_LAWS["alpha = 0"]
    _, _, ND = figures.frontier_figure(noisy_runs(), law).planes
    assert not len(ND.frontier)
    assert ND.iso_loss
    for curve in ND.iso_loss:
        np.testing.assert_allclose(curve.line.y, (2143 / (curve.level - 2.1)) ** (1 / 0.37), rtol=1e-9)


def test_values_cannot_be_changed():
    figure = figures.frontier_figure(noisy_runs(), LAW)
    with pytest.raises(ValueError, match="read-only"):
        figure.planes[0].dots.x[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        figure.planes[0].iso_loss[0].line.y[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        figure.note = "changed"


# --- Thinning -------------------------------------------------------------------------------------------------------


def test_many_runs_are_thinned_deterministically_and_keep_their_extremes():
    runs = noisy_runs(n=10_000)
    figure = figures.frontier_figure(runs, LAW)
    assert len(figure.shown) == len(set(figure.shown)) == figures.MAX_DOTS == len(figure.planes[0].dots)
    assert figure.note == "1,000 of 10,000 runs drawn"
    np.testing.assert_array_equal(figure.shown, figures.frontier_figure(runs).shown)
    for name in ("N", "D", "C", "loss"):
        column = getattr(runs, name)
        assert {column.argmin(), column.argmax()} <= set(figure.shown)
    # Evenly spread: the quartiles of compute hardly change.
    quartiles = np.quantile(np.log10(runs.C), [0.25, 0.5, 0.75])
    np.testing.assert_allclose(np.quantile(np.log10(runs.C[figure.shown]), [0.25, 0.5, 0.75]), quartiles, atol=0.02)


@pytest.mark.parametrize(("first", "last"), [(10_001, 10_041), (30_001, 30_191)])
def test_appended_runs_are_drawn_and_the_other_thinned_runs_stay_the_same(first, last):
    runs = noisy_runs(n=last)
    before, after = (figures.frontier_figure(runs.take(np.arange(last) < count)).shown for count in (first, last))
    assert before[-1] == first - 1
    np.testing.assert_array_equal(after, [*before, *range(first, last)])
    assert len(after) <= figures.MAX_DOTS


def test_another_law_that_differs_little_moves_no_axis():
    runs = noisy_runs()
    seen = set()
    for factor in (0.99, 1.0, 1.01):
        law = dataclasses.replace(LAW, A=LAW.A * factor)
        for plane in figures.frontier_figure(runs, law, C_range=(1e14, 1e26)).planes:
            seen |= {(axis.name, axis.low, axis.high) for axis in (plane.x, plane.y)}
        axis = figures.loss_figure(runs, law, C_range=(1e14, 1e26)).scatter.y
        seen.add((axis.name, axis.low, axis.high))
    assert len(seen) == 4
    ends = {name: (low, high) for name, low, high in seen}
    # ... and they contain the compute-optimal N of these budgets: N* = G (C / 6)^(beta / (alpha + beta)).
    G = (0.34 * 406.4 / (0.28 * 410.7)) ** (1 / 0.62)
    for C in (1e14, 1e26):
        assert ends["N"][0] < G * (C / 6) ** (0.28 / 0.62) < ends["N"][1]


def test_a_thousand_runs_are_all_drawn_without_a_note():
    figure = figures.frontier_figure(noisy_runs(n=1_000))
    np.testing.assert_array_equal(figure.shown, np.arange(1_000))
    assert figure.note == ""


# --- Ticks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [(70e9, "70B"), (1.4e12, "1.4T"), (300e3, "300k"), (999.9e6, "1B"), (5, "5"), (0.25, "0.25"), (1e15, "10¹⁵")],
)
def test_compact_numbers(value, text):
    assert compact(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1e21, "10²¹"), (5.76e23, "5.76×10²³"), (9.999e9, "10¹⁰"), (2e-3, "2×10⁻³"), (1, "10⁰")]
)
def test_powers_of_ten(value, text):
    assert scientific(value) == text


@settings(deadline=None, max_examples=400)
@given(
    write=st.sampled_from([compact, scientific]),
    value=st.floats(1e-3, 1e27),
    digits=st.integers(1, 6),
)
@example(write=compact, value=370.0, digits=2)
@example(write=compact, value=370e3, digits=2)
@example(write=compact, value=999_999.0, digits=1)
@example(write=compact, value=999.96e12, digits=4)
@example(write=compact, value=0.0012345, digits=6)
def test_any_number_reads_back_as_rounded(write, value, digits):
    text = write(value, digits)
    assert "e" not in text
    assert read_back(text) == pytest.approx(float(f"{value:.{digits - 1}e}"), rel=1e-12)
    # Digits, a point and "×10⁻²³"; zeros, or the "0.00" of small numbers, pad to three places.
    assert len(text) <= max(digits, 3) + 7


@settings(deadline=None, max_examples=400)
@given(
    name=st.sampled_from(["C", "N", "D", "loss"]),
    start=st.floats(-3, 28),
    decades=st.one_of(st.floats(0, 1.5), st.floats(0, 30)),
)
@example(name="loss", start=7.25, decades=0.625)
@example(name="C", start=19.17, decades=0.79)
def test_ticks_of_any_log_axis_are_few_correct_and_never_overlap(name, start, decades):
    axis = figures.log_axis(name, [10**start, 10 ** (start + decades)])
    assert 2 <= len(axis.ticks) <= 7
    assert axis.low <= axis.ticks[0]
    assert axis.ticks[-1] <= axis.high
    assert_apart(axis)
    assert len(set(axis.tick_labels)) == len(axis.ticks)
    np.testing.assert_allclose([read_back(label) for label in axis.tick_labels], axis.ticks, rtol=1e-9)


@settings(deadline=None, max_examples=300)
@given(low=st.floats(-1e3, 1e3), span=st.floats(1e-3, 1e4))
def test_labels_of_upright_axes_are_closer_but_do_not_overlap(low, span):
    axis = figures.linear_axis("loss", [low, low + span], upright=True)
    steps = np.diff(axis.fraction(axis.ticks))
    assert 2 <= len(axis.ticks) <= 8
    assert (steps > 0.12).all()
    np.testing.assert_allclose([read_back(label) for label in axis.tick_labels], axis.ticks, rtol=1e-9, atol=1e-12)


@settings(deadline=None, max_examples=300)
@given(low=st.floats(-1e3, 1e3), span=st.floats(1e-3, 1e4))
def test_ticks_of_any_linear_axis_never_overlap_and_are_correct(low, span):
    axis = figures.linear_axis("loss", [low, low + span])
    assert 2 <= len(axis.ticks) <= 7
    np.testing.assert_allclose([read_back(label) for label in axis.tick_labels], axis.ticks, rtol=1e-9, atol=1e-12)
    assert_apart(axis)


@settings(deadline=None, max_examples=300)
@given(name=st.sampled_from(["C", "N", "D", "loss"]), start=st.floats(-3, 28), decades=st.floats(1e-3, 3))
@example(name="C", start=20.01, decades=0.98)
def test_ticks_of_any_zoomed_axis_never_overlap_and_are_correct(name, start, decades):
    axis = figures.zoomed(figures.log_axis(name, [1.0, 10.0]), 10**start, 10 ** (start + decades))
    assert 2 <= len(axis.ticks) <= 7
    assert_apart(axis)
    np.testing.assert_allclose([read_back(label) for label in axis.tick_labels], axis.ticks, rtol=1e-9)


def assert_apart(axis: figures.Axis) -> None:
    """Assert that no label overlaps the next or the edge of the chart on an axis of 170 pixels.

    A character of 11 pixels is up to 7 pixels wide, a superscript 4.5.
    """
    place = axis.fraction(axis.ticks) * 170
    raised = [sum(ord(character) in SUPERSCRIPTS for character in label) for label in axis.tick_labels]
    width = np.array([7 * len(label) - 2.5 * n for label, n in zip(axis.tick_labels, raised, strict=True)])
    assert (np.diff(place) >= (width[1:] + width[:-1]) / 2).all()
    assert place[-1] + width[-1] / 2 <= 170 + 18


def test_ticks_of_typical_axes():
    assert figures.log_axis("C", [1e18, 1e22]).tick_labels == ("10¹⁸", "10¹⁹", "10²⁰", "10²¹", "10²²")
    assert figures.log_axis("N", [5e7, 1.6e10]).tick_labels == ("100M", "1B", "10B")
    assert figures.log_axis("N", [1e4, 1e12]).tick_labels == ("10k", "1M", "100M", "10B", "1T")
    assert figures.log_axis("C", [1.1e20, 5e20]).tick_labels[0].endswith("×10²⁰")


def test_a_logarithmic_axis_with_zero_is_refused():
    with pytest.raises(ValueError, match=r"^an axis for C needs positive, finite values, got \[1\. 0\.\]$"):
        figures.log_axis("C", [1.0, 0.0])


# --- Colours --------------------------------------------------------------------------------------------------------


def test_loss_scale_ends_middle_and_order():
    loss = [2.0, 2.1, 2.3, 3.0, 5.0]
    scale = figures.loss_scale(loss)
    place = scale.normalise(loss)
    np.testing.assert_allclose(place[[0, 2, 4]], [0, 0.5, 1], atol=1e-12)
    assert (np.diff(place) > 0).all()
    np.testing.assert_array_equal(scale.normalise([0.1, 99]), [0, 1])
    assert ((scale.ticks >= 2) & (scale.ticks <= 5)).all()


def test_loss_scale_without_a_tail_is_linear():
    np.testing.assert_allclose(figures.loss_scale([1, 2, 3]).normalise([1.5, 2.5]), [0.25, 0.75], atol=1e-3)


@pytest.mark.parametrize("loss", [[2.5], [2.5, 2.5]])
def test_equal_losses_get_the_middle_colour(loss):
    np.testing.assert_array_equal(figures.loss_scale(loss).normalise(loss), 0.5)


# --- Fit quality ----------------------------------------------------------------------------------------------------


def test_envelope_is_the_lowest_loss_up_to_each_compute():
    runs = Runs([1, 1, 1, 1, 1], [1, 2, 2, 3, 4], [5.0, 3.0, 4.0, 3.5, 2.0], [10, 20, 20, 30, 40])
    figure = figures.loss_figure(runs)
    np.testing.assert_array_equal(figure.envelope.x, [10, 20, 20, 40, 40, 40])
    np.testing.assert_array_equal(figure.envelope.y, [5, 5, 3, 3, 2, 2])
    assert not len(figure.frontier)


@pytest.mark.parametrize("seed", range(12))
def test_envelope_of_many_runs_has_a_step_at_every_run_that_is_lower(seed):
    rng = np.random.default_rng(seed)
    C = np.round(10 ** rng.uniform(0, 3, 3_000)) + 1  # many are equal
    loss = np.round(rng.uniform(1, 3, 3_000), 2) if seed % 2 else 5 * C**-0.1 * rng.uniform(1, 1.2, 3_000)
    lowest, steps = np.inf, []
    for budget, value in sorted(zip(C.tolist(), loss.tolist(), strict=True)):
        if value < lowest:
            lowest = value
            steps.append((budget, value))
    envelope = figures.loss_figure(Runs(C, np.ones(3_000), loss, C)).envelope
    assert list(zip(envelope.x[::2], envelope.y[::2], strict=True)) == steps
    assert envelope.x[-1] == C.max()


def test_loss_figure_frontier_is_the_least_loss_for_each_compute():
    figure = figures.loss_figure(noisy_runs(), LAW)
    assert len(figure.frontier) > 50
    N = np.geomspace(1e5, 1e14, 20_001)
    for C, loss in zip(figure.frontier.x[::10], figure.frontier.y[::10], strict=True):
        assert loss == pytest.approx(LAW.loss(N, C / (6 * N)).min(), rel=1e-6)


def test_residuals_are_true_minus_predicted_and_their_axis_is_shared():
    runs = Runs([1e6, 1e7], [1e8, 1e9], [3.0, 2.0])
    figure = figures.residuals_figure(runs, [2.9, 2.2])
    for panel, name in zip(figure.panels, ("N", "D", "C"), strict=True):
        np.testing.assert_array_equal(panel.dots.x, getattr(runs, name))
        np.testing.assert_allclose(panel.dots.y, [0.1, -0.2])
        assert panel.y is figure.panels[0].y
        assert panel.y.low < -0.2
        assert panel.y.high > 0.1


def test_error_distribution_counts_every_run_once_and_the_outliers():
    rng = np.random.default_rng(1)
    loss = np.append(rng.normal(3, 0.01, 500), [9.0, 9.5])
    figure = figures.prediction_figure(loss, np.full(502, 3.0))
    errors = figure.errors
    assert errors.outside == 2
    assert errors.counts.sum() == 500
    assert errors.mean == pytest.approx((loss - 3).mean())
    assert errors.deviation == pytest.approx((loss - 3).std())
    assert figure.by_compute is None
    np.testing.assert_array_equal(figure.identity.x, figure.identity.y)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_perfect_predictions_lay_out(count):
    loss = np.linspace(2, 3, count)
    figure = figures.prediction_figure(loss, loss, np.full(count, 1e20))
    assert figure.errors.counts.sum() == count
    assert (figure.errors.mean, figure.errors.deviation) == (0, 0)


@pytest.mark.parametrize(
    ("loss", "predictions", "message"),
    [
        ([], [], "^there are no runs to draw: append at least one$"),
        ([2.0], [2.0, 3.0], r"^predictions must be a list of one number per run, got shape \(2,\) for \(1,\)$"),
        ([2.0, 2.1], [2.0, np.nan], "^predictions must be finite numbers, got nan at index 1$"),
    ],
)
def test_predictions_that_do_not_fit_the_runs_are_refused(loss, predictions, message):
    with pytest.raises(ValueError, match=message):
        figures.prediction_figure(loss, predictions)


def test_figures_import_no_drawing_library():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['matplotlib', 'bqplot', 'pandas', 'ipywidgets', 'traitlets']))\n"
        "import chinchilla_nb.figures"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (3970.4, 3, "3,970"),
        (2747123.0, 4, "2.747×10⁶"),
        (20.04, 3, "20"),
        (0.34, 4, "0.34"),
        (99_990.0, 3, "100,000"),
        (2.5e-6, 3, "2.5×10⁻⁶"),
        (0.0, 4, "0"),
    ],
)
def test_plain_numbers_have_no_e_notation(value, digits, text):
    assert plain(value, digits) == text
