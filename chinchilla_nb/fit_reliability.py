"""How far the last fit of a project can be trusted: uncertainty, roll-outs, forecasts, and the influence of runs."""

from __future__ import annotations

import logging
import numbers
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from chinchilla_nb.checks import as_texts
from chinchilla_nb.engine.conversion import as_flag, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.planning.scaling import next_budget
from chinchilla_nb.engine.uncertainty.estimate import iter_uncertainty
from chinchilla_nb.engine.uncertainty.influence import iter_influence
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts, iter_roll_outs
from chinchilla_nb.fit_uncertainty import FitUncertainty
from chinchilla_nb.fitted_law import FittedLaw
from chinchilla_nb.forecasting import planned_run
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.records.forecast import Forecast
from chinchilla_nb.rollout import Rollout
from chinchilla_nb.work.bar import drained
from chinchilla_nb.work.parallel import adaptive_map

__all__ = ["FitReliability"]


class FitReliability(FittedLaw):
    """What a project offers to tell how far its last fit can be trusted.

    Attributes
    ----------
    session : Session
        Holds the fit, and what is found about it.
    logger : Logger
    log_level : int
        30 and above hide progress bars.
    """

    log_level: int

    def uncertainty(
        self,
        method: str | None = None,
        draws: int = 1000,
        rng: np.random.Generator | int | None = None,
        parallel: bool = True,
        *,
        by: str | None = None,
    ) -> FitUncertainty:
        """Estimate how sure the last fit is: intervals of its parameters, predictions and allocations.

        Parameters
        ----------
        method : str, optional
            A bootstrap, each draw of which is a converged refit: ``"pairs"`` draws runs with replacement,
            ``"bayesian"`` gives them random weights, ``"stratified"`` draws them within groups, ``"wild"`` flips the
            signs of errors, ``"wild-cluster"`` scales the errors of each group by one factor, and ``"residual"`` gives
            each run the error of another. ``"profile"`` is the profile likelihood, and ``"sandwich"`` the sandwich
            covariance; neither makes draws. The default is ``"pairs"``, and ``"bayesian"`` for a loss with kinks
            (`mae` and `asymmetric_mae`), for which intervals of ``"pairs"`` are too wide.
        draws : int, default 1000
            Number of refits of a bootstrap.
        rng : Generator or int, optional
            The same seed gives the same draws, serial or parallel.
        parallel : bool, default True
            Whether to spread refits over processes where that saves time.
        by : str, optional
            Column of the runs whose values are the groups: by default isoFLOP slices, or repeated runs for
            ``"wild-cluster"``.

        Returns
        -------
        FitUncertainty

        Raises
        ------
        ValueError
            If nothing has been fitted, the method or the column is unknown, or the loss is one of your own.
        """
        fit, spread = self._fit(), adaptive_map if as_flag(parallel, "parallel") else map
        if isinstance(fit.law, FrontierLaw):
            rule = "must be a function of N and D for this"
            raise InputError("law", rule, got="'frontier'", remedy="use session.fit.uncertainty()")
        steps = iter_uncertainty(fit, method, draws, rng, by=by, map=spread)
        value = self._drained(steps, "refitting")
        if fit is self.session.fit:
            self.session.uncertainty = value
        found = FitUncertainty(value)
        for note in found.notes:
            self.logger.warning(note)
        return found

    def rollout(self, cutoffs: ArrayLike | None = None, by: str | None = None, parallel: bool = True) -> Rollout:
        """Fit the runs below a budget C0 and score the prediction of the runs beyond it, for a sequence of C0.

        Parameters
        ----------
        cutoffs : array_like, optional
            The budgets C0 in FLOPs. By default, budgets of the runs at least a factor of two apart, below which there
            are at least two runs per free parameter of the law.
        by : str, optional
            Column of the runs whose groups are held out in turn, instead of the runs beyond budgets.
        parallel : bool, default True
            Whether to spread fits over processes where that saves time.

        Returns
        -------
        Rollout

        Raises
        ------
        ValueError
            If there are too few runs, the column is unknown, or a budget has no run beyond it or too few below it.
        """
        spread = adaptive_map if as_flag(parallel, "parallel") else map
        steps = iter_roll_outs(self.session.problem, cutoffs, by, map=spread)
        found = Rollout(self._drained(steps, "rolling out"))
        fit = self.session.fit
        if by is None and fit is not None and found.value.problem.alike(fit.problem):
            self.session.roll_outs = found.value
        for note in found.notes:
            self.logger.info(note)
        return found

    def forecast(
        self,
        run: float | tuple[float, float],
        level: float = 0.95,
        *,
        uncertainty: FitUncertainty | None = None,
        rollout: Rollout | None = None,
        definitions: Mapping[str, str] | None = None,
    ) -> Forecast:
        """Forecast the loss of a run with the last fit, to be saved, and scored once the run is logged.

        The forecast is also kept in ``session.forecasts``: the report and the run log score it when a run matches it.
        Forecasts saved in the project's folder are among these when the project is opened again.

        Parameters
        ----------
        run : float, or tuple of float
            A budget C in FLOPs, which is spent as :meth:`scale` would, or N and D.
        level : float, default 0.95
            Level of the intervals for the run.
        uncertainty : FitUncertainty, optional
            That of the last fit; by default ``uncertainty(rng=0)``.
        rollout : Rollout, optional
            Roll-outs of the runs of the last fit; by default ``rollout()``. If the runs are too few for any, the
            forecast has only the interval if the law holds, and a warning says so.
        definitions : mapping of str to str, optional
            What N, D, C and loss are, such as ``{"N": "parameters without embeddings"}``.

        Returns
        -------
        Forecast
            Its `notes`, which are also logged as warnings, say how far the run lies outside the runs of the fit.

        Raises
        ------
        ValueError
            If nothing has been fitted, a number is not positive, the law has no optimum at the budget, or
            ``uncertainty`` or ``rollout`` are of another fit.
        """
        check_type(uncertainty, "uncertainty", FitUncertainty, type(None))
        check_type(rollout, "rollout", Rollout, type(None))
        if definitions is not None:
            as_texts(definitions, "definitions")  # before minutes of work
        fit = self._fit()
        N, D = planned_run(fit.law, run, self.session.settings.models, fit.runs.compute)
        estimated = self.uncertainty(rng=0) if uncertainty is None else uncertainty
        if estimated.value.fit is not fit:
            raise InputError("uncertainty", "must be of the last fit", remedy="call uncertainty() again")
        found = self.session.make_forecast(
            estimated.value,
            N,
            D,
            self._roll_outs_of(fit) if rollout is None else rollout.value,
            of_budget=isinstance(run, numbers.Real),
            level=level,
            definitions=definitions,
        )
        self.session.open_forecast(found)
        for note in found.notes:
            self.logger.warning(note)
        return found

    def _roll_outs_of(self, fit: Fit) -> RollOuts | None:
        """Return the roll-outs of the runs of a fit; None, with a warning, if they are too few."""
        try:
            roll_outs: RollOuts = self._drained(iter_roll_outs(fit.problem, map=adaptive_map), "rolling out")
        except InputError as error:
            self.logger.warning(f"the forecast has only the interval if the law holds, because {error}")
            return None
        return roll_outs if roll_outs.parts else None

    def influence(self, C: float | None = None, parallel: bool = True) -> pd.DataFrame:
        """Return how far N* at a budget moves when each run is left out, each from one refit.

        Parameters
        ----------
        C : float, optional
            The budget in FLOPs; by default that of the next model in the report.
        parallel : bool, default True
            Whether to spread refits over processes where that saves time.

        Returns
        -------
        DataFrame
            A row per run of the fit: C, N, D, loss; ``N_opt``, N* without the run, and ``log_change``, the change of
            its logarithm; ``residual``, the studentised residual; and ``outlier``, whether the run is proposed as an
            outlier. ``attrs["rule"]`` states the rule of the proposal. Nothing is excluded.

        Raises
        ------
        ValueError
            If nothing has been fitted, the law has no optimum at the budget, or the loss is one of your own.
        """
        fit, settings = self._fit(), self.session.settings
        if C is None:
            C = next_budget(settings.scaling_factor or DEFAULT_FACTOR, fit.runs, settings.seed_regime)
        spread = adaptive_map if as_flag(parallel, "parallel") else map
        found = self._drained(iter_influence(fit, C, map=spread), "leaving out runs")
        columns = {name: getattr(fit.runs, name) for name in ("C", "N", "D", "loss")}
        columns |= {"N_opt": found.N, "log_change": found.log_change, "residual": found.residual}
        table = pd.DataFrame({**columns, "outlier": found.outliers})
        table.attrs["rule"] = found.rule
        proposed = ", ".join(map(str, np.flatnonzero(found.outliers)))
        self.logger.info(f"{found.rule}; proposed: rows {proposed}" if proposed else f"{found.rule}; none is")
        return table

    def _drained(self, steps: Iterator[Any], title: str) -> Any:
        """Return the result of work, with a progress bar unless standard messages are hidden."""
        return drained(steps, title, shown=self.log_level < logging.WARNING)
