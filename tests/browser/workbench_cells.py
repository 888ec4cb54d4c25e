"""Cells that open a workbench over thirty runs of a known law, for the tests and the screenshots."""

from __future__ import annotations

OPEN = """
import numpy as np
import pandas as pd
from chinchilla_nb import Database, ScalingLaw, Session, Workbench
from chinchilla_nb.config.settings import Settings

law = ScalingLaw(E=1.7, A=400, B=410, alpha=0.34, beta=0.28)
rng = np.random.default_rng(7)
C, ratio = 10 ** rng.uniform(18, 21, 30), 10 ** rng.uniform(0.3, 2.3, 30)
N = np.round((C / 6 / ratio) ** 0.5)
D = np.round(C / 6 / N)
database = Database()
database.df = pd.DataFrame({"N": N, "D": D, "loss": law.loss(N, D)})
session = Session(database, Settings())
workbench = Workbench(session)
workbench
"""
