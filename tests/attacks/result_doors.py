"""Doors of what is asked of a fit: its uncertainty, roll-outs, influence and forecasts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from doors import Door, bounded
from runs import GRID, make_runs
from slices_of_runs import sliced_runs

import chinchilla_nb
from chinchilla_nb import Chinchilla, Drift, FitUncertainty, Forecast, Problem, Rollout, Runs
from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.engine.approaches.comparison import MOST_DRAWS as MOST_COMPARED
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.planning.constraints import Constraints
from chinchilla_nb.engine.planning.plan import make_plan
from chinchilla_nb.engine.uncertainty.bootstrap import MOST_DRAWS
from chinchilla_nb.planned_runs import CollectedPlan
from chinchilla_nb.records.tables import Rejected
from chinchilla_nb.studies import MOST

RUNS = make_runs(12, noise=0.01)
CUTOFFS = np.sort(RUNS.C)[[7, 9]]
FIT = chinchilla_nb.solve(Problem(RUNS, starts=GRID))
ROLL_OUTS = [*chinchilla_nb.iter_roll_outs(FIT.problem, CUTOFFS)][-1].result
BY_GROUPS = [*chinchilla_nb.iter_roll_outs(FIT.problem, by="N")][-1].result
DRAWS = FIT.uncertainty(draws=3, rng=1)
FRONTIER = Runs.frontier(np.geomspace(1e18, 1e21, 6), [3.6, 3.1, 2.8, 2.6, 2.4, 2.3])
FRONTIER_FIT = chinchilla_nb.fit(FRONTIER, law="frontier")
SLICED = chinchilla_nb.compare_approaches(sliced_runs(noise=0.01), draws=2, rng=1)
COMPARISON = chinchilla_nb.compare_approaches(FIT, DRAWS, draws=2, rng=1)
FORECAST = Forecast.of(DRAWS, 1e9, 1e11, ROLL_OUTS, of_budget=True, level=0.95, definitions={}, versions={})
STUDY = {
    "laws": "Hoffmann et al. 2022",
    "designs": {"C": (1e18, 1e20), "N_to_D": (5, 100)},
    "noise": ("normal", 0.01),
    "seeds": 3,
    "losses": "mse",
    "scaling_factors": None,
    "targets": 1e22,
    "repetitions": 2,
    "rng": 0,
    "law": "chinchilla",
    "intervals": None,
    "level": 0.95,
    "checkpoint": None,
    "parallel": False,
    "progress": False,
}
STUDY_WORDS = {
    "laws": "law|parameter|number|[EAB]",
    "designs": "designs|seed_ranges|D|N",
    "losses": ".",
    "targets": "targets|C",
    "intervals": "intervals|method",
}
RESULTS = (FIT, FRONTIER_FIT, FRONTIER, FRONTIER_FIT.law, DRAWS, ROLL_OUTS, BY_GROUPS, FORECAST)
RESULTS = (FIT, FRONTIER_FIT, FRONTIER, FRONTIER_FIT.law, DRAWS, ROLL_OUTS, BY_GROUPS, FORECAST, COMPARISON)
"""Values that are right for some arguments and wrong for others."""

FIND = AllowedFunctions().find


def result_doors(cc: Chinchilla) -> Iterator[Door]:
    """Yield the doors of the results; the project must have been fitted."""
    yield from _uncertainty(cc)
    yield from _roll_outs(cc)
    yield from _forecasts(cc)
    influence = {"fit": FIT, "C": 1e20, "map": map}
    yield Door("iter_influence", _first(chinchilla_nb.iter_influence), influence, {"fit": "fit|law"}, dear=True)
    yield Door(
        "study", bounded(chinchilla_nb.study, "repetitions", "seeds", most=MOST + 1), STUDY, STUDY_WORDS, dear=True
    )
    charted = {"table": chinchilla_nb.study(**STUDY), "against": "seeds", "by": None, "error": "N_error"}
    yield Door("study_chart", chinchilla_nb.study_chart, charted)
    yield Door("Chinchilla.influence", cc.influence, {"C": 1e20, "parallel": False}, dear=True)
    yield from _approaches(cc)
    yield from _groups()
    yield from _history(cc)


def _history(cc: Chinchilla) -> Iterator[Door]:
    session = cc.session
    number = {"number": "number"}
    yield Door("Chinchilla.restore_fit", cc.restore_fit, {"number": 1}, number)
    yield Door("Chinchilla.compare_fits", cc.compare_fits, {"one": 1, "other": 2}, {"one": "number", "other": "number"})
    yield Door("Session.find_fit", session.find_fit, {"number": 1})
    past = {"past": session.fits[0], "find": FIND}
    yield Door("Session.restore_fit", session.restore_fit, past)
    yield Door("Session.draw_fits", session.draw_fits, {"fits": session.fits[:1]})
    left_out = {"source": "t.csv", "rows": [Rejected(2, "N must be positive", "N")], "place": "line"}
    yield Door("Session.leave_out", session.leave_out, left_out)
    plan = make_plan(session.fit.law, Constraints(C=1e21), SIX_ND)
    yield Door("Session.collect_plan", session.collect_plan, {"plan": CollectedPlan(session.fit, plan, {})})
    yield Door(
        "Session.keep",
        session.keep,
        {"path": Path(tempfile.mkdtemp()) / "session.json", "find": FIND},
        {"path": "path|file|session"},
    )


def _approaches(cc: Chinchilla) -> Iterator[Door]:
    compared = {"source": FIT, "uncertainty": DRAWS, "tolerance": 0.05, "by": None, "draws": 2, "rng": 1}
    words = {"uncertainty": "uncertainty|fit", "source": "source|fit|runs|N and D"}
    compare = bounded(chinchilla_nb.compare_approaches, "draws", most=MOST_COMPARED)
    yield Door("compare_approaches", compare, compared, words, dear=True)
    given = {"tolerance": 0.05, "by": None, "draws": 2, "rng": 1}
    yield Door("Chinchilla.compare_approaches", bounded(cc.compare_approaches, "draws", most=MOST_COMPARED), given)
    table = bounded(cc.approaches, "draws", most=MOST_COMPARED)
    yield Door("Chinchilla.approaches", table, {"C": 1e20, "level": 0.95, **given}, nan=True, dear=True)
    yield Door("Comparison.at", COMPARISON.at, {"C": 1e20, "level": 0.95}, nan=True)
    allocated = {"name": "parametric", "C": 1e20, "level": 0.95}
    yield Door("Comparison.allocate", COMPARISON.allocate, allocated, nan=True)
    yield Door("IsoFlop.minima", SLICED.isoflop.minima, {"level": 0.95})
    weighed = {"law": FIT.law, "N": 1e9, "D": 1e10, "compute": SIX_ND}
    yield Door("deadweight_compute", chinchilla_nb.deadweight_compute, weighed)


def _groups() -> Iterator[Door]:
    """Yield the doors of groups of runs; those of the project have no column to divide them by."""
    problem, runs = FIT.problem, FIT.runs
    columns = {"group": np.resize(["one", "other"], len(runs))}
    grouped = replace(problem, runs=Runs(runs.N, runs.D, runs.loss, columns=columns))
    groups = chinchilla_nb.fit_groups(grouped, "group")
    given = {"problem": grouped, "by": "group"}
    yield Door("fit_groups", chinchilla_nb.fit_groups, given, {"by": "by|column"}, dear=True)
    compared = {"value": groups, "model": "efficiency", "baseline": "one", "C": 1e20, "level": 0.95}
    yield Door("GroupComparison", lambda **those: repr(chinchilla_nb.GroupComparison(**those)), compared, dear=True)
    yield Door("GroupComparison.under", chinchilla_nb.GroupComparison(**compared).under, {"model": "pooled"})
    yield Door("Groups.fit", groups.fit, {"model": "pooled"})
    yield Door("Groups.test", groups.test, {"model": "pooled"})
    project = Chinchilla(tempfile.mkdtemp(), log_level=50, param_grid=dict(GRID.axes))
    project.database.df = pd.DataFrame({"N": runs.N, "D": runs.D, "loss": runs.loss, **columns})
    asked = {"by": "group", "model": "efficiency", "baseline": None, "C": 1e20, "level": 0.95}
    yield Door("Chinchilla.groups", project.groups, asked, {"by": "by|column"}, dear=True)


def _uncertainty(cc: Chinchilla) -> Iterator[Door]:
    estimate = {"method": "wild-cluster", "draws": 2, "rng": 1, "by": None}
    for name, call, others in (
        ("Fit.uncertainty", FIT.uncertainty, {"map": map}),
        ("estimate_uncertainty", chinchilla_nb.estimate_uncertainty, {"fit": FIT, "map": map}),
        ("iter_uncertainty", _first(chinchilla_nb.iter_uncertainty), {"fit": FIT, "map": map}),
        ("Chinchilla.uncertainty", cc.uncertainty, {"parallel": False}),
    ):
        yield Door(name, bounded(call, "draws", most=MOST_DRAWS), {**estimate, **others}, dear=True)
    for name, uncertainty in (
        ("Draws", DRAWS),
        ("Uncertainty", FIT.uncertainty("sandwich")),
        ("Uncertainty", FIT.uncertainty("profile")),
    ):
        dear = uncertainty.method == "profile"
        predict = {"N": 1e9, "D": 1e10, "level": 0.95, "kind": "mean", "roll_outs": ROLL_OUTS}
        words = {"roll_outs": "rollout|roll_outs"}
        yield Door(f"{name}.interval", uncertainty.interval, {"level": 0.95}, dear=dear)
        yield Door(f"{name}.predict_loss", uncertainty.predict_loss, predict, words, dear=dear)
        yield Door(f"{name}.allocate", uncertainty.allocate, {"C": 1e20, "level": 0.95}, dear=dear)
    table = FitUncertainty(DRAWS)
    predict = {"N": 1e9, "D": 1e10, "level": 0.95, "kind": "mean", "rollout": Rollout(ROLL_OUTS)}
    yield Door("FitUncertainty", lambda value: repr(FitUncertainty(value)), {"value": DRAWS})
    yield Door("FitUncertainty.interval", table.interval, {"level": 0.95})
    yield Door("FitUncertainty.predict_loss", table.predict_loss, predict)
    yield Door("FitUncertainty.allocate", table.allocate, {"C": 1e20, "level": 0.95})
    frontier = FRONTIER_FIT.uncertainty()
    yield Door("FrontierUncertainty", lambda fit: type(frontier)(fit), {"fit": FRONTIER_FIT})
    yield Door("FrontierUncertainty.interval", frontier.interval, {"level": 0.95})
    predict = {"C": 1e20, "level": 0.95, "kind": "mean", "roll_outs": None}
    words = {"roll_outs": "rollout|roll_outs"}
    yield Door("FrontierUncertainty.predict_loss", frontier.predict_loss, predict, words)
    profile = {"uncertainty": DRAWS, "name": "alpha", "level": 0.95}
    yield Door("profile_curve", chinchilla_nb.profile_curve, profile, {"name": "name|parameter"}, dear=True)
    region = {"uncertainty": DRAWS, "level": 0.95}
    yield Door("exponent_region", chinchilla_nb.exponent_region, region, dear=True)
    symbols = {"one": "alpha", "other": "beta"}
    yield Door("ExponentRegion.text", chinchilla_nb.exponent_region(DRAWS).text, symbols)
    yield Door("ProfileCurve.text", chinchilla_nb.profile_curve(DRAWS, "alpha").text, {"symbol": "alpha"})
    yield Door("ProfileCurve.optimal_N", chinchilla_nb.profile_curve(DRAWS, "alpha").optimal_N, {"C": 1e20}, nan=True)

    sensitivity = chinchilla_nb.LossSensitivity((FIT,))
    yield Door("LossSensitivity.allocate", sensitivity.allocate, {"C": 1e20}, nan=True)
    yield Door("LossSensitivity.text", sensitivity.text, {"C": 1e20})


def _roll_outs(cc: Chinchilla) -> Iterator[Door]:
    roll_outs = {"problem": FIT.problem, "cutoffs": None, "by": None, "map": map}
    rolled_out = {"cutoffs": np.sort(cc.session.runs.C)[[5]], "by": None, "parallel": False}
    words = {"cutoffs": "cutoffs|roll-outs"}
    yield Door("iter_roll_outs", _first(chinchilla_nb.iter_roll_outs), roll_outs, dear=True)
    of_fit = {"cutoffs": rolled_out["cutoffs"], "by": None, "map": map}
    yield Door("Fit.roll_outs", FIT.roll_outs, of_fit, words, dear=True)
    yield Door("Chinchilla.rollout", cc.rollout, rolled_out, words, dear=True)
    yield Door("Rollout", lambda value: repr(Rollout(value)), {"value": ROLL_OUTS})
    yield Door("Drift.of", Drift.of, {"roll_outs": ROLL_OUTS}, {"roll_outs": "rollout|roll_outs"})
    widened = {"interval": FIT.uncertainty("sandwich").predict_loss(1e9, 1e10), "distance": 1.0, "level": 0.95}
    yield Door("Drift.widened", Drift.of(ROLL_OUTS).widened, widened)
    yield Door("Drift.errors", Drift.of(ROLL_OUTS).errors, {"distance": 1.0, "level": 0.95})


def _forecasts(cc: Chinchilla) -> Iterator[Door]:
    run = {"N": 1e9, "D": 1e11}
    made = {"uncertainty": DRAWS, **run, "roll_outs": ROLL_OUTS, "of_budget": False, "level": 0.95}
    texts = {"definitions": {"N": "all"}, "versions": {"numpy": "2.0"}}
    sizes = {"N": r"\bN\b|6ND", "D": r"\bD\b|6ND", "roll_outs": "rollout|roll_outs"}
    yield Door(
        "Forecast.of",
        Forecast.of,
        {**made, **texts},
        sizes,
    )
    budget = {"run": 1e20, "level": 0.95, "roll_outs": ROLL_OUTS, "definitions": None, "models": None}
    words = {"run": r"\brun\b|\bC\b|\bN\b|\bD\b", "roll_outs": "rollout|roll_outs"}
    yield Door("forecast", chinchilla_nb.forecast, {"uncertainty": DRAWS, **budget}, words)
    of_compute = {"uncertainty": FRONTIER_FIT.uncertainty(), "C": 1e22, "roll_outs": None, "level": 0.95, **texts}
    yield Door("Forecast.of_compute", Forecast.of_compute, of_compute, {"roll_outs": "rollout|roll_outs"})
    cc.fit(parallel=False)  # the attacks before have changed the settings
    rolled_out, estimated = cc.rollout(np.sort(cc.session.runs.C)[[5]], parallel=False), cc.uncertainty("sandwich")
    given = {"run": 1e20, "level": 0.95, "uncertainty": estimated, "rollout": rolled_out, "definitions": None}
    yield Door("Chinchilla.forecast", cc.forecast, given, {"run": r"\brun\b|\bC\b|\bN\b|\bD\b"}, dear=True)
    FORECAST.save("forecast.json", overwrite=True)
    yield Door("Forecast.load", Forecast.load, {"path": "forecast.json"}, {"path": "path|file"})
    yield Door(
        "Forecast.save", FORECAST.save, {"path": "other.json", "overwrite": True}, {"path": "path|nothing was written"}
    )
    yield Door("Forecast.matches", FORECAST.matches, {"runs": RUNS})
    yield Door("Forecast.scores", FORECAST.scores, {"runs": RUNS})
    yield Door("Forecast.scores_by_run", FORECAST.scores_by_run, {"runs": RUNS})
    yield Door("Forecast.alike", FORECAST.alike, {"other": FORECAST})
    of_session = {**made, "definitions": {"N": "all"}}
    yield Door("Session.make_forecast", cc.session.make_forecast, of_session, sizes)
    yield Door("Session.open_forecast", cc.session.open_forecast, {"forecast": FORECAST})
    yield Door("Forecast.score", FORECAST.score, {"loss": 2.5, **run, "C": None})
    yield Door("Forecast.predict_loss", FORECAST.predict_loss, {**run, "C": None}, nan=True)


def _first(iterate: Callable[..., Iterator[Any]]) -> Callable[..., Any]:
    """Return a call of an iterator of progress that works until its end."""
    return lambda **given: [*iterate(**given)][-1]
