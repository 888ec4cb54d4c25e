"""What is known before any run: laws that a task may have, and what seeds would tell about each of them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import at_ratio
from chinchilla_nb.engine.design.candidates import Candidates
from chinchilla_nb.engine.design.information import Information, Observations
from chinchilla_nb.engine.design.targets import Target
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.problem import WeightFunction
from chinchilla_nb.engine.fitting.reliability.linearised import point_of
from chinchilla_nb.engine.fitting.user_functions import per_run
from chinchilla_nb.engine.laws.allocation import has_optimum
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.families import family_of
from chinchilla_nb.engine.laws.family import Coordinates, Family, Law
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs

__all__ = ["PriorStudy", "prior_laws"]

Array = NDArray[Any]

EXPONENTS = (0.25, 0.35, 0.5)
"""Exponents of N and of D in the prior laws: most of those that were measured on language lie between 0.25 and 0.5."""
SHARES = (0.5, 0.25, 0.25)
"""Shares of E and of the two terms in the loss of a run in the middle of the seed ranges, in the prior laws. For the
law of Hoffmann et al. (2022) they are 0.48, 0.22 and 0.29 at N = 1e8 and D = 2e9."""
MIDDLE_LOSS = 3.0
"""Loss of that run. Only its shares count: errors are relative."""
NOISE = 0.01
"""Standard deviation of the loss of a run, relative to it, that seeds are designed for. Noise of another size changes
all errors in proportion, except those that the bounds of the parameters limit."""


def prior_laws(regime: SeedRegime, compute: Compute) -> tuple[ScalingLaw, ...]:
    """Return nine laws, with every pair of typical exponents, whose terms are equal in the middle of a regime."""
    C, ratio = (float(np.sqrt(low) * np.sqrt(high)) for low, high in (regime.C, regime.tokens_per_parameter))
    N = float(at_ratio(compute, C, ratio))
    E, A, B = (share * MIDDLE_LOSS for share in SHARES)
    D = N * ratio
    return tuple(ScalingLaw(E, A * N**a, B * D**b, a, b) for a, b in itertools.product(EXPONENTS, EXPONENTS))


@dataclass(frozen=True, eq=False)
class PriorStudy:
    """A study before its first run, which may turn out to have any of some laws.

    Parameters
    ----------
    laws : sequence of Law
        Laws of one form.
    target : Target
        What the study is to determine.
    candidates : Candidates
        The seeds that it may train.
    weight_fn : callable, optional
        ``weight_fn(C)`` of the fit, which is taken for the precision of the runs.

    Raises
    ------
    InputError
        If the laws are not of one form, or one does not have the target.
    """

    laws: Sequence[Law]
    target: Target
    candidates: Candidates
    weight_fn: WeightFunction | None = None

    def __post_init__(self) -> None:
        if not self.laws or any(law.parameters != self.laws[0].parameters for law in self.laws):
            raise InputError("laws", "must be laws of one form", got=f"{len(self.laws)} laws")
        for law in self.laws:
            if not has_optimum(law):
                rule = "must have terms that decrease with N and with D"
                raise InputError("laws", rule, got=str(law), remedy="give laws with positive exponents")

    @functools.cached_property
    def family(self) -> Family:
        """The form of the laws."""
        return family_of(self.laws[0])

    @functools.cached_property
    def boxes(self) -> tuple[Coordinates, ...]:
        """The coordinates of each law."""
        N, D = self.candidates.N, self.candidates.D
        return tuple(self.family.coordinates(Runs(N, D, law.loss(N, D)), {}) for law in self.laws)

    @functools.cached_property
    def gradient(self) -> Array:
        """The derivatives of the logarithm of the target by theta, shape (n_laws, p)."""
        pairs = zip(self.laws, self.boxes, strict=True)
        return np.array([self.target.gradient(law, box) * _unit(box) for law, box in pairs])

    def jacobian(self, N: Array, D: Array) -> Array:
        """Return the derivatives of the relative losses of runs by theta, shape (n_laws, n, p)."""
        found = []
        for law, box in zip(self.laws, self.boxes, strict=True):
            at = box.predictor(Runs(N, D, np.ones(len(N)))).at(box.theta(point_of(law)))
            found.append(at.jacobian() / at.value[:, None] * _unit(box))
        return np.array(found)

    def observations(self, N: Array, D: Array, C: Array) -> Observations:
        """Return what runs would tell, under each law; arrays of shape (n,)."""
        precision = np.full((len(self.laws), len(N)), NOISE**-2)
        if self.weight_fn is not None:
            weight, known = (
                per_run(self.weight_fn, "weight_fn", "weight", C=values) for values in (C, self.candidates.C)
            )
            precision = precision * (weight / known.mean())
        return Observations(self.jacobian(N, D), precision, precision)

    def log_variance(self, information: Information) -> Array:
        """Return the logarithm of the variance of the target, the mean over the laws, shape (...) of other axes."""
        target = self.gradient.reshape(len(self.laws), *(1,) * (information.noise.ndim - 3), -1)
        return np.asarray(np.log(information.variance(target)).mean(axis=0))

    def log_variance_with(self, information: Information, runs: Observations) -> Array:
        """Return the same after each of n runs has been added, shape (n,)."""
        return np.asarray(np.log(information.variance_with(runs, self.gradient)).mean(axis=0))


def _unit(box: Coordinates) -> Array:
    """Standard deviations of coordinates in their ranges."""
    return np.asarray((box.upper - box.lower) / np.sqrt(12))
