"""Outlines of runs that grow are those of all runs at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import LAW

from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures import loss_figure, run_outline


def runs_of(count: int, seed: int, *, ties: bool) -> Runs:
    """Return runs, of which many have the same C or the same loss if there are ties."""
    rng = np.random.default_rng(seed)
    N, D = 10 ** rng.uniform(7, 10, count), 10 ** rng.uniform(9, 12, count)
    if ties:
        N, D = 10 ** np.round(np.log10(N)), 10 ** np.round(np.log10(D))
    loss = LAW.loss(N, D) * np.exp(0.05 * rng.normal(size=count))
    return Runs(N, D, np.round(loss, 1) if ties else loss)


def assert_alike(one, other) -> None:
    """Assert that all that charts take from two outlines is the same."""
    assert one.by_compute.tolist() == other.by_compute.tolist()
    assert one.losses.tolist() == other.losses.tolist()
    assert one.drawn.tolist() == other.drawn.tolist()
    assert one.lower.tolist() == other.lower.tolist()
    assert one.ends == other.ends
    for own, others in ((one.loss_scale, other.loss_scale), (one.envelope, other.envelope)):
        for name in ("low", "high", "softening", "ticks", "tick_labels", "x", "y"):
            assert np.array_equal(getattr(own, name, ()), getattr(others, name, ()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=8), st.integers(0, 10**6), st.booleans())
def test_an_outline_that_grew_is_that_of_all_runs(batches, seed, ties):
    runs, outline = runs_of(sum(batches), seed, ties=ties), None
    for count in np.cumsum(batches):
        outline = run_outline(runs.take(np.arange(count)), outline)
    assert_alike(outline, run_outline(runs))


@pytest.mark.parametrize("ties", [False, True])
def test_the_orders_are_those_of_sorted_runs(ties):
    runs = runs_of(500, 3, ties=ties)
    outline = run_outline(runs.take(np.arange(200)))
    outline = run_outline(runs, outline)
    C, loss = runs.C.tolist(), runs.loss.tolist()
    assert outline.by_compute.tolist() == sorted(range(500), key=C.__getitem__)
    assert outline.losses.tolist() == sorted(loss)
    median = float(np.median(loss))
    place = outline.loss_scale.normalise(median)
    assert place == pytest.approx(0.5) or place > 0.5  # without a long tail, the scale is linear


@pytest.mark.parametrize("ties", [False, True])
def test_the_envelope_has_the_lowest_loss_up_to_each_compute(ties):
    runs = runs_of(400, 4, ties=ties)
    envelope = run_outline(runs).envelope
    for C in runs.C:
        lowest = min(loss for at, loss in zip(runs.C, runs.loss, strict=True) if at <= C)
        assert envelope.y[envelope.x <= C][-1] == lowest
    assert envelope.x[-1] == runs.C.max()


def test_runs_that_changed_get_an_outline_of_their_own():
    runs = runs_of(300, 5, ties=False)
    before = run_outline(runs)
    assert run_outline(runs, before) is before
    for others in (runs.take(np.arange(299)), runs.take(np.arange(300)[::-1]), runs_of(400, 6, ties=False)):
        assert_alike(run_outline(others, before), run_outline(others))


def test_figures_take_an_outline_for_its_runs():
    runs = runs_of(1500, 7, ties=True)
    one, other = loss_figure(runs), loss_figure(run_outline(runs, run_outline(runs.take(np.arange(1000)))))
    assert one.shown.tolist() == other.shown.tolist()
    assert one.envelope.x.tolist() == other.envelope.x.tolist()
    assert one.colour.tolist() == other.colour.tolist()
