"""Tables from files of several formats and from data frames; rows that cannot be read are reported."""

from chinchilla_nb.records.tables.frames import table_from_frame
from chinchilla_nb.records.tables.reading import FORMATS, read_table
from chinchilla_nb.records.tables.table import Rejected, Table

__all__ = ["FORMATS", "Rejected", "Table", "read_table", "table_from_frame"]
