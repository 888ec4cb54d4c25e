"""The file that keeps a session: JSON that a person can read, and that is data only.

It holds the settings that differ from the defaults, as a configuration file has them; the excluded runs, each as N, D,
loss and the number of earlier runs with the same three values; the filter; the chosen budget; and the fits, with when
each was made, its law, what it minimised, its settings, exclusions and filter, a fingerprint of its runs, and its
intervals. Functions are named and never stored: reading the file imports nothing.
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from chinchilla_nb import __version__
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.results import FitStatus
from chinchilla_nb.engine.laws.families import law_of
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.run_keys import RunKey
from chinchilla_nb.past_fit import DIGITS, PastFit
from chinchilla_nb.quantity import LARGEST_BUDGET
from chinchilla_nb.whole_file import open_regular

__all__ = ["FORMAT", "VERSION", "KeptState", "OtherVersion", "read_session", "session_text"]

FORMAT, VERSION = "chinchilla_nb session", 1
LARGEST_FILE = 20_000_000
"""Size of a file in bytes up to which it is read; a hundred fits that exclude a thousand runs each have a third."""
LONGEST_TEXT = 1000
"""Characters of a text in the file: the names and reasons that are written have a tenth."""
LONGEST_PATH = 300
"""Characters of a path in a sentence."""


class OtherVersion(InputError):
    """The file is of a version that this package does not know, and must stay as it is."""


@dataclass(frozen=True, eq=False)
class KeptState:
    """What is kept of a session.

    Attributes
    ----------
    opened : dict
        The settings with which the session was opened, as a configuration file has them.
    settings : dict
        Those that it has.
    excluded : frozenset of RunKey
    query : str
        The filter of the runs; empty for none.
    budget : float or None
        The budget that was chosen, in FLOPs.
    fits : tuple of PastFit
    current : str
        When the fit that is shown was made; empty if none is.
    """

    opened: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    excluded: frozenset[RunKey] = frozenset()
    query: str = ""
    budget: float | None = None
    fits: tuple[PastFit, ...] = ()
    current: str = ""


def session_text(kept: KeptState) -> str:
    """Return the content of a session file."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "chinchilla_nb": __version__,
        "opened": kept.opened,
        "settings": kept.settings,
        "excluded": _written_keys(kept.excluded),
        "filter": kept.query,
        "budget": kept.budget,
        "fit": kept.current,
        "fits": [_written_fit(past) for past in kept.fits],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_session(path: Path) -> KeptState | None:
    """Read a session file; None if there is none.

    Raises
    ------
    InputError
        If it is damaged, or another file; an OtherVersion if it is of another version.
    OSError
        If it cannot be read, or is a link: a project folder that somebody has sent must not lead to another file.
    """
    try:
        content = _content(path)
    except FileNotFoundError:
        return None
    where = f"the session file {brief(os.fspath(path), LONGEST_PATH)}"
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(where, "must be a session that chinchilla_nb wrote")
    if type(content.get("version")) is not int or content["version"] != VERSION:
        got = f"version {brief(content.get('version'))}"
        raise OtherVersion(where, f"must be of version {VERSION}", got=got, remedy="update chinchilla_nb")
    return _state(content, where)


def _content(path: Path) -> Any:
    """Return the JSON in a file; None if it has none or is too long."""
    if path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
        read = file.read(LARGEST_FILE + 1)
    try:
        return (
            json.loads(read, object_pairs_hook=_once_each, parse_constant=_refuse)
            if len(read) <= LARGEST_FILE
            else None
        )
    except (ValueError, RecursionError):
        return None


def _state(content: Mapping[str, Any], where: str) -> KeptState:
    values: dict[str, Any] = {}
    for name, (key, read) in READERS.items():
        try:
            values[name] = read(content[key])
        except (ArithmeticError, LookupError, TypeError, ValueError):
            got = brief(content[key]) if key in content else "none"
            raise InputError(where, f"is damaged at {key!r}", got=got) from None
    return KeptState(**values)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError
    return values


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _written_keys(keys: frozenset[RunKey]) -> list[list[float]]:
    return [list(key) for key in sorted(keys)]


def _written_fit(past: PastFit) -> dict[str, Any]:
    return {
        "made": past.made,
        "law": past.law.as_dict(),
        "loss": past.loss,
        "objective": past.objective,
        "status": past.status.value,
        "exhaustive": past.exhaustive,
        "n_runs": past.n_runs,
        "logged": past.logged,
        "runs": past.runs,
        "excluded": _written_keys(past.excluded),
        "filter": past.query,
        "start": None if past.start is None else past.start.as_dict(),
        "settings": past.config,
        "method": past.method,
        "intervals": {name: [_end(end) for end in ends] for name, ends in past.intervals.items()},
    }


def _end(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)


def _read_end(written: Any) -> float:
    return float(written) if written in ("inf", "-inf", "nan") else _number(written)


def _number(written: Any) -> float:
    if isinstance(written, bool) or not isinstance(written, (int, float)):
        raise TypeError
    number = float(written)
    if not math.isfinite(number):
        raise ValueError
    return number


def _budget(written: Any) -> float | None:
    if written is None:
        return None
    budget = _number(written)
    if not 0 < budget <= LARGEST_BUDGET:
        raise ValueError
    return budget


def _count(written: Any) -> int:
    if type(written) is not int or written < 0:
        raise ValueError
    return written


def _short(written: Any) -> str:
    if not isinstance(written, str) or len(written) > LONGEST_TEXT:
        raise TypeError
    return written


def _time(written: Any) -> str:
    """Return a time; its text is compared and sorted."""
    if datetime.fromisoformat(_short(written)).tzinfo is None:
        raise ValueError
    return _short(written)


def _object(written: Any) -> dict[str, Any]:
    if not isinstance(written, dict):
        raise TypeError
    return written


def _config(written: Any) -> dict[str, Any] | str:
    return _short(written) if isinstance(written, str) else _object(written)


def _flag(written: Any) -> bool:
    if not isinstance(written, bool):
        raise TypeError
    return written


def _fingerprint(written: Any) -> str:
    if len(_short(written)) != DIGITS:
        raise ValueError
    int(written, 16)
    return _short(written)


def _keys(written: Any) -> frozenset[RunKey]:
    if not isinstance(written, list):
        raise TypeError
    keys = [(_number(N), _number(D), _number(loss), _count(count)) for N, D, loss, count in written]
    return frozenset(keys)


def _law(written: Any) -> Law:
    return law_of({name: _number(value) for name, value in _object(written).items()})


def _read_fit(written: Any) -> PastFit:
    found = _object(written)
    law = _law(found["law"])
    ends = {name: (_read_end(low), _read_end(high)) for name, (low, high) in _object(found["intervals"]).items()}
    if ends and ends.keys() != law.as_dict().keys():
        raise ValueError
    return PastFit(
        made=_time(found["made"]),
        law=law,
        loss=_short(found["loss"]),
        objective=_number(found["objective"]),
        status=FitStatus(found["status"]),
        exhaustive=_flag(found["exhaustive"]),
        n_runs=_count(found["n_runs"]),
        logged=_count(found["logged"]),
        runs=_fingerprint(found["runs"]),
        excluded=_keys(found["excluded"]),
        query=_short(found["filter"]),
        start=None if found["start"] is None else _law(found["start"]),
        config=_config(found["settings"]),
        method=_short(found["method"]),
        intervals=ends,
    )


def _fits(written: Any) -> tuple[PastFit, ...]:
    if not isinstance(written, list):
        raise TypeError
    return tuple(_read_fit(one) for one in written)


READERS = {
    "opened": ("opened", _object),
    "settings": ("settings", _object),
    "excluded": ("excluded", _keys),
    "query": ("filter", _short),
    "budget": ("budget", _budget),
    "fits": ("fits", _fits),
    "current": ("fit", _short),
}
"""For each field, its key in the file, and how it is read; what cannot be read raises a ValueError or the like."""
