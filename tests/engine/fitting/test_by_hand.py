"""Laws set by hand: the coordinates by closed forms, and profiles against minimisations by SciPy."""

from __future__ import annotations

import functools
import pickle

import numpy as np
import pytest
from runs import AXES, GRID, LAW, make_runs
from scipy.optimize import minimize

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.by_hand import LawByHand
from chinchilla_nb.engine.fitting.fit import fit, solve
from chinchilla_nb.engine.fitting.losses import asymmetric_mae, log_huber, mse
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.kaplan import KaplanLaw
from chinchilla_nb.engine.laws.kaplan_family import KAPLAN
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

RUNS = make_runs(40, noise=0.01)
HUBER = functools.partial(log_huber, delta=1e-3)
KAPLAN_LAW = KaplanLaw(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)


def middle(runs: Runs) -> tuple[float, float]:
    return float(np.exp(np.log(runs.N).mean())), float(np.exp(np.log(runs.D).mean()))


def test_an_exponent_turns_the_law_about_the_middle_of_the_runs():
    by_hand = LawByHand.of(Problem(RUNS), LAW)
    N, D = middle(RUNS)
    turned = by_hand.moved("alpha", 0.5).law
    assert turned.alpha == 0.5
    # A / N^alpha stays at the geometric mean of N, so that A = 406.4 N^(0.5 - 0.34).
    assert turned.A == pytest.approx(406.4 * N**0.16, rel=1e-12)
    assert turned.loss(N, D) == pytest.approx(LAW.loss(N, D), rel=1e-12)
    assert (turned.E, turned.B, turned.beta) == pytest.approx((1.69, 410.7, 0.28), rel=1e-12)


def test_a_factor_moves_its_term_by_the_same_share_at_every_run():
    by_hand = LawByHand.of(Problem(RUNS), LAW)
    moved = by_hand.moved("B", by_hand.position("B") + np.log(2)).law
    assert moved.B == pytest.approx(2 * 410.7, rel=1e-12)
    assert (moved.A, moved.alpha, moved.beta) == pytest.approx((406.4, 0.34, 0.28), rel=1e-12)


def test_an_exponent_of_kaplan_turns_the_law_about_the_middle_too():
    problem = Problem(make_runs(40, law=KAPLAN_LAW), KAPLAN, KAPLAN.starts)
    N, D = middle(problem.runs)
    turned = LawByHand.of(problem, KAPLAN_LAW).moved("alpha_N", 0.09).law
    assert turned.alpha_N == pytest.approx(0.09)
    assert turned.loss(N, D) == pytest.approx(KAPLAN_LAW.loss(N, D), rel=1e-10)
    assert turned.loss(10 * N, D) < KAPLAN_LAW.loss(10 * N, D)


def test_a_fixed_parameter_keeps_its_value_whatever_is_moved():
    by_hand = LawByHand.fixing(Problem(RUNS), LAW, ["A"])
    turned = by_hand.moved("alpha", 0.3).law
    assert turned.A == pytest.approx(406.4, rel=1e-12)
    assert by_hand.range_of("A")[0] == by_hand.range_of("A")[1]


def changes(by_hand: LawByHand, name: str) -> list[float]:
    """Return how far predictions change at both ends of a slider, in ranges of the losses of the runs."""
    runs, law = by_hand.problem.runs, by_hand.law
    ends = [by_hand.moved(name, end).law for end in by_hand.range_of(name)]
    return [
        float(np.abs(end.loss(runs.N, runs.D) - law.loss(runs.N, runs.D)).max() / np.ptp(runs.loss)) for end in ends
    ]


def test_the_ends_of_sliders_keep_the_law_near_the_runs():
    """A factor could be moved so far that the law left all charts, up to 20 ranges of the losses away."""
    by_hand = LawByHand.of(Problem(make_runs(40)), LAW)
    assert [changes(by_hand, name)[1] for name in ("A", "B", "beta")] == pytest.approx([2, 2, 2], rel=0.01)
    assert max(max(changes(by_hand, name)) for name in by_hand.law.as_dict()) < 2.001
    # A term that vanishes changes less, so that these sliders reach as far as they did.
    assert by_hand.position("A") - by_hand.range_of("A")[0] == pytest.approx(3)
    assert by_hand.with_values({"A": 8000}).law.A == pytest.approx(8000)


def test_sliders_of_other_laws_and_of_exponents_beside_fixed_factors_end_there_too():
    problem = Problem(make_runs(40, law=KAPLAN_LAW), KAPLAN, KAPLAN.starts)
    kaplan, fixed = LawByHand.of(problem, KAPLAN_LAW), LawByHand.fixing(Problem(make_runs(40)), LAW, ["A", "B"])
    for by_hand in (kaplan, fixed):
        assert max(max(changes(by_hand, name)) for name in by_hand.law.as_dict()) < 2.001


def test_sliders_of_a_law_far_off_reach_the_runs():
    problem = Problem(make_runs(40))
    far = LawByHand.of(problem, ScalingLaw(E=1.69, A=406.4, B=15 * 410.7, alpha=0.34, beta=0.28))
    low, high = far.range_of("B")
    assert far.moved("B", low).law.B < 410.7 < far.law.B < far.moved("B", high).law.B


def test_runs_of_one_loss_leave_sliders_a_range():
    runs = make_runs(6)
    by_hand = LawByHand.of(Problem(Runs(runs.N, runs.D, np.full(6, 2.5))), LAW)
    assert all(low < by_hand.position(name) < high for name in "AB" for low, high in [by_hand.range_of(name)])


@pytest.mark.parametrize("loss_fn", [asymmetric_mae, mse, HUBER], ids=["asymmetric_mae", "mse", "log_huber"])
def test_the_objective_is_the_mean_loss_over_the_runs(loss_fn):
    expected = np.mean(loss_fn(RUNS.loss, LAW.loss(RUNS.N, RUNS.D)))
    assert LawByHand.of(Problem(RUNS, loss_fn=loss_fn), LAW).objective == pytest.approx(expected, rel=1e-10)


def test_the_objective_of_a_weighted_custom_loss():
    def loss_fn(y_true, y_pred):
        return np.abs(y_true - y_pred) ** 1.5

    def weight_fn(C):
        return C / C.max()

    weight = RUNS.C / RUNS.C.max()
    expected = np.average(loss_fn(RUNS.loss, LAW.loss(RUNS.N, RUNS.D)), weights=weight)
    by_hand = LawByHand.of(Problem(RUNS, loss_fn=loss_fn, weight_fn=weight_fn), LAW)
    assert by_hand.objective == pytest.approx(expected, rel=1e-10)
    assert not by_hand.can_follow
    with pytest.raises(InputError, match="loss_fn must be a built-in loss, got .*: use log_huber"):
        by_hand.followed()


@pytest.mark.parametrize(
    ("loss_fn", "tolerance"), [(mse, 1e-7), (HUBER, 1e-5), (asymmetric_mae, 1e-4)], ids=["mse", "huber", "mae"]
)
def test_following_finds_the_minimum_of_the_profile(loss_fn, tolerance):
    """SciPy's simplex search, repeated from where it ended, over E, log A, log B and beta with alpha held."""
    alpha = 0.42

    def objective(x: np.ndarray) -> float:
        E, a, b, beta = x
        N, D = middle(RUNS)
        predicted = E + np.exp(a) * (RUNS.N / N) ** -alpha + np.exp(b) * (RUNS.D / D) ** -beta
        return float(np.mean(loss_fn(RUNS.loss, predicted))) if predicted.min() > 0 else np.inf

    x = np.array([1.8, np.log(0.3), np.log(0.3), 0.3])
    for _ in range(12):
        x = minimize(objective, x, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-16, "maxfev": 4000}).x
    found = LawByHand.of(Problem(RUNS, loss_fn=loss_fn), LAW).moved("alpha", alpha).followed(["alpha"])
    assert found.law.alpha == alpha
    assert found.objective <= objective(x) * (1 + 1e-12)
    assert found.objective == pytest.approx(objective(x), rel=tolerance)


def test_following_holds_the_size_of_a_term_and_fits_its_exponent():
    by_hand = LawByHand.of(Problem(RUNS, loss_fn=mse), LAW)
    N, _ = middle(RUNS)
    moved = by_hand.moved("A", by_hand.position("A") + 0.2)
    found = moved.followed(["A"]).law
    assert found.A * N**-found.alpha == pytest.approx(406.4 * N**-0.34 * np.exp(0.2), rel=1e-9)
    assert found.alpha != pytest.approx(0.34, rel=1e-3)


def test_following_without_anything_held_is_the_fit():
    fitted = fit(RUNS, GRID)
    found = LawByHand.of(fitted.problem, LAW).followed()
    assert found.objective == pytest.approx(fitted.objective, rel=1e-10)


def test_a_term_that_has_vanished_returns():
    """Held far too high, one term takes all that is to be explained; then it is let go."""
    problem = Problem(RUNS, loss_fn=mse)
    by_hand = LawByHand.fixing(problem, LAW, ["A"]).moved("alpha", 0.2).followed(["alpha"])
    assert by_hand.law.B * middle(RUNS)[1] ** -by_hand.law.beta < 1e-3
    free = LawByHand.of(problem, by_hand.law).moved("alpha", 0.34).followed(["alpha"])
    direct = LawByHand.of(problem, LAW).followed(["alpha"])
    assert free.objective == pytest.approx(direct.objective, rel=1e-9)


def test_limits_hold_here_too():
    problem = Problem(RUNS, bounds={"alpha": (0.3, 0.35), "E": (1.7, 1.7)})
    by_hand = LawByHand.near(problem, LAW)
    assert by_hand.law.E == pytest.approx(1.7)
    assert by_hand.moved("alpha", 0.9).law.alpha == 0.35
    assert by_hand.moved("beta", 0.4).followed(["beta"]).law.E == pytest.approx(1.7)
    with pytest.raises(InputError, match=r"alpha must be within its limits, got 0\.4: choose 0\.3 to 0\.35"):
        by_hand.with_values({"alpha": 0.4})


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"alpha": -1}, "alpha must be finite and not negative, got -1.0"),
        ({"A": 0}, "A must be positive, got 0"),
        ({"beta": 20}, "beta must be at most 10, the largest that a fit considers, got 20"),
        ({"E": 1e9}, "E must be within what a fit to these runs considers, got 1e+09"),
        ({"gamma": 1}, "parameter has no key 'gamma'"),
        ({"E": "high"}, "E must be a number, got 'high'"),
    ],
)
def test_values_that_cannot_be_used_are_refused(values, text):
    with pytest.raises(InputError) as raised:
        LawByHand.of(Problem(RUNS), LAW).with_values(values)
    assert text in str(raised.value)


def test_a_law_of_another_form_or_without_runs_is_refused():
    with pytest.raises(InputError, match="law must have the parameters E, A, B, alpha, beta, got N_c"):
        LawByHand.of(Problem(RUNS), KAPLAN_LAW)
    with pytest.raises(InputError, match="a law by hand needs runs"):
        LawByHand.of(Problem(Runs([], [], [])), LAW)


class TestAStartOfAFit:
    FAR = StartGrid({name: [axis[0]] for name, axis in AXES.items()})

    def test_the_search_begins_with_it(self):
        """Where a loss is flat, and lower only far from where squared errors are low, nothing else leads to the law."""

        def steps(y_true, y_pred):
            return (np.abs(y_pred / y_true - 1.5) > 1e-2).astype(float)

        runs = make_runs(12)
        near = ScalingLaw(1.5 * 1.69, 1.5 * 406.4, 1.5 * 410.7, 0.34, 0.28)
        assert solve(Problem(runs, starts=self.FAR, loss_fn=steps)).objective > 0
        with_start = solve(Problem(runs, starts=self.FAR, loss_fn=steps, start=near))
        assert with_start.objective == 0
        assert with_start.starts_text == "1 start and a law set by hand"
        assert "1 start and a law set by hand" in repr(with_start)

    def test_it_does_not_change_what_is_asked(self):
        one, other = Problem(RUNS, starts=self.FAR), Problem(RUNS, starts=self.FAR, start=LAW)
        assert one.alike(other)
        assert pickle.loads(pickle.dumps(other)).start == LAW
        assert solve(other).objective == pytest.approx(solve(one).objective, rel=1e-12)

    def test_a_law_of_another_form_is_refused(self):
        with pytest.raises(InputError, match="start must have the parameters E, A, B, alpha, beta, got N_c"):
            Problem(RUNS, start=KAPLAN_LAW)
        with pytest.raises(TypeError, match="start must be a law or None, got 3"):
            Problem(RUNS, start=3)
