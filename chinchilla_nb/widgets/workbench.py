"""The panels a run is planned with, over one session."""

from __future__ import annotations

from typing import Any

import ipywidgets

from chinchilla_nb.opening import open_session
from chinchilla_nb.widgets.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier_panel import FrontierPanel

__all__ = ["Workbench"]


class Workbench(ipywidgets.VBox):
    """Fit and frontier, one above the other, watching the same session.

    Parameters
    ----------
    source : Chinchilla, Session, Study, str or path
        What to work on: an open project, a study or its name, a folder of runs, a configuration or a CSV file.

    Attributes
    ----------
    session : Session
    fit, frontier : FitPanel, FrontierPanel
    """

    def __init__(self, source: Any) -> None:
        self.session = open_session(source)
        self.fit = FitPanel(self.session)
        self.frontier = FrontierPanel(self.session)
        super().__init__([self.fit, self.frontier])

    def close(self) -> None:
        """Close every panel."""
        for panel in self.children:
            panel.close()
        super().close()

    def __repr__(self) -> str:
        count = len(self.session.runs)
        return f"Workbench over {count} run{'' if count == 1 else 's'}"
