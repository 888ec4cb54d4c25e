"""Results of a fit: the law with its status and warnings, and the progress of a running fit."""

from __future__ import annotations

import builtins
import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.fitting.certificate import Certificate
from chinchilla_nb.engine.fitting.diagnostics import FitWarning
from chinchilla_nb.engine.fitting.held import Held, held_parameters
from chinchilla_nb.engine.fitting.losses import LossFunction, loss_name
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.family import Law, losses_of
from chinchilla_nb.engine.laws.notation import HTML
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.html_table import html_table
from chinchilla_nb.quantity import percent

if TYPE_CHECKING:
    from chinchilla_nb.engine.uncertainty.frontier_uncertainty import FrontierUncertainty
    from chinchilla_nb.engine.uncertainty.loss_sensitivity import LossSensitivity
    from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
    from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["Fit", "FitProgress", "FitStatus"]


class FitStatus(str, enum.Enum):
    """How a fit ended, or that it is unfinished."""

    UNFINISHED = "unfinished"
    CONVERGED = "converged"
    STALLED = "stalled"
    CANCELLED = "cancelled"


@dataclass(frozen=True, eq=False, slots=True)
class Fit:
    """A law fitted to runs, with what is needed to judge it.

    Attributes
    ----------
    problem : Problem
        The problem that was solved; `iter_fit` can solve it again.
    law : Law
        The best law found.
    objective : float
        Weighted mean loss per run of the law.
    status : FitStatus
    warnings : tuple of FitWarning
        What these runs cannot support, each with a remedy.
    landscape : ndarray, shape (starts,)
        The objective, over at most 512 of the runs, at every start, in the order of `StartGrid.points`.
    minima : ndarray, shape (optima, n_parameters)
        The distinct minima that were followed to the end, in the coordinates of the fit, the lowest first; of a loss
        with kinks, they are minima of the smoothed loss.
    certificate : Certificate or None
        What was computed to show that the law is a local optimum; `status` is CONVERGED if it holds.
    runs, loss_fn
        The runs and loss of the problem.
    starts : int
        Number of starts, all of which were screened.
    optima : int
        Number of distinct minima.
    """

    problem: Problem
    law: Law
    objective: float
    status: FitStatus
    warnings: tuple[FitWarning, ...]
    landscape: NDArray[np.float64] = field(repr=False)
    minima: NDArray[np.float64] = field(repr=False)
    certificate: Certificate | None = None

    @property
    def runs(self) -> Runs:
        """The runs that the law was fitted to."""
        return self.problem.runs

    @property
    def loss_fn(self) -> LossFunction:
        """The loss that was minimised."""
        return self.problem.loss_fn

    @property
    def held(self) -> dict[str, Held]:
        """The parameters that were fixed or limited, or that are at an end of what a fit considers, by name."""
        return held_parameters(self.law, self.problem.bounds)

    @property
    def starts(self) -> int:
        """The number of starts."""
        return len(self.problem.starts)

    @property
    def starts_text(self) -> str:
        """What the search started from, in words."""
        text = f"{self.starts:,} start{'s' * (self.starts != 1)}"
        return text if self.problem.start is None else f"{text} and a law set by hand"

    @property
    def optima(self) -> int:
        """The number of distinct minima that were followed to the end."""
        return len(self.minima)

    @property
    def predictions(self) -> NDArray[np.float64]:
        """The predicted loss of each run, shape (n_runs,)."""
        return losses_of(self.law, self.runs)

    @property
    def residuals(self) -> NDArray[np.float64]:
        """The measured minus the predicted loss of each run, shape (n_runs,)."""
        return self.runs.loss - self.predictions

    def uncertainty(
        self,
        method: str | None = None,
        draws: int = 1000,
        rng: np.random.Generator | int | None = None,
        *,
        by: str | None = None,
        map: Callable[..., Iterable[Any]] = builtins.map,
    ) -> Uncertainty | FrontierUncertainty:
        """Estimate how sure this fit is; parameters and errors as for `iter_uncertainty`."""
        from chinchilla_nb.engine.uncertainty.estimate import estimate_uncertainty

        return estimate_uncertainty(self, method, draws, rng, by=by, map=map)

    def roll_outs(
        self,
        cutoffs: ArrayLike | None = None,
        by: str | None = None,
        *,
        map: Callable[..., Iterable[Any]] = builtins.map,
    ) -> RollOuts:
        """Hold out runs of this fit and predict them from the others; parameters and errors as for `iter_roll_outs`."""
        from chinchilla_nb.engine.uncertainty.roll_outs import iter_roll_outs

        *_, last = iter_roll_outs(self.problem, cutoffs, by, map=map)
        assert last.result is not None
        return last.result

    def loss_sensitivity(self) -> LossSensitivity:
        """Repeat this fit with other losses, which shows how much the optimum of a budget depends on the loss."""
        from chinchilla_nb.engine.uncertainty.loss_sensitivity import iter_loss_sensitivity

        *_, last = iter_loss_sensitivity(self)
        assert last.result is not None
        return last.result

    def __repr__(self) -> str:
        lines = [str(self.law), *(f"{name:>10}  {text}" for name, text in self._facts())]
        return "\n".join([*lines, *(f"   warning  {warning}" for warning in self.warnings)])

    def _repr_html_(self) -> str:
        facts = [*self._facts(), *(("warning", str(warning)) for warning in self.warnings)]
        return f"<p>{self.law.equation(HTML)}</p>{html_table(facts, named_rows=True, cell_style='text-align:left')}"

    def _how_held(self, name: str) -> str:
        """Return in brackets how a parameter was held; empty for a free one."""
        held = self.held.get(name)
        return "" if held is None else f" ({held.text})"

    def _facts(self) -> list[tuple[str, str]]:
        typical = np.median(np.abs(self.residuals / self.runs.loss))
        total = self.objective * len(self.runs)
        optima = "optimum" if self.optima == 1 else "optima"
        return [
            *((name, f"{value:.6g}{self._how_held(name)}") for name, value in self.law.as_dict().items()),
            ("loss", f"{loss_name(self.loss_fn)} = {self.objective:.6g} per run, {total:.6g} in all"),
            ("runs", f"{len(self.runs)}, half of them within {percent(float(typical))} of the law"),
            ("status", f"{self.status.value}; {self.starts_text}, {self.optima} distinct {optima}"),
        ]


@dataclass(frozen=True, eq=False, slots=True)
class FitProgress:
    """Progress of a fit.

    Attributes
    ----------
    stage : str
        ``screening``, ``optimising`` or ``polishing``.
    done, total : int
        How much of this stage is done, and in all: starts of the grid, or one optimum to polish.
    best : Fit or None
        The best law so far; the last progress of a fit holds the final result.
    """

    stage: str
    done: int
    total: int
    best: Fit | None
