"""Text from the bytes of a file: decompressed up to a limit, and decoded whatever its encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.tables.formats import COMPRESSED

__all__ = ["MOST_BYTES", "decoded", "decompressed"]

MOST_BYTES = 1 << 28
"""Size of what a compressed file holds, 256 MiB: a few kilobytes can expand until the memory is full, and a table of
more than that does not fit into memory as rows."""
SAMPLE = 1 << 12
"""Bytes that are enough to see an encoding."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHER_FILES = (
    (b"PK\x03\x04", "is an Excel workbook or a ZIP archive", "name a workbook .xlsx, or unpack the archive"),
    (b"\xd0\xcf\x11\xe0", "is a workbook of an old Excel", "save it as .xlsx or CSV"),
    (b"PAR1", "is a Parquet file", "name it .parquet"),
    (b"\x1f\x8b", "is compressed with gzip", f"end its name in {COMPRESSED}"),
)


def decompressed(name: str, content: bytes) -> bytes:
    """Return what a file holds that is compressed with gzip.

    Raises
    ------
    InputError
        If it is damaged, or holds more than `MOST_BYTES`.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            whole = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(brief(name), f"is not a complete gzip file ({error})", remedy="compress it again") from None
    if len(whole) > MOST_BYTES:
        rule = f"holds more than {MOST_BYTES >> 20} MiB"
        raise InputError(brief(name), rule, remedy="decompress it, or keep only the rows and columns that are needed")
    return whole


def decoded(name: str, content: bytes) -> tuple[str, str]:
    """Return the text in a file, and a note if its encoding had to be guessed.

    UTF-16 and UTF-32 are recognised by their byte order mark, UTF-16 also by the zeros that stand beside the letters of
    a table. What is not UTF-8 either is read as Windows-1252, which has the digits and letters of every older
    encoding of Western Europe in the same places.

    Raises
    ------
    InputError
        If it is not text.
    """
    for signature, rule, remedy in _OTHER_FILES:
        if content.startswith(signature):
            raise InputError(brief(name), rule, remedy=remedy)
    mark, encoding = next((pair for pair in _MARKS if content.startswith(pair[0])), (b"", _without_mark(content)))
    try:
        return content[len(mark) :].decode(encoding), ""
    except UnicodeDecodeError:
        if encoding != "utf-8" or mark:
            raise InputError(
                brief(name), f"is not {encoding[:6].upper()} text, as it begins", remedy="save it as UTF-8"
            ) from None
    try:
        if b"\0" not in content:
            return content.decode("cp1252"), "it is not UTF-8 and was read as Windows-1252 text"
    except UnicodeDecodeError:
        pass
    raise InputError(brief(name), "is not UTF-8 text", remedy="save it as UTF-8")


def _without_mark(content: bytes) -> str:
    """Return which encoding a text without a byte order mark has: UTF-16 if every other byte is mostly zero."""
    sample = content[:SAMPLE]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(sample) >= 2 and sample[first::2].count(0) > len(sample) / 4 and not sample[1 - first :: 2].count(0):
            return encoding
    return "utf-8"
