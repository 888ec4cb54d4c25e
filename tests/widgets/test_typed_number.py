"""Numbers in the fields of panels: powers of ten and the unit of a field are read, any other unit is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.devices import DEVICES
from chinchilla_nb.records.typed_number import FLOP_RATE, FLOPS, parse_budget, typed_number, typed_quantity
from chinchilla_nb.widgets.approaches.approaches_panel import ApproachesPanel
from chinchilla_nb.widgets.config.config_panel import ConfigPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.frontier.typed_hardware import typed_hardware
from chinchilla_nb.widgets.run_log.run_log_panel import RunLogPanel
from chinchilla_nb.widgets.simulation.simulation_panel import SimulationPanel


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10^24", FLOPS, 1e24),
        ("10**24", FLOPS, 1e24),
        ("10²⁴", FLOPS, 1e24),
        ("5.76×10²³", FLOPS, 5.76e23),
        ("5.76 x 10^23 FLOPs", FLOPS, 5.76e23),
        ("1e24 FLOPs", FLOPS, 1e24),
        ("1e24flop", FLOPS, 1e24),
        ("1 YFLOPs", FLOPS, 1e24),
        ("3.5 zettaFLOPs", FLOPS, 3.5e21),
        ("2 EFLOPs", FLOPS, 2e18),
        ("10 PF-days", FLOPS, 10 * 1e15 * 86_400),
        ("989 TFLOPS", FLOP_RATE, 989e12),
        ("989 TFLOP/s", FLOP_RATE, 989e12),
        ("989 TFLOPs per second", FLOP_RATE, 989e12),
        ("2 petaflops", FLOP_RATE, 2e15),
        ("989e12", FLOP_RATE, 989e12),
        ("70B parameters", "parameters", 70e9),
        ("7 billion", "parameters", 7e9),
        ("1.4T tokens", "tokens", 1.4e12),
        ("300 million bytes", "bytes", 3e8),
        ("20 tokens per parameter", "tokens per parameter", 20),
        ("20 tokens/param", "tokens per parameter", 20),
        ("14 days", "days", 14),
        ("64 GPUs", "devices", 64),
        ("2.31 nats", "nats", 2.31),
        ("10^-3", "", 1e-3),
    ],
)
def test_a_number_is_read_with_its_unit(text, unit, value):
    assert typed_number(text, unit) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("300B tokens", FLOPS),
        ("1e24 FLOP/s", FLOPS),
        ("5 PF-days", "tokens"),
        ("5 PF-days", FLOP_RATE),
        ("70B parameters", "tokens"),
        ("1e24 FLOPs", "parameters"),
        ("300B bytes", "tokens"),
        ("64 GPUs", ""),
        ("14 days", "devices"),
    ],
)
def test_a_number_of_another_unit_is_refused(text, unit):
    with pytest.raises(InputError, match="not a number"):
        typed_number(text, unit)


@pytest.mark.parametrize(
    "text", ["", " ", "FLOPs", "-1e24 FLOPs", "0 FLOPs", "inf", "nan FLOPs", "5,009 FLOPs", "1e24 1e24"]
)
def test_what_is_not_a_positive_number_is_refused(text):
    with pytest.raises(InputError):
        typed_quantity(text, FLOPS)


@pytest.mark.parametrize(
    "speed", ["989 TFLOPS", "989 TFLOP/s", "989e12", "9.89×10^14", "H100 SXM", "H100 SXM · 989e12"]
)
def test_the_speed_of_a_device(speed):
    assert DEVICES["H100 SXM"].flops == 989e12
    assert typed_hardware("64 GPUs", speed, "40 %").C(14) == pytest.approx(64 * 14 * 86_400 * 989e12 * 0.4, rel=1e-12)


def test_every_field_for_a_budget_takes_units_and_powers(session):
    session.run_fit()
    frontier, approaches, simulation = FrontierPanel(session), ApproachesPanel(session), SimulationPanel(session)
    config = ConfigPanel(session)
    for text in ("1e24 FLOPs", "10^24", "10²⁴"):
        frontier.budget_control.text.value = text
        assert (frontier.budget.C, frontier.budget.problem) == (1e24, "")
        approaches.budget.value = text
        assert approaches.view.budget == 1e24
        simulation.procedure.budget.value = text
        assert simulation.procedure.value.budget == 1e24
        for row, ends in ((config.plan.C, ("10^18", text)), (config.plan.ratio, ("2", "20 tokens per parameter"))):
            for field, end in zip(row.inputs, ends, strict=True):
                field.value = end
        assert session.settings.seed_regime.C == (1e18, 1e24)
    assert parse_budget("1e24 FLOPs") == 1e24


def test_a_run_by_hand_and_a_plan_take_units(session):
    form = RunLogPanel(session).form
    for name, text in {"N": "70B parameters", "D": "1.4×10^12 tokens", "loss": "1.98 nats"}.items():
        form.fields[name].value = text
    assert form.run() == {"N": 70e9, "D": 1.4e12, "loss": 1.98}
    session.run_fit()
    plans = FrontierPanel(session).plans
    plans.toggle.value = True
    plans.shape.value, plans.value.value, plans.inference_tokens.value = "Fixed N", "70M params", "10^9 tokens"
    assert (plans.plan.N, plans.plan.constraints.inference_tokens) == (7e7, 1e9)


@pytest.mark.parametrize("column", ["Name", "Run name", "run_name", "RUN"])
def test_a_name_typed_goes_to_the_column_of_names(session, database, column):
    database.df = database.df.assign(**{column: [f"run-{at}" for at in range(30)]})
    panel = RunLogPanel(session)
    for name, text in {"N": "1B", "D": "20B", "loss": "2.9", "name": "mine"}.items():
        panel.form.fields[name].value = text
    panel.form.add.click()
    assert [name for name in database.df.columns if name.lower().replace(" ", "_") in ("name", "run", "run_name")] == [
        column
    ]
    assert database.df[column].iloc[-1] == "mine"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("C = 1e20", [0, 1]),
        ("C = 10²⁰", [0, 1]),
        ("C = 10^20", [0, 1]),
        ("C != 1e20", [2]),
        ("C = 1.0004e20", [1]),
        ("C >= 10²⁰", [0, 1, 2]),
        ("N = 354M", [0]),
        ("N = 354400000", [0]),
        ("N = 354000000", []),
        ("loss = 2.13", [1]),
        ("seed = 1001", [2]),
        ("lr = 0.000992", [0]),
    ],
)
def test_a_filter_finds_what_the_table_shows(session, database, query, found):
    C, N = np.array([1e20, 1.0004e20, 1.01e20]), np.array([354_400_000, 355_000_000, 356_000_000])
    database.df = pd.DataFrame(
        {
            "N": N,
            "D": C / 6 / N,
            "C": C,
            "loss": [2.5, 2.13002, 2.1302],
            "seed": [1000, 1002, 1001],
            "lr": [9.9214e-4, 1e-3, 2e-3],
        }
    )
    panel = RunLogPanel(session)
    panel.query.value = query
    assert panel.shown.query_error is None
    assert sorted(panel.shown.matching) == found
