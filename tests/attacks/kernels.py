"""Cells of a real kernel that fit and are interrupted at random moments, as by the stop button of a notebook."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel
from jupyter_core.utils import ensure_event_loop

SETUP = """if True:
    from chinchilla_nb.database import Database
    from chinchilla_nb.engine.laws.starts import StartGrid
    from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
    from chinchilla_nb.session import Session
    from chinchilla_nb.config.settings import Settings
    law, database = ScalingLaw(1.7, 400.0, 410.0, 0.34, 0.28), Database({folder!r})
    for N in (1e6, 1e7, 1e8):
        for D in (1e8, 1e9, 1e10):
            database.append(N=N, D=D, loss=float(law.loss(N, D)))
    session = Session(database, Settings(grid=StartGrid(
        {{"E": [1, 2], "A": [100, 1000], "B": [100, 1000], "alpha": [0.2, 0.5], "beta": [0.2, 0.5]}})))
    session.run_fit()
"""
CELL = (
    "for _ in range(100_000):\n    database.append(N=1e7, D=1e9, loss=2.5)\n    session.{start}()\n    session.wait()"
)
CHECK = """if True:
    assert session.wait(20), "the work never ends"
    assert not session.busy, "the session is busy"
    seen = len(database)
    database.refresh()
    assert seen == len(database) == len(Database({folder!r})), "a row is hidden"
    session.run_fit()
    database.df = database.df.head(9)
"""


def interrupted_cells(folder: Path, cells: int, seed: int = 0) -> tuple[int, int]:
    """Interrupt cells that append a run and fit, in a loop; return how many, and after how many all was well."""
    moments = random.Random(seed)
    manager, client = start_new_kernel(extra_arguments=["--HistoryManager.enabled=False"])
    try:

        def run(code: str, on_output: Callable[[dict[str, Any]], None] = lambda _: None) -> dict[str, Any]:
            reply = client.execute_interactive(code, timeout=120, output_hook=on_output, store_history=False)
            content: dict[str, Any] = reply["content"]
            return content

        answer = run(SETUP.format(folder=str(folder)))
        assert answer["status"] == "ok", answer
        survived = 0
        for cell in range(cells):
            ended = threading.Event()

            def stop(wait: float, ended: threading.Event = ended) -> None:
                """Interrupt the cell, again if it was too early: a kernel ignores interrupts between cells."""
                while not ended.wait(wait):
                    os.kill(manager.provisioner.pid, signal.SIGINT)
                    wait = 5.0

            stopper = threading.Thread(target=stop, args=(moments.uniform(0.02, 0.4),))
            answer = run(
                CELL.format(start="run_fit" if cell % 2 else "start_fit"),
                lambda message, stopper=stopper: stopper.start() if message["msg_type"] == "execute_input" else None,
            )
            assert answer.get("ename") == "KeyboardInterrupt", answer
            ended.set()
            stopper.join()
            answer = run(CHECK.format(folder=str(folder)))
            if answer["status"] == "ok":
                survived += 1
            else:
                print(answer["evalue"])
        return cells, survived
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        ensure_event_loop().close()  # jupyter_client made it, and leaves it open
