"""The import rules of CONTRIBUTING.md: read off the sources, followed through others, and tried in an interpreter.

Imports inside functions and those for type checkers count like all others.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import chinchilla_nb

NAME = "chinchilla_nb"
PACKAGE = Path(chinchilla_nb.__file__).parent
FACADE = {
    "_metrics",
    "_utils",
    "_validator",
    "allocations",
    "approaches",
    "command_options",
    "core",
    "drawn_laws",
    "filtered_runs",
    "fit_reliability",
    "fit_uncertainty",
    "fitted_law",
    "group_comparison",
    "law_method",
    "past_fits",
    "planning",
    "publication",
    "report_command",
    "rollout",
    "run_design",
    "run_exclusion",
    "grouped_laws",
    "simulator",
    "studies",
    "study_charts",
    "study_choices",
    "study_identity",
    "size_comparison",
    "visualizer",
}
STATE = {
    "background_losses",
    "background_roll_outs",
    "chart_scale",
    "background_uncertainty",
    "chosen_budget",
    "damaged_json",
    "database",
    "exclusions",
    "fit_history",
    "followed_database",
    "forecasting",
    "kept_session",
    "law_overlays",
    "left_out_rows",
    "next_step",
    "open_forecasts",
    "past_fit",
    "planned_runs",
    "run_compute",
    "run_filter",
    "run_origin",
    "run_view",
    "session",
    "session_file",
    "session_groups",
    "session_merge",
    "session_values",
    "session_work",
}
TEXT = {"html_table", "printable", "quantity"}
"""Numbers, tables and foreign text, as text."""

REACHES = {
    "engine": TEXT,
    "html_table": set(),
    "printable": set(),
    "quantity": {"engine", *TEXT},
    "checks": {"engine", *TEXT},
    "whole_file": set(),
    "figures": {"engine", *TEXT},
    "drawing": {"engine", "figures", *TEXT},
    "work": {"engine", *TEXT},
    "records": {"engine", "checks", "whole_file", *TEXT},
    "callbacks": {"_logger", "engine", "checks", "database", "records", "whole_file", *TEXT},
    "config": {"engine", "checks", "whole_file", *TEXT},
    **{
        name: {
            *("_logger", "checks", "config", "drawing", "engine", "figures", "records", "report", "whole_file"),
            *("work", *TEXT, *STATE),
        }
        for name in ("publishing", "report")
    },
    "serving": {"printable"},
    "datasets": {"_logger", "engine", "checks", "database", "records", "whole_file", *TEXT},
    **{
        name: {"_logger", "engine", "checks", "config", "records", "whole_file", "work", *TEXT, *STATE}
        for name in STATE
    },
}
"""By folder or single module: what it may import besides itself, directly or through others."""


def name_of(path: Path) -> str:
    """Name of a module below the package, ``engine.runs``; that of the package itself is empty."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(name: str) -> str:
    """Return the folder that a module lies in, or the module itself where that is none."""
    return name.split(".", maxsplit=1)[0]


def modules_in(*rooms: str) -> list[str]:
    return [name for name in MODULES if room(name) in rooms]


def panel_of(name: str) -> str:
    """Return which folder of the widgets a module lies in: base, charts, a panel; empty for the rest."""
    parts = name.split(".")
    return parts[1] if parts[0] == "widgets" and len(parts) > 2 else ""


def imports(nodes: Iterable[ast.AST]) -> set[str]:
    """Full names of the modules that some statements import."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            # `from package import module` is an import of the module.
            found |= {name if name.removeprefix(f"{NAME}.") in MODULES else node.module for name in names}
    return found


@functools.cache
def all_imports(name: str) -> frozenset[str]:
    return frozenset(imports(ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8")))))


def own(names: Iterable[str]) -> set[str]:
    """Those modules that are the package's, as names below it."""
    return {name.removeprefix(f"{NAME}.") for name in names if name.startswith(f"{NAME}.")} & set(MODULES)


@functools.cache
def reached(name: str) -> frozenset[str]:
    """Every module that a module imports, through others too."""
    found: set[str] = set()
    todo = [name]
    while todo:
        new = own(all_imports(todo.pop())) - found
        found |= new
        todo += new
    return frozenset(found)


def libraries(name: str) -> set[str]:
    """Packages outside Python and outside this package that a module imports."""
    return {full.split(".")[0] for full in all_imports(name)} - sys.stdlib_module_names - {NAME}


def test_every_module_is_under_a_rule():
    ruled = {*REACHES, *FACADE, "widgets", "opening", "cli", "__main__", "_logger", ""}
    assert {room(name) for name in MODULES} == ruled


@pytest.mark.parametrize("name", modules_in(*REACHES))
def test_a_folder_reaches_what_it_may_and_nothing_else(name):
    assert {room(other) for other in reached(name)} <= REACHES[room(name)] | {room(name)}


@pytest.mark.parametrize("name", modules_in("engine"))
def test_engine_needs_numpy_and_scipy(name):
    assert libraries(name) <= {"numpy", "scipy", *(["threadpoolctl"] if name == "engine.blas_threads" else [])}


@pytest.mark.parametrize("name", modules_in("figures"))
def test_figures_know_no_drawing_library(name):
    assert libraries(name) <= {"numpy"}


SERVER_MODULES = {f"serving.{name}" for name in ("server", "handlers", "kernels", "errors", "origins")}


@pytest.mark.parametrize("name", MODULES)
def test_only_the_server_needs_voila_and_jupyter(name):
    needed = libraries(name) & {"voila", "jupyter_server", "jupyter_client", "tornado"}
    assert not needed or name in SERVER_MODULES


@pytest.mark.parametrize("name", modules_in("widgets"))
def test_widgets_never_meet_the_facade(name):
    assert not {room(other) for other in reached(name)} & FACADE
    # IPython, because only an output of the cell can hold the picture that stays when the kernel is gone.
    assert libraries(name) <= {"ipywidgets", "bqplot", "traitlets", "numpy", "IPython"}


@pytest.mark.parametrize("name", [name for name in MODULES if name and room(name) != "widgets"])
def test_nothing_outside_widgets_reaches_widgets(name):
    assert "widgets" not in {room(other) for other in reached(name)}
    assert not libraries(name) & {"ipywidgets", "bqplot"}


@pytest.mark.parametrize("name", [name for name in modules_in("widgets") if panel_of(name)])
def test_panels_never_import_panels(name):
    below = {"base": set(), "charts": {"base"}}
    allowed = below.get(panel_of(name), {"base", "charts"}) | {panel_of(name)}
    assert {panel_of(other) for other in own(all_imports(name)) if panel_of(other)} <= allowed


def test_matplotlib_is_for_drawing_and_the_visualizer_alone():
    drawn_with = {room(name) for name in MODULES if "matplotlib" in libraries(name)}
    assert drawn_with == {"drawing", "study_charts", "visualizer"}


def test_training_frameworks_are_for_callbacks_and_torch_for_the_studies_too():
    frameworks = {"lightning", "torch", "transformers"}
    assert {room(name) for name in MODULES if libraries(name) & frameworks} == {"callbacks", "datasets"}


def test_modules_import_each_other_by_their_own_names():
    # The lazy face of the package would hide from these tests which module is meant.
    face = {f"{NAME}": {"__version__", "datasets"}}
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in face:
                assert {alias.name for alias in node.names} <= face[node.module], name


def top_level(name: str) -> Iterator[ast.AST]:
    # Top level only: what is imported later, or for type checkers alone, closes no circle.
    yield from ast.parse(MODULES[name].read_text(encoding="utf-8")).body


def test_no_public_name_is_that_of_a_module_which_would_replace_it_once_imported():
    modules = {name.removeprefix("chinchilla_nb.").split(".")[0] for name in MODULES}
    assert modules & set(chinchilla_nb.__all__) == {"datasets"}  # which is a module


def test_no_module_imports_itself_through_others():
    graph = {name: own(imports(top_level(name))) - {name} for name in MODULES}
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_engine_works_where_nothing_else_is_installed():
    names = [f"{NAME}.{name}" for name in modules_in("engine")]
    banned = ["pandas", "traitlets", "ipywidgets", "bqplot", "matplotlib", "pydantic", "yaml", "rich", "joblib"]
    code = f"""
import importlib, sys
sys.modules.update(dict.fromkeys({banned}))
for name in {names}:
    importlib.import_module(name)
from chinchilla_nb import HOFFMANN_GRID, Runs, ScalingLaw, allocate, fit
law = ScalingLaw(E=1.7, A=400.0, B=410.0, alpha=0.34, beta=0.28)
N, D = [1e8, 1e8, 1e9, 1e9, 1e10, 1e10], [1e9, 1e10, 1e10, 1e11, 1e11, 1e12]
found = fit(Runs(N, D, law.loss(N, D)), HOFFMANN_GRID).law
assert abs(found.alpha - law.alpha) < 1e-6, found
"""
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
