"""Roll-outs as a DataFrame: the answer of `Chinchilla.rollout`."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.uncertainty.drift import Drift
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts

__all__ = ["Rollout"]

FORMATS = {
    "C0": "{:.3g}".format,
    "better than predicted": "{:.0f}".format,
    **dict.fromkeys(("median error", "lowest", "highest"), "{:+.2%}".format),
}
"""How the columns of the summary are written."""


@dataclass(frozen=True, eq=False)
class Rollout:
    """How the law, fitted to some of the runs, predicts the others.

    Attributes
    ----------
    value : RollOuts
        The same as arrays, with the fits.
    """

    value: RollOuts

    def __post_init__(self) -> None:
        check_type(self.value, "value", RollOuts)

    @property
    def scores(self) -> pd.DataFrame:
        """A row per held-out run and budget C0: columns C0, C, N, D, loss, predicted and error.

        The error is log measured - log predicted loss, negative if the run came out better than predicted. Roll-outs by
        a column have another column, group.
        """
        return pd.DataFrame(self.value.scores)

    @property
    def drift(self) -> Drift:
        """How the error grows with log(C / C0).

        Raises
        ------
        ValueError
            If the roll-outs are by groups, or no fit succeeded.
        """
        return Drift.of(self.value)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the roll-outs show and what they lack."""
        drifts = self.value.by is None and self.value.parts
        return (*self.value.notes, str(self.drift)) if drifts else self.value.notes

    def __repr__(self) -> str:
        table = self._table().to_string(index=False, formatters=FORMATS)
        return "\n".join([self._title(), table, *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        table = self._table().to_html(index=False, formatters=FORMATS)
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return f"<p>{html.escape(self._title())}</p>{table}" + (f"<ul>{notes}</ul>" if notes else "")

    def _title(self) -> str:
        value = self.value
        held_out = "the runs beyond each budget C0" if value.by is None else f"the runs of each value of {value.by}"
        return f"roll-outs of {len(value.problem.runs):,} runs: {held_out}, predicted from the others"

    def _table(self) -> pd.DataFrame:
        by = self.value.by
        rows = [
            {
                **({"C0": part.C0} if by is None else {by: part.group}),
                "fitted": len(part.fit.runs),
                "held out": len(part.held_out),
                "better than predicted": np.count_nonzero(part.error < 0),
                "median error": np.median(part.error),
                "lowest": part.error.min(),
                "highest": part.error.max(),
            }
            for part in self.value.parts
        ]
        return pd.DataFrame(rows)
