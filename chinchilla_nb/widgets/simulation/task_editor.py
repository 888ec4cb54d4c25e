"""Describe what is simulated: the law to be found again, its noise, and how runs are chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets
import numpy as np

from chinchilla_nb.checks import as_count, as_positive_number
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.simulation.noise import NOISE_FAMILIES
from chinchilla_nb.engine.simulation.study import Task
from chinchilla_nb.quantity import number_text, parse_budget
from chinchilla_nb.widgets.base.fields import GREEK, Row, number, numbers
from chinchilla_nb.widgets.base.parts import Parts

__all__ = ["ProcedureEditor", "TaskEditor"]

OWN, CURRENT_FIT = "own", "fit"
FEWEST, MOST = 3, 5_000
"""Seeds that a simulation may have: a fit needs three runs, and more than thousands show nothing new."""

_SIZES = {"exponential": "mean", "half-normal": "σ", "normal": "σ"}
_MEANINGS = {
    "exponential": "training only ever ends above the law: mostly by little, sometimes by much",
    "half-normal": "training only ever ends above the law",
    "normal": "losses scatter both ways",
}


class TaskEditor(ipywidgets.VBox):
    """Target law and noise.

    Attributes
    ----------
    preset : Dropdown
    numbers : dict of str to Text
    family : Dropdown
    size : Text
    rows, watched : list
    """

    def __init__(self) -> None:
        self._fit: ScalingLaw | None = None
        parts = Parts()
        self.preset = parts.choice("Law to be found again", self._presets(), label="Target law")
        self.preset_row = Row(parts, [self.preset])
        self.numbers = {
            name: parts.text(f"{symbol} of the target law", "s", label=symbol) for name, symbol in GREEK.items()
        }
        self.numbers_row = Row(parts, list(self.numbers.values()), "cnb-unnamed")
        families = [(name, name) for name in NOISE_FAMILIES]
        self.family = parts.choice("Noise on the loss of each run", families, "m", label="Noise")
        self.size = parts.text("Size of the noise, in units of the loss; 0 for none", "s", value="0.1")
        self.noise_row = Row(parts, [self.family, self.size])
        self.rows = [self.preset_row, self.numbers_row, self.noise_row]
        self.watched = [self.preset, *self.numbers.values(), self.family, self.size]
        super().__init__(
            [_heading(parts, "Task"), *self.rows], **parts.look(ipywidgets.VBox, ("cnb-card", "cnb-wordy"))
        )
        self.write(next(iter(KNOWN_LAWS.values())))

    def offer_fit(self, law: ScalingLaw | None) -> None:
        """Offer the project's own law, and follow it where it is chosen."""
        self._fit = law
        chosen = self.preset.value
        self.preset.options = self._presets()
        self.preset.value = chosen if law is not None or chosen != CURRENT_FIT else OWN
        if law is not None and chosen == CURRENT_FIT:
            self.write(law)

    def follow(self, owner: ipywidgets.Widget) -> None:
        """Write the numbers of a preset that was chosen; what is typed over them is nobody's law but one's own."""
        if owner is self.preset and self.preset.value != OWN:
            law = self._fit if self.preset.value == CURRENT_FIT else KNOWN_LAWS[self.preset.value]
            if law is not None:
                self.write(law)
        elif owner in self.numbers.values():
            self.preset.value = OWN

    def write(self, law: ScalingLaw) -> None:
        """Write a law into the boxes, in as many digits as a person reads."""
        for name, value in law.as_dict().items():
            self.numbers[name].value = number_text(float(f"{value:.6g}"))

    def read(self) -> Task | None:
        """Return the task, None if something is wrong, which is then explained."""
        family = self.family.value
        self.size.description = f"{_SIZES[family]} ="
        law = _explained(self.numbers_row, self._read_law)
        size = _explained(self.noise_row, self._read_size)
        self.noise_row.say(_MEANINGS[family] if size else "none")
        return None if law is None or size is None else Task(law, family, size)

    def _read_law(self) -> ScalingLaw:
        law = ScalingLaw(**{name: number(box.value, GREEK[name]) for name, box in self.numbers.items()})
        allocate(law, 1e21)  # without an optimum there is nothing to find
        return law

    def _read_size(self) -> float:
        size = number(self.size.value, "size")
        if not 0 <= size < np.inf:
            raise ValueError(f"the size must be finite and not negative, got {size:g}")
        return size

    def _presets(self) -> list[tuple[str, Any]]:
        fit = [("Current fit", CURRENT_FIT)] if self._fit is not None else []
        return [*((name, name) for name in KNOWN_LAWS), *fit, ("My numbers", OWN)]


class ProcedureEditor(ipywidgets.VBox):
    """Numbers of runs, the random seed, the budget that counts, and the size of a study.

    Attributes
    ----------
    seeds, scalings, factor, random_seed, budget, counts, repetitions : Text
    rows, watched : list
    regime : HTML
        Where seeds are drawn.
    """

    def __init__(self) -> None:
        parts = Parts()
        self.seeds = parts.text("Number of seed runs", "s", label="Seeds")
        self.scalings = parts.text("Number of scaled runs after them", "xs", label="then")
        self.factor = parts.text("Compute of the next scaled run over the largest so far", "xs", label="scaled by ×")
        self.random_seed = parts.text("The same number makes the same simulation", "s", label="Random seed")
        self.budget = parts.text("Budget at which N* is compared, in FLOPs", label="Target budget")
        self.counts = parts.text("Numbers of seeds that a study compares", "l", label="Study")
        self.repetitions = parts.text("How often a study repeats each", "xs", label="seeds ×")
        self.runs_row = Row(parts, [self.seeds, self.scalings, self.factor])
        self.random_row = Row(parts, [self.random_seed])
        self.budget_row = Row(parts, [self.budget])
        self.study_row = Row(parts, [self.counts, self.repetitions])
        self.rows = [self.runs_row, self.random_row, self.budget_row, self.study_row]
        self.watched = [field for row in self.rows for field in row.inputs]
        super().__init__(
            [_heading(parts, "Procedure"), *self.rows], **parts.look(ipywidgets.VBox, ("cnb-card", "cnb-wordy"))
        )

    def write(self, seeds: int, factor: float, budget: float) -> None:
        """Write what a session suggests."""
        self.seeds.value, self.scalings.value, self.factor.value = str(seeds), "1", number_text(factor)
        self.random_seed.value, self.budget.value = "0", number_text(float(f"{budget:.3g}"))
        self.counts.value, self.repetitions.value = "10, 20, 50, 100", "20"

    def read(self) -> dict[str, Any] | None:
        """Return the numbers by name, None if something is wrong, which is then explained."""
        runs = _explained(self.runs_row, self._read_runs)
        random_seed = _explained(self.random_row, lambda: as_count(number(self.random_seed.value, "seed"), "seed"))
        budget = _explained(self.budget_row, lambda: parse_budget(self.budget.value), "FLOPs")
        study = _explained(self.study_row, self._read_study)
        if runs is None or random_seed is None or budget is None or study is None:
            return None
        self.study_row.say(f"{len(study['counts']) * study['repetitions']:,} simulations")
        return {**runs, **study, "random_seed": random_seed, "budget": budget}

    def _read_runs(self) -> dict[str, Any]:
        return {
            "seeds": _between(number(self.seeds.value, "seeds"), "seeds", FEWEST, MOST),
            "scalings": _between(number(self.scalings.value, "scaled runs"), "scaled runs", 0, 100),
            "factor": as_positive_number(number(self.factor.value, "factor"), "factor"),
        }

    def _read_study(self) -> dict[str, Any]:
        counts = [_between(count, "numbers of seeds", FEWEST, MOST) for count in numbers(self.counts.value, "seeds")]
        repetitions = _between(number(self.repetitions.value, "repetitions"), "repetitions", 1, 10_000)
        return {"counts": sorted(set(counts)), "repetitions": repetitions}


def _explained(row: Row, read: Callable[[], Any], remark: str = "") -> Any:
    """Read, and say in the row what is wrong, or else a remark; None if something is."""
    try:
        value = read()
    except ValueError as error:
        text = str(error).replace("e+", "e")
        row.explain(text[:1].upper() + text[1:])
        return None
    row.explain("")
    row.say(remark)
    return value


def _between(value: float, name: str, low: int, high: int) -> int:
    count = as_count(value, name)
    if not low <= count <= high:
        raise ValueError(f"{name} must be from {low} to {high:,}, got {count:,}")
    return count


def _heading(parts: Parts, title: str) -> ipywidgets.HTML:
    return parts.html(f'<h4 class="cnb-heading">{title}</h4>')
