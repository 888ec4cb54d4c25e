"""Nobody who can only write into a panel runs code of their choice in its kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from panel_visitor import Visitor, visited_kernel

OPEN = """
import os, subprocess, sys
from os import system
from pathlib import Path
from chinchilla_nb import ConfigPanel, Session, Database
from chinchilla_nb.config.settings import Settings

def my_size(width):
    return 12 * width**2

class Sizes:
    @staticmethod
    def size(width):
        return width

panel = ConfigPanel(Session(Database("project"), Settings()))
search, loss = panel.search, panel.loss
"""
NAMES = [
    "os:system",
    "posix:system",
    "subprocess:getoutput",
    "builtins:exec",
    "canary:run",
    "__main__:os.system",
    "__main__:system",
    "os.system",
    "system",
    "subprocess.getoutput",
    "__builtins__.exec",
    "__builtins__.eval",
    "get_ipython",
    "exit",
    "open",
    "Path",
    "Path.unlink",
    "Sizes.size",
    "sys.exit",
    "my_size.__globals__",
    "..canary:run",
    ":system",
    "os:system\n",
    " os : system ",
    "canary",
    "eval('1')",
    "",
]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory) -> Iterator[tuple[Visitor, Path]]:
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "project").mkdir()
    # Importing it leaves a mark, and so does calling its function.
    mark = "from pathlib import Path\n\nPath('imported').touch()\n\ndef run(command):\n    Path('called').touch()\n"
    (folder / "canary.py").write_text(mark)
    with visited_kernel(folder) as visitor:
        visitor.owner_runs(OPEN)
        yield visitor, folder


@pytest.fixture
def visitor(kernel) -> Iterator[Visitor]:
    """The visitor of a fresh panel; afterwards the kernel lives, and nothing has been imported or called."""
    visitor, folder = kernel
    visitor.owner_runs(OPEN)
    yield visitor
    assert visitor.owner_runs("print('canary' in sys.modules)") == "False"
    marks = [folder / name for name in ("imported", "called", "typed") if (folder / name).exists()]
    for mark in marks:
        mark.unlink()
    assert not marks


def fill_every_value(visitor: Visitor, text: str) -> None:
    """Type into every box of the values of a hyperparameter."""
    for name in visitor.owner_runs("print(*search.values)").split():
        visitor.sets(f"search.values[{name!r}].inputs[0]", value=text)


@pytest.mark.parametrize("name", NAMES)
def test_a_size_estimator_that_nobody_allowed_is_neither_imported_nor_called(visitor, name):
    visitor.sets("search.kind", index=3)
    visitor.sets("search.function", value=name)
    fill_every_value(visitor, "touch typed")
    assert visitor.owner_runs("print(panel.session.settings.model_search)") == "None"
    assert visitor.owner_runs("print(bool(search.kind_row.problem), '\\n' in search.kind_row.problem)") == "True False"


@pytest.mark.parametrize("name", NAMES)
def test_a_loss_and_weights_that_nobody_allowed_are_neither_imported_nor_called(visitor, name):
    visitor.owner_runs("before = panel.session.settings")
    for kind, function in (("kind", "function"), ("weighting", "weight_function")):
        visitor.sets(f"loss.{kind}", index=5 if kind == "kind" else 1)
        visitor.sets(f"loss.{function}", value=name)
    assert visitor.owner_runs("print(panel.session.settings is before)") == "True"
    assert visitor.owner_runs("print(bool(loss.loss_row.problem), bool(loss.weight_row.problem))") == "True True"


@pytest.mark.parametrize("name", ["canary:run", "os:system", "__main__:system", "__main__:os.system"])
@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_file_in_the_project_imports_nothing_when_it_is_loaded(visitor, kernel, name, suffix):
    search = f'{{"size_estimator": "{name}", "hyperparam_grid": {{"command": ["touch typed"]}}}}'
    for key, value in (
        ("model_search_config", search),
        ("loss_fn", f'"{name}"'),
        ("loss_fn", f'{{"name": "{name}", "command": 1}}'),
        ("weight_fn", f'"{name}"'),
    ):
        (kernel[1] / "project" / f"sent.{suffix}").write_text(f'{{"{key}": {value}}}')
        visitor.owner_runs("before = panel.session.settings")
        visitor.sets("panel.path", value=f"sent.{suffix}")
        visitor.clicks("panel.load_button")
        assert visitor.owner_runs("print(panel.session.settings is before)") == "True"
        message = visitor.owner_runs("print(panel.message.value)")
        assert "Nothing was loaded" in message
        assert "pass allow_functions=" in message


def test_a_folder_that_somebody_sent_is_opened_without_its_configuration(visitor, kernel):
    (kernel[1] / "project" / "config.yaml").write_text("loss_fn: canary:run\n")
    (kernel[1] / "project" / "chinchilla.yaml").write_text("weight_fn: canary:run\n")
    visitor.owner_runs(
        "from chinchilla_nb import Workbench\n"
        "bench = Workbench('project')\n"
        "for toggle in bench.toggles.values(): toggle.value = True\n"
        "try: Workbench('project/config.yaml')\n"
        "except ValueError as error: print(error)\n"
        "else: raise AssertionError('opened')\n"
    )


def test_functions_of_the_notebook_and_allowed_ones_are_used(visitor):
    """The control of the attacks: the same messages reach functions that may be used."""
    visitor.sets("search.kind", index=3)
    visitor.sets("search.function", value="my_size")
    visitor.sets("search.values['width'].inputs[0]", value="10, 20")
    show = "print(*panel.session.settings.model_search.table().N)"
    assert visitor.owner_runs(show) == "1200.0 4800.0"
    visitor.owner_runs(
        "panel = ConfigPanel(Session(Database('project'), Settings()), allow_functions=['math:lgamma', 'numpy:sqrt'])\n"
        "search, loss = panel.search, panel.loss"
    )
    offered = visitor.owner_runs("loss.weighting.value = 'own'; print(*loss.weight_function.options)")
    assert offered == "math:lgamma my_size numpy:sqrt"
    visitor.sets("loss.weight_function", value="numpy:sqrt")
    assert visitor.owner_runs("print(panel.session.settings.weight_fn)") == "<ufunc 'sqrt'>"


def test_the_code_of_the_user_does_not_run_while_a_value_is_typed(visitor):
    visitor.sets("search.kind", index=1)
    values = "print({row.inputs[0].continuous_update for row in search.values.values()})"
    assert visitor.owner_runs(values) == "{True}"
    visitor.sets("search.kind", index=3)
    visitor.sets("search.function", value="my_size")
    assert visitor.owner_runs(values) == "{False}"
