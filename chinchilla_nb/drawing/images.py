"""Figures without pyplot, and images of them."""

from __future__ import annotations

import io
import re

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

__all__ = ["DPI", "SNAPSHOT_DPI", "image_of", "new_figure", "svg_of"]

DPI = 150
"""Resolution of saved images."""
SNAPSHOT_DPI = 75
"""Resolution of snapshots, which are stored in the notebook."""


class _NotebookFigure(Figure):
    """A figure that a notebook can display without pyplot, which would register it for display."""

    def _repr_png_(self) -> bytes:
        return image_of(self)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    figure = _NotebookFigure(
        figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.05), facecolor="white"
    )
    FigureCanvasAgg(figure)
    return figure


def image_of(figure: Figure, kind: str = "png", dpi: int = DPI) -> bytes:
    """Return a figure as an image, ``"png"`` or ``"svg"``, at a resolution in pixels per inch."""
    image = io.BytesIO()
    figure.savefig(image, format=kind, dpi=dpi)
    return image.getvalue()


def svg_of(figure: Figure, name: str) -> str:
    """Return a figure as an SVG element for a page, the same text for the same figure.

    Parameters
    ----------
    figure : Figure
    name : str
        Distinguishes the ids in the element from those of other figures of the page.
    """
    image = io.StringIO()
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(image, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    element = image.getvalue()
    element = element[element.index("<svg") :]
    element = re.sub(r'( id="|xlink:href="#|url\(#)', rf"\g<1>{name}-", element)
    # The page decides the size, and the metadata say only that this is an image.
    element = re.sub(r'\A(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'\A(<svg[^>]*?) height="[^"]*"', r"\1", element))
    return re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
