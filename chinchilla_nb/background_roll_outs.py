"""The roll-outs of a session's fit, computed in the background after its uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from traitlets import Instance, Unicode, observe, validate

from chinchilla_nb.background_uncertainty import MOST_RUNS, BackgroundUncertainty, obstacle
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.results import FitStatus
from chinchilla_nb.engine.uncertainty.roll_outs import RollOutProgress, RollOuts, iter_roll_outs
from chinchilla_nb.engine.uncertainty.sandwich import Sandwich
from chinchilla_nb.work.background import Background
from chinchilla_nb.work.job import Outcome, error_sentence, running_loop

__all__ = ["BackgroundRollOuts"]


class BackgroundRollOuts(BackgroundUncertainty):
    """A fit with its uncertainty, and then with the roll-outs of its runs: how the law has predicted larger ones.

    Attributes
    ----------
    roll_outs : RollOuts or None
        Those of the runs and settings of `fit`, beyond budgets. They may be assigned; this ends the work in the
        background.
    roll_outs_progress : RollOutProgress or None
        Progress of the roll-outs under way; None if none are.
    roll_outs_error : str
        Why there are none, in one sentence; empty if that is not known to be impossible.

    Notes
    -----
    They begin when the bootstrap has ended, so that fits of other runs never delay the intervals of this one.
    """

    roll_outs = Instance(RollOuts, allow_none=True)
    roll_outs_progress = Instance(RollOutProgress, allow_none=True)
    roll_outs_error = Unicode("")

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._rolling_out = Background(self._forget_roll_outs_progress)

    def watch_uncertainty(self) -> Callable[[], None]:
        """Estimate the uncertainty of this fit and of every later one, and then roll it out.

        Returns
        -------
        callable
            Ends that. Without another watch, work under way is cancelled.
        """
        end_estimation = super().watch_uncertainty()
        if not self._bootstrap.under_way:
            self._roll_out()

        def end() -> None:
            end_estimation()
            if not self._uncertainty_watchers:
                self.cancel_roll_outs()

        return end

    def start_roll_outs(self) -> None:
        """Roll out the fit, if that has not been done; without an event loop, do nothing."""
        fit, loop = self.fit, running_loop()
        if self._rolling_out.under_way or self.roll_outs is not None or fit is None or loop is None:
            return
        self.roll_outs_error = ""
        self.roll_outs_progress = RollOutProgress(0, 0)
        self._rolling_out.start(lambda: iter_roll_outs(fit.problem), self._show_roll_outs, self._end_roll_outs, loop)

    def cancel_roll_outs(self) -> None:
        """End the roll-outs under way."""
        self._rolling_out.cancel()

    def wait_for_roll_outs(self, timeout: float | None = None) -> bool:
        """Block until the roll-outs under way have ended and are in `roll_outs`; also in a cell.

        Parameters
        ----------
        timeout : float, optional
            Maximum number of seconds to wait.

        Returns
        -------
        bool
            Whether they have ended.
        """
        return self._rolling_out.wait(timeout)

    def pause_uncertainty(self) -> None:
        """End the work in the background for other work; `resume_uncertainty` starts it again."""
        super().pause_uncertainty()
        self._rolling_out.pause()

    def resume_uncertainty(self) -> None:
        """Start the work again that `pause_uncertainty` ended."""
        super().resume_uncertainty()
        self._rolling_out.resume(self.start_roll_outs)

    @validate("roll_outs")
    def _check_roll_outs(self, proposal: Any) -> RollOuts | None:
        value: RollOuts | None = proposal["value"]
        if value is None:
            return value
        if value.by is not None or self.fit is None or not value.problem.alike(self.fit.problem):
            rule = "must hold out the runs of the fit beyond budgets"
            raise InputError("roll_outs", rule, remedy="call fit.roll_outs() on session.fit")
        return value

    @observe("roll_outs")
    def _on_roll_outs(self, _: Any) -> None:
        self.cancel_roll_outs()

    @observe("uncertainty")
    def _on_better_uncertainty(self, change: Any) -> None:
        """Begin when an uncertainty has been assigned that no bootstrap will replace."""
        if change["new"] is not None and not isinstance(change["new"], Sandwich):
            self._roll_out()

    def _estimate(self) -> None:
        self.cancel_roll_outs()
        self.roll_outs_error = ""
        known = self.roll_outs
        if known is not None and (self.fit is None or not known.problem.alike(self.fit.problem)):
            self.roll_outs = None
        super()._estimate()
        if not self._bootstrap.under_way:
            self._roll_out()

    def _end_bootstrap(self, outcome: Outcome) -> None:
        super()._end_bootstrap(outcome)
        self._roll_out()

    def _roll_out(self) -> None:
        """Roll out the fit if it is watched, has ended with intervals, and has so few runs that this takes seconds."""
        fit = self.fit
        if not self._uncertainty_watchers or fit is None or len(fit.runs) > MOST_RUNS or obstacle(fit):
            return
        if fit.status in (FitStatus.CONVERGED, FitStatus.STALLED):
            self.start_roll_outs()

    def _forget_roll_outs_progress(self) -> None:
        self.roll_outs_progress = None

    def _show_roll_outs(self, progress: RollOutProgress) -> None:
        self.roll_outs_progress = progress

    def _end_roll_outs(self, outcome: Outcome) -> None:
        self.roll_outs_progress = None
        if outcome.error is not None:
            self.roll_outs_error = error_sentence(outcome.error)
        elif outcome.last is not None and outcome.last.result is not None:
            self.roll_outs = outcome.last.result
