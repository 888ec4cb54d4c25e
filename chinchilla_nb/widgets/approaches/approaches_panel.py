"""Approaches 1, 2 and 3: isoFLOP slices with their parabolas, and three frontiers in one table and one chart."""

from __future__ import annotations

from collections.abc import Callable, Collection
from html import escape
from typing import Any, cast

import ipywidgets
import numpy as np

from chinchilla_nb.engine.approaches.comparison import APPROACHES, Comparison
from chinchilla_nb.engine.approaches.isoflop import IsoFlop
from chinchilla_nb.engine.approaches.slices import TOLERANCE
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.figures import (
    APPROACH_TITLES,
    LEVEL,
    Against,
    IsoFlopFigure,
    approaches_figure,
    isoflop_figure,
)
from chinchilla_nb.quantity import compact, interval_text, percent, plain, written_budget
from chinchilla_nb.session_groups import hidden_among
from chinchilla_nb.widgets.approaches.approaches_table import approaches_table
from chinchilla_nb.widgets.approaches.approaches_view import ApproachesView
from chinchilla_nb.widgets.approaches.frontier_chart import COLOURS, DASHES, ThreeFrontiers
from chinchilla_nb.widgets.approaches.slice_chart import SliceChart
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import Row
from chinchilla_nb.widgets.base.filter_note import FilterNote
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.labels import run_labels
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.base.style import note, sentence, shade
from chinchilla_nb.widgets.base.throttle import Throttle
from chinchilla_nb.widgets.charts.chart_card import ChartCard
from chinchilla_nb.widgets.charts.chart_runs import chart_runs, hidden_in_words
from chinchilla_nb.widgets.charts.legend import line, symbol
from chinchilla_nb.widgets.charts.scale_choice import ScaleChoice

__all__ = ["ApproachesPanel"]

MOST_NAMED = 2
"""Refused slices that are named; a study of scattered runs has dozens."""
REDRAW_SECONDS = 0.2
"""Shortest time between two comparisons while a budget is dragged in another panel, which needs the processor too."""
ALL, SIMILAR = -1, 0
"""Values of the first options, all slices and similar C; a drop-down list whose value is None shows an empty field."""
_DASH = {"dotted": "2 3", "dash_dotted": "7 3 2 3", "solid": "none"}


class ApproachesPanel(Panel):
    """The isoFLOP slices of the runs, and N* and D* by the envelope, the parabolas and the parametric fit.

    Parameters
    ----------
    source : Chinchilla or Session

    Attributes
    ----------
    view : ApproachesView
    tolerance, budget : Text
    by, against, slice : Dropdown
        Where slices come from, what the loss is drawn against, and which slice is shown alone.
    slices : SliceChart
    frontiers : ThreeFrontiers
    cards : tuple of ChartCard
        The slices, their residuals and the frontiers.
    table, bias, notes, about : HTML
        The comparison; what approach 2 does wrong; what limits the approaches; the slices or the chosen one.
    """

    sheets = ("charts/charts.css", "approaches/approaches.css")
    snapshot_of = ("fit", "uncertainty")

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self.view, self._writing = ApproachesView(), Writing()
        self._make_inputs()
        self.slices, self.frontiers = SliceChart(), ThreeFrontiers()
        self.table, self.bias, self.notes, self.about, self.empty = (ipywidgets.HTML() for _ in range(5))
        self._key, self._frontier_key = ipywidgets.HTML(), ipywidgets.HTML()
        for key in (self._key, self._frontier_key):
            key.add_class("cnb-key")
        slices, frontiers = self.slices, self.frontiers
        self.cards = (
            ChartCard("Slices of equal compute", slices.frame, slices.figure),
            ChartCard("Residuals of the slices", slices.residual_frame, slices.residual_figure),
            ChartCard("N* by compute, three approaches", frontiers.frame, frontiers.figure),
        )
        left = ipywidgets.VBox([self._key, self.cards[0], self.about, self.cards[1]])
        right = ipywidgets.VBox([self._frontier_key, self.cards[2], self.bias, self.notes])
        for column in (left, right):
            column.add_class("cnb-card")
        left.add_class("cnb-slices")
        self.charts = ipywidgets.Box([left, right])
        self.charts.add_class("cnb-charts")
        self.charts.add_class("cnb-pair")
        self.filter_note = FilterNote(self.guard, self.session)
        self.compose(self.filter_note, self._controls, self.empty, self.table, self.charts)
        for mark in self.slices.clickable:
            mark.observe(self._click, "selected")
        self.view.observe(self._recompare, ["tolerance", "by"])
        self.view.observe(self._draw, "budget")
        self.view.observe(self._draw_slices, ["against", "chosen"])
        self._throttle = Throttle(self._draw, REDRAW_SECONDS)
        self.watch(self._follow_budget, "budget")
        self.watch(self._recompare, "fit")
        self.watch(self._rescale, "chart_scale")
        self.watch(self._follow_runs, "revision")
        self.watch(self._show_filter, "revision", "fit")
        self.watch_view(self._draw_slices, "hidden_groups")
        self.watch(self._take_uncertainty, "uncertainty")
        self.watch(self._follow_settings, "settings")
        self._rescale()
        self._recompare()
        self._stop_watching = self.session.watch_uncertainty()

    def _make_inputs(self) -> None:
        parts = Parts()
        self.tolerance = parts.text(
            "Relative difference of C up to which runs are of one slice, in percent", "s", label="Tolerance"
        )
        self.tolerance.value = f"{100 * TOLERANCE:g} %"
        self.by = parts.choice("Which runs are of one slice", [("similar C", SIMILAR)], "l", label="Slices")
        self.against = parts.choice("What the loss is drawn against", ["N", "D", "D/N"], "s", label="Against")
        self.slice = parts.choice(
            "Which slice is shown alone; a click on a run chooses its slice", [("all", ALL)], "l", label="Show"
        )
        self.budget = parts.text(
            "FLOPs at which the approaches are compared; empty for the next model", "m", label="Budget"
        )
        self._fields = Row(parts, [self.by, self.tolerance, self.against, self.slice, self.budget])
        self._wrong: dict[ipywidgets.Widget, str] = {}  # what is wrong in which field
        self.scale = ScaleChoice(self.guard, self.session)
        head = parts.box([parts.title("Three approaches"), self.scale], "cnb-bar", "cnb-looks")
        self._controls = ipywidgets.VBox([head, self._fields])
        self._controls.add_class("cnb-choices")
        for field, callback in (
            (self.tolerance, self._type_tolerance),
            (self.budget, self._type_budget),
            (self.by, self._choose_column),
            (self.against, self._choose_axis),
            (self.slice, self._choose_slice),
        ):
            field.observe(callback, "value")

    def close(self) -> None:
        """Stop watching the session and remove the panel from the page."""
        self._stop_watching()
        super().close()

    @guarded
    def _show_filter(self, _change: Any) -> None:
        self.filter_note.show()

    @guarded
    def _type_tolerance(self, change: Any) -> None:
        self._typed("Tolerance", self.tolerance, self.view.type_tolerance, change["new"])

    @guarded
    def _type_budget(self, change: Any) -> None:
        self._typed("Budget", self.budget, self.view.type_budget, change["new"])

    def _typed(self, name: str, field: ipywidgets.Text, take: Callable[[str], None], text: str) -> None:
        """Take over what was typed into a field, or mark it."""
        self._wrong.pop(field, None)
        try:
            take(text)
        except InputError as error:
            self._wrong[field] = f"{name} {error.problem}"
        self._fields.explain_all(self._wrong)
        self._fields.say("")

    @guarded
    def _choose_column(self, change: Any) -> None:
        if not self._writing:
            self.view.by = None if change["new"] == SIMILAR else change["new"]

    @guarded
    def _choose_axis(self, change: Any) -> None:
        self.view.against = change["new"]

    @guarded
    def _choose_slice(self, change: Any) -> None:
        if not self._writing:
            self.view.chosen = None if change["new"] == ALL else change["new"]

    @guarded
    def _click(self, change: Any) -> None:
        """Show the slice of a run that was clicked alone, or all again if it is shown already."""
        clicked = self.slices.clicked(change.owner)
        if clicked is not None and not self._writing:
            self.view.chosen = None if self.view.chosen == clicked else clicked

    @guarded
    def _recompare(self, _change: Any = None) -> None:
        with self._writing:
            self._offer_columns()
            self.view.compare(self.session)
        self._show()

    @guarded
    def _follow_runs(self, _change: Any) -> None:
        """Compare again if that uses all runs; a comparison of the last fit stays, and may say that it is old."""
        comparison = self.view.comparison
        if self.session.fit is None:
            self._recompare()
        elif comparison is not None:
            self.notes.value = _notes(comparison, stale=self.session.stale)

    @guarded
    def _follow_settings(self, _change: Any) -> None:
        """Follow the next budget, and without a fit the compute convention of the runs."""
        if self.session.fit is None:
            self._recompare()
        else:
            self._show()

    @guarded
    def _take_uncertainty(self, _change: Any) -> None:
        if self.view.take_uncertainty(self.session):
            self._show()

    @guarded
    def _draw(self, _change: Any = None) -> None:
        self._show()

    @guarded
    def _follow_budget(self, _change: Any) -> None:
        """Compare at the budget that is chosen elsewhere, which may be dragged."""
        self._throttle.submit()

    @guarded
    def _rescale(self, _change: Any = None) -> None:
        self.scale.rescale(card.frame for card in self.cards)

    @guarded
    def _draw_slices(self, _change: Any) -> None:
        if self.view.comparison is not None and not self._writing:
            self._show_slices(self.view.comparison)

    def _offer_columns(self) -> None:
        runs = self.session.runs
        columns = [name for name, values in runs.columns.items() if 1 < len(set(map(str, values))) <= len(runs) / 2]
        options = (("similar C", SIMILAR), *((f"column {name}", name) for name in columns))
        if self.view.by not in [value for _, value in options]:
            self.view.by = None
        if self.by.options != options:
            self.by.options = options
        self.by.value = SIMILAR if self.view.by is None else self.view.by

    def _show(self) -> None:
        view, comparison = self.view, self.view.comparison
        set_shown(self.tolerance, view.by is None)
        for part in (self.table, self.charts):
            set_shown(part, comparison is not None)
        self.empty.value = self._missing()
        if comparison is None:
            return
        C = view.budget_of(self.session)
        self.budget.placeholder = written_budget(C)
        self.table.value = approaches_table(comparison.at(C, LEVEL), C)
        figure = approaches_figure(comparison, C)
        self.frontiers.show(figure)
        self._frontier_key.value = _frontier_key([one.name for one in figure.curves if len(one.line)])
        self.bias.value = "" if comparison.bias is None else note("warn", sentence(comparison.bias.text(C)))
        self.notes.value = _notes(comparison, stale=self.session.stale)
        self._show_slices(comparison)
        for card in self.cards:
            card.describe()

    def _missing(self) -> str:
        """Return what the panel needs before it can show more."""
        if not len(self.session.runs):
            return note("good", "To compare the approaches, add runs of several sizes at each of several budgets.")
        if self.view.problem:
            return note("warn", sentence(self.view.problem))
        if self.session.fit is None:
            return note("good", "To compare them with approach 3, fit a law to the runs.")
        return ""

    def _show_slices(self, comparison: Comparison) -> None:
        isoflop, unit = comparison.isoflop, self.session.data_unit
        for part in (*self.cards[:2], self._key):
            set_shown(part, isoflop is not None)
        for field in (self.slice, self.against):
            set_shown(field, isoflop is not None)
        if isoflop is None:
            self.about.value = note("warn", sentence(comparison.failures["isoflop"]))
            return
        law = None if comparison.parametric is None else comparison.parametric.fit.law
        figure = isoflop_figure(isoflop, law, cast(Against, self.view.against), unit)
        runs = isoflop.slices.runs
        shown = [index for one in figure.slices for index in one.slice.runs]
        self._offer_slices(figure)
        with self._writing:
            seen = ~hidden_among(self.session, runs.take(shown))
            self.slices.show(figure, self.view.chosen, run_labels(runs, shown, unit), seen)
        set_shown(self.cards[1], bool(len(self.slices.off_parabola.x)))
        hidden = hidden_in_words(self.session, chart_runs(self.session))
        self._key.value = _slice_key(law is not None, figure.beyond, hidden)
        minima = isoflop.minima(LEVEL)["N"]
        self.about.value = _about(isoflop, figure, self.view.chosen, minima)

    def _offer_slices(self, figure: IsoFlopFigure) -> None:
        options = (("all", ALL), *((one.slice.name, at) for at, one in enumerate(figure.slices)))
        with self._writing:
            # The page answers new options with the first one, as if the user had chosen it.
            if self.slice.options != options:
                self.slice.options = options
            self.slice.value = ALL if self.view.chosen is None else self.view.chosen

    def snapshot(self) -> dict[str, Any]:
        """Return a PNG of the slices and the frontiers, or the table of runs that are needed."""
        comparison = self.view.comparison
        if comparison is None:
            return {"text/html": self.empty.value}
        # Imported here because matplotlib takes longer to import than everything else.
        from chinchilla_nb.drawing import SNAPSHOT_DPI, draw_approaches, image_of

        slices = None
        if comparison.isoflop is not None:
            law = None if comparison.parametric is None else comparison.parametric.fit.law
            slices = isoflop_figure(comparison.isoflop, law, data_unit=self.session.data_unit)
        figure = approaches_figure(comparison, self.view.budget_of(self.session))
        return {"image/png": image_of(draw_approaches(figure, slices), "png", SNAPSHOT_DPI)}


def _notes(comparison: Comparison, *, stale: bool) -> str:
    """Return what limits each approach, except the slices that are refused, which stand beside their chart."""
    refused = set() if comparison.isoflop is None else {f"the slice {one}" for one in comparison.isoflop.refused}
    lines = ["these are the runs of the last fit, which have changed since"] if stale else []
    lines += [
        f"{APPROACH_TITLES[name]}: {text}"
        for name in APPROACHES
        for text in comparison.notes[name]
        if text not in refused and not (name == "isoflop" and comparison.isoflop is None)
    ]
    return "".join(f'<div class="cnb-caption">{escape(sentence(text))}</div>' for text in lines)


def _about(isoflop: IsoFlop, figure: IsoFlopFigure, chosen: int | None, minima: Interval) -> str:
    """Return what is known of the chosen slice, or of all of them."""
    if chosen is None:
        return _all_slices(isoflop)
    one = figure.slices[chosen]
    if one.refused:
        return note("warn", sentence(f"{one.slice.name}: {one.refused}"))
    at = [parabola.slice for parabola in isoflop.parabolas].index(one.slice)
    N, loss = isoflop.parabolas[at].N, isoflop.parabolas[at].loss
    interval = interval_text(float(minima.low[at]), float(minima.high[at]), compact)
    text = (
        f"{one.slice.name}: N* {compact(N)} ({interval}), lowest loss {plain(loss, 4)}; the parabola is fitted to "
        f"{np.count_nonzero(one.near)} of {len(one.near)} runs, whose C differ by {percent(one.slice.spread)}"
    )
    key = "below, filled dots are residuals from the parabola and hollow ones from the law" if len(one.off_law) else ""
    return "".join(f'<div class="cnb-caption">{escape(sentence(part))}</div>' for part in (text, key) if part)


def _all_slices(isoflop: IsoFlop) -> str:
    found, refused = isoflop.slices, isoflop.refused
    count = len(found.runs)
    outside = f"{found.alone:,} of {count:,} runs are in none" if found.alone else f"all {count:,} runs are in one"
    lines = [f"{len(isoflop.parabolas)} slices of {found.rule}; {outside}"]
    if refused:
        named = "; ".join(map(str, refused[:MOST_NAMED]))
        more = f"; and {len(refused) - MOST_NAMED:,} more" if len(refused) > MOST_NAMED else ""
        lines.append(f"refused: {named}{more}")
    return "".join(f'<div class="cnb-caption">{escape(sentence(text))}</div>' for text in lines)


def _slice_key(has_law: bool, beyond: int, hidden: str) -> str:
    hue = f'stroke="{shade(0.5)}"'
    items = [line(f'{hue} stroke-width="2"', "Parabola of a slice")]
    if has_law:
        items.append(line(f'{hue} stroke-width="1.3" stroke-dasharray="4 3"', "Fitted law"))
    diamond = '<path d="M9 2L13 7L9 12L5 7Z" fill="var(--cnb-ink)"/><path d="M0 7H18" stroke="var(--cnb-ink)"/>'
    items.append(symbol(diamond, f"Minimum, {percent(LEVEL)}"))
    if beyond:
        items.append(
            f'<span class="cnb-item cnb-muted">{beyond:,} run{"" if beyond == 1 else "s"} above the chart</span>'
        )
    if hidden:
        items.append(f'<span class="cnb-item cnb-muted">{escape(hidden)}</span>')
    return f'<div class="cnb-legend">{"".join(items)}</div>'


def _frontier_key(drawn: Collection[str]) -> str:
    items = [
        line(f'stroke="{colour}" stroke-width="2.2" stroke-dasharray="{_DASH[DASHES[name]]}"', APPROACH_TITLES[name])
        for name, colour in COLOURS.items()
        if name in drawn
    ]
    return f'<div class="cnb-legend">{"".join(items)}</div>'
