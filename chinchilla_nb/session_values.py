"""How single values of a session file are read: whoever sends a project folder wrote them, so each is checked.

A function that gets something else raises an ArithmeticError, LookupError, TypeError or ValueError, which the reader of
the file turns into a sentence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from string import hexdigits
from typing import Any, TypeVar

from chinchilla_nb.engine.laws.families import family_named, law_of
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.run_keys import RunKey
from chinchilla_nb.past_fit import DIGITS, MARK
from chinchilla_nb.quantity import LARGEST_BUDGET

__all__ = [
    "LONGEST_TEXT",
    "optional",
    "read_budget",
    "read_config",
    "read_count",
    "read_end",
    "read_fingerprint",
    "read_flag",
    "read_key",
    "read_law",
    "read_list",
    "read_marks",
    "read_named_law",
    "read_number",
    "read_object",
    "read_settings",
    "read_storable",
    "read_text",
    "read_time",
]

LONGEST_TEXT = 1000
"""Characters of a text in the file: the names and reasons that are written have a tenth."""

Value = TypeVar("Value")


def read_number(written: Any) -> float:
    """Return a finite number."""
    if isinstance(written, bool) or not isinstance(written, (int, float)):
        raise TypeError
    number = float(written)
    if not math.isfinite(number):
        raise ValueError
    return number


def read_end(written: Any) -> float:
    """Return an end of an interval, which may be infinite or unknown."""
    return float(written) if written in ("inf", "-inf", "nan") else read_number(written)


def read_budget(written: Any) -> float:
    """Return a budget in FLOPs."""
    budget = read_number(written)
    if not 0 < budget <= LARGEST_BUDGET:
        raise ValueError
    return budget


def read_count(written: Any) -> int:
    """Return a whole number that is not negative."""
    if type(written) is not int or written < 0:
        raise ValueError
    return written


def read_flag(written: Any) -> bool:
    """Return True or False."""
    if not isinstance(written, bool):
        raise TypeError
    return written


def read_text(written: Any) -> str:
    """Return a text of at most `LONGEST_TEXT` characters, which can be written again: half a surrogate pair cannot."""
    if not isinstance(written, str) or len(written) > LONGEST_TEXT:
        raise TypeError
    written.encode()
    return written


def read_time(written: Any) -> str:
    """Return a time; its text is compared and sorted."""
    if datetime.fromisoformat(read_text(written)).tzinfo is None:
        raise ValueError
    return read_text(written)


def read_fingerprint(written: Any) -> str:
    """Return the fingerprint of runs."""
    if len(read_text(written)) != DIGITS:
        raise ValueError
    int(written, 16)
    return read_text(written)


def read_marks(written: Any, n_runs: int) -> str:
    """Return the marks of the runs of a fit, or none."""
    if not isinstance(written, str) or len(written) not in {0, MARK * n_runs} or not set(written) <= set(hexdigits):
        raise ValueError
    return written


def read_object(written: Any) -> dict[str, Any]:
    """Return an object of JSON."""
    if not isinstance(written, dict):
        raise TypeError
    return written


def read_list(written: Any) -> list[Any]:
    """Return a list of JSON."""
    if not isinstance(written, list):
        raise TypeError
    return written


def read_storable(written: Any) -> Any:
    """Return a value, which must be such that it can be written again: NaN cannot."""
    json.dumps(written, ensure_ascii=False, allow_nan=False).encode()
    return written


def read_settings(written: Any) -> dict[str, Any]:
    """Return settings by name."""
    return read_object(read_storable(written))


def read_config(written: Any) -> dict[str, Any] | str:
    """Return settings, or why there are none."""
    return read_text(written) if isinstance(written, str) else read_settings(written)


def read_key(written: Any) -> RunKey:
    """Return the key of a run."""
    N, D, loss, count = read_list(written)
    return read_number(N), read_number(D), read_number(loss), read_count(count)


def read_law(written: Any) -> Law:
    """Return a law from its parameters by name."""
    return law_of(_parameters(written))


def read_named_law(written: Any) -> NamedLaw:
    """Return a law with its name and source."""
    found = read_object(written)
    law = family_named(found["form"]).from_params(_parameters(found["law"]))
    return NamedLaw(read_text(found["name"]), law, read_text(found["source"]))


def optional(read: Callable[[Any], Value]) -> Callable[[Any], Value | None]:
    """Return a function that returns None where that is written, and else what another function reads."""
    return lambda written: None if written is None else read(written)


def _parameters(written: Any) -> dict[str, float]:
    return {name: read_number(value) for name, value in read_object(written).items()}
