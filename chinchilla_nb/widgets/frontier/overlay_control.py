"""Choose the published laws and saved forecasts that are laid over the runs, and see how far the runs lie from them."""

from __future__ import annotations

from functools import partial
from html import escape

import ipywidgets

from chinchilla_nb.engine.laws.law_errors import law_errors
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.laws.notation import HTML
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.laws.published import PUBLISHED_LAWS
from chinchilla_nb.fit_history import MADE
from chinchilla_nb.law_overlays import MOST_OVERLAYS, forecast_laws
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import note
from chinchilla_nb.widgets.charts.law_lines import law_colours

__all__ = ["OverlayControl"]

CHOICE = "Add a law …"
"""The entry of the list that adds nothing."""
MEANING = (
    "Plans and intervals stay those of the fit. Published laws count N in their own way, and measure the loss on their "
    "own tokenizer and text, which gives all runs about the same error; the spread about it is what the law misses."
)


class OverlayControl(ipywidgets.VBox):
    """A list of laws to add, and those drawn beside the fit, each with its errors and a button to remove it.

    Parameters
    ----------
    guard : Guard
    session : Session

    Attributes
    ----------
    choice : Dropdown
        Published laws and the forecasts of the session that are not drawn yet.
    rows : VBox
        What is drawn.
    remark : HTML
        What the errors mean, or why nothing can be added.
    """

    def __init__(self, guard: Guard, session: Session) -> None:
        self.guard, self._session = guard, session
        self.choice = ipywidgets.Dropdown(
            options=[CHOICE], tooltip="Draw a published law or a saved forecast over the runs", layout={"width": "auto"}
        )
        self.choice.add_class("cnb-law-choice")
        self._descriptions: dict[str, ipywidgets.HTML] = {}
        self.rows, self.remark = ipywidgets.VBox(), ipywidgets.HTML()
        bar = ipywidgets.Box([ipywidgets.HTML('<span class="cnb-heading">Other laws</span>'), self.choice])
        bar.add_class("cnb-bar")
        super().__init__([bar, self.rows, self.remark])
        self.choice.observe(self._chosen, "value")

    @property
    def offered(self) -> dict[str, NamedLaw]:
        """The laws that can be added, by name."""
        laws = (*PUBLISHED_LAWS.values(), *forecast_laws(self._session.forecasts))
        drawn = {law.name for law in self._session.overlays}
        return {law.name: law for law in laws if law.name not in drawn}

    def show(self) -> None:
        """Show what is drawn beside the fit of the session, and what can be added."""
        session = self._session
        offered = (CHOICE, *self.offered)
        if self.choice.options != offered:
            self.choice.options = offered
        full = len(session.overlays) >= MOST_OVERLAYS
        self.choice.disabled = full
        laws = session.drawn_laws
        if [law.name for law in laws] != list(self._descriptions):
            self._build(laws)
        for law, colour in zip(laws, law_colours(laws), strict=True):
            self._descriptions[law.name].value = self._described(law, colour)
        full_note = f" At most {MOST_OVERLAYS} are drawn: remove one to add another." if full else ""
        self.remark.value = f'<div class="cnb-caption">{escape(MEANING + full_note)}</div>' if laws else ""

    def _build(self, laws: tuple[NamedLaw, ...]) -> None:
        """Create a row for each law, in place of those before."""
        before, self.rows.children = self.rows.children, ()
        for row in before:
            for part in (*row.children, row):
                part.close()
        self._descriptions = {law.name: ipywidgets.HTML() for law in laws}
        rows = []
        for law in laws:
            remove = ipywidgets.Button(description="Remove", tooltip=f"Remove {law.name}")
            remove.add_class("cnb-link")
            remove.on_click(partial(self._remove, law))
            rows.append(ipywidgets.Box([self._descriptions[law.name], remove]))
            rows[-1].add_class("cnb-law-row")
        self.rows.children = rows

    def _described(self, law: NamedLaw, colour: str) -> str:
        """Return a law with its equation, its errors for the runs, and its source."""
        swatch = f'<span class="cnb-law-swatch" style="border-color:{colour}"></span>'
        name = "Set by hand, not fitted" if law.by_hand else law.name
        lines = [f'{swatch}<b>{escape(name)}</b> <span class="cnb-muted">{law.law.equation(HTML)}</span>']
        runs = self._session.runs
        if len(runs):
            lines.append(escape(f"{law_errors(law.law, runs).text}."))
        if axes_of(law.law.parameters) == ("C",):
            lines.append("A law of compute alone has no line in the planes of N and D.")
        source = self._source(law)
        if source:
            lines.append(f'<span class="cnb-muted">{escape(source)}</span>')
        return "".join(f"<div>{line}</div>" for line in lines)

    def _source(self, law: NamedLaw) -> str:
        """Return where a law is from; a fit of the session is known by the microsecond, and read by the minute."""
        past = next((past for past in self._session.drawn_fits if law.source == f"{MADE}{past.made}"), None)
        return law.source if past is None else f"{MADE}{past.minute}"

    @guarded
    def _chosen(self, change: dict[str, str]) -> None:
        law = self.offered.get(change["new"])
        if law is None:
            return
        if len(self._session.overlays) >= MOST_OVERLAYS:
            self.remark.value = note("warn", f"At most {MOST_OVERLAYS} laws are drawn: remove one to add another.")
            return
        self._session.overlays = (*self._session.overlays, law)

    @guarded
    def _remove(self, law: NamedLaw, _button: ipywidgets.Button) -> None:
        if law.by_hand:
            self._session.law_by_hand = None
        else:
            self._session.overlays = tuple(one for one in self._session.overlays if one.name != law.name)
