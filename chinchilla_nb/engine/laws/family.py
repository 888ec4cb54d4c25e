"""What a law must bring to be fitted, and all that the solver knows of it; and what a fitted law answers.

A `Family` is the form of a law with its parameters free, a `Law` one member of it. Arrays of parameters are called
theta: the coordinates the solver works in, which a family chooses so that they are of similar size and little
correlated. Everything a `Predictor` does takes leading batch axes of theta, so that one predictor serves one start, a
grid of starts and thousands of resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.laws.notation import Notation
from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.runs import Runs

__all__ = [
    "ClosedForm",
    "Coordinates",
    "Family",
    "IsoLoss",
    "Law",
    "Prediction",
    "Predictor",
    "Profiling",
    "Screening",
    "over_runs",
]

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class IsoLoss:
    """The curve on which a law predicts one loss, F / N^f + G / D^g = S, in logarithms so that nothing overflows.

    Attributes
    ----------
    log_F, f, log_G, g : float
        The factor and the exponent of the term of N, and of that of D.
    log_S : float
        What they add up to; NaN where the law does not reach the loss.
    """

    log_F: float
    f: float
    log_G: float
    g: float
    log_S: float


class Law(Protocol):
    """A fitted or published law."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters, in the order of `as_dict`."""

    def loss(self, N: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Predict the loss of models of N parameters trained on D tokens; N and D broadcast."""

    def gradient(self, N: ArrayLike, D: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return dL/dN and dL/dD, loss per parameter and per token."""

    def iso_loss(self, loss: float) -> IsoLoss:
        """Return the curve of models and data that reach a loss."""

    def iso_loss_D(self, loss: ArrayLike, N: ArrayLike) -> NDArray[np.float64]:
        """Tokens at which a model of N parameters reaches a loss; NaN where no amount of data does."""

    def iso_loss_N(self, loss: ArrayLike, D: ArrayLike) -> NDArray[np.float64]:
        """Parameters at which training on D tokens reaches a loss; NaN where no model does."""

    def as_dict(self) -> dict[str, float]:
        """Return the parameters by name."""

    def equation(self, notation: Notation) -> str:
        """Write the law with its numbers."""


@runtime_checkable
class ClosedForm(Protocol):
    """A law whose compute-optimal allocation has a closed form; any other one is minimised numerically."""

    def allocate(self, C: Array) -> tuple[Array, Array]:
        """Return N* and D* of budgets of C FLOPs."""

    def optimal_D(self, N: Array) -> Array:
        """Return the tokens at which models of N parameters are compute-optimal."""

    def exponents(self) -> tuple[float, float]:
        """Return the exponents of N* and D* in C."""


class Coordinates(Protocol):
    """The change of variables between a law and theta, and the box that theta stays in."""

    @property
    def unit(self) -> float:
        """Loss that counts as one."""

    @property
    def lower(self) -> Array:
        """Lowest theta, shape (n_parameters,)."""

    @property
    def upper(self) -> Array:
        """Highest theta, shape (n_parameters,)."""

    def law(self, theta: Array) -> Law:
        """Return the law at theta."""

    def theta(self, points: Array) -> Array:
        """Turn rows of `StartGrid.points` into rows of theta inside the box."""

    def predictor(self, runs: Runs) -> Predictor:
        """Prepare predictions for runs."""


class Prediction(Protocol):
    """What is predicted for the runs at one theta, or at each of a batch of them."""

    @property
    def value(self) -> Array:
        """Loss of each run in units of `Coordinates.unit`, shape (..., n_runs)."""

    def jacobian(self) -> Array:
        """Derivatives of each loss by theta, shape (..., n_runs, n_parameters)."""

    def pull(self, push: Array) -> Array:
        """Sum over runs of push x derivatives, shape (..., n_parameters), without forming the Jacobian."""

    def curvature(self, push: Array) -> Array:
        """Sum over runs of push x second derivatives, shape (..., n_parameters, n_parameters)."""


class Predictor(Protocol):
    """Predicts the losses of some runs as a function of theta."""

    def at(self, theta: Array) -> Prediction:
        """Evaluate at theta, shape (..., n_parameters)."""

    def take(self, which: Array) -> Predictor:
        """Return the predictor of some of the runs."""

    def astype(self, dtype: type[np.floating[Any]]) -> Predictor:
        """Return the predictor in another precision."""


@runtime_checkable
class Screening(Protocol):
    """A predictor that evaluates a whole grid of starts faster than start by start."""

    def screen(self, starts: StartGrid, value: Callable[[Array], Array]) -> Array:
        """Evaluate an objective at every start, shape (n_starts,).

        ``value`` turns predictions, shape (..., n_runs), which it may overwrite, into objectives, shape (...).
        """


@runtime_checkable
class Profiling(Protocol):
    """A predictor that is linear in some parameters once others are fixed (variable projection)."""

    def profile(self, starts: StartGrid, loss: Array, weight: Array) -> Array:
        """Return the laws of least squares over a lattice of the others, rows of theta, shape (n, n_parameters)."""


class Family(Protocol):
    """The form of a law."""

    @property
    def name(self) -> str:
        """As in ``law="chinchilla"``."""

    @property
    def form(self) -> str:
        """The loss as a person writes it, in symbols: ``E + A/N^α + B/D^β``."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, in the order of theta and of `Law.as_dict`."""

    @property
    def starts(self) -> StartGrid:
        """Where a fit begins unless a user says otherwise."""

    @property
    def published(self) -> Law:
        """A law of this form that others have published, whose parameters are suggested before there is a fit."""

    def coordinates(self, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> Coordinates:
        """Choose coordinates for runs, with limits of single parameters of the law."""

    def from_params(self, params: Mapping[str, float]) -> Law:
        """Build a law from its parameters by name."""


def over_runs(theta: Array) -> Iterable[Array]:
    """Return each parameter at theta, shape (..., n_parameters), ready to be combined with arrays of shape (n_runs,).

    Numbers where theta is a single one, which arithmetic is quickest with; arrays of shape (..., 1) for a batch.
    """
    return theta if theta.ndim == 1 else np.moveaxis(theta[..., None], -2, 0)
