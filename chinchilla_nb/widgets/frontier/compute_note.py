"""Whether plans use the C of the runs: the convention in use, and a click that fits one to the runs."""

from __future__ import annotations

import ipywidgets

from chinchilla_nb.config.settings import change_settings
from chinchilla_nb.engine.compute.agreement import Disagreement, disagreement, each_agrees
from chinchilla_nb.engine.compute.fitted import fitted_compute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import note

__all__ = ["ComputeNote"]


class ComputeNote(ipywidgets.VBox):
    """Says that the C of the runs is not that of the convention, or that the convention cannot be used.

    Attributes
    ----------
    text : HTML
    switch : Button
        Plans with a convention that is fitted to the C of the runs, and fits the law again.
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self._agreeing: Runs | None = None  # runs each of which agrees, so that only those that follow are compared
        self.text = ipywidgets.HTML()
        self.switch = ipywidgets.Button(tooltip="Set compute in the configuration, and fit the law again")
        self.switch.layout.width = "auto"
        bar = ipywidgets.Box([self.switch], layout=ipywidgets.Layout(margin="6px 0 0"))
        bar.add_class("cnb-bar")
        super().__init__([self.text, bar])
        self.switch.on_click(self._switch)

    def show(self) -> None:
        """Show the note and the button where they apply."""
        session = self._session
        problem, differs = session.compute_problem, self._disagreement(session.runs)
        texts = []
        if problem is not None and len(session.runs):
            remedy = "choose another convention under Compute in the configuration"
            said = InputError(problem.where, problem.rule, got=problem.got, place=problem.place, remedy=remedy)
            texts.append(f"{said}. Until then, C = {session.runs.compute.text}.")
        if differs is not None:
            text = differs.message
            texts.append(f"{text[:1].upper()}{text[1:]}.")
        self.text.value = "".join(note("warn", text) for text in texts)
        way = _better(session.runs) if differs is not None and problem is None else ""
        self.switch.description = f"Plan with the C of the runs ({way})"
        self.switch.layout.display = None if way else "none"

    def _disagreement(self, runs: Runs) -> Disagreement | None:
        """Return how the C of runs differs from their convention, from the new ones alone if those before agreed."""
        before = self._agreeing
        is_known = before is not None and before.compute == runs.compute and runs.begin_with(before)
        if before is not None and is_known and each_agrees(runs.after(before)):
            self._agreeing = runs
            return None
        found = disagreement(runs)
        self._agreeing = runs if found is None and each_agrees(runs) else None
        return found

    @guarded
    def _switch(self, _button: ipywidgets.Button) -> None:
        session = self._session
        session.settings = change_settings(session.settings, compute=_better(session.runs))
        if session.fit is not None and not session.busy:
            session.start_fit()


def _better(runs: Runs) -> str:
    """Return the setting that follows the C of runs: fitted, or their mean where N and D vary only together."""
    try:
        fitted_compute(runs)
    except InputError:
        return "measured"
    return "fitted"
