"""Plan under constraints: choose a goal and a constraint, see the plan, and collect plans in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.engine.planning.plan import Plan, make_plan
from chinchilla_nb.engine.planning.plan_notes import plan_notes
from chinchilla_nb.engine.planning.plan_row import plan_row
from chinchilla_nb.engine.uncertainty.likelihood import ProfileLikelihood
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.planned_runs import CollectedPlan
from chinchilla_nb.publishing.plan_listing import plans_table
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.fields import mark_wrong
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.page_actions import Download, copy_block
from chinchilla_nb.widgets.base.style import note, sentence
from chinchilla_nb.widgets.frontier.budget import Budget
from chinchilla_nb.widgets.frontier.nearest_configuration import NearestConfiguration
from chinchilla_nb.widgets.frontier.plan_choice import (
    GOALS,
    LOSS,
    SHAPES,
    PlanChoice,
    as_constraints,
)
from chinchilla_nb.widgets.frontier.plan_code import plan_code
from chinchilla_nb.widgets.frontier.plan_table import plan_tiles, plans_csv

__all__ = ["PlanControl"]


class PlanControl(ipywidgets.VBox):
    """Fields for a plan, what it says, and the table of plans.

    Parameters
    ----------
    guard : Guard
    session : Session
    budget : Budget
    hardware : callable
        Returns the hardware that is chosen, or None.
    on_plan : callable
        Called when the plan has changed.

    Attributes
    ----------
    toggle : ToggleButton
        Opens the control.
    choice : PlanChoice
    goal, shape : Dropdown
    loss, value, inference_tokens, unique_tokens : Text
    add, clear, csv : Button
    outcome, table, code, link : HTML
    plan : Plan or None
        The plan that is shown, for the charts.
    """

    def __init__(
        self,
        guard: Guard,
        session: Session,
        budget: Budget,
        hardware: Callable[[], Hardware | None],
        on_plan: Callable[[], None],
    ) -> None:
        self.guard, self._session, self._budget = guard, session, budget
        self._hardware, self._on_plan = hardware, on_plan
        self.choice = PlanChoice()
        self.plan: Plan | None = None
        self.toggle = ipywidgets.ToggleButton(
            description="Plan", tooltip="Plan under constraints, and compare plans", icon="caret-right"
        )
        self.toggle.layout.width = "88px"
        self.goal = _menu(GOALS, "What the plan spends or reaches", "120px")
        self.shape = _menu(SHAPES, "The constraint of the plan", "170px")
        self.loss = _text("2.1", "The loss to reach with the least compute")
        self.value = _text("", "The value of the constraint", "110px")
        self.inference_tokens = _text("none", "Tokens of inference over the lifetime of the model, such as 1T")
        self.unique_tokens = _text("unlimited", "Unique tokens that there are, such as 100B; the others repeat them")
        self.add = ipywidgets.Button(description="Add to table", tooltip="Add this plan to the table, with intervals")
        self.csv = ipywidgets.Button(description="CSV", tooltip="Save the table as CSV")
        self.clear = ipywidgets.Button(description="Clear", tooltip="Remove all plans from the table")
        for button, width in ((self.add, "128px"), (self.csv, "60px"), (self.clear, "64px")):
            button.layout.width = width
        self.outcome, self.table, self.code = (ipywidgets.HTML() for _ in range(3))
        self.link = Download()
        fields = ipywidgets.Box(
            [
                *(_pair("goal", self.goal), self.loss, _pair("constraint", self.shape), self.value),
                _pair(f"inference {session.data_unit}", self.inference_tokens),
                _pair(f"unique {session.data_unit}", self.unique_tokens),
                self.add,
            ],
            layout=ipywidgets.Layout(margin="6px 0 0"),
        )
        self._saving = ipywidgets.Box([self.csv, self.clear, self.link])
        for bar in (fields, self._saving):
            bar.add_class("cnb-bar")
        self._content = ipywidgets.VBox([fields, self.outcome, self.table, self._saving, self.code])
        super().__init__([self.toggle, self._content])
        self.toggle.observe(self._open, "value")
        for name in ("goal", "shape", "loss", "value", "inference_tokens", "unique_tokens"):
            ipywidgets.dlink((getattr(self, name), "value"), (self.choice, name))
        self.choice.observe(self._changed)
        self.add.on_click(self._add)
        self.clear.on_click(self._clear)
        self.csv.on_click(self._save)
        self._show_fields()
        self.show_table()

    @property
    def opened(self) -> bool:
        """Whether the control is open, so that the charts show its plan."""
        return bool(self.toggle.value)

    def refresh(self) -> None:
        """Make the plan again, after the law, the budget or a field has changed."""
        self.plan, fit = None, self._session.fit
        self.layout.display = "none" if fit is None else None
        if fit is None or not self.opened:
            self.outcome.value = self.code.value = ""
            return
        wrong = None
        try:
            arguments = self.choice.arguments(self._budget.C, self._hardware())
            models = self._session.settings.models if arguments.get("models") is True else None
            self.plan = make_plan(fit.law, as_constraints(arguments, models), fit.runs.compute)
        except InputError as error:
            wrong = self._field_of(error.where)
            self.outcome.value, self.code.value = note("warn", sentence(str(error))), ""
        else:
            notes = "".join(
                note("warn", sentence(text)) for text in plan_notes(self.plan, fit.runs, self._session.data_unit)
            )
            row, real = plan_row(self.plan, self._believed), NearestConfiguration(self._session, self.plan)
            tiles = plan_tiles(self.plan, row, self._session.data_unit)
            self.outcome.value = tiles + real.html + real.warning + notes
            self._show_code()
        for field in (self.loss, self.value, self.inference_tokens, self.unique_tokens):
            mark_wrong(field, field is wrong)
        self.add.disabled = self.plan is None

    def _field_of(self, where: str) -> ipywidgets.Text | None:
        """Return the field that an error is about, by the title or the argument that it names; None for none."""
        if where in (self.choice.shape, SHAPES[self.choice.shape][0], "a size"):
            return self.value
        named = {"loss": self.loss, "inference_tokens": self.inference_tokens, "unique_tokens": self.unique_tokens}
        return named.get(where.removeprefix("the ").replace(" ", "_"))

    @guarded
    def _open(self, change: dict[str, bool]) -> None:
        self.toggle.icon = "caret-down" if change["new"] else "caret-right"
        self._show_fields()
        self._on_plan()

    @guarded
    def _changed(self, _change: Any) -> None:
        self._show_fields()
        self._on_plan()

    def _show_fields(self) -> None:
        _, example = SHAPES[self.choice.shape]
        self._content.layout.display = None if self.opened else "none"
        self.loss.layout.display = None if self.choice.goal == LOSS else "none"
        self.value.layout.display = None if example else "none"
        self.value.placeholder = example

    @guarded
    def _add(self, _button: ipywidgets.Button) -> None:
        fit = self._session.fit
        if self.plan is not None and fit is not None:
            self._session.collect_plan(CollectedPlan(fit, self.plan, plan_row(self.plan, self._believed)))

    def update_intervals(self) -> None:
        """Give the plans of the table the intervals of the uncertainty that is now known, if they are of its fit."""
        session, believed = self._session, self._believed
        if believed is not None:
            session.collected_plans = tuple(
                replace(one, row=plan_row(one.plan, believed)) if one.fit is believed.fit else one
                for one in session.collected_plans
            )

    @guarded
    def _clear(self, _button: ipywidgets.Button) -> None:
        self._session.collected_plans = ()

    @guarded
    def _save(self, _button: ipywidgets.Button) -> None:
        self.link.offer("plans.csv", "text/csv", plans_csv(self._rows))

    @property
    def _believed(self) -> Uncertainty | None:
        """The uncertainty of the fit; that of profiles takes too long for a click."""
        known, fit = self._session.uncertainty, self._session.fit
        if not isinstance(known, Uncertainty) or isinstance(known, ProfileLikelihood) or known.fit is not fit:
            return None
        return known

    @property
    def _rows(self) -> dict[str, Mapping[str, Any]]:
        return {one.plan.constraints.text: one.row for one in self._session.collected_plans}

    def show_table(self) -> None:
        """Show the plans that the session has collected."""
        plans, unit = self._session.collected_plans, self._session.data_unit
        self.link.clear()
        self._saving.layout.display = None if plans else "none"
        self.table.value = f'<div class="cnb-plans">{plans_table(plans, unit, "cnb-runs")}</div>' if plans else ""
        self._show_code()

    def _show_code(self) -> None:
        fit, plan = self._session.fit, self.plan
        asked = {one.plan.constraints.text: (one.fit, one.plan) for one in self._session.collected_plans}
        if not asked and fit is not None and plan is not None:
            asked = {plan.constraints.text: (fit, plan)}
        code = plan_code(asked, self._session.origin) if asked else ""
        self.code.value = copy_block(code, "the code of these plans") if code else ""


def _menu(options: Any, tooltip: str, width: str) -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(
        options=list(options), tooltip=tooltip, layout=ipywidgets.Layout(width=width, min_width="0")
    )


def _text(placeholder: str, tooltip: str, width: str = "84px") -> ipywidgets.Text:
    layout = ipywidgets.Layout(width=width, min_width="0")
    return ipywidgets.Text(placeholder=placeholder, tooltip=tooltip, layout=layout)


def _word(text: str) -> ipywidgets.HTML:
    return ipywidgets.HTML(f'<span class="cnb-muted">{escape(text)}</span>')


def _pair(text: str, field: ipywidgets.Text | ipywidgets.Dropdown) -> ipywidgets.HBox:
    """Return a field behind its name, which stay together on a narrow page."""
    return ipywidgets.HBox([_word(text), field], layout=ipywidgets.Layout(align_items="center", grid_gap="6px"))
