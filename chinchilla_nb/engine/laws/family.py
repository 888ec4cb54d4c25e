"""Protocols: what a law must provide to be fitted, which is all that the solver uses, and what a fitted law offers.

A `Family` is the form of a law with free parameters; a `Law` is one member of it. Arrays of parameters are called
theta: the coordinates in which the solver works, which a family chooses to be of similar size and weakly correlated.
All methods of a `Predictor` accept leading batch axes of theta, so that one predictor serves a single start, a grid of
starts and thousands of resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.laws.notation import Notation
from chinchilla_nb.engine.laws.parameters import Parameter, axes_of
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

__all__ = [
    "ClosedForm",
    "Coordinates",
    "Family",
    "Grouping",
    "IsoLoss",
    "Law",
    "Prediction",
    "Predictor",
    "Profiling",
    "Screening",
    "losses_of",
    "over_runs",
    "summed",
]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class IsoLoss:
    """The curve on which a law predicts one loss, F / N^f + G / D^g = S; in logarithms so that nothing overflows.

    Attributes
    ----------
    log_F, f, log_G, g : float
        Factor and exponent of the term in N, and of the term in D.
    log_S : float
        Sum of the two terms; NaN where the law does not reach the loss.
    """

    log_F: float
    f: float
    log_G: float
    g: float
    log_S: float


@runtime_checkable
class Law(Protocol):
    """A fitted or published law."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, in the order of `as_dict`."""

    @property
    def loss(self) -> Callable[..., NDArray[np.float64]]:
        """A method that predicts losses from what `axes_of` the parameters names: N and D, or C."""

    def gradient(self, N: ArrayLike, D: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return dL/dN and dL/dD, loss per parameter and per token."""

    def iso_loss(self, loss: float) -> IsoLoss:
        """Return the curve in N and D along which the loss is reached."""

    def iso_loss_D(self, loss: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
        """Return the tokens with which N parameters reach a loss; NaN where no amount of data is enough."""

    def iso_loss_N(self, loss: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Return the parameters with which D tokens reach a loss; NaN where no model is large enough."""

    def as_dict(self) -> dict[str, float]:
        """Return the parameters by name."""

    def equation(self, notation: Notation) -> str:
        """Return the equation of the law with its values."""


@runtime_checkable
class ClosedForm(Protocol):
    """A law whose compute-optimal allocation has a closed form; for any other law it is found numerically."""

    def allocate(self, C: Array) -> tuple[Array, Array]:
        """Return N* and D* for budgets of C FLOPs."""

    def optimal_D(self, N: Array) -> Array:
        """Return the tokens at which models of N parameters are compute-optimal."""

    def exponents(self) -> tuple[float, float]:
        """Return the exponents of N* and D* in C."""


class Coordinates(Protocol):
    """The change of variables between a law and theta, and the box that theta stays in."""

    @property
    def unit(self) -> float:
        """The loss that equals one in these coordinates."""

    @property
    def lower(self) -> Array:
        """Lower bounds of theta, shape (n_parameters,)."""

    @property
    def upper(self) -> Array:
        """Upper bounds of theta, shape (n_parameters,)."""

    def law(self, theta: Array) -> Law:
        """Return the law at theta."""

    def theta(self, points: Array) -> Array:
        """Convert rows of `StartGrid.points` to rows of theta inside the box."""

    def predictor(self, runs: Runs, dtype: type[np.floating[Any]] = np.float64) -> Predictor:
        """Return the predictor of the losses of runs, in a precision."""


class Prediction(Protocol):
    """Predicted losses of the runs at one theta, or at each theta of a batch."""

    @property
    def value(self) -> Array:
        """Loss of each run in units of `Coordinates.unit`, shape (..., n_runs)."""

    def jacobian(self) -> Array:
        """Return the derivatives of each loss by theta, shape (..., n_runs, n_parameters)."""

    def pull(self, push: Array) -> Array:
        """Return the vector-Jacobian product: the sum over runs of push x derivatives, shape (..., n_parameters)."""

    def curvature(self, push: Array) -> Array:
        """Return the sum over runs of push x second derivatives, shape (..., n_parameters, n_parameters)."""


class Predictor(Protocol):
    """Predicts the losses of given runs as a function of theta."""

    def at(self, theta: Array) -> Prediction:
        """Predict at theta, shape (..., n_parameters)."""

    def take(self, which: Array) -> Predictor:
        """Return the predictor for some of the runs."""


@runtime_checkable
class Grouping(Predictor, Protocol):
    """A predictor of runs that can predict those of many projects at once, each by its own theta."""

    def grouped(self, count: int) -> Grouping:
        """Return the predictor of ``count`` projects of equal size, whose runs follow one another in this one.

        It predicts at theta of shape (count, n_parameters), a project a row.
        """

    def members(self, which: Any) -> Grouping:
        """Return the predictor of some of the projects; the same for runs that are not grouped."""


@runtime_checkable
class Screening(Protocol):
    """A predictor that evaluates a whole grid of starts faster than one start at a time."""

    def screen(self, starts: StartGrid, value: Callable[[Array], Array]) -> Array:
        """Evaluate an objective at every start, shape (n_starts,).

        ``value`` maps predictions, shape (..., n_runs), to objectives, shape (...); it may overwrite the predictions.
        """


@runtime_checkable
class Profiling(Protocol):
    """A predictor that is linear in some parameters when the others are fixed (variable projection)."""

    def profile(
        self, loss: Array, weight: Array, exponents: tuple[Array, ...] | None = None, least_floor: bool = False
    ) -> tuple[Array, Array]:
        """Fit the other parameters by weighted least squares, inside the box, at a lattice of its exponents.

        Parameters
        ----------
        loss : ndarray, shape (n_runs,)
            In units of `Coordinates.unit`.
        weight : ndarray, shape (n_runs,) or (n_1, n_2, n_runs)
            One weight per run, or per run and pair of exponents.
        exponents : tuple of ndarray, shapes (n_1,) and (n_2,), optional
            The axes of the lattice, and only the first for a law with one exponent, whose n_2 is 1; by default they
            cover the range that a fit considers.
        least_floor : bool
            Whether an irreducible loss is held at its lower bound.

        Returns
        -------
        theta : ndarray, shape (n_1, n_2, n_parameters)
            No term of it vanishes, because a term that has vanished would not return.
        predicted : ndarray, shape (n_1, n_2, n_runs)
            The losses that the fitted laws predict.
        """


@runtime_checkable
class Family(Protocol):
    """The form of a law."""

    @property
    def name(self) -> str:
        """The name, as in ``law="chinchilla"``."""

    @property
    def form(self) -> str:
        """The formula of the loss in symbols, e.g. ``E + A/N^α + B/D^β``."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, in the order of theta and of `Law.as_dict`."""

    @property
    def starts(self) -> StartGrid:
        """The default starts of a fit."""

    @property
    def published(self) -> Law:
        """A published law of this form, whose parameters are suggested before there is a fit."""

    def coordinates(self, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> Coordinates:
        """Choose coordinates for runs, with bounds on parameters of the law."""

    def from_params(self, params: Mapping[str, float]) -> Law:
        """Build a law from its parameters by name."""


def losses_of(law: Law, runs: Runs) -> NDArray[np.float64]:
    """Predict the loss of each run, shape (n_runs,), from its N and D, or from its C for a law of compute.

    Raises
    ------
    InputError
        If the law needs N and D, and the runs have none.
    """
    return law.loss(*(getattr(runs, axis) for axis in axes_of(law.parameters)))


def over_runs(theta: Array) -> Iterable[Array]:
    """Return each parameter of theta, shape (..., n_parameters), so that it broadcasts with arrays of shape (n_runs,).

    Scalars for a single theta, because arithmetic with scalars is fastest; arrays of shape (..., 1) for a batch.
    """
    return theta if theta.ndim == 1 else [theta[..., index, None] for index in range(theta.shape[-1])]


def summed(push: Array, values: Array) -> Array:
    """Return the sum over runs of push x values, shape (...); values are of shape (n_runs,), or those of projects."""
    return np.asarray(push @ values if values.ndim == 1 else np.einsum("...n,...n->...", push, values))


def uncentred(log_factor: Any, exponent: float, centre: float, unit: float) -> float:
    """Return the factor of a term whose logarithm is given at a centre and in a unit, rounded only once.

    In float64, the logarithm of a large factor loses digits that runs with small residuals resolve.
    """
    return float(np.exp(log_factor + np.longdouble(exponent) * centre) * unit)
