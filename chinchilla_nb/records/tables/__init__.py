"""Tables from files of several formats and from data frames; rows that cannot be read are reported."""

from chinchilla_nb.records.tables.folders import json_files, read_table_folder
from chinchilla_nb.records.tables.formats import FORMATS, FORMATS_TEXT, is_table_name
from chinchilla_nb.records.tables.frames import table_from_frame
from chinchilla_nb.records.tables.reading import read_table
from chinchilla_nb.records.tables.table import Rejected, Table

__all__ = [
    "FORMATS",
    "FORMATS_TEXT",
    "Rejected",
    "Table",
    "is_table_name",
    "json_files",
    "read_table",
    "read_table_folder",
    "table_from_frame",
]
