"""Every fit of the session as a row: two are compared on the charts, one is restored, and all are exported."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.fit_history import MOST_FITS, fit_rows
from chinchilla_nb.past_fit import PastFit
from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.page_actions import Download
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.history.history_rows import differences_table, fit_row
from chinchilla_nb.widgets.history.history_view import ROWS, HistoryView

__all__ = ["HistoryPanel"]

EMPTY = "No fit yet: each one will be a row here, with its law, its settings and the runs that it used."


class HistoryPanel(Panel):
    """The fits of the session and those kept of earlier ones, the latest first.

    Parameters
    ----------
    source : Chinchilla or Session
    allow_functions : iterable of str
        Functions that the settings of a restored fit may name, as for `ConfigPanel`.

    Attributes
    ----------
    view : HistoryView
    texts : list of HTML
        The fits of the page.
    compare_toggles : list of ToggleButton
        Draw the law of a fit on the charts, and compare it with another.
    restore_buttons : list of Button
    newer_button, older_button, csv_button : Button
    state, differences : HTML
    link : Download
        How many fits there are and where they are kept; what two differ in; the file to download.
    """

    sheets = ("history/history.css",)
    snapshot_of = ("fits",)

    def __init__(self, source: Any, *, allow_functions: Iterable[str] = ()) -> None:
        super().__init__(source)
        self._allowed = AllowedFunctions(allow_functions)
        self.view, self._writing, self._parts = HistoryView(), Writing(), Parts()
        self._shown: list[tuple[int, PastFit]] = []
        self.state, self.differences, self.link = self._parts.html(), self._parts.html(), Download()
        self._make_buttons()
        self._make_rows()
        self.add_class("cnb-history")
        bar = self._parts.box([self._parts.title("Fit history"), self.csv_button, self.link], "cnb-bar")
        pages = self._parts.box([self.newer_button, self.older_button], "cnb-bar")
        self.compose(bar, self.state, *self._rows, pages, self.differences)
        self.view.observe(self._show, "page")
        self.watch(self._show, "fits", "current_fit", "busy")
        self.watch(self._follow_overlays, "overlays")
        self.view.chosen = tuple(past.made for past in self.session.drawn_fits)
        self._show()

    def _make_buttons(self) -> None:
        parts = self._parts
        self.csv_button = parts.button("CSV", "Create a CSV file of all fits to download")
        self.newer_button = parts.button("Newer", "Show newer fits")
        self.older_button = parts.button("Older", "Show older fits")
        self.csv_button.on_click(self._offer_csv)
        self.newer_button.on_click(partial(self._turn, -1))
        self.older_button.on_click(partial(self._turn, 1))

    def _make_rows(self) -> None:
        parts = self._parts
        self.texts = [parts.html() for _ in range(ROWS)]
        self.compare_toggles = [parts.toggle("Compare", "") for _ in range(ROWS)]
        self.restore_buttons = [parts.button("Restore") for _ in range(ROWS)]
        self._rows = [
            parts.box(row, "cnb-past")
            for row in zip(self.texts, self.compare_toggles, self.restore_buttons, strict=True)
        ]
        for at, (toggle, button) in enumerate(zip(self.compare_toggles, self.restore_buttons, strict=True)):
            toggle.observe(partial(self._compare, at), "value")
            button.on_click(partial(self._restore, at))

    def snapshot(self) -> dict[str, Any]:
        """Return the fits of the first page as HTML."""
        rows = HistoryView().shown(self.session.fits)
        text = "".join(fit_row(number, past, current=past is self.session.current_fit) for number, past in rows)
        return {"text/html": text or f"<p>{EMPTY}</p>"}

    @guarded
    def _show(self, _change: Any = None) -> None:
        session, view = self.session, self.view
        view.turn(0, session.fits)
        self._shown = view.shown(session.fits)
        self.state.value = f'<span class="cnb-muted">{escape(self._said())}</span>'
        with self._writing:
            for at, row in enumerate(self._rows):
                set_shown(row, at < len(self._shown))
                if at < len(self._shown):
                    self._show_row(at, *self._shown[at])
        last = view.pages(session.fits) - 1
        self.newer_button.disabled, self.older_button.disabled = view.page == 0, view.page == last
        for button in (self.newer_button, self.older_button):
            set_shown(button, last > 0)
        self.csv_button.disabled = not session.fits
        self.link.clear()
        self.differences.value = differences_table(view.compared(session.fits))

    def _show_row(self, at: int, number: int, past: PastFit) -> None:
        current = past is self.session.current_fit
        self.texts[at].value = fit_row(number, past, current=current)
        toggle, button = self.compare_toggles[at], self.restore_buttons[at]
        toggle.value = past.made in self.view.chosen
        toggle.tooltip = f"Draw the law of fit {number} on all charts, and compare it with another"
        button.tooltip = f"Make fit {number} the fit again, with its settings, exclusions and filter"
        button.disabled = current or self.session.busy

    def _said(self) -> str:
        count, file = len(self.session.fits), self.session.session_file
        if not count:
            return EMPTY
        most = f", of which the last {MOST_FITS} are kept" if count == MOST_FITS else ""
        place = f"kept in {file.name}" if file is not None else "not kept when this session ends"
        return f"{count} fit{'' if count == 1 else 's'}{most}, {place}. Compare draws a law on all charts, at most two."

    @guarded
    def _turn(self, step: int, _button: ipywidgets.Button) -> None:
        self.view.turn(step, self.session.fits)

    @guarded
    def _compare(self, at: int, change: dict[str, bool]) -> None:
        if self._writing or at >= len(self._shown):
            return
        before = self.view.chosen
        self.view.choose(self._shown[at][1], wanted=change["new"])
        try:
            self.session.draw_fits(past for _, past in self.view.compared(self.session.fits))
        except ValueError:
            self.view.chosen = before
            raise
        finally:
            self._show()

    @guarded
    def _follow_overlays(self, _change: Any) -> None:
        """Choose the fits that are drawn, whoever drew or removed them."""
        drawn = {past.made for past in self.session.drawn_fits}
        kept = tuple(made for made in self.view.chosen if made in drawn)
        self.view.chosen = (*kept, *sorted(drawn - set(kept)))
        self._show()

    @guarded
    def _restore(self, at: int, _button: ipywidgets.Button) -> None:
        # A click can arrive after the row has changed or other work has begun.
        if at < len(self._shown) and not self.session.busy:
            self.session.restore_fit(self._shown[at][1], self._allowed.find)

    @guarded
    def _offer_csv(self, _button: ipywidgets.Button) -> None:
        rows = fit_rows(self.session.fits)
        names = dict.fromkeys(name for row in rows for name in row)
        table = {name: [row.get(name, "") for row in rows] for name in names}
        self.link.offer("fits.csv", "text/csv", spreadsheet_csv(table))
