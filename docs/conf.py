"""How Sphinx builds the documentation: ``make docs``."""

from __future__ import annotations

import shutil
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.writers.html5 import HTML5Translator

import chinchilla_nb

DOCS = Path(__file__).resolve().parent

project = "chinchilla_nb"
author = copyright = "The chinchilla_nb developers"
version = release = chinchilla_nb.__version__
html_theme = "furo"
html_title = f"chinchilla_nb {release}"
pygments_dark_style = "github-dark"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["page.css"]
html_math_renderer = "mathml"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "myst_nb"]
templates_path = ["_templates"]
exclude_patterns = ["_templates"]

myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
# Notebooks are shown as they were committed; `make test` runs them and compares.
nb_execution_mode = "off"
# A page without a kernel shows the pictures beside the panels; nothing is fetched for the widgets.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

autodoc_typehints = "none"  # numpydoc shows them
autodoc_member_order = "bysource"
autosummary_generate = True
numpydoc_show_class_members = False


def bring_pages(_app: Sphinx, _config: Config) -> None:
    """Copy the notebooks and SECURITY.md here, because Sphinx reads only files below this folder."""
    shutil.copyfile(DOCS.parent / "SECURITY.md", DOCS / "security.md")
    folder = DOCS / "tutorials"
    # Only the numbered ones: the page of `make demo` shows nothing without a kernel.
    sources = {path.name: path for path in (DOCS.parent / "notebooks").glob("[0-9]*.ipynb")}
    for old in folder.glob("*.ipynb"):
        if old.name not in sources:
            old.unlink()
    for name, path in sources.items():
        copy = folder / name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copyfile(path, copy)


def write_inline(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula as MathML, which browsers render themselves, without a network."""
    translator.body.append(tex2mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def write_block(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula on a line of its own."""
    translator.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the functions above with Sphinx."""
    app.add_html_math_renderer("mathml", (write_inline, None), (write_block, None))
    app.connect("config-inited", bring_pages)
