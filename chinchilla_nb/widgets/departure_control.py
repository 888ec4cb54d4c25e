"""Pull the next run off the efficient frontier, and read what that costs."""

from __future__ import annotations

import math
from html import escape

import ipywidgets
import traitlets

from chinchilla_nb.engine.departure import Departure
from chinchilla_nb.figures import compact

__all__ = ["DepartureControl"]

STEP = 0.05
"""Of the slider, in doublings."""


class DepartureControl(ipywidgets.VBox):
    """A slider for the model's size relative to the compute-optimal one.

    Attributes
    ----------
    factor : float
        Times the compute-optimal N.
    slider : FloatSlider
        Its logarithm to base two.
    reset : Button
        Back to the frontier.
    cost : HTML
        What the departure costs.
    """

    factor = traitlets.Float(1.0)

    def __init__(self) -> None:
        self.slider = ipywidgets.FloatSlider(
            value=0.0,
            min=-3.0,
            max=3.0,
            step=STEP,
            readout=False,
            tooltip="Model size relative to the compute-optimal one, from an eighth to eight times",
            layout=ipywidgets.Layout(flex="1 1 140px", width="auto", min_width="110px", margin="0 8px"),
        )
        self._times = ipywidgets.HTML()
        self.reset = ipywidgets.Button(description="Back", tooltip="Back to the efficient frontier")
        self.reset.layout.width = "64px"
        heading = ipywidgets.HTML('<span class="cnb-heading">Off the frontier: model size</span>')
        bar = ipywidgets.Box([heading, self._times, self.slider, self.reset])
        bar.add_class("cnb-bar")
        self.cost = ipywidgets.HTML()
        super().__init__([bar, self.cost])
        self.slider.observe(self._slid, "value")
        self.reset.on_click(lambda _: setattr(self.slider, "value", 0.0))
        self._slid({"new": 0.0})

    def show(self, departure: Departure | None) -> None:
        """Say what a departure costs; None where there is no frontier to leave."""
        self.layout.display = "none" if departure is None else None
        if departure is not None:
            self.cost.value = _in_words(departure, self.factor)

    def _slid(self, change: dict[str, float]) -> None:
        octaves = round(change["new"] / STEP) * STEP
        self.factor = 2.0**octaves
        self._times.value = f"<b>× {self.factor:.3g}</b>"
        self.reset.disabled = self.factor == 1.0


def _in_words(departure: Departure, factor: float) -> str:
    if factor == 1:
        text = "Drag to train a smaller model for longer, or a larger one for less, with the same compute."
        return f'<div class="cnb-caption">{text}</div>'
    first = (
        f"With this budget: N = {compact(departure.N)}, D = {compact(departure.D)} "
        f"({departure.D / departure.N:.3g} tokens per parameter), loss {departure.loss:.4g}, "
        f"{departure.extra_loss:.2g} above the optimum."
    )
    if math.isnan(departure.compute_ratio):
        second = "No amount of data brings a model of this size to the loss of the optimum."
    else:
        second = (
            f"For the loss of the optimum: D = {compact(departure.D_same_loss)}, which takes "
            f"{departure.compute_ratio:.3g} times the compute; a token then costs {factor:.3g} times as much to serve."
        )
    return f"<div>{escape(first)}</div><div>{escape(second)}</div>"
