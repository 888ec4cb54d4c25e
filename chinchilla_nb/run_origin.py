"""Where the runs of a session were read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from traitlets import HasTraits, Unicode

__all__ = ["PROJECT_FILE", "RunOrigin"]

PROJECT_FILE = "df.csv"
"""Name of the file of a project, which is read strictly also when it is opened as a table."""


class RunOrigin(HasTraits):
    """The file or folder that holds the runs of a session.

    Attributes
    ----------
    opened_from : str
        The path of a table or of logs, their address, or the name of a study; empty for runs in memory.
    """

    database: Any
    opened_from = Unicode("")

    @property
    def origin(self) -> str:
        """Where the runs are: the file of the project, or what was opened; empty for runs in memory."""
        folder = getattr(self.database, "project_dir", None)
        return self.opened_from if folder is None else str(Path(folder).absolute() / PROJECT_FILE)
