"""Large sessions: opening and fitting 100,000 runs, panels that show them, and a file that grows. Asserts nothing.

    python tests/benchmarks/bench_load.py                everything, about ten minutes
    python tests/benchmarks/bench_load.py opening growth    parts of it: opening, fitting, growth, panels

Each line is a ratio of two things that are measured in one run, as in `run_benchmarks.py`, which prints these lines,
too: 100,000 runs against 10,000, and the last thousand appends to a file against the first.
"""

from __future__ import annotations

import asyncio
import functools
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from interleaved import interleaved, seconds_of
from table_line import Line, print_table

from chinchilla_nb import Database, ScalingLaw, Workbench, log_huber, open_session
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.session import Session

FEW, MANY = 10_000, 100_000
LAW = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
START, WATCHED, EACH = 1_000, 1_000, 25
"""Rows of the file at first, rows appended while each end of the growth is measured, and rows between two checks."""


def frame_of(count: int, seed: int = 0) -> pd.DataFrame:
    """Return runs that follow the law with 1 % of noise, as a table of N, D and loss."""
    rng = np.random.default_rng(seed)
    N, D = np.round(10 ** rng.uniform(7, 10, count)), np.round(10 ** rng.uniform(9, 12, count))
    return pd.DataFrame({"N": N, "D": D, "loss": LAW.loss(N, D) * np.exp(0.01 * rng.normal(size=count))})


def export_of(count: int) -> pd.DataFrame:
    """Return runs as a tracker exports them: names, states, sizes such as 12.5M, empty losses and runs twice."""
    rng, runs = np.random.default_rng(1), frame_of(count)
    table = pd.DataFrame(
        {
            "Name": [f"run-{number}" for number in range(count)],
            "State": np.where(rng.uniform(size=count) < 0.02, "crashed", "finished"),
            "params": [f"{N / 1e6:.4f}M" for N in runs.N],
            "tokens": runs.D,
            "eval/loss": runs.loss.where(rng.uniform(size=count) > 0.01),
            "lr": rng.choice([1e-3, 3e-4], count),
            "note": rng.choice(["a", "b", None], count),
        }
    )
    table.iloc[-10:] = table.iloc[:10].to_numpy()
    return table


def opening() -> Iterator[Line]:
    """Open tables of other programs and projects, and compare with a tenth of the runs and with pandas."""
    folder = Path(tempfile.mkdtemp())
    writers: dict[str, Callable[[int], Path]] = {
        "a table": lambda count: _written(folder / f"runs{count}.csv", frame_of(count)),
        "the export of a tracker": lambda count: _written(folder / f"export{count}.csv", export_of(count)),
        "a table in JSON": lambda count: _written(folder / f"runs{count}.json", frame_of(count)),
        "a project": lambda count: _project(folder / f"project{count}", count),
    }
    for what, write in writers.items():
        few, many = write(FEW), write(MANY)
        ours, theirs, ratio = interleaved(lambda many=many: _opened(many), lambda few=few: _opened(few), 3)
        yield Line(f"open {what} of {MANY:,} runs", ours, f"{FEW:,}", theirs, 1 / ratio)
    table = folder / f"runs{MANY}.csv"
    ours, theirs, ratio = interleaved(
        lambda: _opened(table), lambda: seconds_of(lambda: pd.read_csv(table).to_dict("records")), 3
    )
    yield Line(f"open a table of {MANY:,} runs", ours, "pandas.read_csv, to_dict", theirs, ratio)


def fitting() -> Iterator[Line]:
    """Fit, with the warnings that a panel shows."""
    sessions = {}
    for count in (FEW, MANY):
        database = Database()
        database.df = frame_of(count)
        sessions[count] = Session(database, Settings(loss_fn=functools.partial(log_huber, delta=1e-3)))
    ours, theirs, ratio = interleaved(lambda: _fitted(sessions[MANY]), lambda: _fitted(sessions[FEW]), 3)
    yield Line(f"fit {MANY:,} runs", ours, f"{FEW:,}", theirs, 1 / ratio)


def _fitted(session: Session) -> float:
    return seconds_of(lambda: session.run_fit().warnings)


def growth() -> Iterator[Line]:
    """Append to the file of an open workbench from another process, and compare CPU seconds at both ends."""
    for what, panels in (("a workbench", True), ("a session without panels", False)):
        first, last = asyncio.run(_growing(panels=panels))
        yield Line(
            f"CPU seconds of {what} for {EACH} rows appended to {MANY:,}", last, f"{START:,}", first, last / first
        )


async def _growing(*, panels: bool) -> tuple[float, float]:
    """Return the CPU seconds of a check that finds new rows, when the file is short and when it is long."""
    folder = _project(Path(tempfile.mkdtemp()) / "project", START)
    session = open_session(folder)
    session.run_fit()
    bench = Workbench(session) if panels else None
    if bench is not None:
        bench.toggles["Runs"].value = True
    with _appending(folder) as append:
        await _settled()
        first = await _checks(session, append)
        append(MANY - WATCHED - len(session.runs))
        session.database.follow()
        await _settled()
        last = await _checks(session, append)
    return first, last


async def _checks(session: Session, append: Callable[[int], None]) -> float:
    """Return the median CPU seconds of checks that each find rows of another process."""
    spent = []
    for _ in range(WATCHED // EACH):
        append(EACH)
        began = time.process_time()
        session.database.follow()
        assert len(session.runs) == len(session.database)
        await asyncio.sleep(0.01)
        spent.append(time.process_time() - began)
    return statistics.median(spent)


async def _settled() -> None:
    """Wait until nothing is computed in the background."""
    quiet = 0
    while quiet < 5:
        began = time.process_time()
        await asyncio.sleep(0.1)
        quiet = quiet + 1 if time.process_time() - began < 0.01 else 0


APPENDS = """
import sys
from bench_load import Database, frame_of
database = Database(sys.argv[1])
for seed, line in enumerate(sys.stdin, 1):
    database.extend(frame_of(int(line), seed))
    print("done", flush=True)
"""


@contextmanager
def _appending(folder: Path) -> Iterator[Callable[[int], None]]:
    """Yield a function that lets another process append runs to a project, and returns when they are on disk."""
    command = [sys.executable, "-c", APPENDS, str(folder)]
    here = Path(__file__).parent
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=here) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def append(count: int) -> None:
            print(count, file=process.stdin, flush=True)
            process.stdout.readline()

        yield append
        process.stdin.close()


def panels() -> Iterator[Line]:
    """Compare the waiting times of a page with 100,000 runs with those of one with 10,000."""
    import large_pages

    few, many = large_pages.waits(FEW, MANY)
    for what, times in many.items():
        ours, theirs = statistics.median(times), statistics.median(few[what])
        yield Line(f"{what}, {MANY:,} runs", ours, f"{FEW:,}", theirs, ours / theirs)


def _written(path: Path, table: pd.DataFrame) -> Path:
    if path.suffix == ".json":
        table.to_json(path, orient="records")
    else:
        table.to_csv(path, index=False)
    return path


def _project(folder: Path, count: int) -> Path:
    folder.mkdir()
    Database(folder).df = frame_of(count)
    return folder


def _opened(path: Path) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows that are left out, as they are meant to be
        return seconds_of(lambda: open_session(path))


PARTS: dict[str, Callable[[], Iterator[Line]]] = {part.__name__: part for part in (opening, fitting, growth, panels)}


def main(*names: str) -> None:
    """Print the table."""
    print_table(PARTS, names)


if __name__ == "__main__":
    main(*sys.argv[1:])
