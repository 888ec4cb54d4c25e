"""Parameters that were fixed or limited are told from free ones wherever a fit is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from runs import LAW, make_runs

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.held import held_parameters
from chinchilla_nb.engine.laws.parameters import LARGEST_EXPONENT
from chinchilla_nb.report import Report

RUNS = make_runs(30, rng=7)


def test_a_free_fit_holds_nothing():
    assert fit(RUNS).held == {}


@pytest.mark.parametrize(
    ("limits", "text", "fixed", "at_limit"),
    [
        (0.34, "fixed at 0.34", True, True),
        ((0.35, 0.4), "at its lower limit 0.35", False, True),
        ((0.2, 0.3), "at its upper limit 0.3", False, True),
        ((0.2, 0.5), "limited to 0.2 – 0.5", False, False),
    ],
)
def test_how_a_parameter_was_held(limits, text, fixed, at_limit):
    assert LAW.alpha == 0.34
    bounds = {"alpha": limits if isinstance(limits, tuple) else (limits, limits)}
    found = fit(RUNS, bounds=bounds)
    assert list(found.held) == ["alpha"]
    held = found.held["alpha"]
    assert (held.text.replace("\u2009", " "), held.fixed, held.at_limit) == (text, fixed, at_limit)
    for shown in (repr(found), found._repr_html_(), str(Report.of(found, Settings()))):
        assert held.text in shown


@pytest.mark.parametrize(
    ("change", "name", "text"),
    [
        ({"E": 0.0}, "E", "at its lower limit 0"),
        ({"alpha": LARGEST_EXPONENT}, "alpha", "at its upper limit 10"),
    ],
)
def test_a_free_parameter_at_an_end_of_what_a_fit_considers(change, name, text):
    held = held_parameters(replace(LAW, **change), {})
    assert {name: one.text for name, one in held.items()} == {name: text}
