"""The field that is framed is the one with the error, in the forms of every panel."""

from __future__ import annotations

import pytest

from chinchilla_nb.widgets.approaches.approaches_panel import ApproachesPanel
from chinchilla_nb.widgets.base.fields import Row
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.config.config_panel import ConfigPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.frontier.plan_choice import LOSS
from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel
from chinchilla_nb.widgets.simulation.simulation_panel import SimulationPanel


def framed(*fields):
    """Return the positions of the fields that are framed."""
    return [at for at, field in enumerate(fields) if "cnb-wrong" in field._dom_classes]


def test_an_error_of_no_single_input_frames_the_whole_row():
    parts = Parts()
    row = Row(parts, [parts.text("a"), parts.text("b"), parts.text("c")])
    row.explain("a and b contradict each other", *row.inputs[:2])
    assert framed(*row.inputs) == [0, 1]
    row.explain("they contradict each other")
    assert framed(*row.inputs) == [0, 1, 2]
    row.explain("")
    assert framed(*row.inputs) == []


@pytest.mark.parametrize("wrong", [0, 1, 2, 3, 4])
def test_any_parameter_of_the_simulated_law(session, wrong):
    task = SimulationPanel(session).task
    boxes = list(task.numbers.values())
    boxes[wrong].value = "abc"
    assert framed(*boxes) == [wrong]
    boxes[wrong].value = "1"
    assert framed(*boxes) == []


def test_two_wrong_fields_of_a_row_are_both_framed_and_explained(session):
    procedure = SimulationPanel(session).procedure
    procedure.seeds.value, procedure.factor.value = "2", "x"
    assert framed(*procedure.runs_row.inputs) == [0, 2]
    assert "Seeds must be" in procedure.runs_row.problem
    assert "Factor 'x' is not a number" in procedure.runs_row.problem
    procedure.seeds.value = "20"
    assert framed(*procedure.runs_row.inputs) == [2]


@pytest.mark.parametrize(
    ("parameter", "low", "high", "field"),
    [
        ("alpha", "20", "30", "low"),
        ("alpha", "-1", "1", "low"),
        ("alpha", "0.1", "x", "high"),
        ("E", "1", "nan", "high"),
    ],
)
def test_either_limit_of_a_parameter(session, parameter, low, high, field):
    row = ConfigPanel(session).limits.limits[parameter]
    row.mode.value = "bounded"
    row.low.value, row.high.value = low, high
    assert framed(row.low, row.high) == [0 if field == "low" else 1]


@pytest.mark.parametrize(("field", "text"), [("low", "x"), ("high", "1e400"), ("high", "x"), ("count", "0")])
def test_any_number_of_an_axis(session, field, text):
    row = ConfigPanel(session).grid.axes["E"]
    getattr(row, field).value = text
    assert framed(row.low, row.high, row.count) == [("low", "high", "count").index(field)]


@pytest.mark.parametrize(
    ("name", "text"), [("d_model", "abc"), ("n_layers", "0"), ("vocab_size", "-1"), ("d_model", "64.5")]
)
def test_the_values_of_a_hyperparameter_not_the_estimator(session, name, text):
    search = ConfigPanel(session).search
    search.kind.value = "transformer"
    before = session.settings.model_search
    search.values[name].inputs[0].value = text
    assert framed(search.values[name].inputs[0], search.kind) == [0]
    assert session.settings.model_search is before


def test_an_error_stays_while_another_field_of_the_row_is_typed_in(session):
    panel = ApproachesPanel(session)
    panel.tolerance.value, panel.budget.value = "many", "1e20"
    assert framed(panel.tolerance, panel.budget) == [0]
    panel.tolerance.value, panel.budget.value = "10", "many"
    assert framed(panel.tolerance, panel.budget) == [1]


@pytest.mark.parametrize(
    ("field", "text"), [("devices", "x"), ("days", "-1"), ("speed", "fast"), ("utilisation", "40"), ("price", "free")]
)
def test_any_field_of_the_hardware(session, field, text):
    session.run_fit()
    control = FrontierPanel(session).budget_control
    control.hardware_toggle.value = True
    form = control.hardware
    wrong = getattr(form, field)
    wrong.value = text
    assert framed(*form.fields) == [form.fields.index(wrong)]
    wrong.value = "0.5"
    assert framed(*form.fields) == []


def test_the_field_of_the_budget(session):
    control = FrontierPanel(session).budget_control
    control.text.value = "much"
    assert framed(control.text) == [0]
    control.text.value = "1e21"
    assert framed(control.text) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"shape": "Fixed N", "value": "many"}, "value"),
        ({"shape": "Listed sizes", "value": "1B, few"}, "value"),
        ({"goal": LOSS, "loss": "low"}, "loss"),
        ({"goal": LOSS, "loss": "0.1"}, "loss"),
        ({"inference_tokens": "-1"}, "inference_tokens"),
        ({"unique_tokens": "some"}, "unique_tokens"),
    ],
)
def test_any_field_of_a_plan(session, changes, field):
    session.run_fit()
    plans = FrontierPanel(session).plans
    plans.toggle.value = True
    for name, text in changes.items():
        getattr(plans, name).value = text
    names = ("loss", "value", "inference_tokens", "unique_tokens")
    assert framed(*(getattr(plans, name) for name in names)) == [names.index(field)]


def test_a_filter_and_a_path_that_cannot_be_read(session):
    panel = RunLogPanel(session)
    panel.query.value = "loss <"
    panel.file.path.value = "nothing.csv"
    assert framed(panel.query, panel.file.path) == [0, 1]
    panel.query.value, panel.file.path.value = "loss < 9", ""
    assert framed(panel.query, panel.file.path) == []


def test_the_path_of_a_configuration_and_what_was_said_of_it(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = ConfigPanel(session)
    panel.path.value = "none.yaml"
    panel.load_button.click()
    assert "Nothing was loaded" in panel.message.value
    assert framed(panel.path) == [0]
    panel.path.value = "other.yaml"
    assert (panel.message.value, framed(panel.path)) == ("", [])


def test_what_was_said_of_a_file_goes_when_a_setting_is_edited(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = ConfigPanel(session)
    panel.path.value = "none.yaml"
    panel.load_button.click()
    panel.plan.factor.inputs[0].value = "7"
    assert panel.message.value == ""
