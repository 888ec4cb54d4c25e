"""The documentation: it builds without a warning, and everything in it and in the docstrings runs as it stands."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chinchilla_nb

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "```pycon" in path.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_it_builds_without_a_warning(tmp_path):
    # A copy: Sphinx and the notebooks' copies must not meet what another build leaves behind.
    ignored = shutil.ignore_patterns("generated", "*.ipynb")
    source = shutil.copytree(DOCS, tmp_path / "docs", ignore=ignored)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copy(ROOT / "SECURITY.md", tmp_path)
    built = tmp_path / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(source), str(built)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr
    # The law is typeset, a method's docstring is there, and every notebook has its page.
    assert "<mfrac><mi>A</mi><msup><mi>N</mi>" in re.sub(
        r"\s+<", "<", (built / "mathematics.html").read_text(encoding="utf-8")
    )
    assert "adjust_D_to_N" in (built / "api/generated/chinchilla_nb.Chinchilla.html").read_text(encoding="utf-8")
    for notebook in (ROOT / "notebooks").glob("[0-9]*.ipynb"):
        assert (built / "tutorials" / notebook.name).with_suffix(".html").is_file()


def test_every_public_name_has_a_page_or_is_on_one():
    listed = (DOCS / "api/index.md").read_text(encoding="utf-8")
    for name in chinchilla_nb.__all__:
        assert re.search(rf"^   {name}$|`{name}`", listed, flags=re.MULTILINE), name


def test_every_callback_is_listed_with_its_arguments():
    """Their modules need frameworks that are not installed here, so the page cannot take them from the code."""
    listed = (DOCS / "api/index.md").read_text(encoding="utf-8")
    found = 0
    for path in sorted((ROOT / "chinchilla_nb/callbacks").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef) or not node.name.endswith("Callback"):
                continue
            (init,) = (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__")
            defaults = zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
            given = ", ".join(f"{one.arg}={ast.unparse(value)}" for one, value in defaults).replace("'", '"')
            assert f".. class:: chinchilla_nb.callbacks.{path.stem}.{node.name}(project_dir, *, {given}, **" in listed
            found += 1
    assert found == 2


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_code_on_the_page(path):
    # Fences become blank lines, so that the last output of a block ends where its fence is and line numbers hold.
    text = re.sub(r"^```.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    run(doctest.DocTestParser().get_doctest(text, {}, path.name, str(path), 0))


def code_of(path: Path) -> str:
    """Text of a page, sources of a notebook's cells, or the examples in the docstrings of a module."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return text if path.suffix == ".md" else "\n".join(re.findall(r"^ *(?:>>>|\.\.\.) (.*)$", text, flags=re.MULTILINE))


@pytest.mark.parametrize("source", ["README.md", "docs/**/*.md", "notebooks/*.ipynb", "chinchilla_nb/**/*.py"])
def test_no_example_computes_C_in_integers(source):
    """N and D of `Database.df` are int64, and 6 N D wraps beyond 9.2e18: it must be written 6.0 * N * D."""
    product = r"[\w.]+(?:\[[^\]]*\])?"
    paths = list(ROOT.glob(source))
    assert paths
    for path in paths:
        wrapping = re.findall(
            rf"(?<![\w.])6 ?\* ?{product} ?\* ?{product}|{product} ?\* ?{product} ?\* ?6(?![\w.])", code_of(path)
        )
        assert not wrapping, path


PACKAGE = ROOT / "chinchilla_nb"
EXAMPLES = sorted(path for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in EXAMPLES]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for test in doctest.DocTestFinder().find(importlib.import_module(name)):
        if test.examples:
            run(test)


def run(test):
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    result = runner.run(test, out=said.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(said)
