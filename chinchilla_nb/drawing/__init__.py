"""Drawing with matplotlib, without pyplot: a value of `figures` in, a `Figure` out."""

from __future__ import annotations

from chinchilla_nb.drawing.approaches import draw_approaches
from chinchilla_nb.drawing.frontier import draw_frontier
from chinchilla_nb.drawing.images import DPI, SNAPSHOT_DPI, image_of, svg_of
from chinchilla_nb.drawing.predictions import draw_predictions
from chinchilla_nb.drawing.roll_outs import draw_roll_outs
from chinchilla_nb.drawing.studies import draw_study
from chinchilla_nb.drawing.sweep import draw_sweep

__all__ = [
    "DPI",
    "SNAPSHOT_DPI",
    "draw_approaches",
    "draw_frontier",
    "draw_predictions",
    "draw_roll_outs",
    "draw_study",
    "draw_sweep",
    "image_of",
    "svg_of",
]
