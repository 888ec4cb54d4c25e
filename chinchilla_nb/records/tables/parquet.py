"""Tables in Parquet files."""

from __future__ import annotations

import io

import pandas as pd

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.tables.frames import table_from_frame
from chinchilla_nb.records.tables.table import Table

__all__ = ["read_parquet"]

MOST_VALUES = 50_000_000
"""Values in a file: a few kilobytes can stand for billions of equal ones, which do not fit into memory."""


def read_parquet(name: str, content: bytes) -> Table:
    """Read a table from a Parquet file, with the index that pandas has written.

    Raises
    ------
    InputError
        If pyarrow is not installed, or it is not such a file or has more than `MOST_VALUES` values.
    """
    try:
        from pyarrow import parquet
    except ImportError:
        remedy = "pip install pyarrow, or save the table as CSV"
        raise InputError("", "reading Parquet needs pyarrow", remedy=remedy) from None
    try:
        size = parquet.read_metadata(io.BytesIO(content))
        values = size.num_rows * size.num_columns
        frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow") if values <= MOST_VALUES else None
    except Exception as error:  # noqa: BLE001  pyarrow raises errors of its own, of many kinds
        raise InputError(brief(name), f"is not a Parquet file ({error})") from None
    if frame is None:
        rule, remedy = f"holds {values:,} values", f"keep at most {MOST_VALUES:,}: the rows and columns that are needed"
        raise InputError(brief(name), rule, remedy=remedy)
    return table_from_frame(frame)
