"""Runs as somebody would log them, and the law that their losses follow."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chinchilla_nb.opening import open_session
from chinchilla_nb.records.importers.sources import read_source

STEPS = 5


@dataclass(frozen=True)
class LoggedRun:
    """A run of N parameters on D tokens, whose loss falls to a minimum and ends above it."""

    name: str
    N: int
    D: int

    @property
    def losses(self) -> list[float]:
        final = 1.7 + 400 / self.N**0.34 + 410 / self.D**0.28
        return [final * factor for factor in (1.6, 1.3, 1.1, 0.99, 1.0)]

    @property
    def tokens(self) -> list[int]:
        return [self.D * step // STEPS for step in range(1, STEPS + 1)]


RUNS = tuple(
    LoggedRun(f"size-{N / 1e6:.0f}M-{ratio}", int(N), int(ratio * N)) for N in (1e7, 3e7, 1e8) for ratio in (5, 20, 80)
)


def check_rows(source: object, *, loss: str, lowest: str | None, N: str, D: str) -> None:
    """Check that each of the `RUNS` was read with its name, size, tokens and losses, and is opened with these.

    Losses lose digits where a library stores them as float32.
    """
    table = read_source(source)
    assert table.rejected == ()
    rows = {row["run"]: row for row in table.rows}
    assert sorted(rows) == sorted(run.name for run in RUNS)
    for run in RUNS:
        row = rows[run.name]
        assert (row[N], row[D]) == pytest.approx((run.N, run.D))
        assert row[loss] == pytest.approx(run.losses[-1], rel=1e-6)
        if lowest is not None:
            assert row[lowest] == pytest.approx(min(run.losses), rel=1e-6)
    opened = open_session(source).runs
    order = sorted(range(len(opened)), key=lambda index: (opened.N[index], opened.D[index]))
    assert list(zip(opened.N[order], opened.D[order], strict=True)) == [(run.N, run.D) for run in RUNS]
    assert opened.loss[order] == pytest.approx([run.losses[-1] for run in RUNS], rel=1e-6)
