"""How a study scales on a Dask cluster: what a task costs and what sending it costs, measured, then 1 to 1,000 workers
simulated from that. Prints; asserts nothing.

    python tests/benchmarks/cluster_scaling.py

Times are CPU seconds, which do not depend on what else runs on the machine. The simulation takes the scheduler and the
client as one process that handles one task after the other, as they share the cost of a task.
"""

from __future__ import annotations

import heapq
import pickle
import statistics
import time
from dataclasses import dataclass
from typing import Any

import cloudpickle
import joblib
import numpy as np
from distributed import Client, LocalCluster

from chinchilla_nb.engine.fitting.losses import asymmetric_mae, log_huber
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.cells import Cell
from chinchilla_nb.engine.simulation.designs import RandomSeeds
from chinchilla_nb.engine.simulation.noise import Noise
from chinchilla_nb.engine.simulation.study import Piece, Study

LAW = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
PROJECTS = 100_000
WORKERS = (1, 10, 100, 300, 1000)
PIECES = (1, 10, 50)
"""Projects in a task; studies have 50."""
EMPTY_TASKS = 1500


@dataclass(frozen=True, slots=True)
class Task:
    """What a piece of a study costs: CPU seconds of a worker, bytes sent and returned."""

    projects: int
    seconds: float
    sent: int
    returned: int


def study_of(loss: Any) -> Study:
    """Return a study of one cell: projects of 100 seeds, one fit each."""
    problem = Problem(Runs([], [], []), CHINCHILLA, CHINCHILLA.starts, loss)
    design = RandomSeeds(SeedRegime((1e18, 1e21), (2, 200)))
    cell = Cell({}, LAW, Noise("normal", 0.01), design, 100, 0, None, problem)
    return Study((cell,), np.array([1e24]), PROJECTS, 0)


def task_of(study: Study, projects: int) -> Task:
    """Return what a piece of so many projects costs: the median of three."""
    seconds = []
    for first in range(0, 3 * projects, projects):
        started = time.process_time()
        found = study.measured(Piece(0, first, projects))
        seconds.append(time.process_time() - started)
    sent = len(cloudpickle.dumps((study.measured, Piece(0, 0, projects))))
    return Task(projects, statistics.median(seconds), sent, len(pickle.dumps(found)))


def overhead_of(payload: bytes) -> float:
    """Return the CPU seconds that the client and the scheduler, in this process, spend on a task that does nothing."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local,
        Client(local),
        joblib.parallel_config(backend="dask"),
    ):
        # One by one: joblib would send many tasks as short as these together, but not those of a study.
        send = joblib.Parallel(n_jobs=-1, batch_size=1)
        send(joblib.delayed(_nothing)(payload) for _ in range(50))  # workers have imported all
        started = time.process_time()
        send(joblib.delayed(_nothing)(payload) for _ in range(EMPTY_TASKS))
        return (time.process_time() - started) / EMPTY_TASKS


def _nothing(payload: bytes) -> int:
    return len(payload)


def simulated_seconds(workers: int, tasks: int, seconds: float, overhead: float) -> float:
    """Return when the last task is done: each costs the scheduler `overhead`, then a free worker `seconds`."""
    free = [0.0] * min(workers, tasks)
    sent, ended = 0.0, 0.0
    for _ in range(tasks):
        sent = max(sent + overhead, free[0])
        ended = max(ended, sent + seconds)
        heapq.heapreplace(free, sent + seconds)
    return ended


def main() -> None:
    for loss in (log_huber, asymmetric_mae):
        study = study_of(loss)
        study.measured(Piece(0, 0, 2))  # imports
        tasks = [task_of(study, projects) for projects in PIECES]
        overhead = overhead_of(cloudpickle.dumps(study.measured))
        print(f"\n{loss.__name__}: the scheduler and the client spend {1000 * overhead:.2f} ms of CPU on a task\n")
        print("| projects a task | s a task | bytes sent | returned | " + " | ".join(f"{w:,}" for w in WORKERS) + " |")
        print("|" + "---|" * (4 + len(WORKERS)))
        alone = tasks[-1].seconds / tasks[-1].projects * PROJECTS
        for task in tasks:
            count = -(-PROJECTS // task.projects)
            speed = [alone / simulated_seconds(w, count, task.seconds, overhead) for w in WORKERS]
            cells = [str(task.projects), f"{task.seconds:.3f}", f"{task.sent:,}", f"{task.returned:,}"]
            print("| " + " | ".join([*cells, *(f"{one:,.3g}" for one in speed)]) + " |", flush=True)


if __name__ == "__main__":
    main()
