"""The same draws on a Dask cluster: parallel work goes through joblib, whatever its backend."""

from __future__ import annotations

import joblib
import numpy as np
import pytest
from distributed import Client, LocalCluster
from runs import make_runs

from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.fitting.losses import log_huber
from chinchilla_nb.work import parallel


@pytest.fixture
def cluster():
    # Processes, because threads would share this interpreter.
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local, Client(local) as client:
        yield client


@pytest.mark.slow
def test_draws_of_a_bootstrap_are_the_same_on_a_cluster(cluster, monkeypatch):
    monkeypatch.setattr(parallel, "STARTUP", 0.0)  # so that refits are sent even where that takes longer
    fitted = fit(make_runs(60, noise=0.01), loss_fn=log_huber)
    here = fitted.uncertainty(draws=1500, rng=0)
    with joblib.parallel_config(backend="dask"):
        there = fitted.uncertainty(draws=1500, rng=0, map=parallel.adaptive_map)
    assert np.array_equal(here.theta, there.theta)
    worked = cluster.run(lambda dask_worker: len(dask_worker.state.log))
    assert all(worked.values())
