"""The laws that are drawn beside the fit of a session: one set by hand, and published or forecast ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from traitlets import Any as AnyTrait
from traitlets import HasTraits, Tuple, observe, validate

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError, InputTypeError, did_you_mean
from chinchilla_nb.engine.fitting.by_hand import LawByHand
from chinchilla_nb.engine.fitting.problem import FEWEST_RUNS, Problem
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.named import LONGEST, NamedLaw
from chinchilla_nb.engine.laws.published import PUBLISHED_LAWS
from chinchilla_nb.quantity import scientific
from chinchilla_nb.records.forecast import Forecast

__all__ = ["BY_HAND", "MOST_OVERLAYS", "LawOverlays", "as_named_law", "forecast_laws"]

BY_HAND = "by hand"
"""The name of the law set by hand."""
MOST_OVERLAYS = 4
"""Most laws that are laid over the runs: more lines and labels than these cannot be told apart on a small chart."""


class LawOverlays(HasTraits):
    """The laws that charts show beside the fit. Plans, intervals and forecasts are always those of the fit.

    Attributes
    ----------
    law_by_hand : Law or None
        A law whose parameters were set by hand; it goes when another form of law is chosen.
    overlays : tuple of NamedLaw
        Published laws, forecasts or others that are laid over the runs, at most four.
    """

    settings: Settings
    fit: Fit | None
    problem: Problem
    law_by_hand = AnyTrait(None, allow_none=True)
    overlays = Tuple()

    @property
    def drawn_laws(self) -> tuple[NamedLaw, ...]:
        """The law set by hand, if there is one, and the overlays."""
        by_hand = () if self.law_by_hand is None else (NamedLaw(BY_HAND, self.law_by_hand, "", by_hand=True),)
        return (*by_hand, *self.overlays)

    @property
    def hand_start(self) -> LawByHand:
        """The law from which one begins to set parameters: the fit, or a published law moved to the runs.

        Raises
        ------
        InputError
            If there are no runs.
        """
        problem, family = self.problem, self.settings.family
        if self.fit is not None and self.fit.law.parameters == family.parameters:
            return LawByHand.near(problem, self.fit.law)
        first = LawByHand.near(problem, family.published)
        exponents = [parameter.name for parameter in family.parameters if parameter.kind == "exponent"]
        return first.followed(exponents) if first.can_follow and len(problem.runs) >= FEWEST_RUNS else first

    @property
    def by_hand(self) -> LawByHand:
        """The law set by hand among the runs, or else that from which one begins; errors as for `hand_start`."""
        return self.hand_start if self.law_by_hand is None else LawByHand.near(self.problem, self.law_by_hand)

    @validate("law_by_hand")
    def _check_law(self, proposal: Any) -> Law | None:
        law = proposal["value"]
        if law is None:
            return None
        if not isinstance(law, Law) or isinstance(law, type):
            raise InputTypeError("law_by_hand", "must be a law or None", got=brief(law))
        wanted = self.settings.family.parameters
        if law.parameters != wanted:
            names = ", ".join(parameter.name for parameter in wanted)
            raise InputError("law_by_hand", f"must have the parameters {names}", got=", ".join(law.as_dict()))
        return law

    @validate("overlays")
    def _check_overlays(self, proposal: Any) -> tuple[NamedLaw, ...]:
        laws: tuple[NamedLaw, ...] = proposal["value"]
        for law in laws:
            if not isinstance(law, NamedLaw):
                raise InputTypeError("overlays", "must hold NamedLaw values", got=brief(law))
        names = [law.name for law in laws]
        if len(names) > MOST_OVERLAYS:
            remedy = "remove one first"
            raise InputError("overlays", f"must be at most {MOST_OVERLAYS} laws", got=f"{len(names)}", remedy=remedy)
        if len(set(names)) < len(names) or BY_HAND in names:
            raise InputError("overlays", "must have different names", got=", ".join(names))
        return laws

    @observe("settings")
    def _on_settings(self, change: Any) -> None:
        """Drop a law by hand of a form that is no longer fitted."""
        if self.law_by_hand is not None and self.law_by_hand.parameters != change["new"].family.parameters:
            self.law_by_hand = None


def forecast_laws(forecasts: Iterable[Forecast]) -> tuple[NamedLaw, ...]:
    """Return the laws of forecasts, named by their budgets and runs, and numbered where these are the same."""
    named: dict[str, NamedLaw] = {}
    for forecast in forecasts:
        title = f"Forecast for {scientific(forecast.C)} FLOPs from {forecast.n_runs:,} runs"
        names = itertools.chain([title], (f"{title} ({number})" for number in itertools.count(2)))
        name = next(name for name in names if name not in named)
        named[name] = NamedLaw(name, forecast.law, f"saved forecast, runs {forecast.data[:12]}")
    return tuple(named.values())


def as_named_law(given: Any) -> NamedLaw:
    """Return what is laid over the runs: the name of a published law, a law, a named one, or a forecast.

    Raises
    ------
    InputError
        If it is none of these, or no law of that name is known.
    """
    if isinstance(given, NamedLaw):
        return given
    if isinstance(given, Forecast):
        return forecast_laws([given])[0]
    if isinstance(given, str):
        if given not in PUBLISHED_LAWS:
            remedy = did_you_mean(given, PUBLISHED_LAWS) or f"choose one of {', '.join(PUBLISHED_LAWS)}"
            raise InputError("law", "is not a published law", got=brief(given), remedy=remedy)
        return PUBLISHED_LAWS[given]
    if isinstance(given, Law) and not isinstance(given, type):
        return NamedLaw(", ".join(f"{name} {value:.3g}" for name, value in given.as_dict().items())[:LONGEST], given)
    rule = "must be the name of a published law, a law, a NamedLaw or a forecast"
    raise InputTypeError("law", rule, got=brief(given))
