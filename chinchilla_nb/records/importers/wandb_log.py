"""The records in a ``.wandb`` file: the log format of LevelDB [1]_ with another header and checksum.

A file begins with 7 bytes of its own. It is cut into blocks of 32 KiB; each holds pieces that begin with a checksum
(CRC-32 of the kind and the data), the length of the data and the kind: a whole record, or its first, a middle or its
last piece. Less than a piece's header at the end of a block is padding. The numbers are little-endian.

References
----------
.. [1] https://github.com/google/leveldb/blob/main/doc/log_format.md
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from chinchilla_nb.engine.errors import InputError

__all__ = ["BrokenLogError", "records_in"]

_START = b":W&B"
_START_LENGTH = 7
_BLOCK = 32_768
_HEADER = struct.Struct("<IHB")
_WHOLE, _FIRST, _LAST = 1, 2, 4


class BrokenLogError(InputError):
    """The rest of a log cannot be read."""


def records_in(content: bytes) -> Iterator[bytes]:
    """Yield the complete records of a file.

    Raises
    ------
    BrokenLogError
        Where the file ends within a record or does not agree with its checksum; what comes before has been yielded.
    """
    if not content.startswith(_START):
        raise BrokenLogError("", "it does not begin as a .wandb file does")
    record, at = b"", _START_LENGTH
    while at < len(content):
        left = _BLOCK - at % _BLOCK
        if left < _HEADER.size:
            at += left
            continue
        if at + _HEADER.size > len(content):
            raise BrokenLogError("", f"it ends within a record, which begins at byte {at:,}")
        checksum, length, kind = _HEADER.unpack_from(content, at)
        data = content[at + _HEADER.size : at + _HEADER.size + length]
        if len(data) < length:
            raise BrokenLogError("", f"it ends within a record, which begins at byte {at:,}")
        if zlib.crc32(data, zlib.crc32(bytes([kind]))) != checksum:
            raise BrokenLogError("", f"the record at byte {at:,} is damaged, and what follows is not read")
        record = data if kind in (_WHOLE, _FIRST) else record + data
        if kind in (_WHOLE, _LAST):
            yield record
        at += _HEADER.size + length
