"""Edit how runs are chosen: the ranges and the number of seeds, and the scaling factor after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets

from chinchilla_nb.checks import as_positive_number
from chinchilla_nb.config.compute import StatedCompute
from chinchilla_nb.config.settings import Settings, change_settings
from chinchilla_nb.config.validators import SeedRanges
from chinchilla_nb.engine.compute.points import at_ratio
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.quantity import compact, number_text, scientific
from chinchilla_nb.records.typed_number import FLOPS
from chinchilla_nb.widgets.base.fields import Editor, Row, number
from chinchilla_nb.widgets.base.parts import Parts

__all__ = ["PlanEditor"]

LOW, HIGH = "low", "high"
_UNSET = object()


class PlanEditor(Editor):
    """Seed ranges, number of seeds, scaling factor.

    Attributes
    ----------
    C, ratio : Row
        Ranges of compute and of tokens per parameter, with two boxes each.
    seeds, factor : Row
    """

    title = "Seeds and scaling"

    def __init__(self, parts: Parts, watch: Callable[[ipywidgets.Widget], None]) -> None:
        super().__init__(parts, watch, "cnb-wordy")
        hints = {name: str(field.description) for name, field in SeedRanges.model_fields.items()}
        self.C = _range_row(parts, "Seed compute C", hints["C"])
        self.ratio = _range_row(parts, "Tokens per parameter", hints["N_to_D"])
        steps = parts.text("Number of seed runs before runs are scaled", label="Seeding steps")
        factor = parts.text("Compute of the next run as a multiple of the largest so far", label="Scaling factor")
        self.seeds, self.factor = Row(parts, [steps]), Row(parts, [factor])
        self.fill([self.C, self.ratio, self.seeds, self.factor])
        self._seen: dict[str, Any] = dict.fromkeys(("seed_regime", "num_seeding_steps", "scaling_factor"), _UNSET)

    @staticmethod
    def describe(settings: Settings) -> str:
        """Return the seed ranges, the number of seeds and the scaling factor."""
        regime, seeds, factor = settings.seed_regime, settings.num_seeding_steps, settings.scaling_factor
        if regime is None:
            texts = ["no seed ranges: runs come from elsewhere"]
        else:
            low_C, high_C = (scientific(end) for end in regime.C)
            low, high = regime.tokens_per_parameter
            texts = [f"{low_C} to {high_C} FLOPs, D/N from {low:g} to {high:g}"]
        texts += [] if seeds is None else [f"{seeds:,} seeds"]
        texts += [] if factor is None else [f"then × {factor:g}"]
        return ", ".join(texts)

    def show(self, settings: Settings) -> None:
        """Show the settings that have changed."""
        if settings.seed_regime is not self._seen["seed_regime"]:
            regime = settings.seed_regime
            for row, ends in (
                (self.C, regime.C if regime else None),
                (self.ratio, regime.tokens_per_parameter if regime else None),
            ):
                row.explain("")
                for field, end in zip(row.inputs, ends or (None, None), strict=True):
                    field.value = "" if end is None else number_text(end)
        for name, row in (("num_seeding_steps", self.seeds), ("scaling_factor", self.factor)):
            value = getattr(settings, name)
            if value is not self._seen[name]:
                row.explain("")
                row.inputs[0].value = "" if value is None else number_text(value)
        self._remember(settings)

    def read(self, settings: Settings, owner: ipywidgets.Widget) -> Settings:
        """Return settings updated from the inputs that are valid."""
        if owner in (*self.C.inputs, *self.ratio.inputs):
            settings = self._read_regime(settings)
        for name, row in (("num_seeding_steps", self.seeds), ("scaling_factor", self.factor)):
            if owner in row.inputs:
                settings = _read_optional(settings, name, row)
        self._remember(settings)
        return settings

    def _read_regime(self, settings: Settings) -> Settings:
        texts = [field.value.strip() for row in (self.C, self.ratio) for field in row.inputs]
        for row in (self.C, self.ratio):
            row.explain("")
        if not any(texts):
            return settings if settings.seed_regime is None else replace(settings, seed_regime=None)
        ranges = {}
        for name, row, unit in (("C", self.C, FLOPS), ("N_to_D", self.ratio, "tokens per parameter")):
            try:
                ranges[name] = _read_range(row, unit)
            except InputError as error:
                row.explain(str(error), row.inputs[0 if error.where == LOW else 1])
        if len(ranges) < 2:
            return settings
        changed = change_settings(settings, seed_ranges=ranges)
        return settings if changed.seed_regime == settings.seed_regime else changed

    def _remember(self, settings: Settings) -> None:
        self._seen = {name: getattr(settings, name) for name in self._seen}
        regime = settings.seed_regime
        if regime is None:
            self.C.say("FLOPs. Empty: runs come from elsewhere")
            self.ratio.say("")
        else:
            (low_C, high_C), (low, high) = regime.C, regime.tokens_per_parameter
            # The runs, from which a convention may be estimated, are not known here.
            compute = settings.compute.compute if isinstance(settings.compute, StatedCompute) else SIX_ND
            smallest, largest = at_ratio(compute, low_C, high), at_ratio(compute, high_C, low)
            fewest, most = low * at_ratio(compute, low_C, low), high * at_ratio(compute, high_C, high)
            self.C.say(f"FLOPs: N from {compact(float(smallest))} to {compact(float(largest))}")
            self.ratio.say(f"D / N: D from {compact(float(fewest))} to {compact(float(most))}")
        self.seeds.say(
            "seed runs, then scaled runs" if settings.num_seeding_steps is not None else "Empty: as many as you like"
        )
        self.factor.say(
            "× the largest compute so far for the next run"
            if settings.scaling_factor is not None
            else f"Empty: {DEFAULT_FACTOR:g} × in the panels"
        )


def _read_range(row: Row, unit: str) -> tuple[float, float]:
    """Read the two ends of a range; `where` of an error names the end that is wrong."""
    boxes = zip((LOW, HIGH), row.inputs, strict=True)
    low, high = (as_positive_number(number(box.value, end, unit), end) for end, box in boxes)
    if low > high:
        raise InputError(HIGH, "must not be below low", got=f"{number_text(high)} and {number_text(low)}")
    return low, high


def _read_optional(settings: Settings, name: str, row: Row) -> Settings:
    """Read a number that is optional."""
    text = row.inputs[0].value.strip()
    try:
        changed = change_settings(settings, **{name: number(text, name) if text else None})
    except InputError as error:
        row.explain(error.problem)  # the label already names the setting
        return settings
    row.explain("")
    return settings if getattr(changed, name) == getattr(settings, name) else changed


def _range_row(parts: Parts, name: str, hint: str) -> Row:
    return Row(parts, [parts.text(f"Lowest: {hint}", label=name), parts.text(f"Highest: {hint}", label="to")])
