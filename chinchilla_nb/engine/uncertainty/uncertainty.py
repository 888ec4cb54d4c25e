"""What is believed of a fit, by whichever method: intervals of its parameters, losses and allocations."""

from __future__ import annotations

import abc
import functools
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from chinchilla_nb.engine.compute.points import in_proportion
from chinchilla_nb.engine.conversion import as_magnitudes, as_positive_values, check_choice, check_type
from chinchilla_nb.engine.fitting.reliability.linearised import Linearised
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.family import Coordinates, Law
from chinchilla_nb.engine.uncertainty.drift import as_done, distance_beyond
from chinchilla_nb.engine.uncertainty.interval import Interval, tail_of
from chinchilla_nb.engine.uncertainty.noise import Noise
from chinchilla_nb.engine.uncertainty.quantities import ALLOCATED, Quantities, allocations, losses, parameters
from chinchilla_nb.engine.uncertainty.region import Region, scanned_values
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts

__all__ = ["LossKind", "Uncertainty"]

Array = NDArray[Any]
LossKind = Literal["mean", "new-run"]

UNDETERMINED = 0.1
"""Standard error of a direction, in units of what is known without runs, from which on the runs hardly determine it."""


@dataclass(frozen=True, eq=False)
class Uncertainty(abc.ABC):
    """The uncertainty of a fit; all intervals hold if the law does.

    Attributes
    ----------
    fit : Fit
    method : str
    """

    fit: Fit
    method: str

    @functools.cached_property
    def near(self) -> Linearised:
        """The law linearised around the fit."""
        return Linearised.of(self.fit.problem, self.fit.law)

    @property
    def box(self) -> Coordinates:
        """The coordinates of the fit."""
        return self.near.box

    @functools.cached_property
    def noise(self) -> Noise:
        """The noise of single runs around the law."""
        return Noise.of(self.fit, self.near)

    @functools.cached_property
    def region(self) -> Region:
        """The laws around the fit whose objective is hardly above the minimum."""
        return Region.of(self.fit, self.near)

    @functools.cached_property
    def undetermined(self) -> bool:
        """Whether some combination of parameters is hardly determined by the runs."""
        free = self.near.free
        prior = (self.box.upper - self.box.lower)[free] / np.sqrt(12)
        scaled = self.near.covariance[np.ix_(free, free)] / np.outer(prior, prior)
        return bool(np.linalg.eigvalsh(scaled).max(initial=0.0) > UNDETERMINED**2)

    @property
    def too_few(self) -> bool:
        """Whether there are no more runs than free parameters, so that the runs say nothing about their noise."""
        return len(self.near.error) <= int(np.count_nonzero(self.near.free))

    @property
    def notes(self) -> tuple[str, ...]:
        """What limits these intervals, in sentences without a full stop."""
        found = list(self.noise.notes)
        if self.too_few:
            n_free = np.count_nonzero(self.near.free)
            found.insert(0, f"{len(self.near.error)} runs cannot show how precisely they determine {n_free} parameters")
        elif self.undetermined:
            where = "; see the warnings of the fit" if self.fit.warnings else ""
            found.insert(0, f"these runs hardly determine some of the parameters{where}")
        return tuple(found)

    def interval(self, level: float = 0.95) -> dict[str, Interval]:
        """Return the interval of each parameter, and of a and b, the exponents of N* and D* in C, by name."""
        found = self._intervals(parameters(self.fit.law, self.fit.runs), level)
        names = (*self.fit.law.as_dict(), "a", "b")
        return {name: Interval(*(end[index] for end in found)) for index, name in enumerate(names)}

    def predict_loss(
        self,
        N: ArrayLike,
        D: ArrayLike,
        level: float = 0.95,
        kind: LossKind = "mean",
        roll_outs: RollOuts | None = None,
    ) -> Interval:
        """Return the loss of models of N parameters trained on D tokens; N and D broadcast.

        Parameters
        ----------
        kind : {"mean", "new-run"}
            Whether the interval is that of the law, the mean of many runs, or that of one run yet to be trained, which
            has noise of its own.
        roll_outs : RollOuts, optional
            Roll-outs of the runs of the fit. With them, the interval is widened by how predictions beyond the runs have
            gone wrong (`Drift`); without them, it holds if the law does.
        """
        check_choice(kind, "kind", get_args(LossKind))
        check_type(roll_outs, "roll_outs", RollOuts, type(None))
        N, D = np.broadcast_arrays(*as_magnitudes(N=as_positive_values(N, "N"), D=as_positive_values(D, "D")))
        found = self._intervals(losses(N.ravel(), D.ravel()), level)
        if kind == "new-run":
            with np.errstate(over="ignore", under="ignore"):
                C = self._compute(N, D).ravel()
            found = self._with_noise(found, C, level)
        interval = Interval(*(end.reshape(N.shape) for end in found))
        if roll_outs is None:
            return interval
        return as_done(self.fit, roll_outs, interval, distance_beyond(self.fit.runs, N, D), level)

    def allocate(self, C: ArrayLike, level: float = 0.95) -> dict[str, Interval]:
        """Return N*, D*, D*/N* and the loss there for each budget of C FLOPs, by the names N, D, D_per_N and loss."""
        budgets = as_positive_values(C, "C")
        found = self._intervals(allocations(budgets.ravel(), self.fit.runs.compute), level)
        parts = (end.reshape(len(ALLOCATED), *budgets.shape) for end in found)
        return {name: Interval(*ends) for name, *ends in zip(ALLOCATED, *parts, strict=True)}

    def interval_of(self, quantities: Quantities, level: float = 0.95) -> Interval:
        """Return the values of any quantities of the law with their intervals, shape (n,)."""
        check_type(quantities, "quantities", Quantities)
        return Interval(*self._intervals(quantities, level))

    @property
    @abc.abstractmethod
    def covariance(self) -> Array:
        """The covariance of the parameters, shape (n_parameters, n_parameters).

        Raises
        ------
        InputError
            If the method has none.
        """

    @abc.abstractmethod
    def _limits(self, quantities: Quantities, tail: float) -> tuple[Array, Array]:
        """Return the ends of the interval of each quantity, shape (n,), with a probability beyond either end."""

    def _intervals(self, quantities: Quantities, level: float) -> tuple[Array, Array, Array]:
        value, tail = quantities.of(self.fit.law), tail_of(level)
        if self.too_few:
            return value, np.zeros_like(value), np.full_like(value, np.inf)
        low, high = self._limits(quantities, tail)
        if self.undetermined:
            far = self._far_values(quantities, tail)
            # A law without an optimum has N* anywhere.
            low = np.minimum(low, np.where(np.isnan(far), 0.0, far).min(axis=0))
            high = np.maximum(high, np.where(np.isnan(far), np.inf, far).max(axis=0))
        return value, low, high

    @functools.cached_property
    def _far_laws(self) -> list[tuple[Law, float]]:
        """Laws all over the ranges of the parameters, each the best with one parameter held, and their distances."""
        return [
            self.region.best_with({name: value})
            for name, values in scanned_values(self.fit.problem).items()
            for value in values
        ]

    def _far_values(self, quantities: Quantities, tail: float) -> Array:
        """Return the quantities of the laws that an interval does not reject, however far they are from the fit."""
        reach = -float(stdtrit(self.near.scores.degrees, tail))
        laws = [self.fit.law, *(law for law, distance in self._far_laws if distance <= reach)]
        return np.array([quantities.of(law) for law in laws])

    def _compute(self, N: Array, D: Array) -> Array:
        compute = self.fit.runs.compute
        # In proportion, C is a function of ND, multiplied in an order that files and tests of old intervals depend on.
        return compute.C(1.0, N * D) if in_proportion(compute) else compute.C(N, D)

    def _with_noise(self, found: tuple[Array, Array, Array], C: Array, level: float) -> tuple[Array, Array, Array]:
        """Widen intervals of losses by the noise of one run; both are relative, and independent of each other."""
        value, low, high = found
        below, above = self.noise.margins(C, tail_of(level))
        with np.errstate(divide="ignore", over="ignore"):
            reach_low, reach_high = np.log(value / low), np.log(high / value)
            return value, value * np.exp(-np.hypot(reach_low, below)), value * np.exp(np.hypot(reach_high, above))
