"""Copy the rows of the run table for a spreadsheet, or save them as a file."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.records.spreadsheet_csv import spreadsheet_csv
from chinchilla_nb.widgets.base.page_actions import Download, copied_at_once, copy_block, download_link
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.run_log.run_columns import Column

__all__ = ["RunCopy"]

FILE, MIME = "runs.csv", "text/csv"
MAX_ROWS = 200
"""Number of rows offered for copying; the file contains all of them."""


class RunCopy(ipywidgets.VBox):
    """The matching rows as tab-separated text that is copied when it is shown, and a link that saves them all as CSV.

    Attributes
    ----------
    link : Download
    rows : HTML
    """

    def __init__(self, parts: Parts) -> None:
        self.link, self.rows = parts.make(Download), parts.html()
        super().__init__([self.link, self.rows], **parts.look(ipywidgets.VBox, ("cnb-section",)))

    def show(self, columns: Mapping[str, Column], rows: NDArray[np.intp], *, asked: bool) -> None:
        """Offer these rows in this order; if the user has just asked for them, copy them."""
        table = {name: column.values[rows] for name, column in columns.items()}
        some = f" the first {MAX_ROWS} of {len(rows):,} rows" if len(rows) > MAX_ROWS else " these rows"
        hint = f'<span class="cnb-muted">· Copy takes{some}</span>'
        self.link.value = f"{download_link(FILE, MIME, spreadsheet_csv(table))} {hint}"
        first = {name: values[:MAX_ROWS] for name, values in table.items()}
        text = spreadsheet_csv(first, "\t").decode()
        self.rows.value = copied_at_once(text) if asked else copy_block(text, "these rows")

    def save(self, columns: Mapping[str, Column], rows: NDArray[np.intp]) -> None:
        """Save all these rows as CSV."""
        self.link.offer(FILE, MIME, spreadsheet_csv({name: column.values[rows] for name, column in columns.items()}))
