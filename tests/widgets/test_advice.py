"""Panels advise controls: no sentence of theirs tells a reader to call something, where a control does it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import chinchilla_nb
from chinchilla_nb.engine.fitting.reliability.fit_warning import FitWarning
from chinchilla_nb.widgets.fit.fit_result import warning_text

WIDGETS = Path(chinchilla_nb.__file__).parent / "widgets"
CALL = re.compile(
    r"\b(cc|session|fit|law|database|Chinchilla|Workbench)(\.[a-z_]+)?\([^)]*\)|\b(call|pass|set) [a-z_]+\(?="
)
WITHOUT_A_CONTROL = (
    "Chinchilla().append(N=…, D=…, loss=…)",  # the end of a training job, which no panel is part of
    "open it with Workbench(address) or the command chinchilla-nb",  # panels open no addresses (SECURITY.md)
    "put the file there, or, if everyone",  # what a page may use is decided by who opens it, not by who sees it
)
"""Beginnings of sentences about what no control does."""


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a source that are no documentation, with their lines; values in f-strings are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    silent |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.lineno, node.value


def advises_a_call(text: str) -> bool:
    return CALL.search(text) is not None and " " in text and not text.startswith(WITHOUT_A_CONTROL)


@pytest.mark.parametrize("path", sorted(WIDGETS.rglob("*.py")), ids=lambda path: str(path.relative_to(WIDGETS)))
def test_no_sentence_of_a_panel_advises_a_call(path):
    assert [one for one in sentences(path) if advises_a_call(one[1])] == []


@pytest.mark.parametrize(
    "text",
    [
        "press Fit, or call cc.fit(exhaustive=True)",
        "Saved. Chinchilla.from_config() opens it again.",
        "keep it, or set compute='fitted' to plan with another",
    ],
)
def test_what_advises_a_call_is_recognised(text):
    assert advises_a_call(text)


def test_the_warning_about_compute_names_its_section_in_the_configuration():
    warning = FitWarning("compute", "the C of the runs is 1.2 times 6ND", "keep 6ND, or set compute='fitted'")
    assert not advises_a_call(warning_text(warning))
    assert "under Compute in the configuration" in warning_text(warning)
