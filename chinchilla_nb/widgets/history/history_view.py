"""Which fits of the history a page shows, and which two are compared, independent of widgets."""

from __future__ import annotations

from traitlets import HasTraits, Int, Tuple

from chinchilla_nb.past_fit import PastFit

__all__ = ["COMPARED", "ROWS", "HistoryView"]

ROWS = 8
"""Most fits on a page of the table."""
COMPARED = 2
"""Most fits that are compared: lines of more could hardly be told apart beside that of the fit."""


class HistoryView(HasTraits):
    """A page of the fits, the latest first, and the fits chosen to be compared.

    Attributes
    ----------
    page : int
        0 for the latest fits.
    chosen : tuple of str
        When the fits to be compared were made, at most two, in the order in which they were chosen.
    """

    page = Int(0)
    chosen = Tuple()

    def shown(self, fits: tuple[PastFit, ...]) -> list[tuple[int, PastFit]]:
        """Return the fits of the page with their numbers."""
        latest_first = list(enumerate(fits, 1))[::-1]
        return latest_first[self.page * ROWS : (self.page + 1) * ROWS]

    def pages(self, fits: tuple[PastFit, ...]) -> int:
        """Return the number of pages, at least one."""
        return max(1, -(-len(fits) // ROWS))

    def turn(self, step: int, fits: tuple[PastFit, ...]) -> None:
        """Go to another page, as far as there are pages."""
        self.page = min(max(self.page + step, 0), self.pages(fits) - 1)

    def choose(self, past: PastFit, *, wanted: bool) -> None:
        """Add a fit to those compared, in place of the one that was chosen first if there are two, or take it out."""
        others = tuple(made for made in self.chosen if made != past.made)
        self.chosen = (*others, past.made)[-COMPARED:] if wanted else others

    def compared(self, fits: tuple[PastFit, ...]) -> list[tuple[int, PastFit]]:
        """Return the fits chosen with their numbers."""
        return [(number, past) for number, past in enumerate(fits, 1) if past.made in self.chosen]
