"""The laws of a project beside its fit: one set by hand, and published or forecast ones laid over the runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from chinchilla_nb.checks import as_names
from chinchilla_nb.engine.conversion import as_flag
from chinchilla_nb.engine.fitting.by_hand import LawByHand
from chinchilla_nb.engine.laws.law_errors import law_errors
from chinchilla_nb.law_overlays import as_named_law
from chinchilla_nb.session import Session

__all__ = ["DrawnLaws"]


class DrawnLaws:
    """What a project offers of the laws that charts show beside the fit; nothing here changes the fit or a plan.

    Attributes
    ----------
    session : Session
        Holds the laws.
    """

    session: Session

    def law_by_hand(self, *, follow: bool = False, fixed: Iterable[str] = (), **values: float) -> LawByHand:
        """Set parameters of a law by hand, and show it beside the fit.

        The others are those of the law by hand so far, or else of the fit. ``cc.fit(start=cc.session.law_by_hand)``
        lets a fit begin with it, and ``cc.session.law_by_hand = None`` removes it.

        Parameters
        ----------
        follow : bool, default False
            Whether to fit the other parameters, as for a profile; this needs a built-in loss.
        fixed : iterable of str
            Parameters that are not fitted then, besides those that are set.
        **values : float
            Parameters by name, such as ``alpha=0.3``.

        Returns
        -------
        LawByHand
            Its ``law``, and its ``objective``, to be compared with that of the fit.

        Raises
        ------
        ValueError
            If a name or a value is not that of a parameter, there are no runs, or ``follow`` needs another loss.
        """
        wanted, kept = as_flag(follow, "follow"), as_names(fixed, "fixed")
        found = self.session.by_hand.with_values(values)
        if wanted:
            found = LawByHand.fixing(found.problem, found.law, {*values, *kept}).followed()
            found = LawByHand.of(self.session.problem, found.law)
        self.session.law_by_hand = found.law
        return found

    def overlay(self, *laws: Any) -> pd.DataFrame:
        """Lay laws over the runs on all charts, in place of those laid before, and compare them with the runs.

        Parameters
        ----------
        *laws : str, Law, NamedLaw or Forecast
            Names in ``PUBLISHED_LAWS``, laws or forecasts, at most four; none removes all.

        Returns
        -------
        DataFrame
            A row for each law, by name: ``bias``, the mean of measured minus predicted loss; ``rms``, their root mean
            square; ``spread``, their standard deviation, which an offset of the loss, as that of another tokenizer,
            does not change; and ``source``. NaN without runs.

        Raises
        ------
        ValueError
            If there is no published law of a name, or there are more than four.
        """
        self.session.overlays = tuple(as_named_law(law) for law in laws)
        rows = {}
        for one in self.session.overlays:
            errors = law_errors(one.law, self.session.runs) if len(self.session.runs) else None
            numbers = {name: np.nan if errors is None else getattr(errors, name) for name in ("bias", "rms", "spread")}
            rows[one.name] = {**numbers, "source": one.source}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["bias", "rms", "spread", "source"])
