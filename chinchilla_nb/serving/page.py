"""The notebook that the server shows as a page."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chinchilla_nb.printable import printable

__all__ = ["notebook", "title"]


def notebook(
    source: str,
    folder: str,
    remarks: Sequence[str] = (),
    allow_functions: Sequence[str] = (),
    allow_folders: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the notebook that opens a workbench.

    Parameters
    ----------
    source : str
        What to open; a path is relative to `folder`.
    folder : str
        Absolute path of the folder that the kernel works in.
    remarks : sequence of str
        Shown above the workbench.
    allow_functions, allow_folders : sequence of str
        What panels may call and open, as for `Workbench`.
    """
    head = f"<h1>{_as_html(' '.join(title(source, folder).split()))}</h1>"
    head += "".join(f"\n<p>{_as_html(remark)}</p>" for remark in remarks)
    code = [
        "import os, warnings\n",
        "from chinchilla_nb import Workbench\n",
        "from chinchilla_nb.opening import RowsLeftOutWarning\n",
        'warnings.simplefilter("ignore", RowsLeftOutWarning)  # shown above\n',
        # ASCII, because a path may hold bytes that are not UTF-8, which no message to the kernel can.
        f"os.chdir({folder!a})\n",
        f"Workbench({source!a}, allow_functions={list(allow_functions)!a}, allow_folders={list(allow_folders)!a})",
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
