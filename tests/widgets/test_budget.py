"""The compute budget: what people type, what they slide, and what neither of them means."""

from __future__ import annotations

import pytest

from chinchilla_nb.quantity import parse_budget
from chinchilla_nb.widgets.frontier.budget import BudgetControl
from chinchilla_nb.widgets.frontier.hardware import budget_of_hardware


@pytest.fixture
def control() -> BudgetControl:
    control = BudgetControl()
    control.follow(lowest=1e18, largest_run=1e21, default=1e22)
    return control


@pytest.mark.parametrize(
    ("text", "C"),
    [("5.76e23", 5.76e23), ("1e24", 1e24), (" 1E+24 ", 1e24), ("1_000e21", 1e24), ("1,000,000", 1e6)],
)
def test_budget_as_people_write_it(text, C):
    assert parse_budget(text) == C


@pytest.mark.parametrize("text", ["", "5.76e", "lots", "-1e24", "0", "nan", "inf", "1e99", "1e24 FLOPs", "1,5e23"])
def test_what_is_no_budget_is_explained(text):
    with pytest.raises(ValueError, match="is not a") as caught:
        parse_budget(text)
    assert repr(text) in str(caught.value)


def test_default_is_shown_and_nobody_chose_it(control):
    assert (control.C, control.text.value, control.slider.value) == (1e22, "1e22", 22.0)
    assert "10× the largest run" in control.remark.value
    assert not control.chosen


def test_typing_sets_the_exact_budget_and_moves_the_slider(control):
    control.text.set_state({"value": "5.76e23"})
    assert control.C == 5.76e23
    assert control.slider.value == pytest.approx(23.7604, abs=1e-4)
    assert control.slider.max >= 23.7604
    assert control.text.value == "5.76e23"
    assert "576× the largest run" in control.remark.value


def test_typing_is_not_rewritten(control):
    control.text.set_state({"value": "1000e21"})
    assert control.C == 1e24
    assert control.text.value == "1000e21"


def test_sliding_writes_a_round_budget(control):
    control.slider.set_state({"value": 21.5})
    assert control.C == 3.16e21
    assert control.text.value == "3.16e21"
    # Not log10(3.16e21): the handle is not pulled from under the hand.
    assert control.slider.value == 21.5
    assert control.chosen


@pytest.mark.parametrize("text", ["5.76e", "<b>", "1e3", "1e99"])
def test_wrong_text_is_explained_beside_and_changes_nothing(control, text):
    control.text.set_state({"value": text})
    assert "The budget stays at 1e22 FLOPs" in control.problem
    assert "<b>" not in control.problem
    assert control.C == 1e22
    control.text.set_state({"value": "2e22"})
    assert control.problem == ""
    assert control.C == 2e22


def test_handle_snapped_by_the_page_is_no_choice(control):
    control.text.set_state({"value": "2e22"})  # log10 is 22.30103, the nearest step is 22.30
    control.slider.set_state({"value": 22.30})
    assert control.C == 2e22
    assert control.text.value == "2e22"


def test_default_follows_the_runs_until_a_budget_is_chosen(control):
    control.follow(lowest=1e18, largest_run=1e22, default=1e23)
    assert control.C == 1e23
    control.text.set_state({"value": "7e22"})
    control.follow(lowest=1e18, largest_run=1e23, default=1e24)
    assert control.C == 7e22


def test_slider_reaches_every_range(control):
    for scale in (1e-12, 1e6, 1e-3):
        control.follow(lowest=1e18 * scale, largest_run=1e21 * scale, default=1e22 * scale)
        assert control.slider.min <= control.slider.value <= control.slider.max
        assert 10**control.slider.value == pytest.approx(1e22 * scale)


def test_hardware_delivers_its_flops():
    # 64 devices, 14 days of 86,400 s, 40 % of 989 TFLOP/s.
    expected = 64 * 14 * 86_400 * 989e12 * 0.4
    assert budget_of_hardware("64", "14", "989e12", "0.4") == pytest.approx(expected, rel=1e-12)
    assert budget_of_hardware("64", "14", "H100 · 989e12", "40%") == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (("0", "14", "989e12", "0.4"), "number of devices '0'"),
        (("64", "<b>", "989e12", "0.4"), "number of days '<b>'"),
        (("64", "14", "fast", "0.4"), "FLOP/s 'fast'"),
        (("64", "1,5", "989e12", "0.4"), "number of days '1,5'"),
        (("64", "14", "989e12", "40"), "utilisation '40' is above 1"),
        (("64", "14", "989e12", "x%"), "utilisation 'x'"),
    ],
)
def test_wrong_hardware_is_named(fields, said):
    with pytest.raises(ValueError, match=said):
        budget_of_hardware(*fields)


def test_opening_hardware_leaves_the_budget_and_says_how_long_it_takes(control):
    control.text.set_state({"value": "5.76e23"})
    control.hardware_toggle.value = True
    assert (control.C, control.text.value) == (5.76e23, "5.76e23")
    # Days of 64 devices at 40 % of 989 TFLOP/s.
    assert float(control.hardware.days.value) == pytest.approx(5.76e23 / (64 * 86_400 * 989e12 * 0.4), rel=1e-3)
    assert "5.76×10²³ FLOPs" in control.hardware.outcome.value
    control.hardware.devices.set_state({"value": "many"})
    control.hardware_toggle.value = False
    control.hardware_toggle.value = True
    assert control.C == 5.76e23
    assert "many" in control.hardware.outcome.value


def test_nobody_has_chosen_a_budget_by_opening_hardware(control):
    control.hardware_toggle.value = True
    assert not control.chosen
    assert control.C == 1e22


def test_hardware_fields_set_the_budget(control):
    control.hardware_toggle.value = True
    control.hardware.days.set_state({"value": "14"})
    assert control.C == pytest.approx(64 * 14 * 86_400 * 989e12 * 0.4, rel=5e-3)
    assert control.text.value == "3.06e22"
    control.hardware.devices.set_state({"value": "128"})
    assert control.C == pytest.approx(2 * 3.06e22, rel=5e-3)
    before = control.C
    control.hardware.days.set_state({"value": "<b>"})
    assert control.C == before
    assert "&lt;b&gt;" in control.hardware.outcome.value
    control.hardware.days.set_state({"value": "1e-9"})
    assert "below the smallest run" in control.hardware.outcome.value
    assert control.C == before
