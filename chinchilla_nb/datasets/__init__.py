"""Studies measured for this project, shipped with a description of how each was measured."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.seeding import SeedRegime

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SEED_REGIMES", "Study", "load", "names"]


@dataclass(frozen=True, eq=False, slots=True)
class Study:
    """Measured training runs.

    Attributes
    ----------
    name : str
        The name to pass to `load`.
    description : str
        What was trained, how, and what the columns mean, as Markdown.
    df : DataFrame
        One row per run: C (FLOPs), N, D, loss and further columns.
    seed_regime : SeedRegime
        The ranges from which its seed runs were drawn.
    data_unit : str
        The unit of D.
    """

    name: str
    description: str
    df: pd.DataFrame
    seed_regime: SeedRegime
    data_unit: str = "tokens"

    def __repr__(self) -> str:
        C = self.df.C
        return f"Study({self.name!r}, {len(self.df)} runs, C from {C.min():.3g} to {C.max():.3g} FLOPs)"

    def _repr_markdown_(self) -> str:
        return self.description


SEED_REGIMES = {"python_stdlib": SeedRegime(C=(2e10, 5e12), tokens_per_parameter=(8.0, 300.0))}
"""The ranges of the seed runs of each study."""

DATA_UNITS = {"python_stdlib": "bytes"}
"""The unit of D in each study."""


def names() -> tuple[str, ...]:
    """Return the names of the studies that `load` accepts."""
    return tuple(SEED_REGIMES)


def load(name: str) -> Study:
    """Load a study by name.

    Raises
    ------
    InputError
        If there is no such study; the error lists the studies.

    Examples
    --------
    >>> from chinchilla_nb import datasets
    >>> study = datasets.load("python_stdlib")
    >>> sorted({"C", "N", "D", "loss"} - set(study.df.columns))
    []
    """
    if not (isinstance(name, str) and name in SEED_REGIMES):
        raise InputError("", f"no study is called {brief(name)}", remedy=f"choose from {', '.join(names())}")
    # Imported here, so that listing the studies does not import pandas.
    import pandas as pd

    from chinchilla_nb.records.csv_text import EXACT_FLOATS

    folder = resources.files(__name__) / name
    with folder.joinpath("runs.csv").open(encoding="utf-8") as file:
        df = pd.read_csv(file, **EXACT_FLOATS)
    description = folder.joinpath("README.md").read_text(encoding="utf-8")
    return Study(name, description, df, SEED_REGIMES[name], DATA_UNITS[name])
