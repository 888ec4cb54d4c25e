"""How the loss of a fit responds to an error of its law: the scores of the runs, their variance and curvature.

A fit minimises sum w rho, so that it is an M-estimator [Huber 1964]: its errors follow from the first derivative of the
loss of each run by the prediction, the score, and from the mean second derivative. Both are finite differences of the
loss itself, which serves every loss. The step of the second derivative reaches as far as the runs closest to the law,
and for a loss with a kink it then estimates the density of the errors at the kink, as the standard errors of quantile
regression do [Koenker 2005, section 3.4]. Errors are relative to the measured losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.losses import LossFunction

__all__ = ["Scores", "costs"]

Array = NDArray[Any]

WINDOW = 2 / 3
"""The second derivative is taken over the n^(2/3) runs closest to the law, the rate of Hall and Sheather (1988)."""
LEAST_STEP = 1e-9
"""Smallest relative step: runs that follow a law exactly have no errors to take it from."""
LARGEST_STEP = 0.5
"""Largest step as a share of the measured and of the predicted losses, so that both stay positive."""
KINK_STEP = 1e-3
"""Step of the score as a share of that of the second derivative: so short that a kink stays one."""
TILT = 0.3
"""Largest such difference of a symmetric loss. One that is symmetric in log L has half the step, at most 0.25."""
FLAT = 1e-9
"""Smallest mean second derivative, in units of the cost over the squared step: a loss may be flat around a law."""


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """The derivatives of the losses of n runs at a fitted law.

    Attributes
    ----------
    size : ndarray, shape (n,)
        Weight of each run, of all weights together, times what a relative error as large as the step costs.
    score : ndarray, shape (n,)
        First derivative of the loss of each run by its relative error, in units of that cost.
    variance : float
        Mean square of the scores; the law follows some of the errors, which is corrected for.
    curvature : float
        Mean second derivative in units of that cost.
    degrees : float
        Degrees of freedom of the errors; fewer where a few runs have most of the weight, and at least one.
    symmetric : bool
        Whether an error of either sign costs about the same, so that errors average out.
    step : float
        The relative error whose cost that is.
    """

    size: Array
    score: Array
    variance: float
    curvature: float
    degrees: float
    symmetric: bool
    step: float

    @classmethod
    def of(cls, loss_fn: LossFunction, measured: Array, predicted: Array, weight: Array, n_free: int) -> Scores:
        """Differentiate the losses of runs around the predictions of a law.

        Parameters
        ----------
        loss_fn : callable
            If it fails, is not finite or does not grow with the error so close to the law, then the squared relative
            error counts instead.
        measured, predicted, weight : ndarray, shape (n_runs,)
            Runs of weight zero are left out of the result; n below is the number of the others.
        n_free : int
            Number of parameters that were fitted.
        """
        error, used = predicted / measured - 1, weight > 0
        ordered = np.sort(np.abs(error[used]))
        n, followed = len(ordered), min(n_free, len(ordered) - 1)
        # With a kink, the law passes through as many runs as it has parameters: these say nothing about the errors.
        reach = ordered[min(followed + _window(n, n_free), n) - 1]
        largest = LARGEST_STEP * min(1.0, float((predicted / measured).min()))
        step = max(min(reach, largest), LEAST_STEP)
        found = _differences(loss_fn, measured, predicted, step)
        if found is None:
            found = np.full(len(error), step**2), 2 * error, np.full(len(error), 2.0), np.zeros(len(error))
        cost, slope, bend, tilt = (one[used] for one in found)
        share = weight[used] / weight.sum()
        rest = np.argsort(np.abs(error[used]))[followed:]
        left = 1 - followed / n
        return cls(
            size=share * cost,
            score=slope / cost,
            variance=float(share @ (slope / cost) ** 2) / left,
            curvature=max(float(share[rest] @ bend[rest]) / float(share[rest] @ cost[rest]), FLAT / step**2),
            degrees=max(left / float(share @ share), 1.0),
            symmetric=bool(np.abs(tilt).max() <= TILT),
            step=step,
        )


def costs(loss_fn: LossFunction, measured: Array, step: float) -> Array:
    """Return what a relative error of a step, up or down, costs runs with some losses on average, shape (n_runs,)."""
    up, down, none = (np.asarray(loss_fn(measured, measured * factor)) for factor in (1 + step, 1 - step, 1.0))
    return np.asarray((up + down) / 2 - none)


def _differences(
    loss_fn: LossFunction, measured: Array, predicted: Array, step: float
) -> tuple[Array, Array, Array, Array] | None:
    """Return what an error of a step costs, and the first and second derivative of the loss by the relative error.

    Last, half the difference between what a step up and a step down cost, relative to the cost. None if any of them is
    not finite, or an error costs nothing.
    """

    def loss(around: Array, change: float) -> Array:
        return np.asarray(loss_fn(measured, around + change * measured), dtype=float)

    short = KINK_STEP * step
    try:
        with np.errstate(all="ignore"):
            up, down = (loss(measured, change) - loss(measured, 0.0) for change in (step, -step))
            cost = (up + down) / 2
            slope = (loss(predicted, short) - loss(predicted, -short)) / (2 * short)
            bend = (loss(predicted, step) - 2 * loss(predicted, 0.0) + loss(predicted, -step)) / step**2
    except Exception:  # noqa: BLE001  a loss of the user's own was made for the predictions of a fit, not for these
        return None
    usable = np.isfinite([cost, slope, bend]).all() and (cost > 0).all()
    return (cost, slope, bend, (up - down) / (2 * cost)) if usable else None


def _window(n: int, n_free: int) -> int:
    """Return how many runs, besides those that the law passes through, the second derivative is taken over."""
    return int(max(n_free + 2, np.ceil(n**WINDOW)))
