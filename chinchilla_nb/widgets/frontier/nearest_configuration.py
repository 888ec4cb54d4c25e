"""The configuration of the model search beside an optimum, as HTML and as values to copy."""

from __future__ import annotations

from html import escape

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.constraints import Constraints
from chinchilla_nb.engine.planning.nearest_model import NearestModel, configuration_text, nearest_model
from chinchilla_nb.engine.planning.plan import Plan, make_plan
from chinchilla_nb.quantity import compact, plain, rounded
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.style import note, sentence

__all__ = ["NearestConfiguration"]


class NearestConfiguration:
    """What the model search of a session offers in the place of a plan; nothing without one.

    Parameters
    ----------
    session : Session
    plan : Plan or None
        An optimum, or a plan with a configuration.

    Attributes
    ----------
    found : NearestModel or None
    problem : str
        Why there is none, although there is a model search.
    """

    def __init__(self, session: Session, plan: Plan | None) -> None:
        self.found: NearestModel | None = None
        self.problem, self._unit = "", session.data_unit
        self._config = None if plan is None else plan.model_config
        if plan is None:
            return
        try:
            self.found = nearest_model(plan, session.settings.models)
        except InputError as error:  # an estimator that fails, or no configuration that can be trained
            self.problem = str(error)

    @classmethod
    def at(cls, session: Session, C: float) -> NearestConfiguration:
        """Return what takes the place of the optimum of the session's fit at a budget of C FLOPs."""
        fit = session.fit
        if fit is None or session.settings.model_search is None:
            return cls(session, None)
        return cls(session, make_plan(fit.law, Constraints(C=C), fit.runs.compute))

    @property
    def html(self) -> str:
        """The configuration with its N, D and loss."""
        if self.problem:
            return note("warn", sentence(self.problem))
        if self.found is None:
            return "" if self._config is None else _caption(f"Configuration: {configuration_text(self._config)}.")
        return _caption(self._text(self.found))

    @property
    def warning(self) -> str:
        """How far N* lies outside the model search; empty if it does not."""
        outside = "" if self.found is None else self.found.outside
        return note("warn", sentence(f"{outside}: list other sizes")) if outside else ""

    @property
    def values(self) -> dict[str, float | str]:
        """What to copy."""
        if self.found is None or self.found.plan.model_config is None:
            return {}
        plan = self.found.plan
        return {
            "configuration": configuration_text(plan.model_config or {}),
            "configuration_N": plan.N,
            "configuration_D": plan.D,
            "configuration_loss": plan.loss,
        }

    def _text(self, found: NearestModel) -> str:
        plan = found.plan
        cost = f"{plain(found.extra_loss, 2)} above the optimum"
        if plan.constraints.loss is not None:
            cost = f"with {plain(found.compute_ratio)} times the compute of the optimum"
        return (
            f"Nearest configuration: {configuration_text(plan.model_config or {})}, with N {compact(plan.N)} on "
            f"{compact(plan.D)} {self._unit}. Predicted loss {rounded(plan.loss, 4)}, {cost}."
        )


def _caption(text: str) -> str:
    return f'<div class="cnb-caption">{escape(text)}</div>'
