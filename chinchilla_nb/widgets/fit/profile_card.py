"""The profile of a parameter: what the runs can and cannot tell of it, computed when the user asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.planning.scaling import next_budget
from chinchilla_nb.engine.uncertainty.likelihood import ProfileLikelihood
from chinchilla_nb.engine.uncertainty.profile_curve import ProfileCurve, profile_curve
from chinchilla_nb.figures import LEVEL, NOTHING, ProfileFigure, profile_figure
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import ACCENT, INK, MUTED, note
from chinchilla_nb.widgets.charts.plots import Frame, set_line
from chinchilla_nb.work.background import Background
from chinchilla_nb.work.job import Outcome, error_sentence, running_loop

__all__ = ["ProfileCard"]

HEIGHT = "220px"


class ProfileCard(ipywidgets.VBox):
    """Two charts over the values of a parameter: the distance from the fit, and N* at the next budget.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    text : HTML
        What the profile shows, in a sentence.
    close_button : Button
    errors, size : Frame
        The axes of the two charts.
    curve, limit, N : bqplot.Lines
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self._work = Background()
        self.text = ipywidgets.HTML()
        self.close_button = ipywidgets.Button(description="Close", tooltip="Close the profile")
        self.close_button.add_class("cnb-link")
        self.errors, self.size = Frame(log_x=False, log_y=False), Frame(log_x=False)
        self.curve = self.errors.lines(colors=[INK], stroke_width=2.5)
        self.limit = self.errors.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
        self.N = self.size.lines(colors=[ACCENT], stroke_width=2.5)
        bar = ipywidgets.Box([self.text, self.close_button])
        bar.add_class("cnb-bar")
        self._size = self.size.figure([self.N], HEIGHT)
        charts = ipywidgets.Box([self.errors.figure([self.curve, self.limit], HEIGHT), self._size])
        for box, name in ((charts, "cnb-charts"), (charts, "cnb-pair"), (self, "cnb-card")):
            box.add_class(name)
        super().__init__([bar, charts])
        self.close_button.on_click(self._close)

    def show(self, name: str) -> None:
        """Compute the profile of a parameter, in the background if an event loop runs, and show it."""
        fit = self._session.fit
        if fit is None:
            return
        self.hide()
        self.layout.display = None
        self.text.value = '<span class="cnb-muted">Fitting the other parameters at each value …</span>'
        self._work.start(lambda: _steps(fit, name), lambda _: None, self._end, running_loop())

    def hide(self) -> None:
        """Remove the profile, and stop computing it."""
        self._work.cancel()
        for mark in (self.curve, self.limit, self.N):
            set_line(mark, NOTHING)
        self.layout.display = "none"

    @guarded
    def _close(self, _button: ipywidgets.Button) -> None:
        self.hide()

    @guarded
    def _end(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.text.value = note("warn", error_sentence(outcome.error))
        elif outcome.last is not None:
            self._describe(outcome.last)

    def _describe(self, curve: ProfileCurve) -> None:
        session = self._session
        factor, settings = session.settings.scaling_factor or DEFAULT_FACTOR, session.settings
        symbol = next(one.symbol for one in curve.laws[0].parameters if one.name == curve.name)
        figure = profile_figure(curve, next_budget(factor, session.runs, settings.seed_regime))
        self.text.value = f"<span>By the profile likelihood, {escape(curve.text(symbol))}.</span>"
        self._draw(figure)

    def _draw(self, figure: ProfileFigure) -> None:
        self.errors.show(figure.x, figure.errors_axis)
        set_line(self.curve, figure.errors)
        set_line(self.limit, figure.limit)
        self._size.layout.display = None if figure.N_axis is not None else "none"
        if figure.N_axis is not None:
            self.size.show(figure.x, figure.N_axis)
            set_line(self.N, figure.N)


def _steps(fit: Fit, name: str) -> Iterator[Any]:
    yield profile_curve(ProfileLikelihood(fit, "profile"), name, LEVEL)
