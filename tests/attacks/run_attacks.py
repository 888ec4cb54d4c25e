"""The long attacks on the storage and the session: ``make attacks``, or with names and a size, to run a part.

    python tests/attacks/run_attacks.py --size 0.1 signals writers

Each prints a line as soon as it has ended: what was tried, and how many tries did no harm. Harm is a row that is lost,
doubled or hidden, an error that is not one sentence, or work that never ends.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from attacks.fuzzing import fuzzed
from attacks.kernels import interrupted_cells
from attacks.lines import SESSION, before_line, interrupt
from attacks.processes import Attacker
from attacks.scenes import ROW, SCENES, attack_lines, interrupted, killed
from attacks.work import check, new_session, steps

from chinchilla_nb.database import Database
from chinchilla_nb.records.csv_file import CsvFile

Counts = tuple[int, int]
"""How many were tried, and how many did no harm."""

APPEND = """if True:
    import sys
    from chinchilla_nb.database import Database
    database = Database(sys.argv[1])
    for run in range(int(sys.argv[2]), int(sys.argv[3])):
        more = {f"column{run // 50 % 20}": run} if run % 50 == 0 else {}
        database.append(N=1, D=1, loss=run + 0.5, **more)
        print(run, flush=True)
"""
"""Appends runs, and prints each once its append has returned."""


def kills_at_lines(folder: Path, size: float) -> Counts:
    """Kill an appending process before every line of the storage code."""
    return _at_lines(folder, killed, size)


def interrupts_at_lines(folder: Path, size: float) -> Counts:
    """Interrupt an append before every line of the storage code."""
    return _at_lines(folder, interrupted, size)


def _at_lines(folder: Path, attack: Callable[..., bool], size: float) -> Counts:
    tried = 0
    for name in SCENES:
        (folder / name).mkdir()
        tried += attack_lines(folder / name, attack, name, step=max(1, round(1 / size)))
    return tried, tried  # the first harm raises an error


def interrupts_of_work(folder: Path, size: float) -> Counts:
    """Interrupt work before every line of the session and its job, in place and in the background."""

    async def in_the_background(line: int) -> bool:
        return in_place(line)

    def in_place(line: int) -> bool:
        session = new_session()
        with suppress(KeyboardInterrupt), before_line(line, SESSION, interrupt) as happened:
            session.start(steps)
        check(session)
        return happened()

    tried = 0
    for attack in (in_place, lambda line: asyncio.run(in_the_background(line))):
        line = 1
        while attack(line):
            line += max(1, round(1 / size))
            tried += 1
    return tried, tried


def signals(folder: Path, size: float) -> Counts:
    """Send SIGINT to a process that appends, at random moments."""
    tried, survived, moments = round(6_000 * size), 0, random.Random(0)
    for turn in range(tried):
        if turn % 100 == 0:
            project = folder / str(turn)
            project.mkdir()
            database, returned = Database(project), 0
        ended = threading.Event()

        def stop(wait: float, ended: threading.Event = ended) -> None:
            """Interrupt the main thread, again if a library has dropped the interrupt."""
            while not ended.wait(wait):
                signal.raise_signal(signal.SIGINT)
                wait = 2.0

        stopper = threading.Thread(target=stop, args=(moments.uniform(0, 0.004),))
        try:
            stopper.start()
            while True:
                database.append(**ROW, **({f"column{turn % 7}": 1} if turn % 10 == 0 else {}))
                returned += 1
        except KeyboardInterrupt:
            ended.set()
            stopper.join()
        rows = len(CsvFile(project / "df.csv").read())
        survived += rows in (returned, returned + 1) and rows == len(database) == len(database.df)
        returned = rows
    return tried, survived


def kills(folder: Path, size: float) -> Counts:
    """Send SIGKILL to a process that appends, at random moments."""
    tried, survived, moments = round(300 * size), 0, random.Random(0)
    returned: list[int] = []
    for turn in range(tried):
        with Attacker(APPEND, folder, turn * 10**6, (turn + 1) * 10**6) as attacker:
            assert attacker.stdout is not None
            returned.append(int(attacker.stdout.readline()))
            time.sleep(moments.uniform(0, 0.05))
            attacker.kill()
            returned += [int(line) for line in attacker.stdout if line.endswith("\n")]
        kept = [int(loss) for loss in CsvFile(folder / "df.csv").read()["loss"]]
        # A row that was written but not acknowledged is kept.
        survived += len(set(kept)) == len(kept) and set(returned) <= set(kept) and len(kept) <= len(returned) + turn + 1
    return tried, survived


def writers(folder: Path, size: float) -> Counts:
    """Append from eight processes at once, with new columns; count the rows."""
    each = round(1_500 * size)
    attackers = [Attacker(APPEND, folder, writer * 10**6, writer * 10**6 + each) for writer in range(8)]
    for attacker in attackers:
        threading.Thread(target=attacker.communicate).start()
    for attacker in attackers:
        assert attacker.wait() == 0
    kept = [int(loss) for loss in CsvFile(folder / "df.csv").read()["loss"]]
    wanted = [writer * 10**6 + run for writer in range(8) for run in range(each)]
    return len(wanted), len(set(kept) & set(wanted)) - (len(kept) - len(set(kept)))


def tables(folder: Path, size: float) -> Counts:
    """Open, append to and import damaged files."""
    return fuzzed(folder, round(20_000 * size))


def cells(folder: Path, size: float) -> Counts:
    """Interrupt cells of a real kernel that append and fit."""
    return interrupted_cells(folder, round(200 * size))


ATTACKS = (kills_at_lines, interrupts_at_lines, interrupts_of_work, signals, kills, writers, tables, cells)


def main() -> None:
    """Run the attacks that are named, or all."""
    names = [attack.__name__ for attack in ATTACKS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(names)}")
    parser.add_argument("--size", type=float, default=1.0, help="share of the tries, 1 by default")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(names):
        parser.error(f"unknown: {', '.join(unknown)}")
    warnings.simplefilter("ignore", ResourceWarning)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background
    for attack in ATTACKS:
        if not chosen.names or attack.__name__ in chosen.names:
            with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
                began = time.monotonic()
                tried, survived = attack(Path(folder), chosen.size)
            seconds = time.monotonic() - began
            print(f"{attack.__name__:20} tried {tried:7,} survived {survived:7,}   {seconds:6.0f} s", flush=True)


if __name__ == "__main__":
    main()
