"""The file of a forecast: JSON in which every float is written so that it is read back to the bit."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.engine.uncertainty.interval import AS_DONE, IF_HOLDS
from chinchilla_nb.whole_file import open_regular

__all__ = ["COPY", "FORMAT", "file_name", "forecast_text", "read_forecast"]

FORMAT, VERSION = "chinchilla_nb forecast", 1
LARGEST_FILE = 100_000_000
"""Size of a file in bytes up to which it is read; 10,000 draws take a hundredth of that."""
COPY = "use an unchanged copy of it"
"""The remedy for a file that was changed."""
LONGEST_NAME = 500
"""Characters of a path in a sentence."""


def forecast_text(values: Mapping[str, Any]) -> str:
    """Return the content of the file of a forecast with the values of its fields."""
    return json.dumps(_written({"format": FORMAT, "version": VERSION, **values}), indent=1, allow_nan=False) + "\n"


def read_forecast(path: Path) -> dict[str, Any]:
    """Read the values of the fields of a forecast from its file.

    Raises
    ------
    InputError
        If it cannot be read, is not a forecast, is incomplete, or is of a version that is not known.
    FileNotFoundError
        If there is no such file.
    """
    content, where = _content(path), file_name(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(where, "must be a forecast that save() wrote", got="other JSON")
    if type(content.get("version")) is not int or content["version"] != VERSION:
        got = f"version {brief(content.get('version'))}"
        raise InputError(where, f"must be of version {VERSION}", got=got, remedy="update chinchilla_nb")
    content = {"notes": [], **content}  # the first files had none
    values = {}
    for name, read in READERS.items():
        try:
            values[name] = read(content[name])
        except (KeyError, TypeError, ValueError, OverflowError):
            got = brief(content[name]) if name in content else "none"
            rule = f"must be a complete forecast with a usable {name!r}"
            raise InputError(where, rule, got=got, remedy=COPY) from None
    return values


def _content(path: Path) -> Any:
    """Return the JSON in a file."""
    where = file_name(path)
    try:
        with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
            read = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        remedy = "check its permissions" if isinstance(error, PermissionError) else "give the path of a forecast"
        raise InputError(where, f"cannot be read, {reason}", remedy=remedy) from None
    if len(read) > LARGEST_FILE:
        raise InputError(where, "must be a forecast that save() wrote", got=f"more than {LARGEST_FILE:,} bytes")
    try:
        return json.loads(read, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InputError(where, "must be a forecast that save() wrote", got="no valid JSON", remedy=COPY) from None


def file_name(path: Path) -> str:
    """Return how a sentence names a file."""
    return f"the file {brief(os.fspath(path), LONGEST_NAME)}"


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON, whose names must differ: of two values, neither can be trusted."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError
    return values


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which are not JSON."""
    raise ValueError(name)


def _written(value: Any) -> Any:
    """Return a value as JSON holds it; floats that JSON lacks become the strings inf, -inf and nan."""
    if isinstance(value, Mapping):
        return {name: _written(one) for name, one in value.items()}
    if isinstance(value, np.ndarray):
        return _written(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_written(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value


def _number(written: Any) -> float:
    if isinstance(written, bool) or not (isinstance(written, (int, float)) or written in ("inf", "-inf", "nan")):
        raise TypeError
    return float(written)


def _positive(written: Any) -> float:
    number = _number(written)
    if not 0 < number < math.inf:
        raise ValueError
    return number


def _size(written: Any) -> float:
    """Return N or D, which a forecast of a law of compute does not have."""
    return math.nan if written == "nan" else _positive(written)


def _share(written: Any) -> float:
    number = _number(written)
    if not 0 < number < 1:
        raise ValueError
    return number


def _row(written: Any) -> NDArray[np.float64]:
    return read_only(np.array([_number(one) for one in _list(written)]))


def _rows(written: Any) -> NDArray[np.float64]:
    rows = [[_number(one) for one in _list(row)] for row in _list(written)]
    return read_only(np.array(rows, dtype=float))


def _list(written: Any) -> list[Any]:
    if not isinstance(written, list):
        raise TypeError
    return written


def _of(kind: type[Any]) -> Callable[[Any], Any]:
    def read(written: Any) -> Any:
        if type(written) is not kind:
            raise TypeError
        return written

    return read


def _count(written: Any) -> int:
    if type(written) is not int or written < 0:
        raise ValueError
    return written


def _texts(written: Any) -> dict[str, str]:
    return {name: _of(str)(text) for name, text in _of(dict)(written).items()}


def _notes(written: Any) -> tuple[str, ...]:
    return tuple(_of(str)(text) for text in _list(written))


def _intervals(written: Any) -> dict[str, tuple[float, float, float]]:
    found = {}
    for name, ends in _of(dict)(written).items():
        value, low, high = (_number(end) for end in _list(ends))
        if name not in (IF_HOLDS, AS_DONE) or not (0 <= low <= value <= high and 0 < value < math.inf):
            raise ValueError
        found[name] = (value, low, high)
    if not found:
        raise ValueError
    return found


READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("N", "D"), _size),
    "C": _positive,
    "of_budget": _of(bool),
    **dict.fromkeys(("law_name", "method", "data"), _of(str)),
    "params": _row,
    "draws": _rows,
    "level": _share,
    "ends": _intervals,
    **dict.fromkeys(("n_runs", "matched"), _count),
    **dict.fromkeys(("versions", "definitions"), _texts),
    "notes": _notes,
}
"""How each field is read from JSON; what cannot be read raises a ValueError, a TypeError or an OverflowError."""
