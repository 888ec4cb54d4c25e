"""The uncertainty of a fit as DataFrames: the answer of `Chinchilla.uncertainty`."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from chinchilla_nb.engine.conversion import as_positive_values, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.uncertainty.draws import Draws
from chinchilla_nb.engine.uncertainty.uncertainty import LossKind, Uncertainty
from chinchilla_nb.figures import basis_in_words
from chinchilla_nb.rollout import Rollout
from chinchilla_nb.session import Session

__all__ = ["FitUncertainty", "uncertainty_of"]


@dataclass(frozen=True, eq=False)
class FitUncertainty:
    """How sure a fit is. All intervals hold if the law does, except those that know the roll-outs.

    Attributes
    ----------
    value : Uncertainty
        The same as arrays.
    """

    value: Uncertainty

    def __post_init__(self) -> None:
        check_type(self.value, "value", Uncertainty)

    @property
    def method(self) -> str:
        """The method by which it was estimated."""
        return self.value.method

    @property
    def notes(self) -> tuple[str, ...]:
        """What limits these intervals, and what was found of the noise."""
        return self.value.notes

    @property
    def params(self) -> pd.DataFrame:
        """The parameters of each draw, a row a draw.

        Raises
        ------
        ValueError
            If the method makes no draws.
        """
        if not isinstance(self.value, Draws):
            raise InputError("method", "must make draws", got=repr(self.method), remedy="choose 'pairs'")
        return pd.DataFrame(self.value.params, columns=list(self.value.fit.law.as_dict()))

    @property
    def covariance(self) -> pd.DataFrame:
        """The covariance of the parameters.

        Raises
        ------
        ValueError
            If the method is the profile likelihood, which has none.
        """
        names = list(self.value.fit.law.as_dict())
        return pd.DataFrame(self.value.covariance, index=names, columns=names)

    @property
    def correlation(self) -> pd.DataFrame:
        """The correlation of the parameters; NaN for one that is fixed."""
        covariance = self.covariance
        size = np.sqrt(np.diag(covariance))
        size[size == 0] = np.nan
        return covariance.div(size, axis=0).div(size, axis=1)

    def interval(self, level: float = 0.95) -> pd.DataFrame:
        """Return the ends of the interval of each parameter, and of a and b, the exponents of N* and D* in C.

        Returns
        -------
        DataFrame
            Index E, A, B, alpha, beta, a, b, or the parameters of another law; columns low and high.
        """
        found = self.value.interval(level)
        ends = {name: (float(one.low), float(one.high)) for name, one in found.items()}
        return pd.DataFrame.from_dict(ends, orient="index", columns=["low", "high"])

    def predict_loss(
        self,
        N: ArrayLike,
        D: ArrayLike,
        level: float = 0.95,
        kind: LossKind = "mean",
        rollout: Rollout | None = None,
    ) -> pd.DataFrame:
        """Predict the loss of N parameters trained on D tokens; arrays broadcast.

        Parameters
        ----------
        N, D : float or array_like
        level : float, default 0.95
        kind : {"mean", "new-run"}
            Whether the interval is that of the law, the mean of many runs, or that of one run yet to be trained.
        rollout : Rollout, optional
            Roll-outs of the same runs, ``cc.rollout()``. With them, the interval is widened by what they show,
            and the loss is corrected for the bias that they show; without them, it holds if the law does.

        Returns
        -------
        DataFrame
            Columns loss, low and high, a row a prediction.
        """
        check_type(rollout, "rollout", Rollout, type(None))
        found = self.value.predict_loss(N, D, level, kind, None if rollout is None else rollout.value)
        return pd.DataFrame({"loss": found.value.ravel(), "low": found.low.ravel(), "high": found.high.ravel()})

    def allocate(self, C: float | ArrayLike, level: float = 0.95) -> pd.DataFrame:
        """Return the compute-optimal allocation of budgets with its intervals.

        Returns
        -------
        DataFrame
            Index C; columns N, N_low, N_high, and the same of D, D_per_N and loss.
        """
        budgets = np.atleast_1d(as_positive_values(C, "C")).ravel()
        columns: dict[str, Any] = {}
        for name, one in self.value.allocate(budgets, level).items():
            columns |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
        return pd.DataFrame(columns, index=pd.Index(budgets, name="C"))

    def __repr__(self) -> str:
        table = self._table().to_string(float_format=lambda value: f"{value:.4g}")
        return "\n".join([self._title(), table, *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        table = self._table().to_html(float_format=lambda value: f"{value:.4g}")
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return f"<p>{html.escape(self._title())}</p>{table}" + (f"<ul>{notes}</ul>" if notes else "")

    def _title(self) -> str:
        runs = len(self.value.fit.runs)
        return f"95 % intervals of {runs:,} runs, if the law holds ({basis_in_words(self.value)})"

    def _table(self) -> pd.DataFrame:
        table = self.interval()
        fitted = {name: float(one.value) for name, one in self.value.interval().items()}
        table.insert(0, "fitted", pd.Series(fitted))
        return table


def uncertainty_of(session: Session, fit: Fit, given: FitUncertainty | None = None) -> Uncertainty | None:
    """Return a given uncertainty, or by default the one that a session knows of its fit; None if there is none.

    Raises
    ------
    InputError
        If it is given and of another fit. An InputTypeError if it is something else.
    """
    check_type(given, "uncertainty", FitUncertainty, type(None))
    if given is None:
        known = session.uncertainty
        return known if isinstance(known, Uncertainty) and known.fit is fit else None
    if given.value.fit is not fit:
        raise InputError("uncertainty", "must be of the last fit", remedy="call uncertainty() again")
    return given.value
