"""Groups of runs compared, as DataFrames: the answer of `Chinchilla.groups`."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chinchilla_nb.engine.conversion import as_positive_number, check_choice, check_type
from chinchilla_nb.engine.groups.comparison import Groups
from chinchilla_nb.engine.groups.group_sentences import multiplier_sentence, sharing_sentence
from chinchilla_nb.engine.groups.joint_fit import GroupFit
from chinchilla_nb.engine.groups.quantities import (
    common_compute,
    default_baseline,
    efficiencies,
    frontier_losses,
    multiplier,
    parameters,
)
from chinchilla_nb.engine.groups.sharing import MODELS, shared_in_words
from chinchilla_nb.engine.sentences import sentence
from chinchilla_nb.engine.uncertainty.interval import Interval, as_level
from chinchilla_nb.quantity import interval_text, known_digits, rounded, scientific

__all__ = ["GroupComparison", "compare_groups"]


@dataclass(frozen=True, eq=False)
class GroupComparison:
    """Laws of groups of runs side by side, and how much compute one group saves another.

    All models are fitted; `under` shows another one.

    Attributes
    ----------
    value : Groups
        The fits of all models.
    model : str
        What the groups share: a name of the rows of `sharing`.
    baseline : str
        The group that the others are compared with.
    C : float
        Compute in FLOPs of the multipliers.
    level : float
        Level of the intervals.
    """

    value: Groups
    model: str
    baseline: str
    C: float
    level: float

    def __post_init__(self) -> None:
        check_type(self.value, "value", Groups)
        self.value.fit(self.model)
        check_choice(self.baseline, "baseline", self.value.grouped.names)
        object.__setattr__(self, "C", as_positive_number(self.C, "C"))
        object.__setattr__(self, "level", as_level(self.level))

    @property
    def fit(self) -> GroupFit:
        """The fit of the model."""
        return self.value.fit(self.model)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which runs were left out, which models could not be fitted, and whether the runs reject this one."""
        test = sharing_sentence(self.value, self.model)
        return (*self.value.notes, test) if test else self.value.notes

    @property
    def laws(self) -> pd.DataFrame:
        """The law of each group: index group, columns runs, and each parameter with its ends, such as E_low and E_high.

        A parameter that is shared has the same value and interval in each row.
        """
        rows = {}
        for (name, found), count in zip(
            parameters(self.fit, self.level).items(), self.value.grouped.counts.tolist(), strict=True
        ):
            rows[name] = {"runs": count, **_columns(found)}
        return _table(rows, "group")

    @property
    def multipliers(self) -> pd.DataFrame:
        """How much more compute the baseline needs than each other group, trained with C FLOPs, for the same loss.

        Index group; columns multiplier with its ends, the loss, and e_N and e_D, by which N and D are worth more than
        in the baseline, with their ends, in models that have them.
        """
        losses, rows = frontier_losses(self.fit, self.C), {}
        for name in self.value.grouped.names:
            if name != self.baseline:
                found = {"multiplier": multiplier(self.fit, name, self.baseline, self.C, self.level)}
                found |= {f"e_{axis}": one for axis, one in self._efficiencies(name).items()}
                rows[name] = {**_columns(found), "loss": float(losses[name])}
        return _table(rows, "group")

    @property
    def sharing(self) -> pd.DataFrame:
        """What the groups may share: index model, from the most parameters to the fewest.

        Columns shared, in words; parameters, how many are fitted; objective, the mean loss per run; F and p of the test
        against the first model, and rejected, at the level of 5 %.
        """
        rows = {}
        for name, fit in self.value.fits.items():
            test = self.value.test(name)
            rows[name] = {
                "shared": shared_in_words(name, self.value.problem.family.parameters),
                "parameters": fit.free,
                "objective": fit.value,
                "F": np.nan if test is None else test.F,
                "p": np.nan if test is None else test.p,
                "rejected": test is not None and test.rejected,
            }
        return _table(rows, "model")

    def under(self, model: str) -> GroupComparison:
        """Return the same comparison with another model.

        Raises
        ------
        ValueError
            If there is no such model, or it could not be fitted.
        """
        return replace(self, model=model)

    def _efficiencies(self, group: str) -> Mapping[str, Interval]:
        return efficiencies(self.fit, group, self.baseline, self.level)

    def __repr__(self) -> str:
        tables = [self.laws, *([self.multipliers] if len(self.value.grouped.names) > 1 else []), self.sharing]
        texts = [table.to_string(float_format="{:.4g}".format) for table in tables]
        return "\n\n".join([self._title(), *texts, *map(sentence, self._sentences()), *map(sentence, self.notes)])

    def _repr_html_(self) -> str:
        tables = [_readable(self.laws), _readable(self.multipliers), self.sharing]
        shown = "".join(table.to_html(float_format="{:.4g}".format, escape=True) for table in tables)
        said = "".join(f"<li>{html.escape(sentence(text))}</li>" for text in (*self._sentences(), *self.notes))
        return f"<p>{html.escape(self._title())}</p>{shown}<ul>{said}</ul>"

    def _title(self) -> str:
        grouped = self.value.grouped
        runs = f"{len(grouped.runs):,} runs in {len(grouped.names)} groups of {grouped.by!r}"
        shared = shared_in_words(self.model, self.value.problem.family.parameters)
        return f"{runs}; {shared}; multipliers at {scientific(self.C)} FLOPs"

    def _sentences(self) -> list[str]:
        return [
            multiplier_sentence(name, self.baseline, multiplier(self.fit, name, self.baseline, self.C, self.level))
            for name in self.value.grouped.names
            if name != self.baseline
        ]


def compare_groups(value: Groups, model: str, baseline: str | None, C: float | None, level: float) -> GroupComparison:
    """Return the comparison of groups; the baseline is the group with the most runs, and C the largest common one."""
    check_choice(model, "model", tuple(MODELS))
    fit = value.fit(model)
    spent = common_compute(fit) if C is None else C
    return GroupComparison(value, model, default_baseline(fit) if baseline is None else baseline, spent, level)


def _columns(found: Mapping[str, Interval]) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, one in found.items():
        row |= {name: float(one.value), f"{name}_low": float(one.low), f"{name}_high": float(one.high)}
    return row


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which each interval stands in the cell of its value."""
    shown: dict[str, Any] = {}
    for name in table.columns:
        if name.endswith(("_low", "_high")):
            continue
        shown[name] = table[name]
        if f"{name}_low" in table:
            ends = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
            shown[name] = [_cell(*one) for one in ends]
    return pd.DataFrame(shown, index=table.index)


def _cell(value: float, low: float, high: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{rounded(value, known_digits(value, low, high))} ({interval_text(low, high)})"


def _table(rows: Mapping[str, Mapping[str, Any]], name: str) -> pd.DataFrame:
    return pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name=name))
