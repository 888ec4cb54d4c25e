"""Work that is interrupted before any of its lines, or by an observer: the session is free for the next work."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from attacks.kernels import interrupted_cells
from attacks.lines import SESSION, before_line, interrupt
from attacks.work import check, new_session, steps


def test_in_place_before_every_line() -> None:
    session = new_session()
    for line in count(1):
        with suppress(KeyboardInterrupt), before_line(line, SESSION, interrupt) as happened:
            session.start(steps)
        check(session)
        if not happened():
            break
    assert line > 50


def test_in_the_background_before_every_line() -> None:
    async def attack(line: int) -> bool:
        session = new_session()
        with suppress(KeyboardInterrupt), before_line(line, SESSION, interrupt) as happened:
            session.start(steps)
        end = time.monotonic() + 10
        while session.busy:
            assert time.monotonic() < end
            await asyncio.sleep(0.001)
        check(session)
        return happened()

    for line in count(1):
        if not asyncio.run(attack(line)):
            break
    assert line > 20


@pytest.mark.parametrize("trait", ["busy", "progress", "error"])
@pytest.mark.parametrize("error", [ValueError("the chart is gone"), KeyboardInterrupt()])
def test_an_observer_that_fails(trait: str, error: BaseException) -> None:
    session = new_session()
    session.error = "of the last work"  # so that it changes as work begins
    fails = [True, True]

    def fail(_: Any) -> None:
        if fails.pop():
            raise error

    session.observe(fail, trait)
    with suppress(ValueError, KeyboardInterrupt):
        session.run_fit()
    session.unobserve(fail, trait)
    assert not session.busy
    session.run_fit()
    check(session)


def test_cells_of_a_kernel(tmp_path) -> None:
    """As the stop button of a notebook interrupts them; `make attacks` does it 200 times."""
    assert interrupted_cells(tmp_path, 12) == (12, 12)
