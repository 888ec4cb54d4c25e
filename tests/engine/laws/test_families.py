"""What every family of laws must provide: tested for each, so that a new family is tested by adding it to `LAWS`."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from runs import LAW

from chinchilla_nb import FAMILIES, FrontierLaw, KaplanLaw, Runs
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate, compute_optimal_D, exponents
from chinchilla_nb.engine.laws.families import PLANNING_FAMILIES, family_of
from chinchilla_nb.engine.laws.family import losses_of
from chinchilla_nb.engine.laws.notation import HTML, TEXT
from chinchilla_nb.engine.laws.parameters import axes_of

LAWS = {
    "chinchilla": LAW,
    "kaplan": KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103),
    "frontier": FrontierLaw(E=1.69, A=1000.0, alpha=0.155),
}
LIMITS = {
    "chinchilla": {"A": (1.0, 1e6), "B": (1.0, 1e6)},
    "kaplan": {"N_c": (1e10, 1e16)},
    "frontier": {"A": (1.0, 1e6)},
}
"""Bounds for which other coordinates are chosen."""


def test_every_family_is_tested():
    assert LAWS.keys() == FAMILIES.keys() == LIMITS.keys()


def test_a_law_tells_its_family():
    assert {name: family_of(law).name for name, law in LAWS.items()} == {name: name for name in FAMILIES}


@pytest.fixture(params=LAWS)
def name(request):
    return request.param


@pytest.fixture(params=PLANNING_FAMILIES)
def planning_name(request):
    return request.param


@pytest.fixture(params=["free", "limited"])
def bounds(request, name):
    return LIMITS[name] if request.param == "limited" else {}


def some_runs(law, size=25):
    rng = np.random.default_rng(1)
    N, D = np.exp(rng.uniform(np.log([1e6, 1e8]), np.log([1e9, 1e11]), (size, 2))).T
    loss = losses_of(law, Runs(N, D, np.ones(size)))
    return Runs(N, D, loss * np.exp(0.02 * rng.standard_normal(size)))


def point_of(law):
    values = zip(law.parameters, law.as_dict().values(), strict=True)
    return np.array([np.log(value) if parameter.log_name else value for parameter, value in values])


@pytest.fixture
def box(name, bounds):
    return FAMILIES[name].coordinates(some_runs(LAWS[name]), bounds)


def test_names_and_starts_are_those_of_the_parameters(name):
    family, law = FAMILIES[name], LAWS[name]
    assert family.name == name
    assert list(law.as_dict()) == [parameter.name for parameter in family.parameters]
    assert law.parameters == family.starts.parameters == family.parameters
    assert family.from_params(law.as_dict()) == law


def test_the_form_in_symbols_is_the_law(name):
    family, law = FAMILIES[name], FAMILIES[name].published
    assert family.from_params(law.as_dict()) == law
    values = zip(family.parameters, law.as_dict().values(), strict=True)
    # In the syntax of Python, except for the power and the outer brackets.
    formula = family.form.replace("^", "**").replace("[", "(").replace("]", ")")
    symbols = {parameter.symbol: value for parameter, value in values}
    runs = Runs([3e8], [7e9], [1.0])
    inputs = {"N": 3e8, "D": 7e9, "C": 6 * 3e8 * 7e9}
    assert eval(formula, {**inputs, **symbols}) == pytest.approx(losses_of(law, runs)[0], rel=1e-12)


def test_copies_and_other_processes_share_one_instance(name):
    family = FAMILIES[name]
    assert copy.deepcopy(family) is family
    assert pickle.loads(pickle.dumps(family)) is family


def test_coordinates_and_laws_round_trip(name, box):
    law = LAWS[name]
    again = box.law(box.theta(point_of(law)))
    assert list(again.as_dict().values()) == pytest.approx(list(law.as_dict().values()), rel=1e-9)


def test_predictions_are_the_losses_of_the_law(name, box):
    law, runs = LAWS[name], some_runs(LAWS[name])
    predictor = box.predictor(runs)
    theta = box.theta(point_of(law))
    expected = losses_of(law, runs)
    assert predictor.at(theta).value * box.unit == pytest.approx(expected, rel=1e-12)
    which = np.array([4, 4, 0, 11])
    assert predictor.take(which).at(theta).value * box.unit == pytest.approx(expected[which], rel=1e-12)
    wide = box.predictor(runs, np.longdouble).at(theta.astype(np.longdouble)).value
    assert wide.dtype == np.longdouble
    assert np.asarray(wide * box.unit, float) == pytest.approx(expected, rel=1e-12)


def test_derivatives_agree_with_differences(name, box):
    runs = some_runs(LAWS[name])
    predictor = box.predictor(runs)
    theta = box.theta(point_of(LAWS[name])) * 1.02
    push, h = np.random.default_rng(2).standard_normal(len(runs)), 1e-6
    at = predictor.at(theta)
    sides = [(predictor.at(theta + h * step), predictor.at(theta - h * step)) for step in np.eye(len(theta))]
    slopes = np.stack([(above.value - below.value) / (2 * h) for above, below in sides], axis=-1)
    assert at.jacobian() == pytest.approx(slopes, rel=1e-6, abs=1e-8 * np.abs(slopes).max())
    assert at.pull(push) == pytest.approx(push @ at.jacobian(), rel=1e-9)
    bends = np.stack([(above.pull(push) - below.pull(push)) / (2 * h) for above, below in sides])
    assert at.curvature(push) == pytest.approx(bends, rel=1e-6, abs=1e-8 * np.abs(bends).max())


def test_a_batch_agrees_with_its_members(name, box):
    runs = some_runs(LAWS[name])
    predictor = box.predictor(runs)
    rng = np.random.default_rng(3)
    theta = box.theta(point_of(LAWS[name]))
    batch, pushes = theta + 1e-3 * rng.standard_normal((2, 3, len(theta))), rng.standard_normal((2, 3, len(runs)))
    whole = predictor.at(batch)
    for place in np.ndindex(2, 3):
        one = predictor.at(batch[place])
        assert np.array_equal(whole.value[place], one.value)
        assert np.array_equal(whole.jacobian()[place], one.jacobian())
        assert whole.pull(pushes)[place] == pytest.approx(one.pull(pushes[place]), rel=1e-12)
        assert whole.curvature(pushes)[place] == pytest.approx(one.curvature(pushes[place]), rel=1e-12, abs=1e-13)


def test_no_other_split_of_the_budget_is_better_than_the_allocation(planning_name):
    law, C = LAWS[planning_name], np.array([1e18, 1e21, 5.76e23])
    N, D = allocate(law, C)
    assert 6 * N * D == pytest.approx(C, rel=1e-12)
    for factor in (0.99, 1.01):
        assert (law.loss(N, D) < law.loss(N * factor, D / factor)).all()
    assert compute_optimal_D(law, N) == pytest.approx(D, rel=1e-9)
    a, b = exponents(law)
    assert a + b == pytest.approx(1, rel=1e-12)
    assert np.log(N[2] / N[0]) / np.log(C[2] / C[0]) == pytest.approx(a, rel=1e-9)


def test_the_iso_loss_curve_contains_models_of_that_loss(planning_name):
    law = LAWS[planning_name]
    N = np.geomspace(1e8, 1e11, 4)
    D = np.geomspace(1e9, 1e12, 4)
    for one_N, one_D in zip(N, D, strict=True):
        curve = law.iso_loss(float(law.loss(one_N, one_D)))
        terms = np.logaddexp(curve.log_F - curve.f * np.log(one_N), curve.log_G - curve.g * np.log(one_D))
        assert terms == pytest.approx(curve.log_S, rel=1e-9)


def test_the_equation_contains_every_value(name):
    law = LAWS[name]
    text, html = law.equation(TEXT), law.equation(HTML)
    assert text == str(law)
    assert html == law._repr_html_()
    inputs = axes_of(law.parameters)
    assert text.startswith(f"L({', '.join(inputs)}) = ")
    assert html.startswith(f"<i>L</i>({', '.join(f'<i>{one}</i>' for one in inputs)}) = ")


@pytest.mark.parametrize("value", ["5", True, None, 1j, [1e9, "5"], np.ma.masked], ids=repr)
def test_what_is_not_a_number_has_no_loss_and_is_no_parameter(name, value):
    law = LAWS[name]
    inputs = axes_of(law.parameters)
    for where in inputs:
        with pytest.raises(InputError, match=f"^{where} must be "):
            law.loss(**{**dict.fromkeys(inputs, 1e9), where: value})
    for parameter in law.as_dict():
        with pytest.raises(InputError, match=f"^{parameter} must be a number, got "):
            type(law)(**{**law.as_dict(), parameter: value})


@pytest.mark.skipif(np.finfo(np.longdouble).eps == np.finfo(float).eps, reason="needs extended precision")
def test_a_law_is_the_closest_to_its_coordinates(name):
    """Each parameter is rounded once, however large the logarithm of a factor is."""
    N = np.geomspace(7e6, 6e7, 9)
    runs = Runs(N, 100 * N, np.geomspace(4e4, 0.5, 9))
    theta = {
        "chinchilla": [0.05, -5.2, -1.1, 9.9876543210123, 3.2068926250283605],
        "kaplan": [-1.3, 0.2, 0.9876543210123, 1.2068926250283605],
        "frontier": [0.05, -1.1, 3.2068926250283605],
    }[name]
    exact = np.array(theta, dtype=np.longdouble) + np.longdouble(1) / 3 * 1e-16
    box = FAMILIES[name].coordinates(runs, {})
    values = [np.longdouble(value) for value in box.law(exact).as_dict().values()]
    N, D, C = (sizes.astype(np.longdouble) for sizes in (runs.N, runs.D, runs.C))
    if name == "chinchilla":
        E, A, B, alpha, beta = values
        predicted = E + A * N**-alpha + B * D**-beta
    elif name == "kaplan":
        N_c, D_c, alpha_N, alpha_D = values
        predicted = ((N_c / N) ** (alpha_N / alpha_D) + D_c / D) ** alpha_D
    else:
        E, A, alpha = values
        predicted = E + A * C**-alpha
    expected = box.predictor(runs, np.longdouble).at(exact).value * box.unit
    assert np.abs(predicted / expected - 1).max() <= np.finfo(float).eps
