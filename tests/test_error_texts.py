"""Errors are values: no code takes the text of one apart or looks for a word in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import chinchilla_nb

PACKAGE = Path(chinchilla_nb.__file__).parent
OPERATIONS = {
    *("count", "endswith", "find", "index", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex"),
    *("rpartition", "rsplit", "split", "splitlines", "startswith", "strip", "lstrip", "rstrip", "translate"),
}


class Texts(ast.NodeVisitor):
    """Finds operations on the text of errors in a module.

    An error is what an ``except`` names, or a parameter that is annotated as an exception or named ``error``; its text
    is ``str(error)``, an item of ``error.args``, a name that was given either, and a parameter of a function of the
    package that is called with either, as `passed_on` says.
    """

    def __init__(self, passed_on: set[tuple[str, int]]) -> None:
        self.passed_on = passed_on
        self.errors: set[str] = set()
        self.texts: set[str] = set()
        self.found: list[int] = []
        self.given: set[tuple[str, int]] = set()

    def is_text(self, node: ast.AST) -> bool:
        match node:
            case ast.Name(name):
                return name in self.texts
            case ast.Call(ast.Name("str" | "repr"), [ast.Name(name)]):
                return name in self.errors
            case ast.Subscript(ast.Attribute(ast.Name(name), "args")):
                return name in self.errors
            case ast.Call(ast.Attribute(receiver, name)) if name in OPERATIONS:
                return self.is_text(receiver)
            case ast.BoolOp(values=values):
                return any(self.is_text(value) for value in values)
        return False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        before = set(self.errors), set(self.texts)
        named = [one for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")]
        for position, argument in enumerate(named):
            annotation = "" if argument.annotation is None else ast.unparse(argument.annotation)
            if argument.arg == "error" or "Exception" in annotation or annotation.split(" ")[0].endswith("Error"):
                self.errors.add(argument.arg)
            if (node.name, position) in self.passed_on:
                self.texts.add(argument.arg)
        self.generic_visit(node)
        self.errors, self.texts = before

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name is not None:
            self.errors.add(node.name)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        for target in node.targets:
            if isinstance(target, ast.Name):
                (self.texts.add if self.is_text(node.value) else self.texts.discard)(target.id)

    def visit_Call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Attribute(receiver, name) if name in OPERATIONS and self.is_text(receiver):
                self.found.append(node.lineno)
            case ast.Attribute(ast.Name("re"), _) if any(self.is_text(argument) for argument in node.args):
                self.found.append(node.lineno)
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        self.given |= {(called, position) for position, argument in enumerate(node.args) if self.is_text(argument)}
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        sought = any(isinstance(one, ast.In | ast.NotIn) for one in node.ops)
        if sought and any(self.is_text(side) for side in node.comparators):
            self.found.append(node.lineno)
        self.generic_visit(node)


def operations(sources: dict[str, str]) -> dict[str, list[int]]:
    """Return by name of the module the lines that operate on the text of an error."""
    trees = {name: ast.parse(source) for name, source in sources.items()}
    passed_on: set[tuple[str, int]] = set()
    while True:
        found = {}
        given = set(passed_on)
        for name, tree in trees.items():
            texts = Texts(passed_on)
            texts.visit(tree)
            given |= texts.given
            if texts.found:
                found[name] = sorted(texts.found)
        if given == passed_on:
            return found
        passed_on = given


def modules() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")


def test_nobody_operates_on_the_text_of_an_error():
    assert operations(dict(modules())) == {}


@pytest.mark.parametrize(
    "code",
    [
        "try: f()\nexcept ValueError as error: g(str(error).replace('a', 'b'))",
        "try: f()\nexcept ValueError as error: g('upper' in str(error))",
        "try: f()\nexcept ValueError as one:\n    text = str(one)\n    g(text.removesuffix('.'))",
        "try: f()\nexcept ValueError as one: g(one.args[0].split(':'))",
        "try: f()\nexcept ValueError as one: g(re.sub('a', 'b', str(one)))",
        "def show(error: Exception): return ' '.join(str(error).split())",
        "def show(problem): return problem.startswith('a')\ntry: f()\nexcept ValueError as one: show(str(one))",
        "def show(a): return a.strip()\ndef tell(b): show(b)\ntry: f()\nexcept ValueError as one: tell(str(one))",
    ],
)
def test_each_way_to_operate_on_a_text_is_found(code):
    assert len(operations({"module": code})["module"]) == 1


@pytest.mark.parametrize(
    "code",
    [
        "try: f()\nexcept InputError as error: g(f'{error.where} {error.rule}', str(error))",
        "try: f()\nexcept OSError as error: g(error.strerror.lower())",
        "try: f()\nexcept ValueError as error: g(f'nothing was saved: {error}.')",
        "text = 'a b'.split()",
        "def show(text): return text.split()\nshow('a b')",
    ],
)
def test_reading_parts_and_showing_a_text_are_not(code):
    assert operations({"module": code}) == {}
