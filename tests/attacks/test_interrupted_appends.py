"""An append that is interrupted or killed before one of its lines: no row is lost, doubled or hidden."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacks.scenes import SCENES, attack_lines, interrupted, killed

STEP = 17
"""Lines between two attacks; `make attacks` attacks every line."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder in memory if the system has one, where writing to the disk takes no time."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


# An interrupt between opening a file and the block that closes it leaves that to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(("scene", "first"), [*zip(SCENES, (1, 3, 5, 7, 9), strict=True)])
def test_interrupted(folder: Path, scene: str, first: int) -> None:
    assert attack_lines(folder, interrupted, scene, first, STEP) > 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(("scene", "first"), [*zip(SCENES, (2, 4, 6, 8, 1), strict=True)])
def test_killed(folder: Path, scene: str, first: int) -> None:
    assert attack_lines(folder, killed, scene, first, STEP) > 10
