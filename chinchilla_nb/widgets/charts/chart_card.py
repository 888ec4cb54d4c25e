"""A chart with its title, a button that lets it fill the panel, and a name and a text for readers who cannot see it."""

from __future__ import annotations

from html import escape
from itertools import count

import bqplot
import ipywidgets

from chinchilla_nb.widgets.charts.chart_mouse import CHART_MOUSE
from chinchilla_nb.widgets.charts.plots import Frame

__all__ = ["ChartCard"]

# A page answers these without the kernel. Escape is heard wherever the focus is while a chart is large.
_ENLARGE = (
    "const card = this.closest('.cnb-chart-card'), button = this;"
    "const set = large => { card.classList.toggle('cnb-large', large); button.setAttribute('aria-pressed', large); };"
    "set(!card.classList.contains('cnb-large'));"
    "const end = event => { if (event.key === 'Escape' || !card.classList.contains('cnb-large')) {"
    " set(false); document.removeEventListener('keydown', end, true); } };"
    "if (card.classList.contains('cnb-large')) document.addEventListener('keydown', end, true);"
)
# The slider of the budget already has the steps, the limits and the messages that arrow keys need.
_STEP_BUDGET = (
    "const handle = this.closest('.cnb').querySelector('.cnb-budget .noUi-handle');"
    "if (handle && /^(Arrow|Page|Home|End)/.test(event.key)) { event.preventDefault(); event.stopPropagation();"
    " handle.dispatchEvent(new KeyboardEvent('keydown', {key: event.key})); }"
)
_numbers = count()


class ChartCard(ipywidgets.VBox):
    """A figure under its title.

    The title can be focused with the keyboard and is announced with the text. There, arrow keys change the budget of
    a panel that has one. The button beside it lets the chart fill the panel; the button or Escape undoes that.

    Parameters
    ----------
    title : str
        What the chart shows, such as ``"Loss by compute"``.
    frame : Frame
    figure : bqplot.Figure
    below : Widget
        What belongs to the chart, such as a caption.

    Attributes
    ----------
    figure : bqplot.Figure
    text : HTML
        What the chart shows in words; `describe` writes it.
    """

    def __init__(self, title: str, frame: Frame, figure: bqplot.Figure, *below: ipywidgets.Widget) -> None:
        self.title, self.frame, self.figure = title, frame, figure
        self._id = f"cnb-chart-{next(_numbers)}"
        self.text = ipywidgets.HTML()
        self.text.add_class("cnb-unseen")
        super().__init__([ipywidgets.HTML(self._head()), figure, self.text, *below])
        self.add_class("cnb-chart-card")
        self.describe()

    def describe(self, *sentences: str) -> None:
        """Say what the chart shows: these sentences, after those about its axes."""
        text = " ".join((*self.frame.in_words(), *sentences))
        self.text.value = f'<p id="{self._id}">{escape(text)}</p>'

    def _head(self) -> str:
        title = escape(self.title)
        return (
            '<div class="cnb-chart-head" data-lm-suppress-shortcuts="true">'
            f'<span class="cnb-chart-title" tabindex="0" role="img" aria-label="Chart: {title}" '
            f'aria-describedby="{self._id}" onkeydown="{escape(_STEP_BUDGET)}">{title}</span>'
            f'<button type="button" class="cnb-enlarge" aria-pressed="false" aria-label="Enlarge {title}" '
            f'title="Let this chart fill the panel; Escape returns" onclick="{escape(_ENLARGE)}">⤢</button></div>'
            f"{CHART_MOUSE}"
        )
