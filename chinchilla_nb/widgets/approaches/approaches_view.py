"""What the panel of approaches shows: how slices are found, what the loss is drawn against, which slice is chosen."""

from __future__ import annotations

from dataclasses import replace

import traitlets

from chinchilla_nb.engine.approaches.comparison import Comparison, compare_approaches
from chinchilla_nb.engine.approaches.parametric import Parametric
from chinchilla_nb.engine.approaches.slices import TOLERANCE, as_tolerance
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.planning.scaling import next_budget
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.records.typed_number import parse_budget, typed_number
from chinchilla_nb.session import Session

__all__ = ["ApproachesView"]

DRAWS = 1000
MOST_DRAWN = 10_000_000
"""Most runs times resamples, so that the page waits for about a second at most."""
FEWEST_DRAWS = 100
SEED = 0
"""Seed of the resamples, always the same, so that the same slices get the same intervals."""


class ApproachesView(traitlets.HasTraits):
    """The choices of the user, and the comparison that follows from them.

    Attributes
    ----------
    tolerance : float
        Relative difference of C within a slice.
    by : str or None
        Column whose values are the slices, instead.
    against : str
        What the loss is drawn against: N, D or D/N.
    budget : float or None
        FLOPs at which the approaches are compared; None for that of the next model.
    chosen : int or None
        The slice whose parabola is shown alone, as an index of the slices of the figure.
    comparison : Comparison or None
        None without runs, or if no approach has an answer.
    problem : str
        Why there is no comparison; empty if there is one, or no run.
    """

    tolerance = traitlets.Float(TOLERANCE)
    by = traitlets.Unicode(None, allow_none=True)
    against = traitlets.Unicode("N")
    budget = traitlets.Float(None, allow_none=True)
    chosen = traitlets.Int(None, allow_none=True)
    comparison = traitlets.Instance(Comparison, allow_none=True)
    problem = traitlets.Unicode("")

    def type_tolerance(self, text: str) -> None:
        """Set the tolerance from text, in percent: ``5`` or ``5 %``.

        Raises
        ------
        InputError
            If it is not a number from 0 to 100.
        """
        percent = typed_number(text.strip().removesuffix("%").strip())
        try:
            self.tolerance = as_tolerance(percent / 100)
        except InputError:
            raise InputError("tolerance", "must be from 0 to 100 %", got=f"{percent:g} %") from None

    def type_budget(self, text: str) -> None:
        """Set the budget from text; an empty one stands for the default.

        Raises
        ------
        InputError
            If it is not a number of FLOPs.
        """
        self.budget = parse_budget(text) if text.strip() else None

    def compare(self, session: Session) -> None:
        """Compare the approaches on the runs of the last fit, or on all runs if there is none."""
        source: Fit | Runs = session.fit or session.runs
        runs = source.runs if isinstance(source, Fit) else source
        comparison, problem = None, ""
        if len(runs):
            draws = max(FEWEST_DRAWS, min(DRAWS, MOST_DRAWN // len(runs)))
            try:
                comparison = compare_approaches(
                    source, _uncertainty(session, source), self.tolerance, self.by, draws, SEED
                )
            except InputError as error:
                problem = str(error)
        with self.hold_trait_notifications():
            self.chosen, self.comparison, self.problem = None, comparison, problem

    def take_uncertainty(self, session: Session) -> bool:
        """Take over the uncertainty of the fit that the comparison is of; return whether there is one."""
        comparison, uncertainty = self.comparison, session.uncertainty
        parametric = None if comparison is None else comparison.parametric
        if comparison is None or parametric is None or not isinstance(uncertainty, Uncertainty):
            return False
        if uncertainty.fit is not parametric.fit:
            return False
        self.comparison = replace(comparison, parametric=Parametric(parametric.fit, uncertainty))
        return True

    def budget_of(self, session: Session) -> float:
        """Return the budget at which the approaches are compared: the one typed here, or else that of the session."""
        chosen = session.budget if self.budget is None else self.budget
        if chosen is not None:
            return chosen
        settings = session.settings
        return next_budget(settings.scaling_factor or DEFAULT_FACTOR, session.runs, settings.seed_regime)


def _uncertainty(session: Session, source: Fit | Runs) -> Uncertainty | None:
    found = session.uncertainty
    return found if isinstance(found, Uncertainty) and found.fit is source else None
