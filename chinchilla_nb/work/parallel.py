"""A map that uses processes only where that saves time."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

__all__ = ["adaptive_map"]

R = TypeVar("R")

# Seconds that it takes to start the processes and import numpy and scipy in each.
STARTUP = 2.0


def adaptive_map(function: Callable[[Any], R], items: Iterable[Any]) -> Iterator[R]:
    """Apply a function to each item, in order; use processes if the remaining items take longer than starting them.

    The first items are processed here, to measure their cost. Functions are sent by cloudpickle, including lambdas and
    closures.
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
    from joblib import Parallel, delayed, effective_n_jobs

    if effective_n_jobs(-1) == 1:  # of the backend chosen: a cluster may have many, also where this machine has one
        yield from map(function, items)
        return
    # Each item in a tuple, because joblib leaves an array on a single worker of Dask, and it is lost with that worker.
    tasks = (delayed(_applied)(function, (item,)) for item in items)
    results: Any = Parallel(n_jobs=-1, return_as="generator")(tasks)
    try:
        for result in results:  # noqa: UP028  `yield from` would close the results itself, before the `finally`
            yield result
    finally:
        # When interrupted or cancelled, drop queued items now, not when the garbage collector runs. Joblib then warns
        # of results that nobody has used.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _applied(function: Callable[[Any], R], item: tuple[Any]) -> R:
    return function(*item)
