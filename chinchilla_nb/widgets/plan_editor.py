"""Edit how runs are chosen: where seeds are drawn, how many of them, and how compute is scaled after them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets

from chinchilla_nb._validator import SeedRanges
from chinchilla_nb.arguments import ARGUMENTS
from chinchilla_nb.engine.seeding import SeedRegime
from chinchilla_nb.figures import compact
from chinchilla_nb.settings import Settings
from chinchilla_nb.widgets.fields import Editor, Row, card, number, number_text, text_box

__all__ = ["PlanEditor"]

_UNSET = object()
_NAMES = ("seed_ranges['C']", "seed_ranges['N_to_D'] (tokens per parameter)", "num_seeding_steps", "scaling_factor")


class PlanEditor(Editor):
    """Seed ranges, number of seeds, scaling factor.

    Attributes
    ----------
    C, ratio : Row
        Ranges of compute and of tokens per parameter, of two boxes each.
    seeds, factor : Row
    """

    def __init__(self) -> None:
        hints = {name: str(field.description) for name, field in SeedRanges.model_fields.items()}
        self.C = _range_row("Seed compute", "FLOPs", hints["C"])
        self.ratio = _range_row("Tokens / parameter", "", hints["N_to_D"])
        self.seeds = _single_row("Seeding steps", "runs", "Seed runs that step() asks for before it scales")
        self.factor = _single_row("Scaling factor", "×", "How many times the largest compute so far the next run gets")
        self.rows = [self.C, self.ratio, self.seeds, self.factor]
        self.watched = [field for row in self.rows for field in row.inputs if isinstance(field, ipywidgets.Text)]
        super().__init__(card("Seeds and scaling", *self.rows))
        self.add_class("cnb-card")
        self._seen: dict[str, Any] = dict.fromkeys(("seed_regime", "num_seeding_steps", "scaling_factor"), _UNSET)

    def show(self, settings: Settings) -> None:
        """Write what has changed."""
        if settings.seed_regime is not self._seen["seed_regime"]:
            regime = settings.seed_regime
            for row, ends in (
                (self.C, regime.C if regime else None),
                (self.ratio, regime.tokens_per_parameter if regime else None),
            ):
                row.explain("")
                for field, end in zip(_boxes(row), ends or (None, None), strict=True):
                    field.value = "" if end is None else number_text(end)
        for name, row in (("num_seeding_steps", self.seeds), ("scaling_factor", self.factor)):
            value = getattr(settings, name)
            if value is not self._seen[name]:
                row.explain("")
                _boxes(row)[0].value = "" if value is None else number_text(value)
        self._remember(settings)

    def read(self, settings: Settings, owner: ipywidgets.Widget | None) -> Settings:
        """Return settings with what is valid."""
        if owner is None or owner in (*self.C.inputs, *self.ratio.inputs):
            settings = self._read_regime(settings)
        for name, row in (("num_seeding_steps", self.seeds), ("scaling_factor", self.factor)):
            if owner is None or owner in row.inputs:
                settings = _read_optional(settings, name, row)
        self._remember(settings)
        return settings

    def _read_regime(self, settings: Settings) -> Settings:
        texts = [field.value.strip() for row in (self.C, self.ratio) for field in _boxes(row)]
        for row in (self.C, self.ratio):
            row.explain("")
        if not any(texts):
            return settings if settings.seed_regime is None else replace(settings, seed_regime=None)
        ranges = {}
        for name, row in (("C", self.C), ("N_to_D", self.ratio)):
            try:
                ends = [number(field.value, what) for field, what in zip(_boxes(row), ("low", "high"), strict=True)]
                # The other range is one that is valid, so that what is said is about this one.
                ARGUMENTS["seed_ranges"].read({"C": (1.0, 1.0), "N_to_D": (1.0, 1.0), name: ends})
            except ValueError as error:
                row.explain(_in_short(str(error)), _culprit(row))
            else:
                ranges[name] = ends
        if len(ranges) < 2:
            return settings
        regime: SeedRegime = ARGUMENTS["seed_ranges"].read(ranges)
        return settings if regime == settings.seed_regime else replace(settings, seed_regime=regime)

    def _remember(self, settings: Settings) -> None:
        self._seen = {name: getattr(settings, name) for name in self._seen}
        regime = settings.seed_regime
        if regime is None:
            self.C.say("Empty: runs come from elsewhere")
            self.ratio.say("")
        else:
            (low_C, high_C), (low, high) = regime.C, regime.tokens_per_parameter
            self.C.say(f"N from {_size(low_C / high)} to {_size(high_C / low)}")
            self.ratio.say(f"D from {_size(low_C * low)} to {_size(high_C * high)}")
        self.seeds.say("" if settings.num_seeding_steps is not None else "Empty: given to step()")
        self.factor.say(
            "compute of the next run over the largest so far"
            if settings.scaling_factor is not None
            else "Empty: given to scale()"
        )


def _read_optional(settings: Settings, name: str, row: Row) -> Settings:
    """Read a number that may be left out."""
    text = _boxes(row)[0].value.strip()
    try:
        value = ARGUMENTS[name].read(number(text, "this") if text else None)
    except ValueError as error:
        row.explain(_in_short(str(error)), _boxes(row)[0])
        return settings
    row.explain("")
    return settings if value == getattr(settings, name) else replace(settings, **{name: value})


def _range_row(name: str, unit: str, hint: str) -> Row:
    low, high = text_box(f"Lowest: {hint}"), text_box(f"Highest: {hint}")
    to = ipywidgets.HTML('<span class="cnb-muted">to</span>')
    return Row(name, [low, to, high, ipywidgets.HTML(f'<span class="cnb-muted">{unit}</span>')], hint)


def _single_row(name: str, unit: str, hint: str) -> Row:
    return Row(name, [text_box(hint), ipywidgets.HTML(f'<span class="cnb-muted">{unit}</span>')], hint)


def _boxes(row: Row) -> list[ipywidgets.Text]:
    return [field for field in row.inputs if isinstance(field, ipywidgets.Text)]


def _culprit(row: Row) -> ipywidgets.Widget:
    for field in _boxes(row):
        try:
            if not 0 < number(field.value, "") < float("inf"):
                return field
        except ValueError:
            return field
    return _boxes(row)[-1]


def _in_short(problem: str) -> str:
    """Leave out what stands beside the field: its documented name."""
    for name in _NAMES:
        problem = problem.removeprefix(f"{name} ")
    return (problem[:1].upper() + problem[1:]).replace("e+", "e")


def _size(square: float) -> str:
    """Write N or D, whose square times 6 is given."""
    return compact((square / 6) ** 0.5)
