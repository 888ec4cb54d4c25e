"""Joint predictions of groups: each run by the law of its group, with derivatives that finite differences confirm."""

from __future__ import annotations

import numpy as np
import pytest
from two_groups import two_groups

from chinchilla_nb import FAMILIES
from chinchilla_nb.engine.fitting.reliability.linearised import point_of
from chinchilla_nb.engine.groups.grouped_runs import group_runs
from chinchilla_nb.engine.groups.joint_law import JointCoordinates
from chinchilla_nb.engine.groups.sharing import MODELS, models_of, shared_in_words

RUNS = two_groups(12)
GROUPED = group_runs(RUNS, "group")


def box_of(law: str, model: str) -> JointCoordinates:
    family = FAMILIES[law]
    return JointCoordinates.of(family.coordinates(RUNS, {}), models_of(family.parameters)[model], GROUPED.number)


def theta_of(box: JointCoordinates, law: str) -> np.ndarray:
    """Return the published law, with every coordinate of the groups moved a little."""
    theta = box.theta(point_of(FAMILIES[law].published)[None])[0]
    return theta + 0.01 * np.arange(len(theta))


CASES = [(law, model) for law in ("chinchilla", "kaplan") for model in models_of(FAMILIES[law].parameters)]


@pytest.mark.parametrize(("law", "model"), CASES)
def test_each_run_is_predicted_by_the_law_of_its_group(law, model):
    box = box_of(law, model)
    theta = theta_of(box, law)
    expected = np.empty(len(RUNS))
    for group, one in enumerate(box.law(theta).laws):
        of = GROUPED.number == group
        expected[of] = one.loss(RUNS.N[of], RUNS.D[of])
    np.testing.assert_allclose(box.predictor(RUNS).at(theta).value * box.unit, expected, rtol=1e-10)


@pytest.mark.parametrize(("law", "model"), CASES)
def test_derivatives_agree_with_finite_differences(law, model):
    box = box_of(law, model)
    theta, predictor = theta_of(box, law).astype(np.longdouble), box.predictor(RUNS, np.longdouble)
    push, at, step = np.linspace(-1, 1, len(RUNS)), predictor.at(theta), 1e-6
    moves = step * np.eye(len(theta))
    ends = [(predictor.at(theta + move), predictor.at(theta - move)) for move in moves]
    jacobian = np.stack([(up.value - down.value) / (2 * step) for up, down in ends], axis=-1)
    np.testing.assert_allclose(at.jacobian(), jacobian, atol=1e-8)
    np.testing.assert_allclose(at.pull(push), push @ jacobian, atol=1e-7)
    curvature = np.stack([(up.pull(push) - down.pull(push)) / (2 * step) for up, down in ends], axis=-1)
    np.testing.assert_allclose(at.curvature(push), curvature, atol=1e-7)


def test_a_batch_is_what_each_theta_alone_is():
    box = box_of("chinchilla", "efficiency")
    thetas = theta_of(box, "chinchilla") + np.array([[0.0], [0.01], [0.02]])
    push = np.linspace(-1, 1, 3 * len(RUNS)).reshape(3, -1)
    some = box.predictor(RUNS).take(np.array([0, 3, 4, 7]))
    whole, part = box.predictor(RUNS).at(thetas), some.at(thetas)
    for row, theta in enumerate(thetas):
        alone = box.predictor(RUNS).at(theta)
        np.testing.assert_allclose(whole.value[row], alone.value)
        np.testing.assert_allclose(whole.jacobian()[row], alone.jacobian())
        np.testing.assert_allclose(whole.pull(push)[row], alone.pull(push[row]))
        np.testing.assert_allclose(whole.curvature(push)[row], alone.curvature(push[row]))
        np.testing.assert_allclose(part.value[row], alone.value[[0, 3, 4, 7]])


def test_what_the_models_share():
    chinchilla, kaplan = FAMILIES["chinchilla"].parameters, FAMILIES["kaplan"].parameters
    counts = {model: len(box_of("chinchilla", model).lower) for model in MODELS}
    assert counts == {
        "separate": 10,
        "exponents": 8,
        "efficiency": 7,
        "N-efficiency": 6,
        "D-efficiency": 6,
        "pooled": 5,
    }
    assert shared_in_words("efficiency", chinchilla) == "E, alpha and beta are shared"
    assert shared_in_words("N-efficiency", kaplan) == "D_c, alpha_N and alpha_D are shared"
    assert "exponents" not in models_of(kaplan)  # the same as "efficiency", without an irreducible loss
