"""The fitted law as it is printed: its numbers are those of the tiles, and it is read out as an equation."""

from __future__ import annotations

import dataclasses
import re

import pytest
from runs import make_runs, table_of

from chinchilla_nb import FitPanel
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.widgets.fit.typeset_law import parameter_texts, typeset_law

LAW = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
RUNS = Runs([1e9, 1e10], [2e10, 2e11], [2.5, 2.2])


@pytest.fixture
def rows():
    return table_of(make_runs(60, noise=0.01))


def test_the_law_is_typeset_with_fractions_and_raised_exponents():
    html = typeset_law(LAW, RUNS, parameter_texts(LAW, {}), {})
    fractions = re.findall(r'cnb-frac"><span>(.*?)</span><i class="cnb-unseen"> / </i><span>(.*?)</span>', html)
    assert fractions == [("406.4", "<i>N</i><sup>0.34</sup>"), ("410.7", "<i>D</i><sup>0.28</sup>")]
    assert 'aria-label="L(N, D) = 1.69 + 406.4 / N^0.34 + 410.7 / D^0.28"' in html
    # N* grows as C to the beta / (alpha + beta).
    assert f"<i>C</i><sup>{0.28 / 0.62:.3f}</sup>" in html


def test_the_equation_has_the_digits_that_are_known(session):
    session.settings = dataclasses.replace(session.settings, loss_fn=mse)
    panel = FitPanel(session)
    panel.fit_button.click()
    panel.wait()
    shown = re.sub("<[^>]*>", "", panel.law.value)
    intervals = session.uncertainty.interval()
    for name, value in (*session.fit.law.as_dict().items(), ("a", session.fit.law.exponents()[0])):
        low, high = float(intervals[name].low), float(intervals[name].high)
        # The last digit shown is worth at least a thousandth of the interval and at most half of it.
        written = min(re.findall(r"[\d,.]*\d", shown), key=lambda text: abs(float(text.replace(",", "")) - value))
        assert abs(float(written.replace(",", "")) - value) <= 0.26 * (high - low)
        assert len(written.replace(",", "").replace(".", "").lstrip("0")) <= 4
