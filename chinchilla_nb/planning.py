"""Plans of a project as DataFrames: from its fitted law to a model to train, under constraints."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.conversion import first_items
from chinchilla_nb.engine.errors import InputError, inputs_from, unknown_key
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.planning.constraints import CONSTRAINTS, Constraints
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.nearest_model import nearest_model
from chinchilla_nb.engine.planning.plan import Plan, make_plan
from chinchilla_nb.engine.planning.plan_notes import plan_notes
from chinchilla_nb.engine.planning.plan_row import plan_row
from chinchilla_nb.fit_uncertainty import FitUncertainty, uncertainty_of
from chinchilla_nb.printable import printable
from chinchilla_nb.session import Session

__all__ = ["Planning"]

MOST_PLANS = 1_000
"""More plans than anybody compares are those of an endless iterator."""


class Planning:
    """Plans with the law of a project's last fit.

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

    def plan(
        self,
        C: float | None = None,
        *,
        loss: float | None = None,
        N: float | None = None,
        D: float | None = None,
        tokens_per_parameter: float | None = None,
        models: Any = None,
        N_ratio: float | None = None,
        inference_tokens: float | None = None,
        unique_tokens: float | None = None,
        hardware: Hardware | None = None,
        days: float | None = None,
        label: str | None = None,
        level: float = 0.95,
        uncertainty: FitUncertainty | None = None,
    ) -> pd.DataFrame:
        """Plan a run with the fitted law: N and D under constraints, the loss to expect and what it costs.

        A budget or a loss gives the optimum, and with one of N, D, tokens per parameter, models and N_ratio the best
        run of that kind. Two of N, D and tokens per parameter describe a run by themselves.

        Parameters
        ----------
        C : float, optional
            Budget in FLOPs: that of training, or with `inference_tokens` that of the lifetime.
        loss : float, optional
            The loss to reach with the least compute.
        N, D, tokens_per_parameter : float, optional
            Parameters, training tokens, and their ratio D/N.
        models : array_like of float, ModelTable or True, optional
            Sizes of real architectures, of which the best one is chosen, or True for those of ``model_search_config``.
        N_ratio : float, optional
            Parameters as a multiple of those of the optimum for the same budget or loss, below 1 to overtrain.
        inference_tokens : float, optional
            Tokens of inference over the lifetime of the model, at 2 FLOPs per parameter and token.
        unique_tokens : float, optional
            Tokens that there are: those beyond them are repetitions, which lose value (Muennighoff et al. 2023).
        hardware : Hardware, optional
            What trains the model, for days and costs.
        days : float, optional
            How long the hardware trains, instead of a budget.
        label : str, optional
            Name of the row; by default, the constraints.
        level : float, default 0.95
            Level of the intervals.
        uncertainty : FitUncertainty, optional
            That of the last fit. By default that of the last call of ``uncertainty()``, if there was one since; without
            it, the row has no intervals.

        Returns
        -------
        DataFrame
            One row; ``pd.concat`` of several is a table. Columns C (training and inference), N, D,
            tokens_per_parameter, loss, training_FLOPs, inference_FLOPs, ``least_compute`` that reaches the same loss by
            training alone, ``deadweight_compute`` beyond it, epochs, days and cost where they are known; the same with
            ``_low`` and ``_high``, the ends of their intervals; and the compute convention. For an optimum of a project
            with a model search, ``nearest_config`` is the configuration to take in its place, with ``nearest_N``,
            ``nearest_D``, ``nearest_loss``, ``nearest_extra_loss`` and ``nearest_training_FLOPs``.

        Raises
        ------
        ValueError
            If nothing has been fitted, or the constraints contradict each other, do not determine a plan, or cannot be
            fulfilled.
        """
        constraints = Constraints(
            C=C,
            loss=loss,
            N=N,
            D=D,
            tokens_per_parameter=tokens_per_parameter,
            models=self._models(models),
            N_ratio=N_ratio,
            inference_tokens=inference_tokens,
            unique_tokens=unique_tokens,
            hardware=hardware,
            days=days,
        )
        name = constraints.text if label is None else _as_label(label, "label")
        return _table([name], [self._row(name, constraints, level, uncertainty)])

    def plans(
        self,
        plans: Mapping[str, Mapping[str, Any]] | Sequence[Mapping[str, Any]],
        level: float = 0.95,
        uncertainty: FitUncertainty | None = None,
    ) -> pd.DataFrame:
        """Compare plans in one table.

        Parameters
        ----------
        plans : mapping of str to mapping, or sequence of mapping
            The constraints of each plan, as for :meth:`plan`, by label:
            ``{"optimum": {"C": 1e22}, "7B": {"C": 1e22, "N": 7e9}}``.
        level, uncertainty
            As for :meth:`plan`.

        Returns
        -------
        DataFrame
            A row for each plan, as :meth:`plan` returns it.

        Raises
        ------
        ValueError
            As for :meth:`plan`; the error names the plan.
        """
        names, rows = [], []
        for label, given in _asked(plans):
            with inputs_from(f"plans[{brief(label)}]"):
                constraints = Constraints(**{**given, "models": self._models(given.get("models"))})
                names.append(label if isinstance(label, str) else constraints.text)
                rows.append(self._row(names[-1], constraints, level, uncertainty))
        return _table(names, rows)

    def _row(
        self, name: str, constraints: Constraints, level: float, uncertainty: FitUncertainty | None
    ) -> dict[str, Any]:
        """Return a plan as a row, and warn by its name of what it extrapolates."""
        fit = self._fit()
        believed = uncertainty_of(self.session, fit, uncertainty)
        plan = make_plan(fit.law, constraints, fit.runs.compute)
        for note in plan_notes(plan, fit.runs, self.session.data_unit):
            self.logger.warning(f"{name}: {note}")
        return plan_row(plan, believed, level) | self._nearest(name, plan)

    def _nearest(self, name: str, plan: Plan) -> dict[str, Any]:
        """Return the configuration of the model search in the place of an optimum, and warn if N* lies outside it."""
        try:
            found = nearest_model(plan, self.session.settings.models)
        except InputError as error:  # an estimator that fails, or no configuration that can be trained
            self.logger.warning(f"{name}: {error}")
            return {}
        if found is None:
            return {}
        if found.outside:
            self.logger.warning(f"{name}: {found.outside}")
        return found.row

    def _models(self, models: Any) -> Any:
        """Return models as constraints take them, those of the model search for True."""
        if models is not True:
            return models
        if self.session.settings.models is None:
            remedy = "set model_search_config, or pass sizes"
            raise InputError("models", "must be sizes, because the project has no model search", remedy=remedy)
        return self.session.settings.models


def _asked(plans: Any) -> list[tuple[str | int, Mapping[str, Any]]]:
    """Return the constraints of each plan with its label, or its place in a list.

    Raises
    ------
    InputError
        If they are not mappings of the names of constraints, or there is none.
    """
    listed = first_items(plans, MOST_PLANS)
    if isinstance(plans, Mapping):
        name = "the labels of plans"
        asked: list[tuple[Any, Any]] = [(_as_label(label, name), given) for label, given in plans.items()]
    elif listed is not None:
        asked = list(enumerate(listed))
    else:
        raise InputError("plans", "must be a mapping or a list of constraints", got=brief(plans))
    if not 0 < len(asked) <= MOST_PLANS:
        raise InputError("plans", f"must be 1 to {MOST_PLANS:,} plans", got=f"{len(asked):,}" if asked else "none")
    for label, given in asked:
        if not isinstance(given, Mapping):
            raise InputError(f"plans[{brief(label)}]", "must map constraints to values", got=brief(given))
        for name in given:
            if name not in CONSTRAINTS:
                raise unknown_key(f"plans[{brief(label)}]", name, CONSTRAINTS)
    return asked


def _as_label(label: Any, name: str) -> str:
    if not isinstance(label, str):
        raise InputError(name, "must be text", got=brief(label))
    return printable(label)


def _table(labels: list[str], rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, index=pd.Index(labels, name="plan"))
