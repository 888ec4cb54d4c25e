"""Intervals of frontier fits, against refits with a quantity held and against textbook formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import t as t_distribution

from chinchilla_nb import FrontierLaw, Runs, asymmetric_mae, fit, log_huber, mae, mse
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.uncertainty.frontier_uncertainty import FrontierUncertainty

LAW = FrontierLaw(E=1.69, A=1000.0, alpha=0.155)


def noisy(n, size=0.003, law=LAW, rng=0):
    C = np.geomspace(1e18, 1e22, n)
    return Runs.frontier(C, law.loss(C) * np.exp(size * np.random.default_rng(rng).standard_normal(n)))


def sure_of(runs, loss_fn=mse, **how):
    return FrontierUncertainty(fit(runs, loss_fn=loss_fn, law="frontier", **how))


def profile_of_E(runs, E):
    """Return the least relative squares with E held, by a search that shares no code with the engine."""

    def squares(alpha):
        X = runs.C**-alpha / runs.loss
        rest = 1 - E / runs.loss
        return np.sum((rest - X * (X @ rest) / (X @ X)) ** 2)

    return minimize_scalar(squares, bounds=(0.01, 1), method="bounded", options={"xatol": 1e-12}).fun


def test_the_interval_of_the_floor_is_that_of_the_profile():
    # Small errors, so that squared errors of log L are relative ones.
    runs = noisy(8, 1e-4)
    least = minimize_scalar(
        lambda E: profile_of_E(runs, E), bounds=(1.5, 1.9), method="bounded", options={"xatol": 1e-12}
    )
    most = least.fun * (1 + t_distribution.ppf(0.975, 5) ** 2 / 5)
    low, high = (brentq(lambda E: profile_of_E(runs, E) - most, *ends) for ends in ((1.5, least.x), (least.x, 1.9)))
    found = sure_of(runs, log_huber).interval()["E"]
    assert [found.low, found.high] == pytest.approx([low, high], abs=0.01 * (high - low))


def test_with_the_exponent_fixed_the_intervals_are_those_of_a_straight_line():
    runs = noisy(7, 1e-4)
    alpha, far = LAW.alpha, np.array([1e20, 1e24])
    X = np.stack([np.ones(7), runs.C**-alpha * 1e3], axis=1)
    weighted = X / runs.loss[:, None]
    inverse = np.linalg.inv(weighted.T @ weighted)
    coefficients = inverse @ weighted.T @ np.ones(7)
    s = np.sqrt(np.sum((1 - weighted @ coefficients) ** 2) / 5)
    at = np.stack([np.ones(2), far**-alpha * 1e3], axis=1)
    half = t_distribution.ppf(0.95, 5) * s * np.sqrt(np.einsum("ij,jk,ik->i", at, inverse, at))
    found = sure_of(runs, log_huber, bounds={"alpha": (alpha, alpha)}).predict_loss(far, level=0.9)
    assert found.low == pytest.approx(at @ coefficients - half, rel=1e-6)
    assert found.high == pytest.approx(at @ coefficients + half, rel=1e-6)


def test_intervals_contain_the_fit_and_grow_with_level_and_distance():
    for loss_fn in (mse, mae, log_huber, asymmetric_mae):
        sure = sure_of(noisy(8), loss_fn)
        for name, one in sure.interval().items():
            assert one.low <= sure.fit.law.as_dict()[name] <= one.high
        near, far = sure.predict_loss(1e22), sure.predict_loss(1e24)
        assert near.low < near.value < near.high
        assert far.high - far.low > near.high - near.low
        wide, new = sure.predict_loss(1e24, level=0.99), sure.predict_loss(1e24, kind="new-run")
        assert wide.low < far.low < far.high < wide.high
        assert new.high - new.low > far.high - far.low
    assert sure.predict_loss([[1e20, 1e21]]).low.shape == (1, 2)


def test_intervals_scale_with_the_losses():
    runs = noisy(8)
    one, other = sure_of(runs), sure_of(Runs.frontier(runs.C, 1000 * runs.loss))
    for C in (1e20, 1e24):
        assert other.predict_loss(C).low == pytest.approx(1000 * one.predict_loss(C).low, rel=1e-6)
    assert other.interval()["alpha"].high == pytest.approx(one.interval()["alpha"].high, rel=1e-6)


def test_points_that_determine_nothing_have_no_narrow_intervals():
    three = sure_of(noisy(3))
    assert three.degrees == 0
    for one in (*three.interval().values(), three.predict_loss(1e24)):
        assert (float(one.low), float(one.high)) == (0.0, np.inf)
    # Of two distinct C, laws with any floor below both losses pass through their means.
    two = sure_of(Runs.frontier([1e18, 1e18, 1e19, 1e19], [3.0, 3.01, 2.5, 2.51]))
    floor = two.interval()["E"]
    assert floor.low == pytest.approx(0, abs=0.01)
    assert floor.high > 2.4
    far = two.predict_loss(1e23)
    assert far.high > 2.4
    assert far.low < 3 * (2.5 / 3) ** 5 * 1.02  # a power law through both


def test_bounds_limit_the_intervals():
    sure = sure_of(noisy(6, 0.02), bounds={"E": (1.5, 1.8)})
    floor = sure.interval()["E"]
    assert (float(floor.low), float(floor.high)) == pytest.approx((1.5, 1.8))
    pinned = sure_of(noisy(6, 0.02), bounds={"E": (1.69, 1.69)})
    assert pinned.degrees == pytest.approx(4)
    assert float(pinned.interval()["E"].low) == float(pinned.interval()["E"].high) == 1.69
    free = sure_of(noisy(6, 0.02))
    narrow, wide = (one.interval()["alpha"] for one in (pinned, free))
    assert narrow.high - narrow.low < wide.high - wide.low


def test_exact_points_have_no_uncertainty():
    found = sure_of(noisy(8, 0.0)).predict_loss(1e24, kind="new-run")
    assert [found.low, found.high] == pytest.approx([float(LAW.loss(1e24))] * 2, rel=1e-9)


def test_the_covariance_is_that_of_weighted_least_squares():
    runs = noisy(9, 1e-4)
    sure = sure_of(runs, log_huber)
    law = sure.fit.law
    term = law.A * runs.C**-law.alpha
    J = np.stack([np.ones(9), term, -term * np.log(runs.C)], axis=1) / runs.loss[:, None]
    s = np.sum((law.loss(runs.C) / runs.loss - 1) ** 2) / 6
    assert sure.covariance == pytest.approx(s * np.linalg.inv(J.T @ J), rel=1e-2)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda sure: sure.interval(level=1.0), "level must be a number between 0 and 1, got 1.0"),
        (lambda sure: sure.predict_loss(1e24, level=-1), "level must be a number between 0 and 1, got -1"),
        (lambda sure: sure.predict_loss(-1.0), "C must be positive"),
        (lambda sure: sure.predict_loss(1e24, kind="new"), "kind must be 'mean' or 'new-run', got 'new'"),
        (lambda sure: sure.predict_loss("far"), "C must be"),
    ],
)
def test_what_is_not_usable_is_one_sentence(use, message):
    with pytest.raises(InputError, match=f"^{message}"):
        use(sure_of(noisy(6)))


def test_nine_of_ten_intervals_of_90_percent_contain_the_truth():
    inside = np.zeros(3)
    for seed in range(200):
        sure = sure_of(noisy(6, rng=seed), log_huber)
        limits, loss = sure.interval(0.9), sure.predict_loss(1e24, 0.9)
        pairs = ((limits["alpha"], LAW.alpha), (limits["E"], LAW.E), (loss, LAW.loss(1e24)))
        inside += [one.low <= value <= one.high for one, value in pairs]
    # Three standard errors of 200 draws.
    assert np.abs(inside / 200 - 0.9).max() <= 3 * np.sqrt(0.9 * 0.1 / 200)


def test_an_exponent_that_the_points_do_not_limit_has_no_limits():
    scattered = Runs.frontier(np.geomspace(1e18, 1e23, 6), [3.0, 2.5, 0.1, 2.2, 2.1, 2.0])
    found = sure_of(scattered).interval()["alpha"]
    assert (float(found.low), float(found.high)) == (0.0, np.inf)


def test_many_budgets_and_points_are_answered_in_blocks():
    sure = sure_of(noisy(30))
    C = np.geomspace(1e18, 1e25, 200).reshape(20, 10)
    many = sure.predict_loss(C)
    assert many.high.shape == (20, 10)
    assert float(sure.predict_loss(C[7, 3]).high) == many.high[7, 3]
    assert sure.predict_loss([]).low.shape == (0,)


class TestRollOuts:
    @staticmethod
    def broken(drop):
        """Points of a law, of which the last three of ten are lower by a share."""
        C = np.geomspace(1e18, 1e22, 10)
        return Runs.frontier(C, LAW.loss(C) * np.where(np.arange(10) < 7, 1.0, 1 - drop))

    def test_points_beyond_a_budget_are_predicted_from_those_below_it(self):
        points = self.broken(0.03)
        [part] = fit(points, loss_fn=mse, law="frontier").roll_outs([points.C[6]]).parts
        assert part.held_out.C.tolist() == points.C[7:].tolist()
        assert part.error == pytest.approx(np.log(0.97), rel=1e-6)

    def test_scores_have_no_sizes_that_are_not_known(self):
        scores = fit(noisy(12), loss_fn=mse, law="frontier").roll_outs().scores
        assert list(scores) == ["C0", "C", "loss", "predicted", "error"]

    def test_default_budgets_leave_two_points_per_parameter(self):
        points = noisy(12)
        parts = fit(points, loss_fn=mse, law="frontier").roll_outs().parts
        # Points are a factor of 2.3 apart, so that each of the budgets from the sixth on counts.
        assert [part.C0 for part in parts] == points.C[5:11].tolist()

    def test_intervals_as_the_law_has_done_contain_those_if_it_holds(self):
        fitted = fit(self.broken(0.03), loss_fn=mse, law="frontier")
        sure, roll_outs = fitted.uncertainty(), fitted.roll_outs()
        C = np.array([1e20, 1e23, 1e25])
        narrow, wide = (sure.predict_loss(C, kind="new-run", roll_outs=known) for known in (None, roll_outs))
        assert wide.low[0] == pytest.approx(narrow.low[0], rel=1e-12)
        assert wide.high[0] == pytest.approx(narrow.high[0], rel=1e-12)
        assert np.all(wide.low[1:] < narrow.low[1:])
        # Once the law has been 3 % too high at three points, a run that is 3 % lower is no surprise.
        assert wide.low[1] < 0.97 * LAW.loss(1e23)

    def test_roll_outs_of_other_points_are_refused(self):
        other = fit(noisy(12, rng=1), loss_fn=mse, law="frontier").roll_outs()
        with pytest.raises(InputError, match="rollout must be of the runs and settings of the fit"):
            sure_of(noisy(12)).predict_loss(1e23, roll_outs=other)

    def test_too_few_points_are_refused(self):
        with pytest.raises(InputError, match="roll-outs need at least 6 runs with 3 values of C below a budget"):
            fit(noisy(6), loss_fn=mse, law="frontier").roll_outs()
