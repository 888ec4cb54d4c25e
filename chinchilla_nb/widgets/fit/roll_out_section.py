"""The roll-outs of the fit: how far they have come, what they show in words, and their chart."""

from __future__ import annotations

from html import escape
from typing import Any

import bqplot
import ipywidgets

from chinchilla_nb.engine.run_keys import keys_at
from chinchilla_nb.engine.uncertainty.drift import Drift
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.figures import roll_out_figure
from chinchilla_nb.session import Session
from chinchilla_nb.session_groups import hidden_among, rows_of
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import set_shown
from chinchilla_nb.widgets.base.style import sentence
from chinchilla_nb.widgets.fit.roll_out_chart import RollOutChart

__all__ = ["RollOutSection"]


class RollOutSection(ipywidgets.VBox):
    """A button that opens the chart, the outcome in words, and a button that stops the roll-outs or starts them again.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    toggle : ToggleButton
    text : HTML
        How far the roll-outs have come, or their outcome in a sentence.
    button : Button
    opened : VBox
        What the toggle shows: the other sentences and the chart.
    notes : HTML
    chart : RollOutChart or None
        Created when first opened.
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self.chart: RollOutChart | None = None
        self._drawn: RollOuts | None = None
        self.toggle = ipywidgets.ToggleButton(
            description="Roll-outs", tooltip="How the law, fitted to the smaller runs, predicts the larger ones"
        )
        self.toggle.layout.width = "140px"
        self.text, self.notes, self.button = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.Button()
        self.button.add_class("cnb-link")
        bar = ipywidgets.Box([self.toggle, self.button])
        bar.add_class("cnb-bar")
        bar.add_class("cnb-below")
        self.opened = ipywidgets.VBox([self.notes])
        set_shown(self.opened, False)
        super().__init__([bar, self.text, self.opened])
        self.toggle.observe(self._turn, "value")
        self.button.on_click(self._press)

    def show(self) -> None:
        """Show the state of the session."""
        session, opened = self._session, self.toggle.value
        under_way, roll_outs = session.roll_outs_progress is not None, session.roll_outs
        self.layout.display = None if session.fit is not None else "none"
        self.toggle.icon = "caret-down" if opened else "caret-right"
        self.button.description = "Stop" if under_way else "Roll out"
        self.button.tooltip = "Stop the roll-outs" if under_way else "Fit the runs below each of a sequence of budgets"
        idle = not (roll_outs is not None or session.roll_outs_error or session.busy)
        self.button.layout.visibility = "visible" if under_way or idle else "hidden"
        self.text.value = _caption(self._said())
        opened = opened and roll_outs is not None and bool(roll_outs.parts)
        if opened and roll_outs is not None and roll_outs is not self._drawn:
            self._draw(roll_outs)
        set_shown(self.opened, opened)

    def redraw(self) -> None:
        """Draw again what is shown, after groups have been hidden or shown."""
        self._drawn = None
        self.show()

    def rescale(self) -> None:
        """Follow the scale of the charts of the session."""
        if self.chart is not None:
            self.chart.frame.linearise(self._session.chart_scale == "linear")

    def show_selected(self) -> None:
        """Draw rings around the selected runs."""
        if self.chart is not None:
            self.chart.runs.show_selected(self._session.view.selected_among(self._session.all_runs))

    @guarded
    def _picked(self, mark: bqplot.Scatter, content: Any) -> None:
        """Select the run whose dot was clicked, or no more."""
        row = None if self.chart is None else self.chart.runs.row_clicked(mark, content)
        if row is not None:
            self._session.view.toggle_selected(*keys_at(self._session.all_runs, [row]))

    def _draw(self, roll_outs: RollOuts) -> None:
        if self.chart is None:
            self.chart = RollOutChart()
            for mark, _ in self.chart.runs.places:
                mark.on_element_click(self._picked)
        self._drawn = roll_outs
        self.opened.children = (self.notes, self.chart)
        self.chart.frame.linearise(self._session.chart_scale == "linear")
        figure = roll_out_figure(roll_outs)
        session, held_out = self._session, figure.held_out
        self.chart.show(figure, session.data_unit, hidden_among(session, held_out), rows_of(session, held_out))
        self.show_selected()
        notes = (*roll_outs.notes[1:], str(Drift.of(roll_outs)))
        self.notes.value = "".join(_caption(sentence(text)) for text in notes)

    def _said(self) -> str:
        """Return how far the roll-outs have come, why there are none, or the first thing that they show."""
        session = self._session
        progress = session.roll_outs_progress
        if progress is not None:
            counted = f" {progress.done:,} of {progress.total:,}" if progress.total else ""
            return f"Fitting the runs below each of a sequence of budgets …{counted}"
        if session.roll_outs_error:
            return sentence(session.roll_outs_error)
        if session.roll_outs is not None:
            return sentence(session.roll_outs.notes[0])
        return "They follow the bootstrap." if session.uncertainty_progress is not None else ""

    @guarded
    def _turn(self, _change: Any) -> None:
        self.show()

    @guarded
    def _press(self, _button: ipywidgets.Button) -> None:
        if self._session.roll_outs_progress is not None:
            self._session.cancel_roll_outs()
        else:
            self._session.start_roll_outs()
        self.show()


def _caption(text: str) -> str:
    return f'<div class="cnb-caption">{escape(text)}</div>'
