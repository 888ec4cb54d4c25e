"""A map over processes that is used only where it pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

__all__ = ["adaptive_map"]

R = TypeVar("R")

# Starting the processes and importing numpy and scipy in each costs about this much, in seconds.
STARTUP = 2.0


def adaptive_map(function: Callable[[Any], R], items: Iterable[Any]) -> Iterator[R]:
    """Apply a function to each item, in order; in processes once what is left would take longer than starting them.

    The first items are done here, to learn what one costs. Functions travel by cloudpickle, lambdas and closures too.
    """
    items = list(items)
    started = time.perf_counter()
    for done, item in enumerate(items):
        elapsed = time.perf_counter() - started
        if done and elapsed / done * (len(items) - done) > 2 * STARTUP:
            yield from _process_map(function, items[done:])
            return
        yield function(item)


def _process_map(function: Callable[[Any], R], items: list[Any]) -> Iterator[R]:
    from joblib import Parallel, cpu_count, delayed

    if cpu_count() == 1:
        yield from map(function, items)
        return
    results: Any = Parallel(n_jobs=-1, return_as="generator")(delayed(function)(item) for item in items)
    try:
        yield from results
    finally:
        # Interrupted or cancelled: what is queued is dropped now, not when the garbage collector comes by.
        results.close()
