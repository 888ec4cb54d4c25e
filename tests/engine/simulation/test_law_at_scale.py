"""A law at the scale of runs gives losses as large as theirs, whatever their unit and size."""

from __future__ import annotations

import numpy as np
import pytest
from runs import LAW, make_runs

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.law_at_scale import law_at_scale


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3])
@pytest.mark.parametrize("size", [1e-4, 1.0])
def test_its_losses_are_as_large_as_those_of_the_runs(scale, size):
    runs = make_runs(40, rng=3)
    small = Runs(runs.N * size, runs.D * size, runs.loss * scale)
    law = law_at_scale(small)
    middle = law.loss(np.exp(np.log(small.N).mean()), np.exp(np.log(small.D).mean()))
    assert float(middle) == pytest.approx(np.median(small.loss), rel=0.01)
    predicted = law.loss(small.N, small.D)
    assert predicted.min() > 0.7 * small.loss.min()
    assert predicted.max() < 1.7 * small.loss.max()
    assert (law.alpha, law.beta) == (LAW.alpha, LAW.beta)


def test_one_run_and_equal_losses_give_a_law_with_an_optimum():
    for runs in (Runs([1e8], [1e9], [3.0]), Runs([1e8, 1e9], [1e9, 1e10], [3.0, 3.0])):
        assert min(law_at_scale(runs).as_dict().values()) > 0


def test_there_must_be_runs():
    with pytest.raises(InputError, match="at least one run"):
        law_at_scale(Runs([], [], []))
