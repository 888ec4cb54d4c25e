"""Every observer in the widgets is guarded: what one raises is shown in its panel, not lost."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import chinchilla_nb

WIDGETS = Path(chinchilla_nb.__file__).parent / "widgets"
MODULES = sorted(WIDGETS.rglob("*.py"))
REGISTERING = {"observe", "on_click", "on_drag", "watch"}
# The snapshot is made on a thread of its own, which reports nothing; a panel of a dead kernel shows the former one.
UNGUARDED = {"_renew_snapshot"}


def callbacks(tree: ast.AST) -> Iterator[str]:
    """Yield the names of the methods of self that are registered as observers, also within a partial or a lambda."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in REGISTERING:
            for part in ast.walk(node.args[0]) if node.args else ():
                if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self":
                    yield part.attr


def guarded_methods(tree: ast.AST) -> set[str]:
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(mark, ast.Name) and mark.id == "guarded" for mark in node.decorator_list)
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(WIDGETS)))
def test_every_observer_is_guarded(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    methods = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    observers = {name for name in callbacks(tree) if name in methods}
    assert observers - guarded_methods(tree) <= UNGUARDED


def test_the_search_finds_observers_of_every_kind():
    found = [name for path in MODULES for name in callbacks(ast.parse(path.read_text(encoding="utf-8")))]
    assert {"_fit", "_arrange", "_clicked", "_checked", "_sort", "_show_result"} <= set(found)
