"""Bootstrap: each draw is a fit of a resample, finished like the fit itself."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.engine.fitting.losses import loss_name, residual_loss
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.fitting.smoothing import typical_width, widths_from
from chinchilla_nb.engine.laws.family import Coordinates
from chinchilla_nb.engine.uncertainty.groups import numbered_groups
from chinchilla_nb.engine.uncertainty.refitting import Refits, refit
from chinchilla_nb.engine.uncertainty.resampling import METHODS, Observed
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["UncertaintyProgress", "iter_bootstrap"]

Array = NDArray[Any]
MapFunction = Callable[..., Iterable[Any]]

BLOCK = 1 << 15
"""Losses predicted at once for resamples that are fitted together; their derivatives then fit into the cache."""
LARGEST_LEVERAGE = 0.99
"""The error of a run that determines the law almost alone is scaled as if its leverage were this."""


@dataclass(frozen=True, eq=False, slots=True)
class UncertaintyProgress:
    """How many draws are done, of how many; the last progress holds the result."""

    done: int
    total: int
    result: Uncertainty | None = None


def iter_bootstrap(
    fit: Fit,
    method: str = "pairs",
    draws: int = 1000,
    rng: np.random.Generator | int | None = None,
    *,
    by: str | None = None,
    map: MapFunction = builtins.map,
) -> Iterator[UncertaintyProgress]:
    """Bootstrap a fit, yielding progress after each block of draws.

    Parameters
    ----------
    method : str
        ``"pairs"``, ``"stratified"``, ``"wild"``, ``"wild-cluster"`` or ``"residual"``; see `METHODS`.
    draws : int
        Number of resamples.
    rng : Generator or int, optional
        The same seed gives the same draws, whatever the map.
    by : str, optional
        Column of the runs whose values are the groups of a stratified or wild cluster bootstrap.
    map : callable
        Maps the refits over blocks of draws.

    Raises
    ------
    InputError
        If the method or column is unknown, the number of draws is not positive, or the law was fitted with a loss of
        one's own.
    """
    refitting = _Refitting.of(fit, method, by)
    rows = max(1, BLOCK // refitting.objective.target.size)
    sizes = [min(rows, draws - first) for first in range(0, draws, rows)]
    seeds = np.random.default_rng(rng).integers(np.iinfo(np.int64).max, size=len(sizes))
    found: list[Refits] = []
    yield UncertaintyProgress(0, draws)
    for refits in map(refitting.refitted, zip(sizes, seeds.tolist(), strict=True)):
        found.append(refits)
        yield UncertaintyProgress(sum(len(one.theta) for one in found), draws)
    theta, proven = (np.concatenate([getattr(one, name) for one in found]) for name in ("theta", "proven"))
    result = Uncertainty(fit, method, theta[proven], refitting.degrees, int(np.count_nonzero(~proven)))
    yield UncertaintyProgress(draws, draws, result)


@dataclass(frozen=True, eq=False, slots=True)
class _Refitting:
    """A fit as its resamples are drawn and fitted; it is sent to other processes.

    Attributes
    ----------
    objective : Objective
    box : Coordinates
    starts : ndarray, shape (n_starts, n_parameters)
        The law of the fit, and its other optima.
    widths : tuple of float
        Widths of smoothing, the widest first.
    observed : Observed
    method : str
    degrees : float
        Degrees of freedom of the errors.
    """

    objective: Objective
    box: Coordinates
    starts: Array
    widths: tuple[float, ...]
    observed: Observed
    method: str
    degrees: float

    @classmethod
    def of(cls, fit: Fit, method: str, by: str | None) -> _Refitting:
        """Prepare the resamples of a fit."""
        problem = fit.problem
        loss = residual_loss(problem.loss_fn)
        if loss is None:
            rule = "must be a built-in loss for a bootstrap"
            raise InputError("loss_fn", rule, got=loss_name(problem.loss_fn), remedy="fit with log_huber")
        if method not in METHODS:
            raise unknown_key("method", method, METHODS)
        box = problem.family.coordinates(problem.runs, problem.bounds)
        objective = Objective.of(problem, loss, box)
        near = Linearised.of(problem, fit.law)
        typical = typical_width(objective, near.theta)
        used = problem.runs.take(problem.weights() > 0)
        return cls(
            objective=objective,
            box=box,
            starts=near.theta[None],
            widths=widths_from(max(typical, loss.width), objective, typical),
            observed=Observed(
                weight=objective.weight,
                loss=used.loss,
                predicted=fit.law.loss(used.N, used.D),
                log_error=_log_errors(near),
                groups=numbered_groups(used, by, method),
            ),
            method=method,
            degrees=near.scores.degrees,
        )

    def refitted(self, task: tuple[int, int]) -> Refits:
        """Draw a number of resamples with a seed, and fit each."""
        size, seed = task
        resamples = METHODS[self.method](self.observed, np.random.default_rng(seed), size)
        losses = resamples.loss / self.box.unit
        target = np.log(losses) if self.objective.loss.logarithmic else losses
        objectives = replace(self.objective, weight=resamples.weight, target=target)
        with one_blas_thread():
            return refit(objectives, self.starts, self.box, self.widths)


def _log_errors(near: Linearised) -> Array:
    """Return log measured - log predicted of each run, scaled up because the law has followed the runs, shape (n_runs,).

    Dividing by the root of 1 - leverage restores the variance of the errors [MacKinnon and White 1985, HC2].
    """
    root = np.sqrt(near.scores.size)[:, None]
    basis = np.linalg.qr(root * near.jacobian[:, near.free])[0]
    left = 1 - np.minimum(np.sum(basis**2, axis=1), LARGEST_LEVERAGE)
    return np.asarray(-np.log1p(near.error) / np.sqrt(left))
