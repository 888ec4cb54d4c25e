"""The charts of the frontier panel as an image, drawn with matplotlib because bqplot draws only in open pages."""

from __future__ import annotations

from dataclasses import dataclass

from chinchilla_nb.checks import as_float, brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.named import NamedLaw
from chinchilla_nb.engine.run_groups import RunGroups
from chinchilla_nb.figures import FrontierFigure, LossFigure
from chinchilla_nb.figures.dot_groups import DotGroups
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.charts.chart_runs import ChartRuns, hidden_in_words
from chinchilla_nb.widgets.frontier.frontier_charts import FrontierCharts

__all__ = ["FrontierPicture"]

LEAST_DPI, MOST_DPI = 10, 1_000
"""On a coarser image no letter can be drawn; a finer one would take a gigabyte."""
IMAGES = ("png", "svg")


@dataclass(frozen=True, eq=False, slots=True)
class FrontierPicture:
    """What the charts show at one moment; it can be drawn later, and in another thread.

    Attributes
    ----------
    figure : FrontierFigure
    loss : LossFigure or None
    beside : tuple of NamedLaw
        Laws that are drawn beside the fit.
    groups : DotGroups or None
        The groups that colour the runs.
    hidden : str
        Which groups are hidden; empty if none is.
    """

    figure: FrontierFigure
    loss: LossFigure | None
    beside: tuple[NamedLaw, ...]
    groups: DotGroups | None
    hidden: str

    @classmethod
    def of(cls, charts: FrontierCharts, session: Session, shown: ChartRuns) -> FrontierPicture:
        """Return what charts show of a session, of which they draw these runs."""
        figure, loss = charts.drawn()
        if figure is None:
            raise RuntimeError("the panel could not be drawn, and says why")
        groups, column = None, session.view.grouped_by
        if shown.groups is not None and column is not None:
            groups = DotGroups(column, RunGroups(shown.groups.names, shown.groups.of[shown.rows]))
        return cls(figure, loss, session.drawn_laws, groups, hidden_in_words(session, shown))

    def image(self, kind: str, dpi: int) -> bytes:
        """Draw an image, ``"png"`` or ``"svg"``, at a resolution in pixels per inch.

        Raises
        ------
        InputError
            If it is another kind of image, or the resolution is too low or too high.
        """
        if not (isinstance(kind, str) and kind in IMAGES):
            raise InputError("kind", f"must be one of {', '.join(IMAGES)}", got=brief(kind))
        if not LEAST_DPI <= as_float(dpi, "dpi") <= MOST_DPI:
            raise InputError("dpi", f"must be between {LEAST_DPI} and {MOST_DPI:,}", got=brief(dpi))
        # Imported here because matplotlib takes longer to import than everything else.
        from chinchilla_nb.drawing import draw_frontier, image_of

        drawn = draw_frontier(
            self.figure, self.figure.law, beside=self.beside, loss=self.loss, groups=self.groups, note=self.hidden
        )
        return image_of(drawn, kind, dpi)
