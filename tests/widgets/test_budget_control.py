"""The slider, the box and the hardware fields of a budget: user input, and what they show."""

from __future__ import annotations

import pytest

from chinchilla_nb.widgets.base.error_notes import ErrorNotes
from chinchilla_nb.widgets.base.guard import Guard
from chinchilla_nb.widgets.frontier.budget import Budget
from chinchilla_nb.widgets.frontier.budget_control import BudgetControl


@pytest.fixture
def budget() -> Budget:
    return Budget()


@pytest.fixture
def control(budget) -> BudgetControl:
    errors = ErrorNotes()
    control = BudgetControl(Guard(errors.report), budget)
    budget.follow(lowest=1e18, largest_run=1e21, default=1e22)
    yield control
    assert errors.value == ""


def test_the_budget_is_shown(control):
    assert (control.text.value, control.slider.value) == ("1e22", 22.0)
    assert "10× the largest run" in control.remark.value


def test_typing_moves_the_slider_and_not_the_text(budget, control):
    control.text.set_state({"value": "576.0e21"})
    assert budget.C == 5.76e23
    assert control.slider.value == pytest.approx(23.76)  # the step next to log10(5.76e23) = 23.7604
    assert control.slider.max >= 23.7604
    assert control.text.value == "576.0e21"
    assert "576× the largest run" in control.remark.value


def test_sliding_writes_the_text_and_does_not_move_the_handle_being_dragged(budget, control):
    control.text.set_state({"value": "1e25"})
    ends = control.slider.min, control.slider.max
    control.slider.set_state({"value": 21.5})
    assert budget.C == 3.16e21
    assert control.text.value == "3.16e21"
    assert control.slider.value == 21.5  # not log10(3.16e21)
    assert (control.slider.min, control.slider.max) == ends


def test_values_written_by_the_control_are_not_choices(budget, control):
    budget.follow(lowest=1e18, largest_run=3e21, default=3.123456e22)
    assert (budget.C, budget.chosen) == (3.123456e22, False)


@pytest.mark.parametrize("text", ["5.76e", "<b>", "1e3", "1e99"])
def test_wrong_text_stays_and_is_explained(budget, control, text):
    control.text.set_state({"value": text})
    assert "The budget stays at 1e22 FLOPs" in control.problem.value
    assert "<b>" not in control.problem.value
    assert control.text.value == text
    control.text.set_state({"value": "2e22"})
    assert control.problem.value == ""
    assert budget.C == 2e22


def test_slider_reaches_every_range(budget, control):
    for scale in (1e-12, 1e6, 1e-3):
        budget.follow(lowest=1e18 * scale, largest_run=1e21 * scale, default=1e22 * scale)
        assert control.slider.min <= control.slider.value <= control.slider.max
        assert 10**control.slider.value == pytest.approx(1e22 * scale)


def test_opening_hardware_keeps_the_budget_and_shows_how_long_it_takes(budget, control):
    control.text.set_state({"value": "5.76e23"})
    control.hardware_toggle.value = True
    assert (budget.C, control.text.value) == (5.76e23, "5.76e23")
    # Days of 64 devices at 40 % of 989 TFLOP/s.
    assert float(control.hardware.days.value) == pytest.approx(5.76e23 / (64 * 86_400 * 989e12 * 0.4), rel=1e-3)
    assert "5.76×10²³ FLOPs" in control.hardware.outcome.value
    control.hardware.devices.set_state({"value": "many"})
    control.hardware_toggle.value = False
    control.hardware_toggle.value = True
    assert budget.C == 5.76e23
    assert "many" in control.hardware.outcome.value


def test_opening_hardware_chooses_no_budget(budget, control):
    control.hardware_toggle.value = True
    assert not budget.chosen
    assert budget.C == 1e22


def test_hardware_fields_set_the_budget(budget, control):
    control.hardware_toggle.value = True
    control.hardware.days.set_state({"value": "14"})
    assert budget.C == pytest.approx(64 * 14 * 86_400 * 989e12 * 0.4, rel=5e-3)
    assert control.text.value == "3.06e22"
    control.hardware.devices.set_state({"value": "128"})
    assert budget.C == pytest.approx(2 * 3.06e22, rel=5e-3)
    before = budget.C
    control.hardware.days.set_state({"value": "<b>"})
    assert budget.C == before
    assert "&lt;b&gt;" in control.hardware.outcome.value
    control.hardware.days.set_state({"value": "1e-9"})
    assert "below the smallest run" in control.hardware.outcome.value
    assert budget.C == before
