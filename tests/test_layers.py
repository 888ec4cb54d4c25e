"""The import rules of CONTRIBUTING.md, read off the sources and tried in a fresh interpreter."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chinchilla_nb

NAME = "chinchilla_nb"
PACKAGE = Path(chinchilla_nb.__file__).parent
BANNED_IN_ENGINE = ["pandas", "traitlets", "ipywidgets", "bqplot", "matplotlib", "pydantic", "yaml", "rich", "joblib"]
FACADE = {"core", "simulator", "visualizer", "report"}


def name_of(path: Path) -> str:
    """Name of a module below the package, ``engine.fit``; that of the package itself is empty."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def modules_in(*rooms: str) -> list[str]:
    return [name for name in MODULES if name.split(".")[0] in rooms]


def imports(nodes: Iterator[ast.AST]) -> set[str]:
    """Full names of the modules that some statements import."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            # `from package import module` is an import of the module.
            found |= names if all(name.removeprefix(NAME + ".") in MODULES for name in names) else {node.module}
    return found


def all_imports(name: str) -> set[str]:
    """Imports of a module, those inside functions and those for type checkers only included."""
    return imports(ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))))


def own_imports(name: str) -> set[str]:
    """Modules of the package that a module imports, as names below the package."""
    return {full.removeprefix(NAME + ".") for full in all_imports(name) if full.startswith(NAME + ".")} & set(MODULES)


def libraries(name: str) -> set[str]:
    """Packages outside Python and outside this package that a module imports."""
    return {full.split(".")[0] for full in all_imports(name)} - sys.stdlib_module_names - {NAME}


def rooms(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("name", modules_in("engine"))
def test_engine_imports_numpy_scipy_and_itself(name):
    assert libraries(name) <= {"numpy", "scipy"}
    assert rooms(own_imports(name)) <= {"engine"}


@pytest.mark.parametrize("name", modules_in("figures"))
def test_figures_know_the_engine_and_no_drawing_library(name):
    assert libraries(name) <= {"numpy"}
    assert rooms(own_imports(name)) <= {"engine", "figures"}


STATE = [
    "checks",
    "csv_text",
    "database",
    "parallel",
    "planning",
    "progress",
    "rows",
    "session",
    "settings",
    "storage",
    "whole_file",
]


@pytest.mark.parametrize("name", modules_in(*STATE))
def test_state_knows_neither_facade_nor_widgets(name):
    assert not rooms(own_imports(name)) & (FACADE | {"widgets"})


@pytest.mark.parametrize("name", modules_in("widgets"))
def test_widgets_do_not_import_the_facade(name):
    assert not rooms(own_imports(name)) & FACADE
    # IPython, because only an output of the cell can hold the picture that stays when the kernel is gone.
    assert libraries(name) <= {"ipywidgets", "bqplot", "traitlets", "numpy", "IPython"}


@pytest.mark.parametrize("name", [name for name in MODULES if name and name.split(".")[0] != "widgets"])
def test_nothing_outside_widgets_imports_widgets(name):
    assert "widgets" not in rooms(own_imports(name))
    assert not libraries(name) & {"ipywidgets", "bqplot"}


@pytest.mark.parametrize("name", [name for name in modules_in("widgets") if name.endswith("_panel")])
def test_panels_do_not_import_panels(name):
    assert not [other for other in own_imports(name) if other.endswith("_panel")]


def test_matplotlib_is_for_drawing_and_the_visualizer_alone():
    assert [name for name in MODULES if "matplotlib" in libraries(name)] == ["drawing", "visualizer"]


def test_torch_is_the_studies_own():
    assert all(name.startswith("datasets.") for name in MODULES if "torch" in libraries(name))


def test_no_module_imports_itself_through_others():
    graph = {}
    for name, path in MODULES.items():
        # Top level only: what is imported later, or for type checkers alone, closes no circle.
        top = imports(iter(ast.parse(path.read_text(encoding="utf-8")).body))
        graph[name] = {full.removeprefix(NAME + ".") for full in top if full.startswith(NAME + ".")} & set(MODULES) - {
            name
        }
    tuple(graphlib.TopologicalSorter(graph).static_order())


def test_engine_works_where_nothing_else_is_installed():
    names = [f"{NAME}.{name}" for name in modules_in("engine")]
    code = f"""
import importlib, sys
sys.modules.update(dict.fromkeys({BANNED_IN_ENGINE}))
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
