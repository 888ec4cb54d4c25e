"""Move the next run off the efficient frontier, and show the cost."""

from __future__ import annotations

import math
from html import escape

import ipywidgets

from chinchilla_nb.engine.planning.off_frontier import OffFrontier
from chinchilla_nb.quantity import compact, plain
from chinchilla_nb.widgets.base.accessible_names import read_out
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.style import tiles
from chinchilla_nb.widgets.frontier.model_size import LIMIT, STEP, ModelSize

__all__ = ["OffFrontierControl"]


class OffFrontierControl(ipywidgets.VBox):
    """A slider for the model's size relative to the compute-optimal one.

    Parameters
    ----------
    guard : Guard
    size : ModelSize

    Attributes
    ----------
    slider : FloatSlider
        The logarithm of the factor to base two.
    reset : Button
        Returns to the frontier.
    cost : HTML
        The cost of leaving the frontier.
    """

    def __init__(self, guard: Guard, size: ModelSize) -> None:
        self.guard, self._size = guard, size
        self.slider = ipywidgets.FloatSlider(
            value=0.0,
            min=-LIMIT,
            max=LIMIT,
            step=STEP,
            readout=False,
            tooltip="Model size relative to the compute-optimal one, from an eighth to eight times",
            layout=ipywidgets.Layout(flex="1 1 90px", width="auto", min_width="90px", margin="0 8px"),
        )
        self._times = ipywidgets.HTML()
        self.reset = ipywidgets.Button(description="Reset", tooltip="Return to the efficient frontier")
        self.reset.layout.width = "64px"
        heading = ipywidgets.HTML('<span class="cnb-heading">Smaller or larger than optimal</span>')
        bar = ipywidgets.Box([heading, self._times, self.slider, self.reset])
        bar.add_class("cnb-bar")
        self.cost = ipywidgets.HTML()
        super().__init__([bar, self.cost])
        self.slider.observe(self._slid, "value")
        self.reset.on_click(self._reset)
        self._show_factor()

    def show(self, run: OffFrontier | None, data_unit: str = "tokens") -> None:
        """Show the cost of a run off the frontier, or hide the control for None. ``data_unit`` is what D counts."""
        self.layout.display = "none" if run is None else None
        if run is not None:
            self.cost.value = _in_words(run, self._size, data_unit)

    @guarded
    def _slid(self, change: dict[str, float]) -> None:
        self._size.slide(change["new"])
        self._show_factor()

    @guarded
    def _reset(self, _button: ipywidgets.Button) -> None:
        self.slider.value = 0.0

    def _show_factor(self) -> None:
        self._times.value = (
            f"<b>{read_out('Size of the model relative to the optimum', f'{self._size.factor:.3g}×')}</b>"
        )
        self.reset.disabled = self._size.optimal


def _in_words(run: OffFrontier, size: ModelSize, data_unit: str) -> str:
    if size.optimal:
        text = f"Move the slider for a smaller model on more {data_unit} or a larger one on fewer, at equal compute."
        return f'<div class="cnb-caption">{text}</div>'
    unit = data_unit.removesuffix("s")
    text = (
        f"With this budget, a model of {size.in_words}, {compact(run.N)} parameters, can be trained on "
        f"{compact(run.D)} {data_unit}, {plain(run.D / run.N)} per parameter. It reaches a loss of "
        f"{plain(run.loss, 4)}, {plain(run.extra_loss, 2)} above the optimum. "
    )
    if math.isnan(run.compute_ratio):
        compute = "out of reach"
        text += f"No number of {data_unit} brings a model of this size to the optimal loss."
    else:
        compute = f"{run.compute_ratio:.3g}×"
        text += (
            f"To reach the optimal loss it needs {compact(run.D_same_loss)} {data_unit} and "
            f"{run.compute_ratio:.3g} times the compute."
        )
    costs = [
        ("Loss, same compute", f"+{plain(run.extra_loss, 2)}"),
        ("Compute, same loss", compute),
        (f"Inference per {unit}", f"{size.factor:.3g}×"),
    ]
    return f'{tiles(costs)}<div class="cnb-caption">{escape(text)}</div>'
