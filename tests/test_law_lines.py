"""The lines of laws beside the fit, as arrays."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from runs import LAW, make_runs

from chinchilla_nb import PUBLISHED_LAWS, FrontierLaw, NamedLaw, allocate
from chinchilla_nb.figures import frontier_figure, loss_figure, loss_lines, plane_lines, polyline, zoomed

RUNS = make_runs(40, noise=0.01)
LAWS = tuple(PUBLISHED_LAWS.values())
OTHER = PUBLISHED_LAWS["Besiroglu et al. 2024"]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_lines_are_the_frontier_of_the_law(law):
    """On a line of a plane C = 6ND with the N* and D* of the law; on the chart of the loss, its loss there."""
    figure = frontier_figure(RUNS, LAW)
    for plane in figure.planes:
        (drawn,) = plane_lines(plane, [law])
        of = {plane.x.name: drawn.line.x, plane.y.name: drawn.line.y}
        C = of["C"] if "C" in of else 6 * of["N"] * of["D"]
        N, D = allocate(law.law, C)
        for name, values in {"N": N, "D": D}.items():
            if name in of:
                assert of[name] == pytest.approx(values, rel=2e-3)
    chart = loss_figure(RUNS, LAW)
    (drawn,) = loss_lines(chart, chart.scatter.x, chart.scatter.y, [law])
    assert drawn.line.y == pytest.approx(law.law.loss(*allocate(law.law, drawn.line.x)), rel=1e-9)


def test_no_axis_changes_and_lines_follow_a_zoom():
    plane = frontier_figure(RUNS, LAW).planes[0]
    narrow = frontier_figure(RUNS, LAW).in_view(plane, zoomed(plane.x, 1e19, 1e20), zoomed(plane.y, 1e8, 1e9))
    (drawn,) = plane_lines(narrow, [OTHER])
    assert 1e18 < drawn.line.x.min() < 1e19 < 1e20 < drawn.line.x.max() < 1e21


def test_each_label_is_in_view_on_its_own_line_and_covers_no_other():
    for plane in frontier_figure(RUNS, LAW).planes:
        drawn = plane_lines(plane, LAWS)
        places = []
        for one in drawn:
            assert len(one.label) == 1
            at = np.array([plane.x.fraction(one.label.x)[0], plane.y.fraction(one.label.y)[0]])
            assert (at > 0).all()
            assert (at < 1).all()
            line = np.column_stack([plane.x.fraction(one.line.x), plane.y.fraction(one.line.y)])
            start, along = line[0], line[-1] - line[0]
            off = at - start
            distance = abs(along[0] * off[1] - along[1] * off[0]) / np.hypot(*along)
            assert distance < 0.3
            places.append(at)
        for index, one in enumerate(places):
            for other in places[:index]:
                assert (np.abs(one - other) > [0.2, 0.03]).any()


def test_a_label_keeps_away_from_markers():
    """The diamond of the next run is drawn over labels; its centre must be outside their box."""
    figure, chart = frontier_figure(RUNS, LAW), loss_figure(RUNS, LAW)
    law = NamedLaw("Fit 3", LAW)
    drawings = [(plane.x, plane.y, partial(plane_lines, plane, [law])) for plane in figure.planes]
    axes = chart.scatter.x, chart.scatter.y
    for x, y, draw in (*drawings, (*axes, partial(loss_lines, chart, *axes, [law]))):
        (alone,) = draw()
        (beside,) = draw(markers=alone.label)
        before, after = ([x.fraction(one.label.x)[0], y.fraction(one.label.y)[0]] for one in (alone, beside))
        assert (abs(np.subtract(after, before)) > [0.1, 0.06]).any()


def test_a_label_covers_no_loss_of_an_iso_loss_curve():
    for plane in frontier_figure(RUNS, LAW).planes:
        losses = np.array(
            [
                [plane.x.fraction(curve.line.x[curve.label_at]), plane.y.fraction(curve.line.y[curve.label_at])]
                for curve in plane.iso_loss
                if curve.label
            ]
        )
        assert len(losses) > 3
        for law in LAWS:
            (drawn,) = plane_lines(plane, [law])
            name = np.array([plane.x.fraction(drawn.label.x)[0], plane.y.fraction(drawn.label.y)[0]])
            # A letter is about 1/35 of a small chart wide.
            assert (abs(losses - name) > [len(law.name) / 70, 0.04]).any(axis=1).all()


def test_a_label_covers_no_run_where_there_is_room():
    """The frontier goes on beyond the runs, where there is room for its name."""
    figure = frontier_figure(RUNS, LAW)
    for plane in figure.planes:
        (drawn,) = plane_lines(plane, [NamedLaw("Fit 3", LAW)])
        name = np.array([plane.x.fraction(drawn.label.x)[0], plane.y.fraction(drawn.label.y)[0]])
        runs = np.column_stack([plane.x.fraction(plane.dots.x), plane.y.fraction(plane.dots.y)])
        assert (abs(runs - name) > [0.07, 0.025]).any(axis=1).all()


def test_a_label_finds_room_below_its_line_if_all_is_taken_above():
    chart, law = loss_figure(RUNS, LAW), NamedLaw("Fit 3", LAW)
    x, y = chart.scatter.x, chart.scatter.y
    line = loss_lines(chart, x, y, [law])[0].line
    above = np.column_stack([x.fraction(line.x), y.fraction(line.y) + 0.04])
    (drawn,) = loss_lines(chart, x, y, [law], markers=polyline(x.values(above[:, 0]), y.values(above[:, 1])))
    name = np.array([x.fraction(drawn.label.x)[0], y.fraction(drawn.label.y)[0]])
    # The box of the name, with half a marker around it.
    assert (abs(above - name) > [0.085 + 0.039, 0.027 + 0.037]).any(axis=1).all()


def test_lines_follow_the_scale_of_the_axes():
    """On the axis of L - E all lines are above the irreducible loss of the fit; a line is bent on linear axes."""
    chart = loss_figure(RUNS, LAW, scale="excess")
    (drawn,) = loss_lines(chart, chart.scatter.x, chart.scatter.y, [OTHER])
    expected = OTHER.law.loss(*allocate(OTHER.law, drawn.line.x)) - LAW.E
    assert drawn.line.y == pytest.approx(expected, rel=1e-9)
    plane = frontier_figure(RUNS, LAW, scale="linear").planes[2]
    (drawn,) = plane_lines(plane, [OTHER])
    assert len(drawn.line) > 10
    assert drawn.line.y == pytest.approx(allocate(OTHER.law, 6 * drawn.line.x * drawn.line.y)[1], rel=1e-9)


def test_a_law_of_compute_is_drawn_on_the_chart_of_the_loss_only():
    law = NamedLaw("of compute", FrontierLaw(E=1.7, A=1e3, alpha=0.15))
    assert all(not len(plane_lines(plane, [law])[0].line) for plane in frontier_figure(RUNS, LAW).planes)
    chart = loss_figure(RUNS, LAW)
    line = loss_lines(chart, chart.scatter.x, chart.scatter.y, [law])[0].line
    assert line.y == pytest.approx(1.7 + 1e3 / line.x**0.15)


def test_a_law_without_an_optimum_has_no_line():
    law = NamedLaw("flat", type(LAW)(1.69, 406.4, 0.0, 0.34, 0.28))
    for plane in frontier_figure(RUNS, LAW).planes:
        (drawn,) = plane_lines(plane, [law])
        assert not len(drawn.line)
        assert not len(drawn.label)


def test_lines_that_are_drawn_are_not_computed_again():
    plane = frontier_figure(RUNS, LAW).planes[0]
    before = plane_lines(plane, LAWS)
    after = plane_lines(plane, [*LAWS, NamedLaw("new", LAW)], before)
    assert all(one.line is other.line for one, other in zip(before, after, strict=False))
    assert len(after) == len(before) + 1
