"""The figures of isoFLOP slices and of the three approaches, against the runs and the law; and their picture."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from runs import GRID, LAW
from slices_of_runs import sliced_runs

from chinchilla_nb import InputError, Runs, Visualizer, compare_approaches, fit, log_huber
from chinchilla_nb.figures import approaches_figure, isoflop_figure

RUNS = sliced_runs(noise=0.003, sizes=9)
LEAST_SQUARES = functools.partial(log_huber, delta=10.0)


@pytest.fixture(scope="module")
def comparison():
    fitted = fit(RUNS, GRID, LEAST_SQUARES)
    return compare_approaches(fitted, fitted.uncertainty("sandwich"), draws=100, rng=0)


@pytest.mark.parametrize(("against", "values"), [("N", RUNS.N), ("D", RUNS.D), ("D/N", RUNS.D / RUNS.N)])
def test_every_run_of_a_slice_is_a_dot(comparison, against, values):
    figure = isoflop_figure(comparison.isoflop, LAW, against)
    dots = np.concatenate([one.dots.x for one in figure.slices])
    np.testing.assert_allclose(np.sort(dots), np.sort(values))
    assert figure.x.low < values.min()
    assert values.max() < figure.x.high


def test_curves_are_parabola_and_law_along_the_isoflop_line(comparison):
    for one, parabola in zip(isoflop_figure(comparison.isoflop, LAW).slices, comparison.isoflop.parabolas, strict=True):
        # Three points determine a parabola in log N.
        at = [0, 30, 60]
        through = np.polyfit(np.log(one.parabola.x[at]), one.parabola.y[at], 2)
        np.testing.assert_allclose(np.polyval(through, np.log(one.parabola.x)), one.parabola.y)
        assert -through[1] / (2 * through[0]) == pytest.approx(np.log(parabola.N))
        np.testing.assert_allclose(one.law.y, LAW.loss(one.law.x, parabola.slice.C / 6 / one.law.x))
        assert one.minimum.x[0] == pytest.approx(parabola.N)
        assert one.interval.x[0] < one.minimum.x[0] < one.interval.x[1]


def test_slices_take_the_colours_of_their_losses(comparison):
    slices = isoflop_figure(comparison.isoflop, LAW).slices
    lowest_first = sorted(slices, key=lambda one: one.dots.y.min())
    assert np.all(np.diff([one.shade for one in lowest_first]) > 0)
    assert (lowest_first[0].shade, lowest_first[-1].shade) == (0, 1)


def test_residuals_are_measured_minus_fitted(comparison):
    one, parabola = isoflop_figure(comparison.isoflop, LAW).slices[2], comparison.isoflop.parabolas[2]
    runs = RUNS.take(parabola.runs)
    np.testing.assert_allclose(one.off_law.y, runs.loss - LAW.loss(runs.N, runs.D))
    np.testing.assert_allclose(one.off_parabola.y.sum(), 0, atol=1e-12)


def test_a_refused_slice_has_dots_and_a_reason_only(comparison):
    few = sliced_runs(C=(1e22,), sizes=3)
    runs = Runs(*(np.concatenate([getattr(one, name) for one in (RUNS, few)]) for name in ("N", "D", "loss")))
    last = isoflop_figure(compare_approaches(runs, draws=10).isoflop).slices[-1]
    assert len(last.dots) == 3
    assert not len(last.parabola)
    assert not len(last.minimum)
    assert last.refused == "it has 3 distinct sizes, and a parabola needs at least 4"


def test_losses_far_from_the_minima_do_not_press_the_parabolas_flat():
    far = Runs(np.append(RUNS.N, 9e11), np.append(RUNS.D, 1e21 / 6 / 9e11), np.append(RUNS.loss, 80.0))
    figure = isoflop_figure(compare_approaches(far, draws=10).isoflop)
    assert figure.beyond == 1
    assert figure.y.high < 10


def test_lines_bands_and_dots_of_the_approaches(comparison):
    figure = approaches_figure(comparison, 1e22)
    by_name = {one.name: one for one in figure.curves}
    parametric = by_name["parametric"]
    fitted = comparison.parametric.fit.law.allocate(parametric.line.x)[0]
    np.testing.assert_allclose(parametric.line.y, fitted)
    np.testing.assert_allclose(by_name["isoflop"].dots.y, [one.N for one in comparison.isoflop.parabolas])
    np.testing.assert_allclose(by_name["envelope"].dots.x, RUNS.C[comparison.envelope.runs])
    assert figure.x.low < 1e18
    assert figure.x.high > 1e22
    for one in figure.curves:
        assert len(one.band)
        assert (one.band.y >= figure.y.low).all()


def test_an_approach_without_an_answer_is_empty():
    figure = approaches_figure(compare_approaches(RUNS, draws=10), 1e22)
    assert not len(figure.curves[2].line)
    assert not len(figure.curves[2].band)


def test_what_cannot_be_drawn_is_refused(comparison):
    with pytest.raises(InputError, match="against must be 'N' or 'D' or 'D/N'"):
        isoflop_figure(comparison.isoflop, against="C")
    with pytest.raises(InputError, match="C must be positive"):
        approaches_figure(comparison, -1)


def test_the_picture_is_saved_with_and_without_slices(tmp_path, comparison):
    visualizer = Visualizer(tmp_path)
    assert len(visualizer.approaches(comparison).axes) == 2
    assert (tmp_path / "approaches.png").is_file()
    alone = compare_approaches(RUNS.take(comparison.envelope.runs), draws=10)
    assert alone.isoflop is None
    assert len(visualizer.approaches(alone, 1e23, img_name="alone").axes) == 1
    assert (tmp_path / "alone.png").is_file()
