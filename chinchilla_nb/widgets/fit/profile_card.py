"""The profile of a parameter: what the runs can and cannot tell of it, computed when the user asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import ipywidgets

from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.planning.scaling import next_budget
from chinchilla_nb.engine.uncertainty.exponent_region import ExponentRegion, exponent_region, free_exponents
from chinchilla_nb.engine.uncertainty.likelihood import ProfileLikelihood
from chinchilla_nb.engine.uncertainty.profile_curve import ProfileCurve, profile_curve
from chinchilla_nb.figures import (
    LEVEL,
    NOTHING,
    ExponentRegionFigure,
    ProfileFigure,
    exponent_region_figure,
    profile_figure,
)
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import ACCENT, INK, MUTED, note
from chinchilla_nb.widgets.charts.chart_card import ChartCard
from chinchilla_nb.widgets.charts.plots import REGION, Frame, set_line
from chinchilla_nb.work.background import Background
from chinchilla_nb.work.job import Outcome, error_sentence, running_loop

__all__ = ["ProfileCard"]


class ProfileCard(ipywidgets.VBox):
    """Charts over the values of a parameter: the distance from the fit, and N* at the next budget.

    For an exponent, a third shows which values the runs allow together with those of the other exponent.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    text : HTML
        What the profile shows, in a sentence.
    close_button : Button
    errors, size, exponents : Frame
        The axes of the charts.
    curve, limit, N, edge : bqplot.Lines
    fitted : bqplot.Scatter
        The fitted law among the exponents.
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self._work = Background()
        self.text = ipywidgets.HTML()
        self.close_button = ipywidgets.Button(description="Close", tooltip="Close the profile")
        self.close_button.add_class("cnb-link")
        self.errors, self.size = Frame(log_x=False, log_y=False), Frame(log_x=False)
        self.exponents = Frame(log_x=False, log_y=False)
        self.curve = self.errors.lines(colors=[INK], stroke_width=2.5)
        self.limit = self.errors.lines(colors=[MUTED], line_style="dashed", stroke_width=1.5)
        self.N = self.size.lines(colors=[ACCENT], stroke_width=2.5)
        self.edge = self.exponents.lines(
            colors=[INK], stroke_width=2, fill="inside", fill_colors=[REGION], fill_opacities=[0.2], close_path=True
        )
        self.fitted = self.exponents.dots(marker="cross", colors=[INK])
        bar = ipywidgets.Box([self.text, self.close_button])
        bar.add_class("cnb-bar")
        self._error, self._size, self._exponents = (
            ChartCard(title, frame, frame.figure(marks, "cnb-low"))
            for title, frame, marks in (
                ("Misfit by value", self.errors, [self.curve, self.limit]),
                ("N* by value", self.size, [self.N]),
                ("Both exponents", self.exponents, [self.edge, self.fitted]),
            )
        )
        charts = ipywidgets.Box([self._error, self._size, self._exponents])
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
        self._work.start(lambda: _steps(fit, name), self._describe, self._end, running_loop())

    def hide(self) -> None:
        """Remove the profile, and stop computing it."""
        self._work.cancel()
        for mark in (self.curve, self.limit, self.N, self.edge, self.fitted):
            set_line(mark, NOTHING)
        self._exponents.layout.display = "none"
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

    @guarded
    def _describe(self, found: _Profile) -> None:
        session, curve, region = self._session, found.curve, found.region
        factor, settings = session.settings.scaling_factor or DEFAULT_FACTOR, session.settings
        symbols = {parameter.name: parameter.symbol for parameter in curve.laws[0].parameters}
        sentences = [f"By the profile likelihood, {curve.text(symbols[curve.name])}."]
        if region is not None:
            sentences.append(f"Of both exponents together, {region.text(*(symbols[name] for name in region.names))}.")
            self._draw_region(exponent_region_figure(region))
        self.text.value = f"<span>{escape(' '.join(sentences))}</span>"
        self._draw(profile_figure(curve, next_budget(factor, session.runs, settings.seed_regime)))

    def _draw_region(self, figure: ExponentRegionFigure) -> None:
        self.exponents.show(figure.x, figure.y)
        set_line(self.edge, figure.edge)
        set_line(self.fitted, figure.fitted)
        self._exponents.layout.display = None
        self._exponents.describe()

    def _draw(self, figure: ProfileFigure) -> None:
        self.errors.show(figure.x, figure.errors_axis)
        set_line(self.curve, figure.errors)
        set_line(self.limit, figure.limit)
        self._size.layout.display = None if figure.N_axis is not None else "none"
        if figure.N_axis is not None:
            self.size.show(figure.x, figure.N_axis)
            set_line(self.N, figure.N)
        for card in (self._error, self._size):
            card.describe()


@dataclass(frozen=True, eq=False, slots=True)
class _Profile:
    """The profile of a parameter, and the region of both exponents if it is one of them and both are free."""

    curve: ProfileCurve
    region: ExponentRegion | None


def _steps(fit: Fit, name: str) -> Iterator[_Profile]:
    likelihood = ProfileLikelihood(fit, "profile")
    curve = profile_curve(likelihood, name, LEVEL)
    yield _Profile(curve, None)
    if name in free_exponents(likelihood):
        yield _Profile(curve, exponent_region(likelihood, LEVEL))
