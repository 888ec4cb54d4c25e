"""The uncertainty of a session's fit, estimated in the background while a panel shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from traitlets import HasTraits, Instance, Unicode, observe, validate

from chinchilla_nb.engine.cancellation import cancellation_point
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.losses import residual_loss
from chinchilla_nb.engine.fitting.results import Fit, FitStatus
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.uncertainty.bootstrap import UncertaintyProgress
from chinchilla_nb.engine.uncertainty.estimate import iter_uncertainty
from chinchilla_nb.engine.uncertainty.sandwich import Sandwich
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.work.background import Background
from chinchilla_nb.work.job import Outcome, error_sentence, running_loop

__all__ = ["MOST_RUNS", "BackgroundUncertainty", "obstacle"]

DRAWS = 1000
SEED = 0
"""Seed of the resamples, always the same, so that a fit that is repeated gets the same intervals."""
HEAD_START = 0.3
"""Seconds before the resamples are drawn, in which the panels draw the fit: threads share one interpreter."""
MOST_RUNS = 10_000
"""With more runs only the sandwich covariance is estimated: it is accurate there, and refits would take minutes."""


class BackgroundUncertainty(HasTraits):
    """A fit with its uncertainty: at once from the sandwich covariance, and by bootstrap some seconds later.

    Attributes
    ----------
    fit : Fit or None
    uncertainty : Uncertainty or None
        That of `fit`, never of another one. It may be assigned; this ends the work in the background.
    uncertainty_progress : UncertaintyProgress or None
        Progress of the bootstrap under way, updated at most ten times a second; None if none is.
    uncertainty_error : str
        Why there is no uncertainty, in one sentence; empty if that is not known to be impossible.

    Notes
    -----
    Nothing is estimated before `watch_uncertainty` is called. The bootstrap runs only where an event loop does.
    """

    fit = Instance(Fit, allow_none=True)
    # By its name, because the class is abstract, which the types of traitlets do not allow.
    uncertainty = Instance(f"{Uncertainty.__module__}.{Uncertainty.__name__}", allow_none=True)
    uncertainty_progress = Instance(UncertaintyProgress, allow_none=True)
    uncertainty_error = Unicode("")

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._uncertainty_watchers: set[object] = set()
        self._bootstrap = Background(self._forget_progress)

    def watch_uncertainty(self) -> Callable[[], None]:
        """Estimate the uncertainty of this fit and of every later one.

        Returns
        -------
        callable
            Ends that. Without another watch, work under way is cancelled.
        """
        watcher = object()
        self._uncertainty_watchers.add(watcher)
        if self.uncertainty is None:
            self._estimate()
        else:
            self.start_uncertainty()

        def end() -> None:
            self._uncertainty_watchers.discard(watcher)
            if not self._uncertainty_watchers:
                self.cancel_uncertainty()

        return end

    def start_uncertainty(self) -> None:
        """Bootstrap the fit, if that is possible and has not been done; without an event loop, do nothing."""
        fit, loop = self.fit, running_loop()
        wanted = self.uncertainty is None or isinstance(self.uncertainty, Sandwich)
        if self._bootstrap.under_way or not wanted or fit is None or loop is None or len(fit.runs) > MOST_RUNS:
            return
        if obstacle(fit):
            return
        self.uncertainty_progress = UncertaintyProgress(0, DRAWS)
        self._bootstrap.start(lambda: _steps(fit), self._show_bootstrap, self._end_bootstrap, loop)

    def cancel_uncertainty(self) -> None:
        """End the bootstrap under way, and keep the uncertainty that is known."""
        self._bootstrap.cancel()

    def pause_uncertainty(self) -> None:
        """End the bootstrap under way for other work; `resume_uncertainty` starts it again."""
        self._bootstrap.pause()

    def resume_uncertainty(self) -> None:
        """Start the bootstrap again that `pause_uncertainty` ended."""
        self._bootstrap.resume(self.start_uncertainty)

    def wait_for_uncertainty(self, timeout: float | None = None) -> bool:
        """Block until the bootstrap under way has ended and its result is in `uncertainty`; also in a cell.

        Parameters
        ----------
        timeout : float, optional
            Maximum number of seconds to wait.

        Returns
        -------
        bool
            Whether it has ended.
        """
        return self._bootstrap.wait(timeout)

    @validate("uncertainty")
    def _check_uncertainty(self, proposal: Any) -> Uncertainty | None:
        value: Uncertainty | None = proposal["value"]
        if value is not None and value.fit is not self.fit:
            raise InputError("uncertainty", "must be that of the fit", remedy="call fit.uncertainty() on session.fit")
        return value

    @observe("uncertainty")
    def _on_uncertainty(self, _: Any) -> None:
        self.cancel_uncertainty()

    @observe("fit")
    def _on_fit(self, _: Any) -> None:
        self.cancel_uncertainty()
        self.uncertainty = None
        self._estimate()

    def _estimate(self) -> None:
        """Estimate the uncertainty of the fit if it is watched and the fit has ended."""
        fit = self.fit
        self.uncertainty_error = ""
        if not self._uncertainty_watchers or fit is None:
            return
        if fit.status not in (FitStatus.CONVERGED, FitStatus.STALLED):
            return
        self.uncertainty_error = obstacle(fit)
        if self.uncertainty_error:
            return
        self.uncertainty = Sandwich(fit, "sandwich")
        self.start_uncertainty()

    def _forget_progress(self) -> None:
        self.uncertainty_progress = None

    def _show_bootstrap(self, progress: UncertaintyProgress) -> None:
        self.uncertainty_progress = progress

    def _end_bootstrap(self, outcome: Outcome) -> None:
        self.uncertainty_progress = None
        if outcome.error is not None:
            self.uncertainty_error = error_sentence(outcome.error)
        elif outcome.last is not None and outcome.last.result is not None:
            self.uncertainty = outcome.last.result


def obstacle(fit: Fit) -> str:
    """Return why the uncertainty of a fit cannot be shown beside N* and D*; empty if it can."""
    if isinstance(fit.law, FrontierLaw):
        return "No intervals are shown of a law of C alone: fit.uncertainty() has them"
    if residual_loss(fit.loss_fn) is None:
        return "Intervals are estimated for the built-in losses only, not for one of your own"
    return ""


def _steps(fit: Fit) -> Iterator[UncertaintyProgress]:
    time.sleep(HEAD_START)
    cancellation_point()
    yield from iter_uncertainty(fit, draws=DRAWS, rng=SEED)
