"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(os.environ.get("CHINCHILLA_NB_REFERENCE", ROOT.parent / "shared" / "reference"))


@pytest.fixture(scope="session")
def reference() -> Callable[[str], pd.DataFrame]:
    """Read a table of others' published runs: ``reference("hoffmann_figure4.csv")``.

    The tables are not the project's own, so they are not in its repository. If they are missing, the test is
    skipped, except under ``CI=true``, where a skip would hide that nothing was checked.
    """

    def read(name: str) -> pd.DataFrame:
        path = REFERENCE / name
        if path.is_file():
            return pd.read_csv(path)
        reason = f"no reference table at {path}; set CHINCHILLA_NB_REFERENCE to the folder that holds {name}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return read


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slowest files first, so that no process waits at the end for another that has just begun one."""
    browser, slow = ({item.path for item in items if item.get_closest_marker(mark)} for mark in ("browser", "slow"))
    items.sort(key=lambda item: (item.path not in browser, item.path not in slow))
