"""Studies: many simulated projects of each cell of a plan, fitted and measured, in pieces that can be resumed."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from chinchilla_nb.engine.mapping import mapped
from chinchilla_nb.engine.simulation.cell_intervals import Intervals
from chinchilla_nb.engine.simulation.cells import Cell, measured

__all__ = ["Piece", "Study", "StudyProgress", "iter_study"]

Array = NDArray[Any]
MapFunction = Callable[..., Iterable[Any]]
Measured = Mapping[str, Array]

TOGETHER, RUNS_TOGETHER = 50, 50_000
"""Most repetitions of a cell that are fitted together, and most of their runs, which take about 100 MB. These numbers
decide the last digits of the results, and how much work is lost when a study is stopped: a few seconds."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some repetitions of a cell: the position of the cell in the study, the first repetition, and how many."""

    cell: int
    first: int
    count: int


@dataclass(frozen=True, eq=False, slots=True)
class Study:
    """What a study asks.

    Attributes
    ----------
    cells : tuple of Cell
    targets : ndarray, shape (t,)
        Budgets in FLOPs at which fits are measured.
    repetitions : int
        Number of projects of each cell.
    random_seed : int
        The same seed gives the same study, to the bit.
    intervals : Intervals, optional
        How the intervals of each fit are estimated; none are without it.
    """

    cells: tuple[Cell, ...]
    targets: Array
    repetitions: int
    random_seed: int
    intervals: Intervals | None = None

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces, in the order in which they are worked on: some repetitions of every cell, then the next ones."""
        pieces = (piece for index, cell in enumerate(self.cells) for piece in self._pieces_of(index, cell))
        return tuple(sorted(pieces, key=lambda piece: (piece.first, piece.cell)))

    def _pieces_of(self, index: int, cell: Cell) -> Iterator[Piece]:
        together = max(1, min(TOGETHER, RUNS_TOGETHER // (cell.seeds + cell.scalings)))
        for first in range(0, self.repetitions, together):
            yield Piece(index, first, min(together, self.repetitions - first))

    @property
    def total(self) -> int:
        """Number of projects."""
        return self.repetitions * len(self.cells)

    def task(self, piece: Piece) -> PieceTask:
        """Return the work of a piece."""
        repetitions = range(piece.first, piece.first + piece.count)
        return PieceTask(self.cells[piece.cell], repetitions, self.random_seed, self.targets, self.intervals)


@dataclass(frozen=True, eq=False, slots=True)
class PieceTask:
    """The work of a piece, with its cell alone: it is sent to another process, and a study can have many cells."""

    cell: Cell
    repetitions: range
    random_seed: int
    targets: Array
    intervals: Intervals | None

    def measured(self) -> dict[str, Array]:
        """Simulate, fit and measure the projects; see `cells.measured`."""
        return measured(self.cell, self.repetitions, self.random_seed, self.targets, self.intervals)


@dataclass(frozen=True, eq=False, slots=True)
class StudyProgress:
    """Progress of a study.

    Attributes
    ----------
    done, total : int
        Number of projects measured, and of projects in all.
    piece : Piece or None
        The piece that has just been measured; None at the beginning.
    found : mapping of str to ndarray
        What was measured of it; see `cells.measured`.
    """

    done: int
    total: int
    piece: Piece | None
    found: Measured


def iter_study(
    study: Study, known: Iterable[Piece] = (), *, map: MapFunction = builtins.map
) -> Generator[StudyProgress, None, None]:
    """Measure the pieces of a study, yielding each as it is done, in their order.

    Parameters
    ----------
    study : Study
    known : iterable of Piece
        Pieces that have been measured before.
    map : callable
        Maps the pieces.
    """
    before = set(known)
    pieces = [piece for piece in study.pieces if piece not in before]
    done = study.total - sum(piece.count for piece in pieces)
    yield StudyProgress(done, study.total, None, {})
    tasks = [study.task(piece) for piece in pieces]
    for piece, found in zip(pieces, mapped(map, PieceTask.measured, tasks), strict=False):
        done += piece.count
        yield StudyProgress(done, study.total, piece, found)
