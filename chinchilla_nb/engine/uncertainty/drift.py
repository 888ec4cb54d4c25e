"""Drift: how predictions beyond the runs have gone wrong on these runs, as a model of the errors of roll-outs.

A law that does not hold exactly errs more the further it is extrapolated. To first order in x = log(C / C0), the
error of roll-out j is log L - log L_predicted = m + s_j x + noise: m is the mean error of the runs that its law was
fitted to, which need not be zero for one-sided noise, and the slope s_j = b + u_j is a bias b, common to all
roll-outs, plus a deviation u_j of standard deviation t of its own. This is the random-effects model of meta-analysis
[DerSimonian and Laird 1986]:

- Each slope is estimated by least squares, with the standard error e_j that it has if the law holds: from the noise
  of the runs, and from how precisely the fitted runs determine the law. A law that was hardly determined at a small
  C0 has little weight, 1 / (e_j^2 + t^2).
- t is what the slopes differ by beyond these errors [Paule and Mandel 1982].
- The slope beyond the largest runs is a further one from the same distribution, with mean b, variance t^2 + se(b)^2
  and Student's t [Higgins, Thompson and Spiegelhalter 2009].

The errors of one run at several C0, and of several runs beyond one C0, depend on each other strongly, because they
share a law or the runs behind it. Errors are therefore not counted: each roll-out gives one slope. Near the fits,
each slope is a linear function of the noise of all runs, those that its law was fitted to and those that it predicts,
so that the covariance of the e_j is known, and se(b) includes it. The deviations u_j of roll-outs whose C0 are less
than a factor of two apart count as one: with k that are apart, their share of se(b)^2 is t^2 / k, and there are k - 1
degrees of freedom. With k = 1, the bias is taken to be zero and the slope is the spread, with one degree of freedom.

The interval contains the one if the law holds: a bias of smaller budgets widens what is believed of larger ones, but
does not rule out that the law holds there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import stdtrit

from chinchilla_nb.engine.compute.points import in_proportion
from chinchilla_nb.engine.conversion import as_real_array, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.cutoffs import spaced
from chinchilla_nb.engine.uncertainty.interval import Interval, tail_of
from chinchilla_nb.engine.uncertainty.noise import log_errors
from chinchilla_nb.engine.uncertainty.roll_outs import RollOut, RollOuts
from chinchilla_nb.quantity import percent

__all__ = ["Drift", "as_done", "distance_beyond"]

Array = NDArray[Any]

LARGEST_DISTANCE = 1500.0
"""No two floats have a ratio with a larger logarithm."""
TINY = 1e-300
"""Keeps zero from dividing."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The error of predictions beyond the runs, log measured - log predicted, per unit of log(C / C0).

    Attributes
    ----------
    bias : float
        Its mean.
    spread : float
        Its standard deviation from one extrapolation to the next, which includes the error of the bias.
    degrees : int
        Degrees of freedom of both.
    """

    bias: float
    spread: float
    degrees: int

    @classmethod
    def of(cls, roll_outs: RollOuts) -> Drift:
        """Estimate the drift from roll-outs.

        Raises
        ------
        InputError
            If the roll-outs are by groups, or no fit succeeded.
        """
        check_type(roll_outs, "roll_outs", RollOuts)
        if roll_outs.by is not None:
            rule = "must hold out the runs beyond budgets C0 to tell how the law drifts"
            raise InputError("rollout", rule, got=f"roll-outs by {roll_outs.by!r}", remedy="call rollout() without by")
        if not roll_outs.parts:
            raise InputError("rollout", "must have at least one fit that succeeded", got=roll_outs.failures[0])
        slope, noise = (
            np.array(one) for one in zip(*(_slope(roll_outs, part) for part in roll_outs.parts), strict=True)
        )
        error = np.linalg.norm(noise, axis=1)
        count = len(spaced(np.array([part.C0 for part in roll_outs.parts])))
        if count == 1:
            nearest = np.argmin(error)
            return cls(0.0, float(np.hypot(slope[nearest], error[nearest])), 1)
        between = _variance_between(slope, error)
        weight = 1 / (error**2 + between)
        weight /= weight.sum()
        of_bias = between / count + float(np.sum((weight @ noise) ** 2))
        return cls(float(weight @ slope), float(np.sqrt(between + of_bias)), count - 1)

    def errors(self, distance: Any, level: float) -> tuple[Array, Array]:
        """Return the mean error at distances log(C / C0) beyond a fit, and the margin of its interval either way.

        Parameters
        ----------
        distance : array_like
            At 0 and below, there is no error.
        level : float

        Raises
        ------
        InputError
            If a distance is no logarithm of a ratio of compute, or the level is not between 0 and 1.
        """
        distance = np.maximum(as_real_array(distance, "distance"), 0.0)
        if not np.all(distance <= LARGEST_DISTANCE):
            rule = f"must be at most {LARGEST_DISTANCE:,.0f}, a logarithm of a ratio of compute"
            raise InputError("distance", rule, got=f"{distance.max():g}")
        margin = -float(stdtrit(self.degrees, tail_of(level))) * self.spread
        return self.bias * distance, margin * distance

    def widened(self, interval: Interval, distance: Any, level: float) -> Interval:
        """Return the interval of losses, widened by what the roll-outs show, from the one if the law holds.

        Its value is the predicted loss corrected for the bias.

        Parameters
        ----------
        interval : Interval
        distance : array_like
            log(C / C0), with C0 the largest compute of the fitted runs; at 0 and below, nothing changes.
        level : float
            That of the interval.
        """
        check_type(interval, "interval", Interval)
        bias, margin = self.errors(distance, level)
        with np.errstate(divide="ignore", over="ignore", under="ignore"):
            value = interval.value * np.exp(bias)
            low = value * np.exp(-np.hypot(np.log(interval.value / interval.low), margin))
            high = value * np.exp(np.hypot(np.log(interval.high / interval.value), margin))
        return Interval(value, np.minimum(low, interval.low), np.maximum(high, interval.high))

    def __str__(self) -> str:
        decade = np.log(10)
        size = f"{percent(self.spread * decade)} per factor of 10 in compute"
        if self.degrees == 1 and self.bias == 0:
            return (
                f"predictions beyond the fitted runs went wrong by {size}; one roll-out cannot tell a bias from chance"
            )
        better = "better" if self.bias < 0 else "worse"
        bias = percent(abs(self.bias) * decade)
        return (
            f"runs beyond the fitted ones came out {bias} {better} than predicted, ± {size} "
            f"(standard deviation with {self.degrees} degrees of freedom)"
        )


def as_done(fit: Fit, roll_outs: RollOuts, interval: Interval, distance: Any, level: float) -> Interval:
    """Return the interval of losses, widened by what roll-outs of the runs of a fit show; else as `Drift.widened`.

    Raises
    ------
    InputError
        If the roll-outs are of other runs, or cannot tell how the law drifts.
    """
    check_type(roll_outs, "roll_outs", RollOuts)
    if not roll_outs.problem.alike(fit.problem):
        rule = "must be of the runs and settings of the fit"
        raise InputError("rollout", rule, got=repr(roll_outs.problem.runs), remedy="call rollout() again")
    return Drift.of(roll_outs).widened(interval, distance, level)


def distance_beyond(runs: Runs, N: ArrayLike, D: ArrayLike) -> Array:
    """Return log(C / C0) of models of N parameters trained on D tokens, with C0 the largest of the runs.

    C of both follows from N and D, by the convention of the runs.
    """
    with np.errstate(over="ignore"):
        if not in_proportion(runs.compute):
            return np.asarray(np.log(runs.compute.C(N, D)) - np.log(np.max(runs.compute.C(runs.N, runs.D))))
        return np.asarray(np.log(N) + np.log(D) - np.log(np.max(runs.N * runs.D)))


def _slope(roll_outs: RollOuts, part: RollOut) -> tuple[float, Array]:
    """Return the slope of the errors of a roll-out by log(C / C0), and its error if the law holds.

    Returns
    -------
    slope : float
    noise : ndarray, shape (n_runs,)
        Standard deviation of the slope that the noise of each run causes.
    """
    near = Linearised.of(part.fit.problem, part.fit.law)
    errors = log_errors(near)
    share = part.distance / float(part.distance @ part.distance)
    at = near.box.predictor(part.held_out).at(near.theta)
    gradient = share @ (at.jacobian() / at.value[:, None])
    held_out = roll_outs.problem.runs.C > part.C0
    noise = np.zeros(len(held_out))
    noise[held_out] = share * np.std(errors)
    # A run of more weight and a steeper prediction moves the law more; together they cause the variance of the law.
    moved = near.scores.size * (near.jacobian @ near.covariance @ gradient)
    deviation = np.sqrt(gradient @ near.covariance @ gradient)
    fitted = np.flatnonzero(~held_out)[part.fit.problem.weights() > 0]
    noise[fitted] = -moved / max(float(np.linalg.norm(moved)), TINY) * deviation
    return float(share @ (part.error - errors.mean())), noise


def _variance_between(slope: Array, error: Array) -> float:
    """Return the variance of the slopes beyond that of their errors (Paule and Mandel)."""

    def excess(variance: float) -> float:
        weight = 1 / (error**2 + variance)
        mean = weight @ slope / weight.sum()
        return float(weight @ (slope - mean) ** 2) - (len(slope) - 1)

    if excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, float(np.sum((slope - slope.mean()) ** 2))))
