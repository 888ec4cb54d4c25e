"""The law of a project's last fit: its parameters, the losses it predicts, and the allocations it recommends."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from chinchilla_nb.allocations import Allocations, allocations_of
from chinchilla_nb.checks import as_positive_number
from chinchilla_nb.engine.conversion import as_positive_values
from chinchilla_nb.engine.errors import InputAttributeError, InputError
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.allocation import allocate, compute_optimal_D
from chinchilla_nb.engine.laws.families import law_of
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.extrapolation import outside_the_runs
from chinchilla_nb.engine.planning.nearest_model import outside_the_models
from chinchilla_nb.law_method import LawParameter, law_method
from chinchilla_nb.session import Session

__all__ = ["FittedLaw"]


def _allocate_given(C: ArrayLike, params: Mapping[str, float]) -> tuple[float, float] | Allocations:
    # The irreducible loss does not change where the optimum is, and may be left out.
    if isinstance(params, Mapping) and len(params) == 4 and {"alpha", "beta"} <= set(params):
        params = {"E": 0.0, **params}
    return allocations_of(law_of(params), C)


def _predict_given(N: ArrayLike, D: ArrayLike, params: Mapping[str, float]) -> float | np.ndarray:
    return _losses(law_of(params), N, D)


def _losses(law: Law, N: ArrayLike, D: ArrayLike) -> float | np.ndarray:
    loss = law.loss(as_positive_values(N, "N"), as_positive_values(D, "D"))
    return float(loss) if loss.ndim == 0 else loss


class FittedLaw:
    """What a project offers of the law of its last fit.

    Attributes
    ----------
    session : Session
        Holds the fit.
    logger : Logger
    E, A, B, alpha, beta : float
        Parameters of the fitted law; `params` has those of every law.
    """

    session: Session
    logger: logging.Logger

    E = LawParameter()
    A = LawParameter()
    B = LawParameter()
    alpha = LawParameter()
    beta = LawParameter()

    def get_params(self) -> dict[str, float]:
        """Return the estimated parameters by name: E, A, B, alpha and beta, or those of another law.

        Raises
        ------
        ValueError
            If nothing has been fitted.
        """
        return self._law().as_dict()

    @property
    def params(self) -> dict[str, float]:
        """The estimated parameters by name, as `get_params` returns them.

        Raises
        ------
        ValueError
            If nothing has been fitted.
        """
        return self.get_params()

    @law_method(_allocate_given)
    def allocate_compute(self, C: float | ArrayLike) -> tuple[float, float] | Allocations:
        """Return the N and D that minimise L(N, D) for a budget; warns if they lie outside the runs of the fit.

        With a model search, it also warns if N lies outside the sizes of its configurations.

        C follows from N and D by the setting ``compute``, 6ND by default. N and D lie outside the runs if their tokens
        per parameter do, or if C is more than 100 times above or below all compute of the runs. On the class,
        ``Chinchilla.allocate_compute(C, params)`` uses parameters by name instead of a fit, and C = 6ND.

        Parameters
        ----------
        C : float or array_like, shape (k,)
            Budgets in FLOPs.

        Returns
        -------
        tuple of float, or ndarray, shape (k, 2)
            N and D for the budget, or for each budget; the array has its columns as ``.N`` and ``.D``.

        Raises
        ------
        ValueError
            If a budget is not positive and finite, the law has no optimum there, or nothing has been fitted; if the
            array of two budgets is unpacked, ``N, D = cc.allocate_compute([C1, C2])``, which could mean its rows.
        """
        budgets = as_positive_values(C, "C")
        fit = self._fit()
        found = allocations_of(fit.law, budgets, fit.runs.compute)
        # Between them, both the compute and the tokens per parameter of the optimum lie between theirs.
        for end in sorted({budgets.min(), budgets.max()}) if budgets.size else []:
            self._warn_outside_the_runs(float(end))
            self._warn_outside_the_models(float(end))
        return found

    allocate = allocate_compute

    @law_method(_predict_given)
    def predict_loss(self, N: ArrayLike, D: ArrayLike) -> float | np.ndarray:
        """Predict the loss of N parameters trained on D tokens; arrays broadcast.

        On the class, ``Chinchilla.predict_loss(N, D, params)`` uses parameters by name instead of a fit.

        Raises
        ------
        ValueError
            If N or D is not positive and finite, their shapes do not broadcast, or nothing has been fitted.
        """
        return _losses(self._law(), N, D)

    L = predict_loss

    def adjust_D_to_N(self, N: float) -> float:
        """Return the tokens D for which N parameters are compute-optimal, D = G^-(1 + b/a) N^(b/a).

        Raises
        ------
        ValueError
            If N is not a positive number, or nothing has been fitted.
        """
        fit = self._fit()
        return float(compute_optimal_D(fit.law, as_positive_number(N, "N"), fit.runs.compute))

    def _fit(self) -> Fit:
        if self.session.fit is None:
            # An AttributeError too: hasattr(cc, "E") tells whether there is a fit.
            raise InputAttributeError("the scaling law", "has not been estimated yet", remedy="call fit() first")
        return self.session.fit

    def _law(self) -> Law:
        return self._fit().law

    def _warn_outside_the_runs(self, C: float) -> None:
        fit = self._fit()
        found = outside_the_runs(fit.law, fit.runs, C)
        if found is not None:
            self.logger.warning(str(found))

    def _warn_outside_the_models(self, C: float) -> None:
        if self.session.settings.model_search is None:
            return
        fit = self._fit()
        try:
            models = self.session.settings.models
        except InputError as error:  # an estimator that fails has no say in the optimum
            self.logger.warning(str(error))
            return
        N = float(allocate(fit.law, C, fit.runs.compute)[0])
        outside = "" if models is None else outside_the_models(N, models)
        if outside:
            self.logger.warning(outside)
