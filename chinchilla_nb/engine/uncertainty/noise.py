"""The noise of runs around a law: its size, whether it changes with compute, and whether the law explains the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtr, stdtrit

from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.quantity import percent

__all__ = ["Noise", "RepeatedRuns", "Trend", "log_errors"]

Array = NDArray[Any]

REJECTED = 0.01
"""Probability below which errors of one size, or a law that fits, are rejected."""
FEWEST_FOR_TREND = 10
"""With fewer runs, a change of the noise with compute is not looked for."""
ON_THE_LAW = 1e-3
"""Errors below this share of a typical one count as zero: a loss with a kink makes the law pass through some runs."""


@dataclass(frozen=True, slots=True)
class RepeatedRuns:
    """What runs with the same N and D say about the noise, whatever the law.

    Attributes
    ----------
    deviation : float
        Standard deviation of log loss between runs of one N and D, pooled.
    degrees : int
        Degrees of freedom of it: runs less distinct pairs of N and D.
    lack_of_fit : float
        Probability that a law that fits leaves errors as large as these (F test of the lack of fit); NaN if there are
        no more distinct pairs than parameters.
    """

    deviation: float
    degrees: int
    lack_of_fit: float

    @classmethod
    def of(cls, runs: Runs, log_error: Array, n_free: int) -> RepeatedRuns | None:
        """Compare the errors of repeated runs with those of the law; None without repeated runs."""
        _, size = np.unique(runs.N, return_inverse=True)
        _, data = np.unique(runs.D, return_inverse=True)
        pair = size * (data.max() + 1) + data  # pairs of integers are sorted several times faster as one
        _, number, counts = np.unique(pair, return_inverse=True, return_counts=True)
        degrees, distinct = len(runs) - len(counts), len(counts) - n_free
        if not degrees:
            return None
        mean = np.bincount(number, log_error) / counts
        pure = float(np.sum((log_error - mean[number]) ** 2))
        lack = float(counts @ mean**2)
        p = np.nan
        if distinct > 0 and pure > 0:
            p = float(fdtrc(distinct, degrees, (lack / distinct) / (pure / degrees)))
        return cls(float(np.sqrt(pure / degrees)), degrees, p)

    @property
    def rejects_the_law(self) -> bool:
        """Whether the law misses the runs by more than they differ from each other; not so if that is not known."""
        return self.lack_of_fit < REJECTED

    def __str__(self) -> str:
        text = f"runs with the same N and D differ by {percent(self.deviation)} (standard deviation, pooled)"
        if not np.isfinite(self.lack_of_fit):
            return text
        if self.rejects_the_law:
            return f"{text}, and the law misses the runs by more than that (F test, p = {self.lack_of_fit:.2g})"
        return f"{text}, which explains the errors of the law (F test, p = {self.lack_of_fit:.2g})"


@dataclass(frozen=True, slots=True)
class Trend:
    """How the size of the errors changes with compute, as C^exponent [Harvey 1976].

    Attributes
    ----------
    exponent : float
    p : float
        Probability of an exponent as far from zero if all errors are of one size.
    """

    exponent: float
    p: float

    @classmethod
    def of(cls, runs: Runs, log_error: Array) -> Trend | None:
        """Regress the logarithm of the size of the errors on log C; None if there are too few runs or one C."""
        size = np.abs(log_error)
        used = size > ON_THE_LAW * np.median(size)
        x, y, n = np.log(runs.C[used]), np.log(size[used]), int(used.sum())
        if n < FEWEST_FOR_TREND or np.ptp(x) == 0:
            return None
        x, y = x - x.mean(), y - y.mean()
        exponent = float(x @ y / (x @ x))
        deviation = np.sqrt(np.sum((y - exponent * x) ** 2) / (n - 2) / (x @ x))
        return cls(exponent, 2 * float(stdtr(n - 2, -abs(exponent) / deviation)))

    @property
    def found(self) -> bool:
        """Whether errors of one size are rejected."""
        return self.p < REJECTED

    def __str__(self) -> str:
        way = "grow" if self.exponent > 0 else "shrink"
        weights = f"weights of C^{-2 * self.exponent:.2g} allow for that"
        return f"errors {way} with C, as C^{self.exponent:.2g} (p = {self.p:.2g}): {weights}"


@dataclass(frozen=True, eq=False, slots=True)
class Noise:
    """The errors of single runs around a law, relative to it.

    Attributes
    ----------
    below, above : float
        Standard deviations of the logarithm of the loss of the two halves of a normal distribution: those of the errors
        below and above the law, which differ for one-sided noise.
    degrees : float
        Degrees of freedom of both.
    trend : Trend or None
        How the errors change with compute.
    repeated : RepeatedRuns or None
        What repeated runs say.
    smallest, middle, largest : float
        log C of the smallest and largest runs, and the mean of log C.
    """

    below: float
    above: float
    degrees: float
    trend: Trend | None
    repeated: RepeatedRuns | None
    smallest: float
    middle: float
    largest: float

    @classmethod
    def of(cls, fit: Fit, near: Linearised) -> Noise:
        """Measure the noise around a fitted law."""
        runs = fit.problem.runs.take(fit.problem.weights() > 0)
        error, log_C = log_errors(near), np.log(runs.C)
        trend = Trend.of(runs, error)
        if trend is not None and trend.found:
            error = error * np.exp(-trend.exponent * (log_C - log_C.mean()))
        below, above = (float(np.sqrt(2 * np.mean(half**2))) for half in (np.minimum(error, 0), np.maximum(error, 0)))
        repeated = RepeatedRuns.of(runs, -np.log1p(near.error), int(np.count_nonzero(near.free)))
        low, middle, high = float(log_C.min()), float(log_C.mean()), float(log_C.max())
        return cls(below, above, near.scores.degrees, trend, repeated, low, middle, high)

    def margins(self, C: Array, tail: float) -> tuple[Array, Array]:
        """Return how far the log loss of a run of C FLOPs may lie below and above the law, shapes of C.

        Beyond the runs, the noise is taken to be that of the smallest or largest of them.
        """
        reach = -float(stdtrit(self.degrees, tail)) * self.relative_size(C)
        return self.below * reach, self.above * reach

    def relative_size(self, C: Array) -> Array:
        """Return how large the noise of runs of C FLOPs is, relative to that of an average run, shape of C."""
        if self.trend is None or not self.trend.found:
            return np.ones_like(C)
        return np.asarray(np.exp(self.trend.exponent * (np.clip(np.log(C), self.smallest, self.largest) - self.middle)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found, in sentences without a full stop."""
        found = [str(self.repeated)] if self.repeated is not None else []
        return (*found, str(self.trend)) if self.trend is not None and self.trend.found else tuple(found)


def log_errors(near: Linearised) -> Array:
    """Return log measured - log predicted of each run, scaled up as the law has followed the runs, shape (n_runs,).

    Dividing by the root of 1 - leverage restores the variance of the errors [MacKinnon and White 1985, HC2].
    """
    return np.asarray(-np.log1p(near.error) / np.sqrt(near.unfollowed))
