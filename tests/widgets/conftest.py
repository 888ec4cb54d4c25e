"""A session over runs that follow a known law exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.database import Database
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.session import Session

LAW = ScalingLaw(E=1.7, A=400, B=410, alpha=0.34, beta=0.28)


@pytest.fixture
def law() -> ScalingLaw:
    return LAW


@pytest.fixture
def rows() -> pd.DataFrame:
    """Thirty runs of 1e18 to 1e21 FLOPs with 2 to 200 tokens per parameter."""
    rng = np.random.default_rng(7)
    C, ratio = 10 ** rng.uniform(18, 21, 30), 10 ** rng.uniform(np.log10(2), np.log10(200), 30)
    N = np.round((C / 6 / ratio) ** 0.5)
    D = np.round(C / 6 / N)
    return pd.DataFrame({"N": N, "D": D, "loss": LAW.loss(N, D)})


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
