"""Groups of runs, such as architectures: their laws side by side, and how much compute one saves another."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.groups.comparison import Groups, GroupsProgress, iter_groups
from chinchilla_nb.engine.groups.group_sentences import multiplier_sentence, sharing_sentence
from chinchilla_nb.engine.groups.grouped_runs import group_names
from chinchilla_nb.engine.groups.quantities import multiplier
from chinchilla_nb.engine.laws.symbols import in_symbols
from chinchilla_nb.figures import groups_figure
from chinchilla_nb.quantity import scientific, written_budget
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import Row
from chinchilla_nb.widgets.base.filter_note import FilterNote
from chinchilla_nb.widgets.base.guard import guarded
from chinchilla_nb.widgets.base.labels import run_labels, runs_in_words
from chinchilla_nb.widgets.base.panel import Panel
from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.base.style import note, sentence
from chinchilla_nb.widgets.charts.chart_card import ChartCard
from chinchilla_nb.widgets.charts.scale_choice import ScaleChoice
from chinchilla_nb.widgets.groups.groups_chart import GroupsChart
from chinchilla_nb.widgets.groups.groups_table import laws_table, multiplier_tiles, shared_symbols, sharing_table
from chinchilla_nb.widgets.groups.groups_view import GroupsView
from chinchilla_nb.work.job import Outcome

__all__ = ["GroupsPanel"]


class GroupsPanel(Panel):
    """Laws of groups of runs that share parameters, and the compute multiplier between groups.

    Parameters
    ----------
    source : Chinchilla or Session

    Attributes
    ----------
    view : GroupsView
    by, model, baseline : Dropdown
        The column, what is shared, and the group that the others are compared with.
    budget : Text
    compare_button, cancel_button : Button
    state, tiles, laws, sharing, notes : HTML
        How far the fits have come; multipliers; laws; what may be shared; what limits the comparison.
    chart : GroupsChart
    card : ChartCard
    """

    sheets = ("charts/charts.css", "charts/groups.css", "groups/groups.css")
    snapshot_of = ("fit",)

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self.view, self._writing, self._under_way = GroupsView(), Writing(), False
        self._make_inputs()
        self.chart = GroupsChart()
        self.tiles, self.laws, self.sharing, self.notes, self.about = (ipywidgets.HTML() for _ in range(5))
        self.card = ChartCard("Loss by compute, by group", self.chart.frame, self.chart.figure, self.about)
        texts = ipywidgets.VBox([self.sharing, self.notes])
        self._results = ipywidgets.Box([self.tiles, self.laws, self.card, texts])
        for name in ("cnb-charts", "cnb-pair", "cnb-group-results"):
            self._results.add_class(name)
        self.filter_note = FilterNote(self.guard, self.session)
        self.compose(self.filter_note, self._controls, self.state, self._results)
        self.view.observe(self._draw, ["model", "chosen_baseline", "budget", "groups"])
        self.view.observe(self._offer, "by")
        self.view.observe(self._follow, "problem")
        self.watch(self._offer, "revision", "settings")
        self.watch(self._rescale, "chart_scale")
        self._rescale()
        self.watch(self._follow, "busy", "progress")
        self._offer()
        self._draw()

    def _make_inputs(self) -> None:
        parts = Parts()
        self.by = parts.choice("The column whose values are the groups", [("", "")], "l", label="Groups by")
        self.model = parts.choice("Which parameters the groups have in common", [("", "")], "xl", label="Shared")
        self.baseline = parts.choice("The group that the others are compared with", [("", "")], "l", label="Baseline")
        self.budget = parts.text(
            "FLOPs at which the groups are compared; empty for the largest compute that runs of all reach",
            "m",
            label="Compute",
        )
        self.compare_button = parts.button("Compare", "Fit laws to the groups")
        self.compare_button.add_class("cnb-go")
        self.cancel_button = parts.button("Cancel", "Stop the fits")
        self._first = Row(parts, [self.by, self.compare_button, self.cancel_button])
        self._fields = Row(parts, [self.model, self.baseline, self.budget])
        self.state = parts.html()
        self.scale = ScaleChoice(self.guard, self.session)
        head = parts.box([parts.title("Groups"), self.scale], "cnb-bar", "cnb-looks")
        self._controls = ipywidgets.VBox([head, self._first, self._fields])
        self._controls.add_class("cnb-group-choices")
        self.compare_button.on_click(self._compare)
        self.cancel_button.on_click(self._cancel)
        for field, callback in (
            (self.by, self._choose_column),
            (self.model, self._choose_model),
            (self.baseline, self._choose_baseline),
            (self.budget, self._type_budget),
        ):
            field.observe(callback, "value")

    def snapshot(self) -> dict[str, Any]:
        """Return the tables, or what the panel needs."""
        shown = self.tiles.value + self.laws.value + self.sharing.value
        return {"text/html": shown if self.view.groups is not None else self.state.value}

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the work under way has ended; for notebooks that click buttons in code."""
        self.session.wait(timeout)

    @guarded
    def _compare(self, _button: Any) -> None:
        """Fit the groups in the background; a click that arrives while something is under way starts nothing."""
        if self.session.busy or not self.view.by:
            return
        try:
            steps = iter_groups(self.session.problem, self.view.by)
        except InputError as error:
            self.view.problem = str(error)
            return
        self.view.problem, self._under_way = "", True
        self.session.start(lambda: steps, on_end=self._take)

    def _take(self, outcome: Outcome) -> None:
        self._under_way = False
        last = outcome.last
        if outcome.error is not None:
            self.view.problem = str(outcome.error)
        elif isinstance(last, GroupsProgress) and last.result is not None:
            self.view.take(last.result)
        elif outcome.cancelled:
            self.view.problem = "the comparison was cancelled"

    @guarded
    def _cancel(self, _button: Any) -> None:
        if self._under_way:
            self.session.cancel()

    @guarded
    def _choose_column(self, change: Any) -> None:
        if not self._writing:
            self.view.by = change["new"]

    @guarded
    def _choose_model(self, change: Any) -> None:
        if not self._writing:
            self.view.model = change["new"]

    @guarded
    def _choose_baseline(self, change: Any) -> None:
        if not self._writing:
            self.view.chosen_baseline = change["new"]

    @guarded
    def _type_budget(self, change: Any) -> None:
        try:
            self.view.type_budget(change["new"])
        except InputError as error:
            self._fields.explain(f"Compute: {error}", self.budget)
        else:
            self._fields.explain("")
            self._fields.say("")

    @guarded
    def _offer(self, _change: Any = None) -> None:
        self.filter_note.show()
        view, session = self.view, self.session
        view.problem = ""  # of other runs, settings or another column
        view.offer(session.runs, session.all_runs.columns, session.view.grouped_by)
        offered = [*view.columns, *([view.by] if view.by and view.by not in view.columns else [])]
        self._offer_choices(self.by, [(name, name) for name in offered], view.by)
        self._show_state()

    @guarded
    def _follow(self, _change: Any) -> None:
        self._show_state()

    @guarded
    def _draw(self, _change: Any = None) -> None:
        groups = self.view.groups
        for part in (self._results, self._fields):
            set_shown(part, groups is not None)
        if groups is not None:
            self._show(groups)
        self._show_state()

    def _show(self, groups: Groups) -> None:
        view, fit = self.view, groups.fit(self.view.model)
        self._offer_choices(
            self.model, [(shared_symbols(name, groups.problem), name) for name in groups.fits], view.model
        )
        self._offer_choices(self.baseline, [(name, name) for name in groups.grouped.names], view.baseline)
        self.budget.placeholder = written_budget(view.C)
        self.tiles.value = multiplier_tiles(fit, view.baseline, view.C)
        self.laws.value = laws_table(fit)
        self.sharing.value = sharing_table(groups, view.model)
        runs, figure = groups.grouped.runs, groups_figure(fit, view.baseline, view.C)
        self.chart.show(figure, run_labels(runs, range(len(runs)), self.session.data_unit), self._looks(groups))
        self.card.describe()
        beyond = f" {figure.beyond:,} runs lie above the chart." if figure.beyond else ""
        self.about.value = _caption(
            "Lines are the lowest loss of each law at a compute, and dashes the compute with which "
            f"{view.baseline} reaches the loss of another group at {scientific(view.C)} FLOPs.{beyond}"
        )
        self.notes.value = _notes(groups, view)
        self.card.describe(*_sentences(groups, view))

    def _looks(self, groups: Groups) -> list[int]:
        """Return the index of each group among those of all runs, by which other charts colour it."""
        by, names, runs = groups.grouped.by, groups.grouped.names, self.session.all_runs
        known = group_names(runs, by)
        return [known.index(name) for name in names] if set(names) <= set(known) else list(range(len(names)))

    def _offer_choices(self, field: ipywidgets.Dropdown, options: list[tuple[str, str]], value: str) -> None:
        offered = tuple(options) or (("none", ""),)
        with self._writing:
            # The page answers new options with the first one, as if the user had chosen it.
            if field.options != offered:
                field.options = offered
            field.value = value if options else ""

    @guarded
    def _rescale(self, _change: Any = None) -> None:
        self.scale.rescale([self.chart.frame])

    def _show_state(self) -> None:
        session, view = self.session, self.view
        self.compare_button.disabled = session.busy or not view.by or bool(view.obstacle)
        self.cancel_button.disabled = not self._under_way
        self.state.value = self._said()

    def _said(self) -> str:
        """Return what is under way, what the panel needs, or that its results are old."""
        session, view = self.session, self.view
        if self._under_way:
            progress = session.progress
            done = f": {progress.done} of {progress.total} steps" if isinstance(progress, GroupsProgress) else ""
            return _caption(f"Fitting the groups{done} …")
        if view.problem:
            return note("warn", sentence(view.problem))
        if view.obstacle:
            return note("warn", f"{sentence(view.obstacle)}{_not_counted(session)}")
        if not view.by:
            return note(
                "good",
                "To compare groups, such as architectures or data sets, add runs with a column that has a few values, "
                "each of several runs.",
            )
        if view.groups is None:
            return note("good", f"Press Compare to fit a law to each group of '{view.by}'.")
        if view.stale(session):
            return note("warn", "The runs, the settings or the column have changed since these fits: press Compare.")
        return ""


def _not_counted(session: Session) -> str:
    """Return how many runs do not count, after a sentence; nothing if all do."""
    every, lacking = len(session.all_runs), len(session.all_runs) - len(session.runs)
    are = "is" if lacking == 1 else "are"
    return f" {lacking:,} of {runs_in_words(every)} {are} excluded or left out by the filter." if lacking else ""


def _sentences(groups: Groups, view: GroupsView) -> list[str]:
    """Return what the multipliers say."""
    fit = groups.fit(view.model)
    return [
        sentence(multiplier_sentence(name, view.baseline, multiplier(fit, name, view.baseline, view.C)))
        for name in groups.grouped.names
        if name != view.baseline
    ]


def _notes(groups: Groups, view: GroupsView) -> str:
    lines = [text for text in (sharing_sentence(groups, view.model), *groups.notes) if text]
    return "".join(map(_caption, [*_sentences(groups, view), *(in_symbols(sentence(line)) for line in lines)]))


def _caption(text: str) -> str:
    return f'<div class="cnb-caption">{escape(text)}</div>'
