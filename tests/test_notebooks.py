"""What is committed of the notebooks: they were run from top to bottom, quickly, and can be read without a kernel.

That their outputs are still true is for nbval to say, which ``make test`` runs over all of them.
"""

from __future__ import annotations

import ast
import re
from datetime import datetime
from pathlib import Path

import nbformat
import pytest

import chinchilla_nb

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
TUTORIALS = [path for path in NOTEBOOKS if path.name[0].isdigit()]
# The page of `make demo` is run by Voila, whose visitors see no stored output.
PAGES = {"workbench.ipynb"}
CELL_SECONDS = 60


@pytest.fixture(params=TUTORIALS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shows_something(source):
    """Whether a cell prints, or ends in an expression that has a value worth showing."""
    tree = ast.parse(source)
    last = tree.body[-1]
    if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "print" for node in ast.walk(tree)):
        return True
    if not isinstance(last, ast.Expr):
        return False
    called = ast.unparse(last.value.func) if isinstance(last.value, ast.Call) else ""
    return called.rpartition(".")[2] not in {"append", "extend", "cleanup", "wait", "close", "exclude", "include"}


def test_every_notebook_is_a_tutorial_or_the_page():
    assert {path.name for path in NOTEBOOKS} - {path.name for path in TUTORIALS} == PAGES
    numbers = [int(path.name[:2]) for path in TUTORIALS]
    assert numbers == sorted(set(numbers)), "two tutorials have the same number"


def test_is_valid(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    # Megabytes that JupyterLab shows to nobody who has not trusted the notebook, and other ones after every run.
    assert "widgets" not in notebook.metadata


def test_opens_with_a_title_and_a_question(notebook):
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    title, *paragraphs = [part for part in first.source.split("\n\n") if part.strip()]
    assert re.fullmatch(r"# \S.*", title)
    assert len(paragraphs) == 1, "one paragraph says what this is about"
    assert "?" in paragraphs[0]


def test_was_run_once_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_is_not_stripped(notebook):
    for cell in code_cells(notebook):
        assert cell.outputs or not shows_something(cell.source), f"no output is stored for cell {cell.id!r}"


def test_no_cell_failed_or_warned(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", f"cell {cell.id!r} failed: {output.get('evalue')}"
            assert output.get("name") != "stderr", f"cell {cell.id!r} wrote to stderr: {output.get('text')}"


def test_no_cell_took_long(notebook):
    for cell in code_cells(notebook):
        times = {
            name: datetime.fromisoformat(at.replace("Z", "+00:00")) for name, at in cell.metadata.execution.items()
        }
        took = times["shell.execute_reply"] - times["iopub.execute_input"]
        assert took.total_seconds() < CELL_SECONDS, f"cell {cell.id!r}"


def test_can_be_read_without_a_kernel(notebook):
    """A panel shows nothing on GitHub: a picture follows it before the next panel or the end."""
    awaiting = None
    pictures = 0
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data or "image/svg+xml" in data:
                awaiting, pictures = None, pictures + 1
            if "application/vnd.jupyter.widget-view+json" in data:
                assert awaiting is None, f"no picture follows the panel of cell {awaiting!r}"
                awaiting = cell.id
    assert awaiting is None, f"no picture follows the panel of cell {awaiting!r}"
    assert pictures, "a tutorial without a figure"


def test_links_lead_somewhere():
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            for target in re.findall(r"\]\(([^)#]+)\)", cell.source if cell.cell_type == "markdown" else ""):
                if "://" not in target:
                    assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_uses_public_names_alone(notebook):
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "chinchilla_nb":
                assert node.module == "chinchilla_nb", f"cell {cell.id!r} imports from {node.module}"
                assert {name.name for name in node.names} <= set(chinchilla_nb.__all__), f"cell {cell.id!r}"


def test_code_that_only_phrases_a_sentence_is_hidden(notebook):
    for cell in code_cells(notebook):
        last = ast.parse(cell.source).body[-1]
        value = last.value if isinstance(last, ast.Expr) else None
        phrases = isinstance(value, ast.Call) and ast.unparse(value.func) == "Markdown"
        # The first is for JupyterLab and Notebook, the second for the documentation.
        hidden = (
            cell.metadata.get("jupyter", {}).get("source_hidden", False),
            "hide-input" in cell.metadata.get("tags", []),
        )
        assert hidden == (phrases, phrases), f"cell {cell.id!r}"
