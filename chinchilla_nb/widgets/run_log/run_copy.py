"""Copy the rows of the run table into a spreadsheet, or save them as a file."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv
from chinchilla_nb.widgets.base.export import download_link
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.run_log.run_columns import Column

__all__ = ["RunCopy"]

MAX_ROWS = 200
"""Number of rows offered for copying; the file contains all of them."""


class RunCopy(ipywidgets.VBox):
    """The matching rows as tab-separated text, and a link that downloads them as a CSV file.

    Attributes
    ----------
    link, rows : HTML
    """

    def __init__(self, parts: Parts) -> None:
        self.link, self.rows = parts.html(), parts.html()
        super().__init__([self.link, self.rows], **parts.look(ipywidgets.VBox, ("cnb-section",)))

    def show(self, columns: Mapping[str, Column], rows: NDArray[np.intp]) -> None:
        """Offer these rows in this order."""
        some = f" (the first {MAX_ROWS} of {len(rows):,})" if len(rows) > MAX_ROWS else ""
        hint = f'<span class="cnb-muted">· or click the rows to select them, then copy{some}</span>'
        table = {name: column.values[rows] for name, column in columns.items()}
        self.link.value = f"{download_link('runs.csv', 'text/csv', spreadsheet_csv(table))} {hint}"
        first = {name: values[:MAX_ROWS] for name, values in table.items()}
        text = escape(spreadsheet_csv(first, "\t").decode())
        self.rows.value = f'<pre class="cnb-code" tabindex="0" title="A click selects all">{text}</pre>'
