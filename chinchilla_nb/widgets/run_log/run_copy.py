"""Take the rows of the run table elsewhere: copied into a spreadsheet, or saved as a file."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.records.csv_text import columns_as_csv
from chinchilla_nb.widgets.base.export import download_link
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.run_log.run_columns import Column

__all__ = ["RunCopy"]

AT_MOST = 200
"""Rows offered for copying; the file has all."""


class RunCopy(ipywidgets.VBox):
    """The rows that match, with tabs between their cells, and a link to the same as a CSV file.

    Attributes
    ----------
    link, rows : HTML
    """

    def __init__(self, parts: Parts) -> None:
        self.link, self.rows = parts.html(), parts.html()
        super().__init__([self.link, self.rows], **parts.look(ipywidgets.VBox, ("cnb-section",)))

    def show(self, columns: Mapping[str, Column], rows: NDArray[np.intp]) -> None:
        """Offer these rows in this order."""
        some = f" (the first {AT_MOST} of {len(rows):,})" if len(rows) > AT_MOST else ""
        hint = f'<span class="cnb-muted">· or click the rows, which selects them, and copy{some}</span>'
        table = {name: column.values[rows] for name, column in columns.items()}
        self.link.value = f"{download_link('runs.csv', 'text/csv', columns_as_csv(table))} {hint}"
        first = {name: values[:AT_MOST] for name, values in table.items()}
        text = escape(columns_as_csv(first, "\t").decode())
        self.rows.value = f'<pre class="cnb-code" tabindex="0" title="A click selects all">{text}</pre>'
