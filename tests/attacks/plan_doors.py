"""Doors of plans under constraints, and of what they are made of."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from doors import Door
from result_doors import DRAWS, FIT
from runs import LAW

import chinchilla_nb
from chinchilla_nb import Chinchilla, Constraints, FitUncertainty, Hardware
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.uncertainty.quantities import losses

HARDWARE = Hardware("A100", 8, 0.4, 2.0)
NOTHING = dict.fromkeys(
    ("loss", "N", "D", "tokens_per_parameter", "models", "N_ratio", "inference_tokens", "unique_tokens", "days"), None
)
PLAN = chinchilla_nb.make_plan(FIT.law, Constraints(C=1e21))


def plan_doors(cc: Chinchilla) -> Iterator[Door]:
    """Yield the doors of plans; the project must have been fitted."""
    given = {"C": 1e21, **NOTHING, "hardware": HARDWARE}
    words = {name: f"{name}|give|plan|optimum|loss|C must|N must" for name in given}
    yield Door("Constraints", Constraints, given, words)
    project = {**given, "label": "a", "level": 0.95, "uncertainty": None}
    yield Door("Chinchilla.plan", cc.plan, project, words)
    plans = {"plans": [{"C": 1e21}], "level": 0.95, "uncertainty": FitUncertainty(cc.uncertainty("sandwich").value)}
    yield Door("Chinchilla.plans", cc.plans, plans)
    table = {"N": [1e9, 7e9], "C": None, "hardware": HARDWARE, "level": 0.95, "uncertainty": None}
    words = {"N": "N|give", "C": "C|give"}
    yield Door("Chinchilla.chinchilla_table", cc.chinchilla_table, table, words)
    optimal = {"fit": FIT, **table, "budget": 1e21, "uncertainty": DRAWS}
    yield Door("optimal_runs", chinchilla_nb.optimal_runs, optimal, words)
    path = {"path": Path(tempfile.mkdtemp()) / "table.tex"}
    yield Door("ChinchillaTable.save", cc.chinchilla_table([1e9]).save, path)
    saved = {"path": path["path"].with_name("report.html"), "title": "a", "date": None, "definitions": None}
    yield Door("Chinchilla.save_report", cc.save_report, {**saved, "table": None}, dear=True)
    shown = {"session": cc.session, **{name: saved[name] for name in ("title", "date", "definitions")}, "table": None}
    yield Door("report_page", chinchilla_nb.report_page, shown, dear=True)
    yield from _engine()


def _engine() -> Iterator[Door]:
    law = {"law": LAW, "compute": SIX_ND}
    words = {"compute": "compute|runs"}
    yield Door("make_plan", chinchilla_nb.make_plan, {**law, "constraints": Constraints(C=1e21)}, words)
    yield Door("plan_intervals", chinchilla_nb.plan_intervals, {"plan": PLAN, "uncertainty": DRAWS, "level": 0.95})
    for name in ("Draws", "Uncertainty"):
        asked = {"quantities": losses(FIT.runs.N, FIT.runs.D), "level": 0.95}
        yield Door(f"{name}.interval_of", DRAWS.interval_of, asked)
    for name in ("least_compute", "allocation_for_loss"):
        yield Door(name, getattr(chinchilla_nb, name), {**law, "loss": 2.1}, words)
    yield Door("overtrain", chinchilla_nb.overtrain, {**law, "C": 1e21, "N_ratio": 0.5}, words)
    two = {"baseline": LAW, **law, "C": 1e21, "loss": None}
    yield Door("compute_multiplier", chinchilla_nb.compute_multiplier, two, {"C": "C|loss", "loss": "C|loss", **words})
    recipe = {"C": 1e18, "baseline_loss": 3.5, "loss": 3.4, "floor": 1.6, "exponent": 0.1}
    yield Door("effective_compute", chinchilla_nb.effective_compute, recipe, {"floor": "floor"})
    speed = {"baseline_tokens_per_second": 4e5, "tokens_per_second": 4e5}
    yield Door("speed_up", chinchilla_nb.speed_up, {**recipe, **speed})
    devices = {"device": "A100", "devices": 8, "utilisation": 0.4, "price_per_device_hour": 2.0}
    yield Door("Hardware", Hardware, devices)
    yield Door("Hardware.C", HARDWARE.C, {"days": 3})
    yield Door("Hardware.days", HARDWARE.days, {"C": 1e21})
    yield Door("Hardware.cost", HARDWARE.cost, {"C": 1e21})
