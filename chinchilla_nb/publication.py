"""What a project publishes: the Chinchilla table."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import ArrayLike

from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.optimal_runs import optimal_runs
from chinchilla_nb.fit_uncertainty import FitUncertainty, uncertainty_of
from chinchilla_nb.publishing.chinchilla_table import ChinchillaTable
from chinchilla_nb.session import Session

__all__ = ["Publication"]

FACTORS = (1.0, 10.0, 100.0, 1000.0)
"""Budgets of a table without sizes or budgets, as multiples of the largest compute of the runs."""


class Publication:
    """What a project publishes of its last fit.

    Attributes
    ----------
    session : Session
        Holds the fit and its uncertainty.
    logger : Logger
    """

    session: Session
    logger: logging.Logger

    def _fit(self) -> Fit:
        raise NotImplementedError

    def chinchilla_table(
        self,
        N: ArrayLike | None = None,
        *,
        C: ArrayLike | None = None,
        hardware: Hardware | None = None,
        level: float = 0.95,
        uncertainty: FitUncertainty | None = None,
    ) -> ChinchillaTable:
        """Return the compute-optimal run of each model size, or of each budget, as table 3 of Hoffmann et al. 2022.

        Parameters
        ----------
        N : array_like, optional
            Model sizes, such as ``[1e9, 7e9, 70e9]``.
        C : array_like, optional
            Budgets in FLOPs instead. With neither, the largest compute of the runs and 10, 100 and 1,000 times that.
        hardware : Hardware, optional
            What trains the models, for days and costs.
        level : float, default 0.95
            Level of the intervals.
        uncertainty : FitUncertainty, optional
            That of the last fit. By default that of the last call of ``uncertainty()``, if there was one since; without
            it, the table has no intervals.

        Returns
        -------
        ChinchillaTable
            Shown as a table in a notebook; ``to_frame()``, ``to_html()``, ``to_latex()``, ``to_csv()`` and
            ``save(path)`` give it in other forms.

        Raises
        ------
        ValueError
            If nothing has been fitted, N and C are both given, a value is not positive and finite, or the law has no
            optimum there.
        """
        fit = self._fit()
        if N is None and C is None:
            C = np.multiply(FACTORS, fit.runs.C.max())
        believed = uncertainty_of(self.session, fit, uncertainty)
        runs = optimal_runs(fit, N=N, C=C, hardware=hardware, uncertainty=believed, level=level)
        return ChinchillaTable(runs, self.session.data_unit)
