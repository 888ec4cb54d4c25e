"""The compute budget: typed, set with the slider, computed from hardware, and rejected when it is not valid."""

from __future__ import annotations

import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.devices import DEVICES
from chinchilla_nb.engine.planning.hardware import Hardware
from chinchilla_nb.records.typed_number import parse_budget
from chinchilla_nb.widgets.frontier.budget import Budget
from chinchilla_nb.widgets.frontier.model_size import ModelSize
from chinchilla_nb.widgets.frontier.typed_hardware import SPEEDS, typed_hardware


@pytest.fixture
def budget() -> Budget:
    budget = Budget()
    budget.follow(lowest=1e18, largest_run=1e21, default=1e22)
    return budget


@pytest.mark.parametrize(
    ("text", "C"),
    [("5.76e23", 5.76e23), ("1e24", 1e24), (" 1E+24 ", 1e24), ("1_000e21", 1e24), ("1,000,000", 1e6)],
)
def test_budget_as_people_write_it(text, C):
    assert parse_budget(text) == C


@pytest.mark.parametrize("text", ["", "5.76e", "lots", "-1e24", "0", "nan", "inf", "1e99", "1e24 tokens", "1,5e23"])
def test_text_that_is_not_a_budget_is_explained(text):
    with pytest.raises(ValueError, match="is not a") as caught:
        parse_budget(text)
    assert repr(text) in str(caught.value)


def test_default_is_written_but_not_chosen(budget):
    assert (budget.C, budget.text) == (1e22, "1e22")
    assert budget.meaning == "= 10²², 10× the largest run"
    assert not budget.chosen


def test_typing_sets_the_exact_budget_and_is_not_rewritten(budget):
    budget.type("1000e21")
    assert (budget.C, budget.text, budget.chosen) == (1e24, "1000e21", True)
    assert budget.range == (1e18, 1e24)  # beyond a hundred times the largest run
    budget.type("5.7612345e23")
    assert budget.C == 5.7612345e23
    assert "576× the largest run" in budget.meaning


def test_sliding_writes_a_round_budget(budget):
    budget.slide(21.5)
    assert (budget.C, budget.text, budget.chosen) == (3.16e21, "3.16e21", True)


def test_moving_the_handle_to_the_nearest_step_chooses_no_budget(budget):
    budget.type("2e22")  # log10 is 22.30103, the nearest step is 22.30
    budget.slide(22.30)
    assert (budget.C, budget.text) == (2e22, "2e22")


@pytest.mark.parametrize("text", ["5.76e", "<b>", "1e3", "1e99"])
def test_wrong_text_is_explained_and_changes_nothing(budget, text):
    budget.type(text)
    assert budget.problem.endswith(". The budget stays at 1e22 FLOPs.")
    assert (budget.C, budget.text, budget.chosen) == (1e22, "1e22", False)
    budget.type("2e22")
    assert (budget.C, budget.problem) == (2e22, "")


def test_default_follows_the_runs_until_a_budget_is_chosen(budget):
    budget.follow(lowest=1e18, largest_run=1e22, default=1e23)
    assert budget.C == 1e23
    budget.choose(7e22)
    budget.follow(lowest=1e18, largest_run=1e23, default=1e24)
    assert budget.C == 7e22
    budget.follow(lowest=1e23, largest_run=1e23, default=1e24)
    assert budget.C == 1e23


def test_a_budget_out_of_range_is_refused_or_clamped(budget):
    with pytest.raises(InputError, match="1e17 FLOPs is below the smallest run: type 1e18 or more"):
        budget.choose(1e17)
    with pytest.raises(InputError, match="is too large for a budget: type 1e40 or less"):
        budget.choose(1e41)
    assert (budget.C, budget.chosen) == (1e22, False)
    assert budget.clamp(1e17, seen=1e22) == 1e18
    assert budget.clamp(1e30, seen=1e22) == 1e23  # a hundred times the largest run
    assert budget.clamp(1e30, seen=1e25) == 1e25
    assert budget.clamp(2e20, seen=1e25) == 2e20


def test_observers_see_a_budget_together_with_its_text(budget):
    seen = []
    budget.observe(lambda change: seen.append((change["new"], budget.text, budget.problem)), "C")
    budget.type("lots")
    budget.slide(21.5)
    budget.type("5.76e23")
    assert seen == [(3.16e21, "3.16e21", ""), (5.76e23, "5.76e23", "")]


def test_hardware_is_read_as_it_is_typed():
    # 64 devices, 14 days of 86,400 s, 40 % of 989 TFLOP/s.
    expected = 64 * 14 * 86_400 * 989e12 * 0.4
    assert typed_hardware("64", "989e12", "0.4").C(14) == pytest.approx(expected, rel=1e-12)
    assert typed_hardware("64", "H100 · 989e12", "40%").C(14) == pytest.approx(expected, rel=1e-12)
    assert typed_hardware("64", "H100 SXM · 989e12", "40%", "2.5") == Hardware("H100 SXM", 64, 0.4, 2.5)
    # A known name with a speed of one's own is that speed.
    assert typed_hardware("64", "H100 SXM · 900e12", "40%").flops == 900e12


@pytest.mark.parametrize("speed", SPEEDS)
def test_every_suggestion_is_read_as_its_device(speed):
    assert typed_hardware("1", speed, "1").device in DEVICES


@pytest.mark.parametrize(
    ("fields", "where", "problem"),
    [
        (("0", "989e12", "0.4"), "number of devices", "'0' is not a positive number: write 64"),
        (("64", "fast", "0.4"), "FLOP/s", "'fast' is not a positive number: write 989e12 or 989 TFLOP/s"),
        (("1,5", "989e12", "0.4"), "number of devices", "'1,5' is not a positive number: write 64"),
        (("64", "989e12", "40"), "utilisation", "'40' is above 1: write 0.4 or 40%"),
        (("64", "989e12", "x%"), "utilisation", "'x' is not a positive number: write 40%"),
        (("64", "989e12", "0.4", "free"), "price per device-hour", "'free' is not a positive number: write 2.5"),
    ],
)
def test_the_wrong_hardware_field_is_named(fields, where, problem):
    with pytest.raises(InputError) as caught:
        typed_hardware(*fields)
    assert (caught.value.where, caught.value.problem) == (where, problem)


def test_model_size_changes_in_steps_and_is_written_in_words():
    size = ModelSize()
    assert size.optimal
    size.slide(-0.98)  # nearest step of 0.05 doublings: -1
    assert (size.factor, size.in_words) == (0.5, "half the compute-optimal size")
    size.slide(0.5)
    assert (size.factor, size.in_words) == (pytest.approx(2**0.5), "1.41 times the compute-optimal size")
    size.slide(0.01)
    assert size.optimal
