"""Values of the wrong kind in every argument of every public name: each gets an answer, or a refusal of one sentence.

``PYTHONPATH=tests:tests/attacks python tests/attacks/wrong_kinds.py`` tries every value of `odd_values` in every
argument and prints a line of counts; ``--share 0.1`` tries a tenth of them. A fault is any exception but an error of
this package that names the argument, a warning, an answer that is NaN where none is documented, and a call that takes
more than ten seconds of computation, or a minute where fits are made.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import inspect
import io
import os
import random
import re
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from doors import Door, bounded
from law_doors import law_doors
from odd_values import ODD_VALUES
from plan_doors import plan_doors
from result_doors import COMPARISON, FRONTIER, FRONTIER_FIT, RESULTS, ROLL_OUTS, result_doors
from runs import AXES, GRID, LAW, make_runs, table_of

import chinchilla_nb
from chinchilla_nb import (
    Chinchilla,
    Database,
    KaplanLaw,
    ModelSearch,
    Problem,
    Product,
    Runs,
    ScalingLaw,
    SeedRegime,
    Session,
    Settings,
    Simulator,
    Source,
    StartGrid,
    Visualizer,
    datasets,
)
from chinchilla_nb._logger import get_logger
from chinchilla_nb._utils import is_between, search_model_config
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.fitting.sweep import sweep
from chinchilla_nb.engine.laws.notation import TEXT

SLOW, SLOW_REFITS = 10.0, 60.0
"""Seconds of computation after which an answer comes too late; the second where fits are made, up to a thousand."""
LONGEST = 1000
"""Characters of the longest sentence."""
PACKAGE = str(Path(chinchilla_nb.__file__).parent)
RUNS = make_runs(9, noise=0.01)
REGIME = SeedRegime((1e18, 1e20), (5.0, 100.0))
RANGES = {"C": (1e18, 1e20), "N_to_D": (5, 100)}
SIX_ND = chinchilla_nb.SIX_ND
KAPLAN = KaplanLaw(8.8e13, 5.4e13, 0.076, 0.095)
TABLE = chinchilla_nb.read_table("t.csv", b"N,D,loss,note\n1000,20000,3.5,a\n2000,30000,3.25,b\n")
SOURCES = {name: Source(name) for name in ("N", "D", "loss")}
_PANELS = (
    "ConfigPanel",
    "RunLogPanel",
    "FitPanel",
    "HistoryPanel",
    "FrontierPanel",
    "ApproachesPanel",
    "GroupsPanel",
    "SimulationPanel",
)
HYPERPARAMETERS = {"width": [64, 128], "depth": [1, 2]}

VALUES: tuple[Any, ...] = (
    *ODD_VALUES,
    *(b"x", 2**2000, Path("x"), Path(), io.BytesIO(b"x"), lambda: 0, Chinchilla, Runs, ScalingLaw, RUNS, LAW, GRID),
    *(np.array(["2020-01-01"], "M8[s]"), np.zeros((2, 2, 2)), np.array([[1, 2]], dtype=np.int8), np.array(None)),
    *(pd.DataFrame(), pd.DataFrame({1: [1.0]}), pd.DataFrame([[1.0, 2.0]], columns=["N", "N"]), pd.Index(["N"])),
    *(pd.DataFrame({"N": [1], "D": [2], "loss": ["x"]}), pd.DataFrame({"N": [1], "D": [2], "loss": [3], 10**30: [4]})),
    *(pd.DataFrame({("N", 1): [1.0]}), pd.DataFrame({"N": [1], "D": [2], "loss": [3], None: [object()]})),
    *RESULTS,
    *({"N": 1, "D": 2, "loss": 3}, [{"N": 1, "D": 2, "loss": 3}], {"C": 1}, {"C": object()}, {1: 2}, [object()]),
)  # fmt: skip
"""Values of every kind."""


FILTER_WORDS = {"query": "query|column|condition|value|quote|bracket|a number"}


def size(width: int, depth: int) -> int:
    return width * width * depth


NOT_CALLED = {
    **dict.fromkeys(
        (
            *(
                "Certificate",
                "ChinchillaTable",
                "Comparison",
                "Groups",
                "OptimalRuns",
                "Deadweight",
                "Draws",
                "Envelope",
                "ExponentRegion",
                "Drift",
                "Fit",
                "FitProgress",
                "FitWarning",
                "Forecast",
                "ForecastScore",
                "IsoFlop",
            ),
            *(
                "FittedCompute",
                "MeasuredCompute",
                "Influence",
                "Interval",
                "LawByHand",
                "LawErrors",
                "LossSensitivity",
                "Overtraining",
                "RowsLeftOutWarning",
                "Plan",
                "ProfileCurve",
                "RollOut",
                "RollOuts",
                "Uncertainty",
            ),
        ),
        "the package makes them, as results",
    ),
    "FitStatus": "an enumeration",
    "FitError": "an error",
    "InputError": "an error",
    "DEVICES": "a mapping",
    "FAMILIES": "a mapping",
    "HOFFMANN_GRID": "a grid of starts",
    "PUBLISHED_LAWS": "a mapping",
    "SIX_ND": "a value",
    "Compute": "an interface",
}
"""Public names that are not called, and why; the methods of results are attacked."""
FOR_PANELS = {"compose", "watch", "watch_view"}
"""Methods of panels for the panels themselves, and those that extend them."""


class Doors:
    """Every public name, called in a folder of its own."""

    def __init__(self) -> None:
        self.cc = Chinchilla(".", AXES, RANGES, log_level=50, rng=1)
        self.cc.database.df = table_of(RUNS)
        self.cc.fit(parallel=False)
        Path("study.yaml").write_text("project_dir: .\nlog_level: 50\n", encoding="utf-8")

    def session(self) -> Session:
        database = Database()
        database.df = table_of(RUNS)
        return Session(database, Settings(grid=GRID))

    def all(self) -> Iterator[Door]:
        """Yield every door."""
        yield from self._project()
        yield from self._session()
        yield from self._panels()
        yield from self._tables()
        yield from self._engine()
        yield from self._laws()
        yield from self._compute()
        yield from result_doors(self.cc)
        yield from plan_doors(self.cc)
        yield from law_doors(self.cc)
        for name in ("compact", "plain", "scientific"):
            yield Door(name, getattr(chinchilla_nb, name), {"value": 1234.5, "digits": 3})
        for name, option in (
            ("asymmetric_mae", "w"),
            ("huber", "delta"),
            ("log_huber", "delta"),
            ("mae", ""),
            ("mse", ""),
        ):
            usual = {"y_true": [2.5, 3.0], "y_pred": [2.25, 3.25]} | ({option: 1.0} if option else {})
            yield Door(name, getattr(chinchilla_nb, name), usual, nan=True)
        yield Door("residual_loss", chinchilla_nb.residual_loss, {"loss_fn": chinchilla_nb.mse})

    def _project(self) -> Iterator[Door]:
        cc, quiet = self.cc, {"log_level": 50}
        settings = {
            "param_grid": AXES,
            "seed_ranges": RANGES,
            "model_search_config": {"hyperparam_grid": HYPERPARAMETERS, "size_estimator": size},
            "loss_fn": chinchilla_nb.mse,
            "weight_fn": None,
            "num_seeding_steps": 3,
            "scaling_factor": 2.0,
            "law": "chinchilla",
            "bounds": {"alpha": 0.3},
            "compute": 8,
            "rng": 1,
            "dtype": float,
        }
        yield Door(
            "Chinchilla", Chinchilla, {"project_dir": "."} | settings | quiet, {"law": "law|param_grid"}, dear=True
        )
        yield Door(
            "Chinchilla.from_config",
            Chinchilla.from_config,
            {"config_path": "study.yaml", "allow_imports": False},
            {"config_path": "config"},
        )
        flags = {"parallel": False, "simulation": True}
        fit = {**flags, "exhaustive": False, "start": LAW}
        yield Door("Chinchilla.fit", cc.fit, fit, dear=True)
        yield Door("Chinchilla.fit_scaling_law", cc.fit_scaling_law, fit, dear=True)
        yield Door("Chinchilla.adjust_D_to_N", cc.adjust_D_to_N, {"N": 1e9})
        yield Door("Chinchilla.allocate_compute", cc.allocate_compute, {"C": 1e20})
        yield Door("Chinchilla.predict_loss", cc.predict_loss, {"N": 1e9, "D": 1e10})
        params = LAW.as_dict()
        given = {"params": "."}
        yield Door("Chinchilla.allocate_compute", Chinchilla.allocate_compute, {"C": 1e20, "params": params}, given)
        usual = {"N": 1e9, "D": 1e10, "params": params}
        yield Door("Chinchilla.predict_loss", Chinchilla.predict_loss, usual, given)
        chosen = {"target": "N", "C": 1e22, "candidates": [(1e8, 1e10)], "n": 2, "by": "fall", "simulate": 20, "rng": 1}
        words = {"target": "target|N|D", "candidates": "candidates"}
        yield Door("Chinchilla.next_runs", cc.next_runs, chosen, words, dear=True)
        pilot = {"seeds": 3, "budget": 1e20, "C": 1e22, "laws": [LAW.as_dict()]}
        words = {"laws": "laws|law|E|parameter"}
        yield Door("Chinchilla.seed_design", cc.seed_design, pilot, words, dear=True)
        del pilot["budget"]
        yield Door("Chinchilla.seed_spread", cc.seed_spread, pilot, words, dear=True)
        yield Door("Chinchilla.seed", cc.seed, {"design": "log-uniform"})
        yield Door("Chinchilla.filter", cc.filter, {"query": "N > 1"}, FILTER_WORDS)
        swept = {"plot": True, "img_name": "x"}
        yield Door("Chinchilla.sweep_param_grid", lambda **a: _silent(cc.sweep_param_grid, **a), swept, dear=True)
        yield Door("Chinchilla.scale", lambda **a: cc.scale(**({"C": 1e20} | a)), {"C": 1e20, "simulation": True})
        yield Door("Chinchilla.scale", cc.scale, {"scaling_factor": 2.0}, {"scaling_factor": "scaling_factor|C"})
        chosen = {"N": RUNS.N[0], "reason": "diverged"}
        words = {"N": "N", "reason": "reason"}
        yield Door("Chinchilla.exclude", cc.exclude, chosen, words)
        yield Door("Chinchilla.include", cc.include, {"N": RUNS.N[0]}, words)
        yield Door("Chinchilla.exclude", cc.exclude, {"query": "N > 1"}, FILTER_WORDS)
        yield Door("Chinchilla.include", cc.include, {"query": "N > 1"}, FILTER_WORDS)
        yield Door("Chinchilla.report", lambda plot: _silent(cc.report, plot=plot), {"plot": False}, dear=True)
        yield Door("Chinchilla.step", cc.step, {"num_seeding_steps": 10**6, **flags, "scaling_factor": 2.0}, dear=True)
        row = {"N": 1e9, "D": 1e10, "loss": 2.5, "C": 6e19, "note": "a"}
        memory = Database()
        yield Door("Chinchilla.append", memory.append, row)
        yield Door("Database.append", memory.append, row)
        yield Door("Database.extend", memory.extend, {"results": [row]}, {"results": "results|a run|N|loss|missing"})
        yield Door("Database", Database, {"project_dir": None, "columns": ["lr"], **quiet}, {"columns": "column"})
        yield Door("Database.df", lambda df: setattr(Database(), "df", df), {"df": table_of(RUNS)})
        yield Door("get_logger", get_logger, {"level": 50, "name": "x"}, {"level": "log_level"})
        steps = ("num_seeding_steps", "num_scaling_steps")
        simulated = {
            "num_seeding_steps": 3,
            "num_scaling_steps": 0,
            "scaling_factor": 2.0,
            "target_params": LAW.as_dict(),
            "noise_generator": None,
        }
        yield Door(
            "Chinchilla.simulate", bounded(cc.simulate, *steps), simulated, {"noise_generator": "noise|loss"}, dear=True
        )
        yield Door(
            "Simulator.__call__",
            bounded(Simulator(cc), *steps),
            simulated,
            {"noise_generator": "noise|loss"},
            dear=True,
        )
        yield Door("Simulator", Simulator, {"cc": cc})
        yield Door("Visualizer", lambda **a: Visualizer(**a).plot(cc), {"project_dir": ".", **quiet}, dear=True)
        plot = {"next_point": {"N": 1e9, "D": 1e10}, "fitted": True, "img_name": "x", "cmap_name": "plasma"}
        viewer = Visualizer(".", 50)
        yield Door("Visualizer.plot", viewer.plot, {"cc": cc, **plot, "simulation": False}, dear=True)
        yield Door("Chinchilla.plot", cc.plot, plot, dear=True)
        yield Door("Visualizer.sweep", viewer.sweep, {"sweep": sweep(cc.session.problem), "img_name": "x"}, dear=True)
        predicted = {"y_pred": [2.0, 2.5], "y_true": [2.0, 2.25], "C": [1e18, 1e19]}
        words = {"y_pred": "predictions|no runs", "y_true": "losses|predictions|C|no runs", "C": "C|no runs"}
        for name in ("LBFGS", "optim"):
            drawn = {**predicted, "simulation": False, "img_name": "x"}
            yield Door(f"Visualizer.{name}", getattr(viewer, name), drawn, words, dear=True)
        drawn = {"rollout": chinchilla_nb.Rollout(ROLL_OUTS), "simulation": False, "img_name": "x"}
        yield Door("Visualizer.rollout", viewer.rollout, drawn, dear=True)
        drawn = {"comparison": COMPARISON, "C": 1e22, "simulation": False, "img_name": "x"}
        yield Door("Visualizer.approaches", viewer.approaches, drawn, dear=True)
        yield Door("datasets.load", datasets.load, {"name": "python_stdlib"}, {"name": "study"})
        search = {"N_opt": 1e4, "hyperparam_grid": HYPERPARAMETERS, "size_estimator": size, "use_cache": False}
        words = {"hyperparam_grid": "size_estimator|hyperparam_grid"}
        yield Door("search_model_config", search_model_config, search, words)
        yield Door("Chinchilla.compare_sizes", cc.compare_sizes, {"sizes": ["N"]}, {"sizes": "sizes|N|budgets"})
        yield Door("is_between", is_between, {"value": 1.0, "bounds": (0, 2)})

    def _compute(self) -> Iterator[Door]:
        yield Door("ProductCompute", chinchilla_nb.ProductCompute, {"kappa": 6.0})
        yield Door("PowerCompute", chinchilla_nb.PowerCompute, {"k": 6.0, "p": 1.0, "q": 1.0})
        table = {"sizes": (1e6, 1e8), "flops": (6e6, 6e8), "name": "mine"}
        yield Door("TabulatedCompute", chinchilla_nb.TabulatedCompute, table)
        yield Door("TabulatedCompute.of", chinchilla_nb.TabulatedCompute.of, table)
        model = {
            "d_model": 64,
            "n_layers": 2,
            "vocab_size": 100,
            "seq_len": 32,
            "n_heads": 2,
            "d_ff": 256,
            "d_head": 32,
        }
        yield Door("TransformerFlops", chinchilla_nb.TransformerFlops, model)
        yield Door("transformer_flops", chinchilla_nb.transformer_flops, {**model, "n_positions": 0})
        yield Door("fitted_compute", chinchilla_nb.fitted_compute, {"runs": RUNS})
        yield Door("measured_compute", chinchilla_nb.measured_compute, {"runs": RUNS})
        columns = {"sizes": ["N"], "C": "C", "D": "D", "loss": None}
        words = {"loss": "loss|budgets", "sizes": "sizes|N|budgets", "C": "C|N", "D": "D|N"}
        yield Door("compare_sizes", chinchilla_nb.compare_sizes, {"runs": RUNS, **columns}, words)
        tabulated = chinchilla_nb.TabulatedCompute(**table)
        yield Door("TabulatedCompute.extrapolates", tabulated.extrapolates, {"N": 1e8}, nan=True)
        power = chinchilla_nb.PowerCompute(6.0)
        conventions = {"Compute": power, "ProductCompute": chinchilla_nb.SIX_ND, "PowerCompute": power}
        for name, compute in {**conventions, "TabulatedCompute": tabulated}.items():
            yield Door(f"{name}.C", compute.C, {"N": 1e8, "D": 1e9}, nan=True)
            yield Door(f"{name}.D", compute.D, {"C": 1e18, "N": 1e8}, nan=True)
            yield Door(f"{name}.N", compute.N, {"C": 1e18, "D": 1e9}, nan=True)
            yield Door(f"{name}.log_D", compute.log_D, {"C": 1e18, "log_N": 18.0}, nan=True)
            yield Door(f"{name}.elasticities", compute.elasticities, {"N": 1e8, "D": 1e9}, nan=True)

    def _session(self) -> Iterator[Door]:
        session = self.session()
        yield Door(
            "Session",
            Session,
            {
                "database": Database(),
                "settings": Settings(),
                "data_unit": "tokens",
                "remarks": ("C = 6ND.",),
                "left_out_remark": "1 of 3 rows left out.",
            },
        )
        keys = chinchilla_nb.run_keys(RUNS)[:1]
        yield Door("Session.exclude", session.exclude, {"keys": keys, "reason": "a"})
        yield Door("Session.include", session.include, {"keys": keys})
        yield Door("Session.filter_runs", session.filter_runs, {"query": "N > 1"}, FILTER_WORDS)
        yield Door("Session.select_included", session.select_included, {"runs": RUNS})
        yield Door("Session.select_excluded", session.select_excluded, {"runs": RUNS})
        work = {"steps": lambda: iter(()), "on_progress": None, "on_end": None}
        yield Door("Session.start", session.start, work)
        fresh = self.session()
        for name in ("run_fit", "start_fit"):
            yield Door(
                f"Session.{name}", getattr(fresh, name), {"exhaustive": False, "map": map, "start": LAW}, dear=True
            )
        yield Door("Session.wait", session.wait, {"timeout": 1.0})
        yield Door("Session.wait_for_uncertainty", session.wait_for_uncertainty, {"timeout": 1.0})
        yield Door("Session.wait_for_roll_outs", session.wait_for_roll_outs, {"timeout": 1.0})
        yield Door("Session.wait_for_loss_sensitivity", session.wait_for_loss_sensitivity, {"timeout": 1.0})
        yield Door("Session.watch_file", lambda on_error: session.watch_file(on_error)(), {"on_error": print})
        settings = {one.name: getattr(Settings(), one.name) for one in dataclasses.fields(Settings)}
        yield Door("Settings", Settings, settings)
        yield Door("Settings.problem", Settings().problem, {"runs": RUNS})
        search = {"hyperparam_grid": HYPERPARAMETERS, "size_estimator": size}
        words = {"hyperparam_grid": "size_estimator|hyperparam_grid"}
        yield Door("ModelSearch", lambda **given: ModelSearch(**given).table(), search, words)
        choices = {"N": "N", "D": "D", "C": "6ND", "loss": "loss", "checkpoints": "all", "failed": True}
        yield Door(
            "open_session",
            chinchilla_nb.open_session,
            {"source": table_of(RUNS), "allow_functions": (), **choices},
            {
                "source": "source|nothing at|configuration|neither|data frame|column",
                "allow_functions": "allow_functions|not defined|function",
                "N": "N|C must be",
                "D": "D|C must be",
            },
        )

        yield Door(
            "read_runs",
            chinchilla_nb.read_runs,
            {"source": table_of(RUNS), **choices},
            {
                "source": "source|nothing at|configuration|neither|data frame|column",
                "N": "N|C must be",
                "D": "D|C must be",
            },
        )

    def _panels(self) -> Iterator[Door]:
        source = self.session()
        options = {
            "Workbench": {
                "allow_functions": (),
                "allow_folders": (),
                "session_file": None,
                "N": None,
                "D": None,
                "C": None,
                "loss": None,
                "checkpoints": None,
                "failed": False,
            },
            "ConfigPanel": {"allow_functions": (), "allow_folders": ()},
            "RunLogPanel": {"allow_folders": ()},
            "HistoryPanel": {"allow_functions": ()},
            "FrontierPanel": {"allow_folders": ()},
        }
        words = {
            "source": "source|nothing at|configuration|neither",
            "allow_functions": "allow_functions|not defined|imported|function",
        }
        for name in (*_PANELS, "Workbench"):
            yield Door(
                name,
                _closed(getattr(chinchilla_nb, name)),
                {"source": source, **options.get(name, {})},
                words,
                dear=True,
            )
        for name in ("FitPanel", "GroupsPanel", "SimulationPanel"):
            yield Door(f"{name}.wait", getattr(chinchilla_nb, name)(source).wait, {"timeout": 0.0}, dear=True)
        yield Door(
            "FrontierPanel.picture", chinchilla_nb.FrontierPanel(source).picture, {"kind": "png", "dpi": 40}, dear=True
        )

    def _tables(self) -> Iterator[Door]:
        yield Door(
            "read_table",
            chinchilla_nb.read_table,
            {"name": "t.csv", "content": b"N,D,loss\n1,2,3\n"},
            {"name": "name|must end in|extension", "content": "content|t.csv"},
        )
        choices = {"N": "N", "D": "D", "C": "6ND", "loss": "loss", "checkpoints": "all"}
        yield Door("read_columns", chinchilla_nb.read_columns, {"table": TABLE, **choices}, {"N": "N|factor|columns"})
        yield Door("Product", Product, {"columns": ("N",), "factor": 2.0})
        yield Door("Product.number", Product(("N",)).number, {"row": {"N": 1}})
        yield Door("Source.number", Source("N").number, {"row": {"N": 1}})
        yield Door(
            "preview_reading",
            chinchilla_nb.preview_reading,
            {"reading": chinchilla_nb.read_columns(TABLE), "known": RUNS, "failed": True},
            {"known": "known|runs"},
        )
        yield Door("Source", Source, {"column": "N", "unit": "×1"})
        usual = {"table": TABLE, "sources": SOURCES, "known": RUNS, "checkpoints": None, "keep": "all", "failed": True}
        yield Door(
            "preview_import",
            chinchilla_nb.preview_import,
            usual,
            {"sources": "sources|column|assigned", "known": "known|runs"},
        )
        yield Door("run_keys", chinchilla_nb.run_keys, {"runs": RUNS})

    def _engine(self) -> Iterator[Door]:
        runs = {"N": [1e8, 1e9], "D": [1e9, 1e10], "loss": [3.0, 2.5], "C": [6e17, 6e19], "columns": {"x": [1, 2]}}
        words = {"N": "N|D", "D": "D"}
        yield Door("Runs", Runs, {**runs, "compute": SIX_ND}, words)
        frontier = {"C": FRONTIER.C, "loss": FRONTIER.loss, "columns": {"x": FRONTIER.C}}
        yield Door("Runs.frontier", Runs.frontier, frontier, {"C": r"\bC\b|one value per run"})
        frame = {"frame": table_of(RUNS).assign(C=RUNS.C), "N": "N", "D": "D", "loss": "loss", "C": "C"}
        yield Door("Runs.from_frame", Runs.from_frame, frame)
        yield Door("Runs.under", RUNS.under, {"compute": SIX_ND, "C": None})
        yield Door("Runs.take", RUNS.take, {"which": [0, 2]})
        yield Door("Runs.alike", RUNS.alike, {"other": RUNS})
        yield Door("Runs.begin_with", RUNS.begin_with, {"others": RUNS})
        yield Door("Runs.followed_by", RUNS.followed_by, {"others": RUNS})
        yield Door("Runs.after", RUNS.after, {"others": RUNS})
        problem = {one.name: getattr(Problem(RUNS), one.name) for one in dataclasses.fields(Problem)} | {"starts": GRID}
        yield Door("Problem", lambda **given: Problem(**given).weights(), problem, {"family": "family|starts"})
        yield Door("Problem.alike", Problem(RUNS).alike, {"other": Problem(RUNS)})
        usual = {"runs": RUNS, "starts": GRID, "loss_fn": chinchilla_nb.mse, "law": "chinchilla", "weight_fn": None}
        more = {"bounds": None, "exhaustive": False, "dtype": float, "map": map}
        yield Door("fit", chinchilla_nb.fit, usual | more, {"loss_fn": "."}, dear=True)
        solve = {"problem": Problem(RUNS, starts=GRID), "exhaustive": False, "map": map}
        yield Door("solve", chinchilla_nb.solve, solve, dear=True)
        yield Door("iter_fit", lambda **given: next(iter(chinchilla_nb.iter_fit(**given))), solve)
        yield Door("SeedRegime", SeedRegime, {"C": (1e18, 1e20), "tokens_per_parameter": (5, 100)})
        yield Door("SeedRegime.contains", REGIME.contains, {"N": 1e9, "D": 1e10, "compute": SIX_ND})
        models = chinchilla_nb.tabulate_models(HYPERPARAMETERS, size)
        rng = np.random.default_rng(1)
        yield Door(
            "draw_seed", chinchilla_nb.draw_seed, {"rng": rng, "regime": REGIME, "models": None, "compute": SIX_ND}
        )
        yield Door("ModelTable.nearest", models.nearest, {"N": 1e4})
        search = {"hyperparam_grid": HYPERPARAMETERS, "size_estimator": size}
        words = {"hyperparam_grid": "size_estimator|hyperparam_grid"}
        yield Door("tabulate_models", chinchilla_nb.tabulate_models, search, words)
        words = {"axes": "param_grid", "parameters": "parameters|param_grid"}
        yield Door("StartGrid", StartGrid, {"axes": AXES, "parameters": GRID.parameters}, words)

    def _laws(self) -> Iterator[Door]:
        for law, name in ((LAW, "ScalingLaw"), (KAPLAN, "KaplanLaw")):
            kind = type(law)
            yield Door(name, kind, law.as_dict())
            yield Door(f"{name}.from_params", kind.from_params, {"params": law.as_dict()}, {"params": "."})
            yield Door(f"{name}.loss", law.loss, {"N": 1e9, "D": 1e10}, nan=True)
            yield Door(f"{name}.gradient", law.gradient, {"N": 1e9, "D": 1e10}, nan=True)
            yield Door(f"{name}.iso_loss", law.iso_loss, {"loss": 2.5}, nan=True)
            yield Door(f"{name}.iso_loss_D", law.iso_loss_D, {"loss": 2.5, "N": 1e9}, nan=True)
            yield Door(f"{name}.iso_loss_N", law.iso_loss_N, {"loss": 2.5, "D": 1e9}, nan=True)
            yield Door(f"{name}.allocate", law.allocate, {"C": 1e20})
            yield Door(f"{name}.optimal_D", law.optimal_D, {"N": 1e9})
            yield Door(f"{name}.equation", law.equation, {"notation": TEXT})
        law = FRONTIER_FIT.law
        yield Door("FrontierLaw", type(law), law.as_dict())
        yield Door("FrontierLaw.from_params", law.from_params, {"params": law.as_dict()}, {"params": "."})
        yield Door("FrontierLaw.loss", law.loss, {"C": 1e20}, nan=True)
        yield Door("FrontierLaw.equation", law.equation, {"notation": TEXT})
        for law in (LAW, KAPLAN):
            yield Door("allocate", chinchilla_nb.allocate, {"law": law, "C": 1e20, "compute": SIX_ND})
            yield Door("exponents", chinchilla_nb.exponents, {"law": law, "C": 1e20, "compute": SIX_ND})
            yield Door("compute_optimal_D", chinchilla_nb.compute_optimal_D, {"law": law, "N": 1e9, "compute": SIX_ND})
            yield Door("outside_the_runs", chinchilla_nb.outside_the_runs, {"law": law, "runs": RUNS, "C": 1e20})


def _silent(function: Callable[..., Any], **given: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return function(**given)


def _closed(panel: Callable[..., Any]) -> Callable[..., None]:
    def show(**given: Any) -> None:
        panel(**given).close()

    return show


def public_arguments() -> set[tuple[str, str]]:
    """Return every public name with each of its arguments; those that take any keyword are left out."""
    found = set()
    named = {name: getattr(chinchilla_nb, name) for name in chinchilla_nb.__all__ if name != "datasets"}
    for name, public in (named | {"datasets.load": datasets.load}).items():
        if name not in NOT_CALLED:
            found |= {(name, argument) for argument in _arguments(public)}
        for method in dir(public) if inspect.isclass(public) and not issubclass(public, Exception) else ():
            raw = inspect.getattr_static(public, method)
            function = getattr(raw, "__func__", raw)
            own = inspect.isfunction(function) and function.__module__.startswith("chinchilla_nb")
            inherited = public is Simulator and method not in vars(Simulator)
            if (
                own
                and not inherited
                and method not in FOR_PANELS
                and (method == "__call__" or not method.startswith("_"))
            ):
                found |= {(f"{name}.{method}", argument) for argument in _arguments(function)}
    return found


def _arguments(function: Any) -> list[str]:
    arguments = inspect.signature(function).parameters.values()
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [one.name for one in arguments if one.kind not in kinds and one.name not in ("self", "cls")]


@dataclass
class Counts:
    """How the values fared, and which of them did not fare well."""

    tried: int = 0
    answered: int = 0
    refused: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)
    arguments: set[tuple[str, str]] = field(default_factory=set)

    def table(self) -> str:
        """Return the counts as a line."""
        return (
            f"wrong kinds: {self.tried:,} tried in {len(self.arguments)} arguments, {self.answered:,} answered, "
            f"{self.refused:,} refused in one sentence, {len(self.faults):,} faults "
            f"(the slowest took {self.slowest:.1f} s)"
        )


def attack(share: float = 1.0, seed: int = 0, dear: float = 0.1, only: str = "") -> Counts:
    """Try a share of the values in every argument, and a share of those where calls are dear."""
    counts, chance = Counts(), random.Random(seed)
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "a", "b", "c")  # some values lead upwards
        project.mkdir(parents=True)
        os.chdir(project)
        try:
            for door in Doors().all():
                for argument in door.usual:
                    counts.arguments.add((door.name, argument))
                    some = min(1.0, share * (dear if door.dear else 1.0))
                    if re.match(only, door.name):
                        for value in VALUES if some == 1 else chance.sample(VALUES, max(1, round(some * len(VALUES)))):
                            _try(counts, door, argument, value)
        finally:
            os.chdir(here)
    return counts


def _try(counts: Counts, door: Door, argument: str, value: Any) -> None:
    what = f"{door.name}({argument}={brief(value)})"
    counts.tried += 1
    started = time.process_time()
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("error")
            answer = door.call(**{**door.usual, argument: value})
    except Exception as error:  # noqa: BLE001  this is what is looked for
        counts.refused += 1
        if problem := _unclear(error, door.words.get(argument, rf"\b{argument}\b")):
            counts.faults.append(f"{problem}: {what}")
    else:
        counts.answered += 1
        if not door.nan and _holds_nan(answer):
            counts.faults.append(f"answered {brief(answer)}: {what}")
    took = time.process_time() - started
    counts.slowest = max(counts.slowest, took)
    if took > (SLOW_REFITS if door.dear else SLOW):
        counts.faults.append(f"took {took:.1f} s: {what}")


def _unclear(error: Exception, words: str) -> str:
    """Return what is wrong with a refusal; empty if it is one sentence of this package that names the argument."""
    sentence, place = str(error), traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    if not isinstance(error, (ValueError, TypeError, OSError)) or (not place.filename.startswith(PACKAGE)):
        return f"{type(error).__name__} {sentence[:150]!r} at {where}"
    if "\n" in sentence or not 10 < len(sentence) < LONGEST:
        return f"not a sentence at {where}: {sentence[:150]!r}"
    if not re.search(words, sentence):
        return f"does not name it at {where}: {sentence[:150]!r}"
    return ""


def _holds_nan(answer: Any) -> bool:
    if isinstance(answer, (list, tuple)):
        return any(map(_holds_nan, answer))
    if isinstance(answer, np.ndarray):
        return answer.dtype.kind == "f" and bool(np.isnan(answer).any())
    return isinstance(answer, (float, np.floating)) and bool(np.isnan(answer))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="share of the values, 1 by default")
    parser.add_argument("--only", default="", help="a regular expression: the names to attack")
    arguments = parser.parse_args()
    counts = attack(arguments.share, dear=1.0, only=arguments.only)
    for fault in dict.fromkeys(counts.faults):
        print(fault, file=sys.stderr)
    print(counts.table())
    return 1 if counts.faults else 0


if __name__ == "__main__":
    sys.exit(main())
