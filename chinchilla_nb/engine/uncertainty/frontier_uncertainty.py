"""How sure a frontier law is: intervals of Student's t from the profile of its weighted squares.

A frontier often has six points, too few to resample. Around the fit, the loss of a fit acts like the squares of
pseudo-values, the predictions moved by one Newton step of their scores [Huber 1964], which for `mse` are the measured
losses. All laws whose squares exceed those of the fit by at most t^2 s^2 make up the region, with Student's t and n - p
degrees of freedom for the n points and p free parameters; an interval is the range of a quantity over that region
[Bates and Watts 1988, section 6.1]. Where the law is linear this is the textbook interval, and where E, A and alpha
trade off it follows the bend, which a linearised interval does not.

With alpha fixed the law is linear in E and A, so that the region is an ellipse for each alpha, and is traced without
refits. The bounds of the fit, and E >= 0, cut it.

`tests/benchmarks/frontier_coverage.py` measures how many of these intervals, and of linearised ones, contain the truth;
docs/mathematics.md has the table.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from chinchilla_nb.engine.conversion import as_positive_values, check_choice, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.laws.parameters import LARGEST_EXPONENT
from chinchilla_nb.engine.uncertainty.drift import as_done
from chinchilla_nb.engine.uncertainty.interval import Interval, as_level
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts

__all__ = ["FrontierUncertainty"]

Array = NDArray[Any]

LEAST_EXPONENT = 1e-3
"""Over any range of C, a term with a smaller exponent is as flat as one with this."""
EXPONENTS, AT_AN_END, ROUNDS = 201, 20, 4
"""Exponents at which the region is traced in each round, and how many more between the last exponent inside and the
first one outside; each round traces what the one before has left."""
BLOCK = 1 << 20
"""Numbers computed at once, which bounds memory for many points or budgets."""
ANGLES = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 91))
"""Places across each ellipse; a quantity is off by less than 2e-4 of its width."""


@dataclass(frozen=True, eq=False)
class _Region:
    """Laws that the points allow, shape (n_laws,) each: E, log A and alpha; two for each place of the ellipses."""

    E: Array
    log_A: Array
    alpha: Array

    def losses(self, C: Array) -> tuple[Array, Array]:
        """Return the lowest and the highest loss of the laws at each budget, each of shape (n_budgets,)."""
        blocks = np.array_split(np.log(C), -(-len(C) * len(self.E) // BLOCK))
        with np.errstate(over="ignore"):
            drawn = (self.E[:, None] + np.exp(self.log_A[:, None] - np.outer(self.alpha, some)) for some in blocks)
            low, high = zip(*((one.min(axis=0), one.max(axis=0)) for one in drawn), strict=True)
        return np.concatenate(low), np.concatenate(high)


@dataclass(frozen=True, eq=False)
class FrontierUncertainty:
    """The uncertainty of a fit of ``law="frontier"``.

    With no more points than free parameters, intervals reach from 0 to infinity.

    Parameters
    ----------
    fit : Fit

    Raises
    ------
    InputError
        If the fit is of another law.
    """

    fit: Fit

    def __post_init__(self) -> None:
        check_type(self.fit, "fit", Fit)
        if not isinstance(self.fit.law, FrontierLaw):
            raise InputError("fit", "must be of law='frontier'", got=str(self.fit.law), remedy="use fit.uncertainty()")

    @functools.cached_property
    def near(self) -> Linearised:
        """The law linearised around the fit."""
        return Linearised.of(self.fit.problem, self.fit.law)

    @property
    def degrees(self) -> float:
        """Degrees of freedom: points minus free parameters; fewer if a few points have most of the weight."""
        return self.near.scores.degrees if len(self.near.error) > np.count_nonzero(self.near.free) else 0.0

    @property
    def covariance(self) -> Array:
        """The covariance of E, log A and alpha of the linearised law, shape (3, 3); zero for a fixed parameter."""
        centre = float(np.log(self.fit.runs.C).mean()) if "A" not in self.fit.problem.bounds else 0.0
        # theta is (E / unit, log A - alpha centre - log unit, alpha).
        change = np.array([[self.near.box.unit, 0.0, 0.0], [0.0, 1.0, centre], [0.0, 0.0, 1.0]])
        return np.asarray(change @ self.near.covariance @ change.T)

    def interval(self, level: float = 0.95) -> dict[str, Interval]:
        """Return the interval of E, A and alpha by name.

        Raises
        ------
        InputError
            If the level is not between 0 and 1.
        """
        region, values = self._region_at(as_level(level)), self.fit.law.as_dict()
        if region is None:
            found = dict.fromkeys(values, (0.0, np.inf))
        else:
            with np.errstate(over="ignore"):
                laws = {"E": region.E, "A": np.exp(region.log_A), "alpha": region.alpha}
            found = {name: (float(drawn.min()), float(drawn.max())) for name, drawn in laws.items()}
            low, high = found["alpha"]
            # Exponents beyond those that are traced fit as well as those at their ends.
            found["alpha"] = 0.0 if low <= LEAST_EXPONENT else low, np.inf if high >= LARGEST_EXPONENT else high
        limits = self.fit.problem.bounds
        return {
            name: _around(np.asarray(values[name]), low, high, *limits.get(name, (0.0, np.inf)))
            for name, (low, high) in found.items()
        }

    def predict_loss(
        self,
        C: ArrayLike,
        level: float = 0.95,
        kind: Literal["mean", "new-run"] = "mean",
        roll_outs: RollOuts | None = None,
    ) -> Interval:
        """Return the predicted loss of budgets, with an interval of the law or of a run yet to be trained.

        Parameters
        ----------
        C : array_like
            Budgets in FLOPs.
        level : float
            Coverage of the interval.
        kind : str
            ``"mean"``: where the law is; ``"new-run"``: also the errors of single points about it.
        roll_outs : RollOuts, optional
            Roll-outs of the points of the fit. With them, the interval is widened by how predictions beyond the points
            have gone wrong (`Drift`); without them, it holds if the law does.

        Raises
        ------
        InputError
            If a budget is not positive and finite, the level is not between 0 and 1, the kind is neither, or the
            roll-outs are of other points.
        """
        check_choice(kind, "kind", ("mean", "new-run"))
        check_type(roll_outs, "roll_outs", RollOuts, type(None))
        level, C = as_level(level), as_positive_values(C, "C")
        found = self._predicted(C, level)
        if kind == "new-run":
            found = self._of_a_new_run(found, level)
        if roll_outs is None:
            return found
        return as_done(self.fit, roll_outs, found, np.log(C) - np.log(self.fit.runs.C.max()), level)

    def _predicted(self, C: Array, level: float) -> Interval:
        region, value = self._region_at(level), self.fit.law.loss(C)
        if region is None:
            return Interval(value, np.zeros(value.shape), np.full(value.shape, np.inf))
        low, high = region.losses(C.ravel()) if C.size else (C.ravel(), C.ravel())
        return _around(value, low.reshape(C.shape), high.reshape(C.shape))

    def _of_a_new_run(self, mean: Interval, level: float) -> Interval:
        """Return an interval widened by the errors of the points about the law, which are taken as lognormal."""
        if not self.degrees:
            return mean
        error, n_free = -np.log1p(self.near.error), np.count_nonzero(self.near.free)
        # Under an asymmetric loss the law is not in the middle of the points.
        shift = 0.0 if self.near.scores.symmetric else float(error.mean())
        spread = np.sqrt(np.sum((error - shift) ** 2) / (len(error) - n_free)) * self._quantile(level)
        with np.errstate(divide="ignore"):
            below, above = np.log(mean.value / mean.low), np.log(mean.high / mean.value)
        return Interval(
            mean.value,
            mean.value * np.exp(shift - np.hypot(below, spread)),
            mean.value * np.exp(shift + np.hypot(above, spread)),
        )

    def _quantile(self, level: float) -> float:
        return float(stdtrit(self.degrees, (1 + level) / 2)) if self.degrees else np.inf

    @functools.cached_property
    def _region_at(self) -> Callable[[float], _Region | None]:
        """The region of a level, traced once."""
        return functools.cache(self._region)

    def _region(self, level: float) -> _Region | None:
        """Return laws on the edge of the region of a level; None if the points do not limit it."""
        quantile = self._quantile(level)
        if not np.isfinite(quantile):
            return None
        scores, squares = self.near.scores, self._squares
        size = float(scores.size @ scores.size / scores.size.sum())
        room = quantile**2 * scores.variance / scores.curvature**2 * size
        values = self.fit.law.as_dict()
        most = squares.of(values["E"], _centred(values, squares.centre), values["alpha"]) + room
        low, high = self.near.box.lower[2], self.near.box.upper[2]
        alpha = np.geomspace(max(low, LEAST_EXPONENT), max(high, LEAST_EXPONENT), EXPONENTS)
        for _ in range(ROUNDS):
            alpha = np.unique(np.append(alpha, max(values["alpha"], LEAST_EXPONENT)))
            region, allowed = squares.within(alpha, most)
            found = np.flatnonzero(allowed)
            if not found.size:
                break
            first, last = max(found[0] - 1, 0), min(found[-1] + 1, len(alpha) - 1)
            ends = ((first, last, EXPONENTS), (first, found[0], AT_AN_END), (found[-1], last, AT_AN_END))
            alpha = np.concatenate([np.geomspace(alpha[low], alpha[high], count) for low, high, count in ends])
        if not len(region.E):  # points on a law leave no room around it, not even for its rounding
            with np.errstate(divide="ignore"):
                return _Region(*(np.array([one]) for one in (values["E"], np.log(values["A"]), values["alpha"])))
        return region

    @functools.cached_property
    def _squares(self) -> _Squares:
        runs, weight, scores = self.fit.runs, self.fit.problem.weights(), self.near.scores
        loss, log_C = runs.loss[weight > 0], np.log(runs.C[weight > 0])
        error = scores.score / scores.curvature
        limits, centre = self.fit.problem.bounds, float(log_C.mean())
        return _Squares(
            x=log_C - centre,
            centre=centre,
            target=loss * (1 + self.near.error - error),
            weight=scores.size / loss**2,
            E=limits.get("E", (0.0, np.inf)),
            A=limits.get("A", (0.0, np.inf)),
        )


@dataclass(frozen=True, eq=False)
class _Squares:
    """Weighted squares of pseudo-values about E + a exp(-alpha x), with a = A exp(-alpha centre).

    Attributes
    ----------
    x : ndarray, shape (n,)
        log C minus its mean, `centre`.
    target, weight : ndarray, shape (n,)
        Pseudo-values of the losses, and their weights.
    E, A : tuple of float
        Bounds.
    """

    x: Array
    centre: float
    target: Array
    weight: Array
    E: tuple[float, float]
    A: tuple[float, float]

    def of(self, E: float, a: float, alpha: float) -> float:
        """Return the squares of one law."""
        return float(self.weight @ (E + a * np.exp(-alpha * self.x) - self.target) ** 2)

    def _best(self, alpha: Array) -> Array:
        """Return, for each alpha, the mean of the term with a = 1, V, the best a, and its squares, shape (4, n)."""
        X, total = np.exp(-np.outer(alpha, self.x)), float(self.weight.sum())
        middle, mean = X @ self.weight / total, float(self.weight @ self.target) / total
        off = X - middle[:, None]
        V = np.maximum(off**2 @ self.weight, np.finfo(float).tiny)
        best = off @ (self.weight * self.target) / V
        squares = ((best[:, None] * off + mean - self.target) ** 2) @ self.weight
        return np.stack([middle, V, best, squares])

    def within(self, alpha: Array, most: float) -> tuple[_Region, Array]:
        """Return laws on the edge of the region where the squares are at most so large, and which alpha it contains.

        For each alpha the squares are those of the best E and a plus W (m - m_0)^2 + V (a - a_0)^2, with the mean m of
        the law over the points, so that the edge is an ellipse in m and a.
        """
        blocks = np.array_split(alpha, -(-len(alpha) * len(self.x) // BLOCK))
        middle, V, best, squares = np.concatenate([self._best(some) for some in blocks], axis=1)
        total, left = float(self.weight.sum()), most - squares
        mean = float(self.weight @ self.target) / total
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            reach = np.sqrt(np.maximum(left, 0.0) / V)[:, None] * ANGLES
            shift = np.exp(-alpha * self.centre)[:, None]
            a = np.clip(best[:, None] + reach, self.A[0] * shift, np.maximum(self.A[1] * shift, 0.0))
            rest = left[:, None] - V[:, None] * (a - best[:, None]) ** 2
            span = np.sqrt(np.maximum(rest, 0.0) / total)
            term = a * middle[:, None]
            low, high = np.maximum(mean - span - term, self.E[0]), np.minimum(mean + span - term, self.E[1])
            inside = (rest >= -1e-9 * np.abs(left[:, None])) & (left[:, None] >= 0) & (low <= high)
            log_A = np.log(a) + alpha[:, None] * self.centre
        alphas = np.broadcast_to(alpha[:, None], a.shape)
        E = np.concatenate([low[inside], high[inside]])
        return _Region(E, np.tile(log_A[inside], 2), np.tile(alphas[inside], 2)), inside.any(axis=1)


def _centred(values: dict[str, float], centre: float) -> float:
    with np.errstate(divide="ignore"):
        return float(np.exp(np.log(values["A"]) - values["alpha"] * centre))


def _around(value: Array, low: Any, high: Any, least: float = 0.0, largest: float = np.inf) -> Interval:
    """Return an interval that contains the value, within limits."""
    return Interval(
        value, np.clip(np.minimum(low, value), least, None), np.clip(np.maximum(high, value), None, largest)
    )
