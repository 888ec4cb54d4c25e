"""The file that keeps a session: JSON that a person can read, and that is data only.

It holds the settings that differ from the defaults, as a configuration file has them; the excluded runs, each as N, D,
loss and the number of earlier runs with the same three values, and why they are; the filter; the chosen budget; the
fits, with when each was made, its law, what it minimised, its settings, exclusions and filter, fingerprints of
its runs, and its intervals; the laws that are drawn beside the fit; and how charts colour, hide and scale. Functions
are named and never stored: reading the file imports nothing.
"""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from chinchilla_nb import __version__
from chinchilla_nb.chart_scale import CHART_SCALES, Scale
from chinchilla_nb.damaged_json import Unreadable, read_json
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.results import FitStatus
from chinchilla_nb.engine.laws.families import FAMILIES
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.run_keys import RunKey
from chinchilla_nb.past_fit import PastFit
from chinchilla_nb.session_values import (
    LONGEST_TEXT,
    optional,
    read_budget,
    read_config,
    read_count,
    read_end,
    read_fingerprint,
    read_flag,
    read_key,
    read_law,
    read_list,
    read_marks,
    read_named_law,
    read_number,
    read_object,
    read_settings,
    read_storable,
    read_text,
    read_time,
)
from chinchilla_nb.whole_file import open_regular

__all__ = ["FORMAT", "VERSION", "KeptState", "OtherVersion", "read_session", "session_content", "session_text"]

FORMAT, VERSION = "chinchilla_nb session", 1
LARGEST_FILE = 20_000_000
"""Size of a file in bytes up to which it is read; a hundred fits that exclude a thousand runs each have a third."""
MOST_REFUSED = 3
"""Values of a damaged file that a sentence names."""
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
    reasons : dict of str to frozenset of RunKey
        Why some of these are excluded.
    query : str
        The filter of the runs; empty for none.
    budget : float or None
        The budget that was chosen, in FLOPs.
    fits : tuple of PastFit
    current : str
        When the fit that is shown was made; empty if none is.
    law_by_hand : Law or None
    overlays : tuple of NamedLaw
        The laws that charts show beside the fit.
    grouped_by : str or None
        The column of the colours and shapes of charts.
    hidden_groups : frozenset of str
        The groups of it that charts do not show.
    chart_scale : Scale
    damage : str
        What of the file could not be read, in a sentence without a full stop; empty if all could.
    """

    opened: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    excluded: frozenset[RunKey] = frozenset()
    reasons: Mapping[str, frozenset[RunKey]] = field(default_factory=dict)
    query: str = ""
    budget: float | None = None
    fits: tuple[PastFit, ...] = ()
    current: str = ""
    law_by_hand: Law | None = None
    overlays: tuple[NamedLaw, ...] = ()
    grouped_by: str | None = None
    hidden_groups: frozenset[str] = frozenset()
    chart_scale: Scale = "log"
    damage: str = ""


def session_content(kept: KeptState) -> dict[str, Any]:
    """Return what a session file holds, as values of JSON."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "chinchilla_nb": __version__,
        "opened": kept.opened,
        "settings": kept.settings,
        "excluded": _written_keys(kept.excluded),
        "reasons": [
            {"reason": reason[:LONGEST_TEXT], "runs": _written_keys(keys)} for reason, keys in kept.reasons.items()
        ],
        "filter": kept.query,
        "budget": kept.budget,
        "fit": kept.current,
        "fits": [_written_fit(past) for past in kept.fits],
        "law_by_hand": None if kept.law_by_hand is None else kept.law_by_hand.as_dict(),
        "overlays": list(_written_laws(kept.overlays)),
        "grouped_by": kept.grouped_by,
        "hidden_groups": sorted(kept.hidden_groups),
        "chart_scale": kept.chart_scale,
    }


def session_text(content: Mapping[str, Any]) -> str:
    """Return the text of a session file.

    Raises
    ------
    ValueError
        If JSON cannot hold a value.
    """
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_session(path: Path) -> KeptState | None:
    """Read a session file; None if there is none.

    Values that cannot be read are those of a new session, and are named in `KeptState.damage`.

    Raises
    ------
    InputError
        If it is cut off, or another file; an OtherVersion if it is of another version.
    OSError
        If it cannot be read, or is a link: a project folder that somebody has sent must not lead to another file.
    """
    try:
        content = _content(path)
    except FileNotFoundError:
        return None
    where = f"the session file {brief(os.fspath(path), LONGEST_PATH)}"
    is_session = isinstance(content, dict) and content.get("format") == FORMAT
    version = content.get("version") if is_session else None
    if not is_session or isinstance(version, Unreadable):
        raise InputError(where, "must be a session that chinchilla_nb wrote")
    if type(version) is not int or version != VERSION:
        got = f"version {brief(version)}"
        raise OtherVersion(where, f"must be of version {VERSION}", got=got, remedy="update chinchilla_nb")
    return _state(content, where)


def _content(path: Path) -> Any:
    """Return the JSON in a file; None if it has none or is too long."""
    if path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
        read = file.read(LARGEST_FILE + 1)
    try:
        return read_json(read) if len(read) <= LARGEST_FILE else None
    except ValueError:
        return None


def _state(content: Mapping[str, Any], where: str) -> KeptState:
    values: dict[str, Any] = {}
    refused: list[str] = []
    for name, entry in ENTRIES.items():
        if entry.key in content or not entry.later:
            values |= _values(name, entry, content, refused)
    if refused:
        more = f" and {len(refused) - MOST_REFUSED} more" if len(refused) > MOST_REFUSED else ""
        refused = [f"{where} is damaged at {', '.join(refused[:MOST_REFUSED])}{more}"]
    return KeptState(**values, damage="".join(refused))


def _values(name: str, entry: Entry, content: Mapping[str, Any], refused: list[str]) -> dict[str, Any]:
    """Return the value of a field, if it can be read, and add to what is refused; each item is read by itself."""
    found: dict[int | str, Any] = {}
    try:
        if entry.collect is None:
            return {name: entry.read(content[entry.key])}
        items = entry.items(content[entry.key])
    except UNREADABLE:
        refused.append(f"{entry.key!r}, got {brief(content[entry.key]) if entry.key in content else 'none'}")
        return {}
    for place, item in items.items() if isinstance(items, dict) else enumerate(items, 1):
        try:
            found[place] = entry.read(item)
        except UNREADABLE:
            refused.append(f"{entry.key!r}, got {brief(item)} as item {brief(place)}")
    return {name: entry.collect(found if isinstance(items, dict) else found.values())}


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
        "marks": past.marks,
        "excluded": _written_keys(past.excluded),
        "filter": past.query,
        "start": None if past.start is None else past.start.as_dict(),
        "settings": past.config,
        "method": past.method,
        "intervals": {name: [_end(end) for end in ends] for name, ends in past.intervals.items()},
    }


def _written_laws(laws: Iterable[NamedLaw]) -> Iterator[dict[str, Any]]:
    """Yield the laws whose form has a name, so that they can be read; a form of the user's own is code."""
    for one in laws:
        form = next((name for name, family in FAMILIES.items() if family.parameters == one.law.parameters), None)
        if form is not None:
            yield {"name": one.name, "form": form, "law": one.law.as_dict(), "source": one.source[:LONGEST_TEXT]}


def _end(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)


def _read_fit(written: Any) -> PastFit:
    found = read_object(written)
    law = read_law(found["law"])
    ends = {name: (read_end(low), read_end(high)) for name, (low, high) in read_object(found["intervals"]).items()}
    if ends and ends.keys() != law.as_dict().keys():
        raise ValueError
    return PastFit(
        made=read_time(found["made"]),
        law=law,
        loss=read_text(found["loss"]),
        objective=read_number(found["objective"]),
        status=FitStatus(found["status"]),
        exhaustive=read_flag(found["exhaustive"]),
        n_runs=read_count(found["n_runs"]),
        logged=read_count(found["logged"]),
        runs=read_fingerprint(found["runs"]),
        marks=read_marks(found.get("marks", ""), found["n_runs"]),  # earlier releases wrote none
        excluded=frozenset(map(read_key, read_list(found["excluded"]))),
        query=read_text(found["filter"]),
        start=optional(read_law)(found["start"]),
        config=read_config(found["settings"]),
        method=read_text(found["method"]),
        intervals=ends,
    )


def _reason(written: Any) -> tuple[str, frozenset[RunKey]]:
    found = read_object(written)
    return read_text(found["reason"]), frozenset(map(read_key, read_list(found["runs"])))


def _scale(written: Any) -> Scale:
    return CHART_SCALES[CHART_SCALES.index(written)]


class Entry(NamedTuple):
    """How a field is read.

    Attributes
    ----------
    key : str
        Its name in the file.
    read : callable
        Returns the value of what the file has, or of each of its items.
    collect : callable, optional
        For a list or an object, what its items are put into.
    later : bool
        Whether a file may lack it, because earlier releases did not write it.
    items : callable
        Returns the list or object whose items are collected.
    """

    key: str
    read: Callable[[Any], Any]
    collect: Callable[[Any], Any] | None = None
    later: bool = False
    items: Callable[[Any], Any] = read_list


ENTRIES = {
    "opened": Entry("opened", read_settings),
    "settings": Entry("settings", read_storable, dict, items=read_object),
    "excluded": Entry("excluded", read_key, frozenset),
    "reasons": Entry("reasons", _reason, dict, later=True),
    "query": Entry("filter", read_text),
    "budget": Entry("budget", optional(read_budget)),
    "fits": Entry("fits", _read_fit, tuple),
    "current": Entry("fit", read_text),
    "law_by_hand": Entry("law_by_hand", optional(read_law), later=True),
    "overlays": Entry("overlays", read_named_law, tuple, later=True),
    "grouped_by": Entry("grouped_by", optional(read_text), later=True),
    "hidden_groups": Entry("hidden_groups", read_text, frozenset, later=True),
    "chart_scale": Entry("chart_scale", _scale, later=True),
}
"""How each field of a `KeptState` is read."""
UNREADABLE = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What a value that cannot be read raises."""
