"""One BLAS thread for the linear algebra of a fit, whose matrices are too small to share among threads.

More threads mostly wait for each other: a fit of 133 runs takes as long on two as on one, and twice the processor time.
At a million runs it still takes as long, because elementwise functions take most of the time.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from threadpoolctl import LibController, ThreadpoolController

__all__ = ["one_blas_thread", "steps_on_one_blas_thread"]

T = TypeVar("T")

_lock = threading.Lock()
_limited: dict[tuple[str, int], _Limited] = {}


@dataclass(slots=True)
class _Limited:
    """A library that is limited to one thread: its number of threads before, and how many blocks need the limit."""

    before: int
    blocks: int = 0


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread in this block, which may be nested and run on several threads at once.

    Most libraries have one limit for the whole process: the first block sets it and the last one to end restores it.
    """
    for library in _libraries():
        _limit(library)
    try:
        yield
    finally:
        for library in _libraries():
            _release(library)


def steps_on_one_blas_thread(steps: Generator[T, Any, Any]) -> Iterator[T]:
    """Yield the steps of some work, each computed with one BLAS thread.

    Between two steps, other code runs with the number of threads that its user has set.
    """
    try:
        while True:
            with one_blas_thread():
                try:
                    step = next(steps)
                except StopIteration:
                    return
            yield step
    finally:
        steps.close()


@lru_cache(maxsize=1)
def _libraries() -> tuple[LibController, ...]:
    """Return the BLAS libraries of NumPy and SciPy, which are loaded by now; finding them takes milliseconds."""
    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


def _limit(library: LibController) -> None:
    with _lock:
        limited = _limited.get(_key(library))
        if limited is None:
            limited = _limited[_key(library)] = _Limited(library.get_num_threads())
            _set_threads(library, 1)
        limited.blocks += 1


def _release(library: LibController) -> None:
    with _lock:
        limited = _limited[_key(library)]
        limited.blocks -= 1
        if not limited.blocks:
            del _limited[_key(library)]
            # Another number was set by the user in the meantime.
            if library.get_num_threads() == 1:
                _set_threads(library, limited.before)


def _key(library: LibController) -> tuple[str, int]:
    """Identify what a limit applies to: with OpenMP one thread, otherwise the process."""
    per_thread = getattr(library, "threading_layer", "") == "openmp"
    return library.filepath, threading.get_ident() if per_thread else 0


def _set_threads(library: LibController, number: int) -> None:
    library.set_num_threads(number)
    # From version 3.8 on, the thread that sets a limit is the only one that can change it until it gives up control.
    give_up_control = getattr(library, "clear_controlling_thread", None)
    if give_up_control is not None:
        give_up_control()
