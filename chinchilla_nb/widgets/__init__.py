"""Panels that show a session; only this package imports ipywidgets and bqplot."""

from __future__ import annotations

from chinchilla_nb.widgets.fit.fit_panel import FitPanel
from chinchilla_nb.widgets.frontier.frontier_panel import FrontierPanel
from chinchilla_nb.widgets.workbench import Workbench

__all__ = ["FitPanel", "FrontierPanel", "Workbench"]
