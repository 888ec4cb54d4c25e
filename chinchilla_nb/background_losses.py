"""What other losses would make of a session's fit, computed in the background while a panel shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from traitlets import Instance

from chinchilla_nb.background_roll_outs import BackgroundRollOuts
from chinchilla_nb.background_uncertainty import MOST_RUNS
from chinchilla_nb.engine.fitting.results import FitStatus
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.uncertainty.loss_sensitivity import (
    LossSensitivity,
    LossSensitivityProgress,
    iter_loss_sensitivity,
)
from chinchilla_nb.work.background import Background
from chinchilla_nb.work.job import Outcome, running_loop

__all__ = ["BackgroundLosses"]


class BackgroundLosses(BackgroundRollOuts):
    """A fit with its uncertainty and roll-outs, and with fits of the same runs that minimise other losses.

    Attributes
    ----------
    loss_sensitivity : LossSensitivity or None
        That of `fit`, never of another one; None while it is not known.

    Notes
    -----
    The fits begin with the bootstrap, because they take no longer than the fit itself. Other work cancels them, and
    they begin again after it.
    """

    loss_sensitivity = Instance(LossSensitivity, allow_none=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._other_losses = Background()

    def watch_uncertainty(self) -> Callable[[], None]:
        """Estimate the uncertainty of this fit and of every later one, and fit its runs with other losses."""
        end_estimation = super().watch_uncertainty()
        self._fit_other_losses()

        def end() -> None:
            end_estimation()
            if not self._uncertainty_watchers:
                self._other_losses.cancel()

        return end

    def wait_for_loss_sensitivity(self, timeout: float | None = None) -> bool:
        """Block until the fits with other losses have ended and are in `loss_sensitivity`; also in a cell.

        Parameters
        ----------
        timeout : float, optional
            Maximum number of seconds to wait.

        Returns
        -------
        bool
            Whether they have ended.
        """
        return self._other_losses.wait(timeout)

    def pause_uncertainty(self) -> None:
        """End the work in the background for other work; `resume_uncertainty` starts it again."""
        super().pause_uncertainty()
        self._other_losses.pause()

    def resume_uncertainty(self) -> None:
        """Start the work again that `pause_uncertainty` ended."""
        super().resume_uncertainty()
        self._other_losses.resume(self._fit_other_losses)

    def _estimate(self) -> None:
        self._other_losses.cancel()
        self.loss_sensitivity = None
        super()._estimate()
        self._fit_other_losses()

    def _fit_other_losses(self) -> None:
        """Fit the runs with other losses, if the fit is watched, has ended, and was not too much work to repeat."""
        fit, loop = self.fit, running_loop()
        if not self._uncertainty_watchers or fit is None or loop is None or len(fit.runs) > MOST_RUNS:
            return
        if self._other_losses.under_way or self.loss_sensitivity is not None or isinstance(fit.law, FrontierLaw):
            return
        if fit.status in (FitStatus.CONVERGED, FitStatus.STALLED):
            self._other_losses.start(lambda: iter_loss_sensitivity(fit), _ignore, self._keep_loss_sensitivity, loop)

    def _keep_loss_sensitivity(self, outcome: Outcome) -> None:
        last: LossSensitivityProgress | None = outcome.last
        if outcome.error is None and last is not None and last.result is not None:
            self.loss_sensitivity = last.result


def _ignore(_progress: LossSensitivityProgress) -> None:
    """Report nothing: the line of text appears when the fits have ended."""
