"""A session with runs that follow a known law exactly."""

from __future__ import annotations

import pandas as pd
import pytest
from runs import LAW, make_runs, table_of

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.session import Session


@pytest.fixture
def law() -> ScalingLaw:
    return LAW


@pytest.fixture
def rows() -> pd.DataFrame:
    """Thirty runs of 1e18 to 1e21 FLOPs with 2 to 200 tokens per parameter."""
    return table_of(make_runs(30, rng=7))


@pytest.fixture
def database(rows) -> Database:
    database = Database()
    database.df = rows
    return database


@pytest.fixture
def session(database) -> Session:
    return Session(database, Settings())


@pytest.fixture
def empty_session() -> Session:
    return Session(Database(), Settings())
