"""A fitted study as a design extends it: what its runs tell about a target, and what any other run would add."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.design.information import Information, Observations
from chinchilla_nb.engine.design.targets import Target
from chinchilla_nb.engine.errors import FitError, InputError
from chinchilla_nb.engine.fitting.losses import loss_name, residual_loss
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.reliability.scores import costs
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.noise import Noise
from chinchilla_nb.quantity import percent

__all__ = ["FittedStudy"]

Array = NDArray[Any]

ON_THE_LAW = 1e-5
"""Relative size of errors up to which runs count as being on the law. The information matrix then has a condition
number of more than 1e14, too large for float64; measured losses have errors of 1e-4 and more."""


@dataclass(frozen=True, eq=False)
class FittedStudy:
    """The runs of a fit, and what they are to determine.

    Parameters
    ----------
    fit : Fit
    target : Target

    Raises
    ------
    InputError
        If the law is not one of N and D, the loss is not built in, there are no more runs than free parameters or they
        follow the law exactly, so that they do not show how large errors are, or the law does not have the target.
    """

    fit: Fit
    target: Target

    def __post_init__(self) -> None:
        check_type(self.fit, "fit", Fit)
        problem = self.fit.problem
        if axes_of(problem.family.parameters) != ("N", "D"):
            rule = "must be a function of N and D to design runs"
            raise InputError("law", rule, got=repr(problem.family.name), remedy="fit law='chinchilla'")
        if residual_loss(problem.loss_fn) is None:
            rule = "must be a built-in loss to design runs"
            raise InputError("loss_fn", rule, got=loss_name(problem.loss_fn), remedy="fit with log_huber")
        n, n_free = len(self.near.error), int(np.count_nonzero(self.near.free))
        if n <= n_free:
            got = f"{n} runs for {n_free} parameters"
            raise InputError("a fit", "needs more runs than parameters to design runs", got=got, remedy="add seeds")
        size = float(np.sqrt(np.mean(self.near.error**2)))
        if size <= ON_THE_LAW:
            rule = f"must have errors of more than {percent(ON_THE_LAW)} to design runs"
            raise InputError("the runs of the fit", rule, got=f"{size:.1e}", remedy="design seeds, before any run")

    @functools.cached_property
    def near(self) -> Linearised:
        """The law linearised around the fit."""
        return Linearised.of(self.fit.problem, self.fit.law)

    @functools.cached_property
    def noise(self) -> Noise:
        """The noise of single runs around the law."""
        return Noise.of(self.fit, self.near)

    @functools.cached_property
    def runs(self) -> Runs:
        """The runs of the fit whose weight is not zero."""
        return self.fit.problem.runs.take(self.fit.problem.weights() > 0)

    @functools.cached_property
    def information(self) -> Information:
        """What the runs tell."""
        return Information.of(self._observed(self.near.jacobian, self.near.scores.size, self.runs.C))

    @functools.cached_property
    def gradient(self) -> Array:
        """The derivatives of the logarithm of the target by theta, in the units of `Information`, shape (p,)."""
        return np.asarray(self.target.gradient(self.fit.law, self.near.box)[self.near.free] * self._unit)

    def with_runs(self, N: Array, D: Array) -> Problem:
        """Return the problem of these runs and others, whose losses are those of the law.

        Raises
        ------
        FitError
            If the weight function of the fit gives the others no weight that is finite and positive.
        """
        old, new = self.runs, self._runs_on_law(N, D)
        N, D, loss, C = (np.concatenate([getattr(old, name), getattr(new, name)]) for name in ("N", "D", "loss", "C"))
        problem = dataclasses.replace(self.fit.problem, runs=Runs(N, D, loss, C, compute=old.compute))
        weight = problem.weights()[len(old) :]
        if not (weight > 0).all():
            place = f"for C = {new.C[np.argmin(weight)]:g}"
            raise FitError("weight_fn", "must give the runs of a design a weight", got="0", place=place)
        return problem

    def observations(self, N: Array, D: Array) -> Observations:
        """Return what runs of N parameters trained on D tokens would tell; arrays of shape (n,)."""
        runs, weight = self._runs_on_law(N, D), self.with_runs(N, D).weights()
        near, n = self.near, len(self.runs)
        jacobian = near.box.predictor(runs).at(near.theta).jacobian() * (near.box.unit / runs.loss)[:, None]
        cost = costs(self.fit.problem.loss_fn, runs.loss, near.scores.step)
        return self._observed(jacobian, weight[n:] / weight[:n].sum() * cost, runs.C)

    def _runs_on_law(self, N: Array, D: Array) -> Runs:
        return Runs(N, D, self.fit.law.loss(N, D), compute=self.fit.runs.compute)

    @property
    def _unit(self) -> Array:
        """Standard deviations of the free coordinates in their ranges, shape (p,)."""
        near = self.near
        return np.asarray((near.box.upper - near.box.lower)[near.free] / np.sqrt(12))

    def _observed(self, jacobian: Array, size: Array, C: Array) -> Observations:
        curvature, noise = self._scales
        spread = size * self.noise.relative_size(C)
        return Observations(jacobian[:, self.near.free] * self._unit, curvature * size, noise * spread**2)

    @functools.cached_property
    def _scales(self) -> tuple[float, float]:
        """Factors of the curvatures and of the variances of the scores of runs.

        A loss may be multiplied by any number: this one makes the curvatures and the variances add up to the same, so
        that H and G are equal if the weights are in proportion to the precision of the runs.
        """
        scores, spread = self.near.scores, self.noise.relative_size(self.runs.C)
        # The mean square of the scores is that of runs with noise of these sizes.
        mean = float(scores.size @ spread**2 / scores.size.sum())
        variance = scores.variance / mean
        unit = (
            scores.curvature * scores.size.sum() / (variance * float((scores.size * spread) @ (scores.size * spread)))
        )
        return unit * scores.curvature, unit**2 * variance
