"""How a session file is written when another page of the same project may have written it meanwhile.

A page shows what it has read, and may be open for days. It writes what it has changed itself; everything else stays as
the other page has left it.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.fit_history import MOST_FITS
from chinchilla_nb.records.locks import FileHold
from chinchilla_nb.session_file import OtherVersion, read_session, session_content, session_text
from chinchilla_nb.whole_file import explain_write_errors, write_whole

__all__ = ["merged", "write_merged"]

Content = Mapping[str, Any]
TAKEN_ALONG: Mapping[str, Sequence[str]] = {
    "fit": ("settings", "opened"),
    "settings": ("opened",),
    "excluded": ("reasons",),
    "reasons": ("excluded",),
    "grouped_by": ("hidden_groups",),
    "hidden_groups": ("grouped_by",),
}
"""By value: those that are written with it when it has changed, as it means something else without them."""


def merged(mine: Content, base: Content, theirs: Content) -> dict[str, Any]:
    """Return what a session writes over what another has written.

    What this session has changed is its own; everything else is that of the file. The fits of both are kept, up to the
    number that a session keeps.

    Parameters
    ----------
    mine : mapping of str to object
        What this session holds, as `session_content` returns it.
    base : mapping of str to object
        What it held when it last read or wrote the file.
    theirs : mapping of str to object
        What the file holds now.
    """
    changed = {name for name, value in mine.items() if value != base[name]}
    own = changed.union(*(TAKEN_ALONG.get(name, ()) for name in changed))
    found = {name: value if name in own else theirs[name] for name, value in mine.items()}
    return found | {"fits": _merged_fits(mine["fits"], base["fits"], theirs["fits"])}


def write_merged(path: Path, mine: Content, base: Content) -> None:
    """Write a session file, with what another session has changed in it since this one last read or wrote it.

    A damaged file is moved aside; one of another version stays as it is.

    Raises
    ------
    InputError
        If the file is of another version.
    OSError
        If it cannot be read or written, or is a link, which could lead to another file.
    ValueError
        If JSON cannot hold a value.
    """
    with explain_write_errors(path):
        path.parent.stat()  # locking would make the folder again after it has been deleted
    hold = FileHold(path.with_name(f".{path.name}.lock"), path, lambda _message: None)
    with hold, hold:
        hold.acquire()
        theirs = _still_there(path)
        _write_changed(path, session_text(mine if theirs is None else merged(mine, base, theirs)).encode())


def _merged_fits(mine: Sequence[Content], base: Sequence[Content], theirs: Sequence[Content]) -> list[Content]:
    """Return the fits of two sessions in the order in which they ended; intervals may have been added to each."""
    before, there = ({fit["made"]: fit for fit in fits} for fits in (base, theirs))
    own = {fit["made"]: fit for fit in mine if fit["made"] not in there or fit != before.get(fit["made"])}
    if there.keys() <= {fit["made"] for fit in mine}:  # their order stays, whatever has happened to the clock
        return [own.get(fit["made"]) or there[fit["made"]] for fit in mine]
    return sorted((there | own).values(), key=lambda fit: str(fit["made"]))[-MOST_FITS:]


def _still_there(path: Path) -> dict[str, Any] | None:
    """Return what a file holds; None if there is none, or a damaged one, which is moved aside."""
    try:
        with explain_write_errors(path):
            kept = read_session(path)
        if kept is None or not kept.damage:
            return None if kept is None else session_content(kept)
    except OtherVersion:
        raise
    except InputError:
        pass
    _move_aside(path)
    return None


def _move_aside(path: Path) -> None:
    """Keep a damaged file under another name."""
    numbers = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    names = (path.with_name(f"{path.stem}.damaged{number}{path.suffix}") for number in numbers)
    with explain_write_errors(path):
        path.rename(next(name for name in names if not name.exists()))


def _write_changed(path: Path, content: bytes) -> None:
    """Write a file, unless that is its content.

    Raises
    ------
    OSError
        If it cannot be written, or is a link, which could lead to another file.
    """
    with explain_write_errors(path):
        if path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        if not path.is_file() or path.stat().st_size != len(content) or path.read_bytes() != content:
            write_whole(path, content)
