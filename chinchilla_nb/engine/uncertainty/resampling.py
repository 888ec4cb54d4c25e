"""Resamples of the runs of a fit: other weights, or other losses, of the same runs.

Methods that resample runs keep each run together with its loss and need no assumption on the noise [Efron 1979;
Freedman 1981]. Methods that resample errors keep N and D of all runs, so that each resample determines the law as well
as the runs did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESAMPLING", "Observed", "Resamples"]

Array = NDArray[Any]

WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))
"""Sizes of the factors of Webb (2014, Reworking wild bootstrap based inference for clustered errors): with six factors,
a few groups still give many different resamples."""


@dataclass(frozen=True, eq=False, slots=True)
class Resamples:
    """Resamples of n runs, one a row.

    Attributes
    ----------
    weight : ndarray, shape (m, n_runs)
        Weights that add up to one.
    loss : ndarray, shape (m, n_runs)
        Losses of the runs.
    """

    weight: Array
    loss: Array


@dataclass(frozen=True, eq=False, slots=True)
class Observed:
    """The runs of a fit as they are resampled.

    Attributes
    ----------
    weight : ndarray, shape (n_runs,)
        Weights that add up to one.
    loss, predicted : ndarray, shape (n_runs,)
        Measured and predicted losses.
    log_error : ndarray, shape (n_runs,)
        log measured - log predicted, scaled to the variance of the errors before the law followed them.
    groups : ndarray of int, shape (n_runs,)
        Number of the group of each run, from 0.
    """

    weight: Array
    loss: Array
    predicted: Array
    log_error: Array
    groups: NDArray[np.intp]

    def reweighted(self, counts: Array) -> Resamples:
        """Return the resamples in which the weight of each run is multiplied by a count, shape (m, n_runs)."""
        weight = self.weight * counts
        return Resamples(weight / weight.sum(axis=1, keepdims=True), np.broadcast_to(self.loss, counts.shape))

    def disturbed(self, log_error: Array) -> Resamples:
        """Return the resamples in which the errors are others, shape (m, n_runs)."""
        return Resamples(np.broadcast_to(self.weight, log_error.shape), self.predicted * np.exp(log_error))


def pairs(observed: Observed, rng: np.random.Generator, size: int) -> Resamples:
    """Draw as many runs as there are, with replacement [Efron 1979]."""
    n = len(observed.loss)
    return observed.reweighted(rng.multinomial(n, np.full(n, 1 / n), size=size))


def bayesian(observed: Observed, rng: np.random.Generator, size: int) -> Resamples:
    """Give each run a random weight, exponentially distributed [Rubin 1981].

    No run is missing from a draw. A law that passes through some of the runs, as the optimum of a loss with kinks does,
    then follows the runs as it does in the fit, even where a few of them decide [Chamberlain and Imbens 2003].
    """
    return observed.reweighted(rng.standard_exponential((size, len(observed.loss))))


def stratified(observed: Observed, rng: np.random.Generator, size: int) -> Resamples:
    """Draw runs with replacement within each group, so that every group keeps its weight.

    Of a group of g runs g - 1 are drawn, and count g / (g - 1) times: drawing g would make the variance of a mean too
    small by (g - 1) / g [Rao and Wu 1988].
    """
    counts = np.ones((size, len(observed.loss)))
    order = np.argsort(observed.groups, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(observed.groups[order])) + 1):
        n = len(members)
        if n > 1:
            counts[:, members] = rng.multinomial(n - 1, np.full(n, 1 / n), size=size) * n / (n - 1)
    return observed.reweighted(counts)


def wild(observed: Observed, rng: np.random.Generator, size: int) -> Resamples:
    """Flip the sign of each error at random [Liu 1988; Davidson and Flachaire 2008]: errors may differ in size."""
    return observed.disturbed(rng.choice([-1.0, 1.0], size=(size, len(observed.loss))) * observed.log_error)


def wild_cluster(observed: Observed, rng: np.random.Generator, size: int) -> Resamples:
    """Scale the errors of each group by one random factor [Cameron et al. 2008]: errors of a group agree."""
    factor = rng.choice(np.concatenate([-WEBB, WEBB]), size=(size, int(observed.groups.max()) + 1))
    return observed.disturbed(factor[:, observed.groups] * observed.log_error)


def residual(observed: Observed, rng: np.random.Generator, size: int) -> Resamples:
    """Give each run the error of a random one [Freedman 1981]: the errors of all runs are alike."""
    n = len(observed.loss)
    return observed.disturbed(observed.log_error[rng.integers(n, size=(size, n))])


RESAMPLING: dict[str, Callable[[Observed, np.random.Generator, int], Resamples]] = {
    "pairs": pairs,
    "bayesian": bayesian,
    "stratified": stratified,
    "wild": wild,
    "wild-cluster": wild_cluster,
    "residual": residual,
}
"""The bootstrap methods by name; each returns `size` resamples."""
