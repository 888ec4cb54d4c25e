"""The store of the best known optima, one JSON line for each problem."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["STORE", "Best", "append", "read", "write"]

STORE = Path(__file__).with_name("optima.jsonl")
"""Where the best known optima are kept."""
Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Best:
    """The lowest objective known, its law, and whether the engine found it rather than the search."""

    objective: float
    law: tuple[float, ...]
    by_engine: bool = False


def read(path: Path = STORE) -> dict[Key, Best]:
    """Return the best known optima by kind, seed and loss; a later line replaces an earlier one."""
    if not path.is_file():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {(kind, seed, name): Best(value, tuple(law), bool(mark)) for kind, seed, name, value, law, *mark in rows}


def append(key: Key, best: Best, path: Path = STORE) -> None:
    """Add one line."""
    with path.open("a") as file:
        file.write(_line(key, best))


def write(bests: Iterable[tuple[Key, Best]], path: Path = STORE) -> None:
    """Write all lines anew."""
    path.write_text("".join(_line(key, best) for key, best in bests))


def _line(key: Key, best: Best) -> str:
    return (
        json.dumps(
            [*key, best.objective, list(best.law), *(["engine"] if best.by_engine else [])], separators=(",", ":")
        )
        + "\n"
    )
