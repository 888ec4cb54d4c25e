"""Append the run of a training to a project; whatever happens, the training goes on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from chinchilla_nb._logger import get_logger
from chinchilla_nb.callbacks.parameters import ParameterCount
from chinchilla_nb.database import Database
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError

__all__ = ["RunRecord"]

_OWN = ("C", "N", "D", "loss", "N_total", "N_non_embedding", "steps", "total_flos")


class RunRecord:
    """What is appended to a project when a training ends.

    Parameters
    ----------
    project_dir : str or path
        Folder of the project.
    embeddings : bool
        Whether N counts the parameters of embeddings.
    columns : mapping of str to value
        Further columns of the run.

    Raises
    ------
    InputError
        If the folder does not exist, or a further column has a name that the callback itself uses.
    """

    def __init__(self, project_dir: str | os.PathLike[str], embeddings: bool, columns: Mapping[str, Any]) -> None:
        check_type(embeddings, "embeddings", bool)
        for name in _OWN:
            if name in columns:
                raise InputError(name, "is a column that the callback fills", remedy="choose another name")
        Database(project_dir)  # raises an error now, not after the training, if the folder cannot be used
        self._folder, self._embeddings, self._columns = project_dir, embeddings, dict(columns)

    def append(self, count: ParameterCount, D: int, loss: float, steps: int, **others: Any) -> None:
        """Append the run. An error is logged with the run, not raised: what follows the training must still happen."""
        run = {
            "N": count.total if self._embeddings else count.non_embedding,
            "D": D,
            "loss": loss,
            "N_total": count.total,
            "N_non_embedding": count.non_embedding,
            "steps": steps,
            **others,
            **self._columns,
        }
        try:
            Database(self._folder).append(**run)
        except (OSError, RuntimeError, ValueError) as error:
            self.skip(f"{error}; the run is {run}")

    def skip(self, reason: str) -> None:
        """Say why no run is appended."""
        # Loggers cannot be pickled, as a callback is when processes are started.
        get_logger("WARNING", "chinchilla_nb.callbacks").warning("the run is not appended: %s", reason)
