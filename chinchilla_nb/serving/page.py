"""The notebook that the server shows as a page."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chinchilla_nb.printable import printable

__all__ = ["notebook", "title"]

DARK_THEME = """
<link rel="stylesheet" href="{base}voila/templates/lab/static/theme-dark.css"
 media="(prefers-color-scheme: dark)">
<script>{
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    document.body.dataset.jpThemeLight = String(!isDark.matches);
    document.body.dataset.jpThemeName = isDark.matches ? "JupyterLab Dark" : "JupyterLab Light";
  };
  isDark.addEventListener("change", show);
  show();
}</script>
"""
"""Follows the colours that the browser prefers; Voila has one theme for all, and this page the light one."""


def notebook(
    source: str,
    folder: str,
    allow_functions: Sequence[str] = (),
    allow_folders: Sequence[str] = (),
    choices: Mapping[str, str | bool] = MappingProxyType({}),
    base: str = "/",
) -> dict[str, Any]:
    """Return the notebook that opens a workbench.

    Parameters
    ----------
    source : str
        What to open; a path is relative to `folder`.
    folder : str
        Absolute path of the folder that the kernel works in.
    allow_functions, allow_folders : sequence of str
        What panels may call and open, as for `Workbench`.
    choices : mapping of str to str or bool
        What a table holds, as further arguments of `Workbench`.
    base : str
        Path of the page, seen from a browser.
    """
    head = f"<h1>{_as_html(' '.join(title(source, folder).split()))}</h1>"
    # Last, because the first element has no space above it.
    head += DARK_THEME.replace("{base}", base)
    allowed = f"allow_functions={list(allow_functions)!a}, allow_folders={list(allow_folders)!a}"
    allowed += "".join(f", {name}={value!a}" for name, value in choices.items())
    code = [
        "import html, os, warnings\n",
        "from IPython.display import HTML, display\n",
        "from chinchilla_nb import Workbench, datasets\n",
        "from chinchilla_nb.opening import RowsLeftOutWarning\n",
        "from chinchilla_nb.printable import printable\n",
        'warnings.simplefilter("ignore", RowsLeftOutWarning)  # the workbench shows them\n',
        # ASCII, because a path may hold bytes that are not UTF-8, which no message to the kernel can.
        # The server's private folder, which it removes when it ends.
        "session_file = os.path.abspath('session.json')\n",
        f"os.chdir({folder!a})\n",
        # The command has opened the source before, but it may have changed. Voila would advise options of its own.
        "try:\n",
        f"    shown = Workbench({source!a}, session_file=session_file, {allowed})\n",
        "except (OSError, TypeError, ValueError) as error:\n",
        "    reason = html.escape(printable(str(error)))\n",
        "    shown = HTML(f'<p>The workbench cannot be opened: {reason}. Then reload this page.</p>')\n",
        # The runs of a shipped study are known to determine its law, so that nobody has to ask for the fit. A kept
        # fit is being made again when the page is loaded again.
        "else:\n",
        f"    if {source!a} in datasets.names() and shown.session.fit is None and not shown.session.busy:\n",
        "        shown.session.start_fit()\n",
        "display(shown)",
    ]
    return {
        "cells": [
            {"cell_type": "markdown", "id": "title", "metadata": {}, "source": [head]},
            {
                "cell_type": "code",
                "id": "workbench",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": code,
            },
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def title(source: str, folder: str) -> str:
    """Return what to call a source: as it was given, or the name of the folder for a path without one, such as ``.``.

    Parameters
    ----------
    source, folder : str
        As for `notebook`.
    """
    if Path(source).name not in ("", ".."):
        return source
    return Path(folder, source).resolve().name or source


def _as_html(text: str) -> str:
    return html.escape(printable(text))
