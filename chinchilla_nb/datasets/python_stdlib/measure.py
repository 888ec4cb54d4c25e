"""Measure the study: train every planned run and log it, resuming where an earlier call stopped.

Usage: ``python -m chinchilla_nb.datasets.python_stdlib.measure FOLDER [--jobs 2]`` in an environment that has
``torch==2.13.0``. It takes about 80 minutes on one core. Each run is in FOLDER/df.csv as soon as it has finished.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import joblib
import torch

from chinchilla_nb.database import Database
from chinchilla_nb.datasets.python_stdlib.plan import PlannedRun, plan
from chinchilla_nb.datasets.python_stdlib.train import load_corpus, train


def main() -> None:
    """Train the runs that are missing from the log of the folder, each on one thread."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of df.csv, created if it does not exist")
    parser.add_argument("--jobs", type=int, default=1, help="number of runs trained in parallel")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    logged = Database(str(options.folder)).df
    done = set(logged["run"].astype(int)) if len(logged) else set()
    todo = [(run, planned) for run, planned in enumerate(plan()) if run not in done]
    print(f"{len(done)} runs are logged in {options.folder}, {len(todo)} are left; corpus {load_corpus().sha256[:12]}")
    joblib.Parallel(options.jobs, verbose=10)(
        joblib.delayed(train_and_log)(run, planned, options.folder) for run, planned in todo
    )


def train_and_log(run: int, planned: PlannedRun, folder: Path) -> None:
    """Train one run and append it to the log; several processes may do this at the same time."""
    torch.set_num_threads(1)
    measured = train(load_corpus(), planned.width, planned.depth, planned.D, planned.seed)
    what = {name: value for name, value in asdict(planned).items() if name != "D"}
    Database(str(folder)).append(**measured, **what, run=run)


if __name__ == "__main__":
    main()
