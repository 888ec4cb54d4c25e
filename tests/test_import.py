"""What importing the package loads, and that every public name is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

import chinchilla_nb


def modules_after(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize("name", chinchilla_nb.__all__)
def test_every_public_name_loads(name):
    assert getattr(chinchilla_nb, name) is getattr(chinchilla_nb, name)
    assert name in dir(chinchilla_nb)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="No chinchilla_nb attribute chinchila"):
        _ = chinchilla_nb.chinchila
    with pytest.raises(ImportError, match="chinchila"):
        from chinchilla_nb import chinchila  # noqa: F401


@pytest.mark.parametrize(
    "statement",
    [
        "import chinchilla_nb",
        "from chinchilla_nb import Chinchilla",
        "from chinchilla_nb import fit, Runs, HOFFMANN_GRID",
    ],
)
def test_neither_notebook_nor_drawing_library_is_loaded_unasked(statement):
    loaded = modules_after(statement)
    assert not {"ipywidgets", "bqplot", "matplotlib", "IPython"} & loaded
