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

    def run(self, count: ParameterCount, D: int, steps: int, **others: Any) -> dict[str, Any]:
        """Return the run without its loss."""
        return {
            "N": count.total if self._embeddings else count.non_embedding,
            "D": D,
            "N_total": count.total,
            "N_non_embedding": count.non_embedding,
            "steps": steps,
            **others,
            **self._columns,
        }

    def append(self, run: Mapping[str, Any], loss: float) -> None:
        """Append the run. An error is logged, not raised: what follows the training must still happen."""
        try:
            Database(self._folder).append(loss=loss, **run)
        except (OSError, RuntimeError, ValueError) as error:
            self.skip(str(error), {"loss": loss, **run})

    def skip(self, reason: str, run: Mapping[str, Any]) -> None:
        """Say why a run is not appended, and what is known of it, so that it can be appended by hand."""
        known = ", ".join(f"{name}={value!r}" for name, value in run.items())
        # Loggers cannot be pickled, as a callback is when processes are started.
        logger = get_logger("WARNING", "chinchilla_nb.callbacks")
        logger.warning("the run is not appended: %s; to append it by hand: append(%s)", reason, known)

    def skip_uncounted(self, steps: int, run: Mapping[str, Any]) -> None:
        """Skip a run that went on from a checkpoint without a count of the tokens of its first steps."""
        self.skip(f"the tokens of the first {steps:,} steps were not counted", run)
