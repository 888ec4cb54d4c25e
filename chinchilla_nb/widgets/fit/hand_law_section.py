"""Set the parameters of a law by hand, and see at once what that does to the charts and the objective."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.family import Family
from chinchilla_nb.engine.laws.symbols import in_symbols
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import number
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import close_parts, set_shown
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.base.throttle import Throttle
from chinchilla_nb.widgets.fit.hand_controls import HandControls
from chinchilla_nb.widgets.fit.hand_rows import HandRow

__all__ = ["HandLawSection"]

REDRAWS = 15
"""Most redraws a second while a slider is dragged: the page cannot show more."""
HINT = (
    "Move a slider to draw a law of your own beside the fit. The tiles above, plans, intervals and forecasts stay "
    "those of the fit."
)


class HandLawSection(ipywidgets.VBox):
    """A button that opens a slider and a box for each parameter, and what can be done with the law that they make.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    toggle : ToggleButton
    text : HTML
        The objective of the law by hand beside that of the fit.
    problem : HTML
        Why a value cannot be used.
    rows : dict of str to HandRow
        By parameter; made when first opened, and again for another form of law.
    follow : ToggleButton
        Whether the other parameters are fitted while one is changed.
    fit_button, reset_button : Button
    controls : HandControls
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self.controls = HandControls(session)
        self.rows: dict[str, HandRow] = {}
        self._family: Family | None = None
        self._ranges: dict[str, tuple[float, float]] = {}
        self._writing, self._dragged = Writing(), ""
        self._throttle = Throttle(self._slide, 1 / REDRAWS)
        self.toggle = ipywidgets.ToggleButton(
            description="Law by hand", tooltip="Set parameters by hand and compare the law with the fit"
        )
        self.toggle.layout.width = "140px"
        self.text, self.problem, self._table = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.VBox()
        bar = ipywidgets.Box([self.toggle, self.text])
        bar.add_class("cnb-bar")
        bar.add_class("cnb-below")
        self._opened = ipywidgets.VBox([self._table, self.problem, self._actions()])
        super().__init__([bar, self._opened])
        self.toggle.observe(self._turn, "value")

    def _actions(self) -> ipywidgets.Box:
        self.follow = ipywidgets.ToggleButton(
            description="Fit the others", tooltip="Fit all parameters that are not fixed whenever one is changed"
        )
        self.fit_button = ipywidgets.Button(
            description="Fit from here", tooltip="Fit all parameters; the search starts from this law too"
        )
        self.reset_button = ipywidgets.Button(description="Reset to the fit", tooltip="Remove the law by hand")
        for button in (self.follow, self.fit_button, self.reset_button):
            button.layout.width = "150px"
        self.follow.observe(self._follow, "value")
        self.fit_button.on_click(self._fit)
        self.reset_button.on_click(self._reset)
        bar = ipywidgets.Box([self.follow, self.fit_button, self.reset_button])
        bar.add_class("cnb-bar")
        return bar

    def show(self, *, moved_only: bool = False) -> None:
        """Show the law by hand of the session.

        Parameters
        ----------
        moved_only : bool
            Whether nothing but that law has changed, so that the ends of the sliders stay.
        """
        session, opened = self._session, self.toggle.value
        possible = self.controls.possible
        self.layout.display = None if possible else "none"
        self.toggle.icon = "caret-down" if opened else "caret-right"
        set_shown(self._opened, opened)
        if not possible:
            return
        text = self.controls.comparison() or (HINT if opened else "")
        self.text.value = f'<span class="cnb-muted">{escape(text)}</span>'
        self.fit_button.disabled = session.busy or session.law_by_hand is None
        self.reset_button.disabled = session.law_by_hand is None
        if opened:
            self._show_rows(moved_only)

    def _show_rows(self, moved_only: bool) -> None:
        if self._session.settings.family is not self._family:
            self._build(self._session.settings.family)
        if not (moved_only and self._ranges):
            self._ranges = self.controls.ranges
        now, fit = self.controls.now, self._session.fit
        self.follow.disabled = not now.can_follow
        values = now.law.as_dict()
        fitted = {} if fit is None else fit.law.as_dict()
        with self._writing:
            for name, row in self.rows.items():
                row.show_range(*self._ranges[name])
                if name != self._dragged:  # do not move a handle that is being dragged
                    row.show_position(now.position(name))
                row.show_value(values[name])
                row.show_fitted(fitted.get(name))

    def _build(self, family: Family) -> None:
        for row in self.rows.values():
            close_parts(row)
            row.close()
        self._family, self._ranges, self.controls.fixed = family, {}, frozenset()
        self.rows = {parameter.name: HandRow(parameter) for parameter in family.parameters}
        for name, row in self.rows.items():
            row.slider.observe(partial(self._slid, name), "value")
            row.box.observe(partial(self._typed, name), "value")
            row.fix.observe(partial(self._fixed, name), "value")
        self._table.children = tuple(self.rows.values())

    @guarded
    def _turn(self, _change: Any) -> None:
        self.show()

    @guarded
    def _slid(self, name: str, change: dict[str, int]) -> None:
        if not self._writing:
            self._throttle.submit(name, self.rows[name].position_at(change["new"]))

    @guarded
    def _slide(self, name: str, position: float) -> None:
        self._dragged = name
        try:
            self._try(name, lambda: self.controls.slide(name, position))
        finally:
            self._dragged = ""

    @guarded
    def _typed(self, name: str, change: dict[str, str]) -> None:
        if not self._writing:
            symbol = self.rows[name].parameter.symbol
            self._try(name, lambda: self.controls.enter(name, number(change["new"], symbol)))

    @guarded
    def _fixed(self, name: str, change: dict[str, bool]) -> None:
        if self._writing:
            return
        if not self._try(name, lambda: self.controls.fix(name, change["new"])):
            with self._writing:
                self.rows[name].fix.value = False
        self.show()

    @guarded
    def _follow(self, change: dict[str, bool]) -> None:
        self.controls.follow = change["new"]

    @guarded
    def _fit(self, _button: ipywidgets.Button) -> None:
        # A click that arrives after the fit has begun must not start a second one.
        if not self._session.busy and self._session.law_by_hand is not None:
            self._session.start_fit(start=self._session.law_by_hand)

    @guarded
    def _reset(self, _button: ipywidgets.Button) -> None:
        self.problem.value = ""
        self.controls.reset()

    def _try(self, name: str, change: Any) -> bool:
        """Change the law; if that is refused, say why beside the rows and mark the box."""
        row = self.rows[name]
        try:
            change()
        except InputError as error:
            self.problem.value = note("bad", in_symbols(stopped(str(error))))
            row.box.add_class("cnb-wrong")
            return False
        self.problem.value = ""
        row.box.remove_class("cnb-wrong")
        return True
