"""How Sphinx builds the documentation: ``make docs``."""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

import chinchilla_nb

DOCS = Path(__file__).resolve().parent

project = "chinchilla_nb"
author = copyright = "The chinchilla_nb developers"
version = release = chinchilla_nb.__version__
html_theme = "furo"
html_title = f"chinchilla_nb {release}"
html_copy_source = False

extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax", "numpydoc", "myst_nb"]
templates_path = ["_templates"]
exclude_patterns = ["_templates"]

myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
# Notebooks are shown as they were committed; `make test` runs them and compares.
nb_execution_mode = "off"
# The pictures beside the panels are what a page without a kernel shows: nothing is fetched for the widgets.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

autodoc_typehints = "none"  # numpydoc shows them
autodoc_member_order = "bysource"
autosummary_generate = True
numpydoc_show_class_members = False


def bring_notebooks(_app: Sphinx, _config: Config) -> None:
    """Copy the numbered notebooks in: Sphinx reads only what lies below this folder."""
    folder = DOCS / "tutorials"
    sources = {path.name: path for path in (DOCS.parent / "notebooks").glob("[0-9]*.ipynb")}
    for old in folder.glob("*.ipynb"):
        if old.name not in sources:
            old.unlink()
    for name, path in sources.items():
        copy = folder / name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copyfile(path, copy)


def setup(app: Sphinx) -> None:
    """Let Sphinx call what is above."""
    app.connect("config-inited", bring_notebooks)
