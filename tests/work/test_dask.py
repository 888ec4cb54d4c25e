"""A Dask cluster gives what one process gives, also when a worker dies half-way."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster
from runs import make_runs
from waiting import wait_until

from chinchilla_nb import study
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import log_huber
from chinchilla_nb.engine.laws.starts import HOFFMANN_GRID, StartGrid
from chinchilla_nb.work import parallel

LAW = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
SEEDS = {"C": (1e18, 1e21), "N_to_D": (1, 100)}

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(monkeypatch) -> Iterator[Client]:
    monkeypatch.setattr(parallel, "STARTUP", 0.0)  # so that work is sent even where that takes longer
    # Processes, because threads would share this interpreter.
    with LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None) as local, Client(local) as client:
        yield client


def studied() -> pd.DataFrame:
    asked = study(LAW, SEEDS, seeds=40, losses="log_huber", repetitions=600, targets=1e23, progress=False)
    return asked.drop(columns="seconds")


def drawn() -> pd.DataFrame:
    fitted = fit(make_runs(60, noise=0.01), loss_fn=log_huber)
    return pd.DataFrame(fitted.uncertainty(draws=3000, rng=0, map=parallel.adaptive_map).theta)


def rolled_out() -> pd.DataFrame:
    fitted = fit(make_runs(120, noise=0.01), loss_fn=log_huber)
    cutoffs = np.geomspace(*np.quantile(fitted.runs.C, [0.2, 0.9]), 60)
    return pd.DataFrame(fitted.roll_outs(cutoffs, map=parallel.adaptive_map).scores)


def fitted_from_every_start() -> pd.DataFrame:
    starts = StartGrid({name: axis[::2] for name, axis in HOFFMANN_GRID.axes.items()})
    fitted = fit(make_runs(120, noise=0.01), starts, log_huber, exhaustive=True, map=parallel.adaptive_map)
    return pd.DataFrame({**fitted.law.as_dict(), "objective": fitted.objective, "optima": fitted.optima}, index=[0])


@contextmanager
def killing_a_worker(client: Client) -> Iterator[Event]:
    """Kill one worker as soon as all of them work; the event says whether it happened."""
    pids, killed = client.run(os.getpid), Event()

    def kill() -> None:
        if wait_until(lambda: all(client.processing().values()), 60):
            os.kill(next(iter(pids.values())), signal.SIGKILL)
            killed.set()

    watcher = Thread(target=kill, daemon=True)
    watcher.start()
    yield killed
    watcher.join()


@pytest.mark.parametrize("work", [studied, drawn, rolled_out, fitted_from_every_start])
def test_a_cluster_that_loses_a_worker_gives_the_same(work: Callable[[], pd.DataFrame], cluster, monkeypatch):
    with joblib.parallel_config(backend="dask"), killing_a_worker(cluster) as killed:
        there = work()
    assert killed.is_set()
    monkeypatch.setattr(parallel, "STARTUP", np.inf)
    pd.testing.assert_frame_equal(work(), there, check_exact=True)


def test_cancelled_work_leaves_the_workers(cluster):
    with joblib.parallel_config(backend="dask"):
        steps: Any = parallel.adaptive_map(_waits, [0.01, *[1.0] * 100])
        for _ in range(3):
            next(steps)
        steps.close()
    # A task that has begun goes on to its end; the other hundred do not begin.
    assert wait_until(lambda: not any(cluster.processing().values()), 20)
    finished = cluster.run(lambda dask_worker: dask_worker.state.executed_count)
    assert sum(finished.values()) < 20


def _waits(seconds: float) -> float:
    Event().wait(seconds)
    return seconds
