"""Fields for what to simulate: the law to recover, the noise, and how runs are chosen."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ipywidgets
import numpy as np
import traitlets

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.law_at_scale import law_at_scale
from chinchilla_nb.engine.simulation.noise import NOISE_FAMILIES, NOISE_SIZE
from chinchilla_nb.engine.simulation.simulate import Task
from chinchilla_nb.quantity import number_text, written_budget
from chinchilla_nb.records.typed_number import parse_budget
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import Row, list_parts, number
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.simulation.plan import Numbers

__all__ = ["ProcedureEditor", "TaskEditor"]

OWN, CURRENT_FIT, OF_RUNS = "own", "fit", "runs"
NOISE_SHARE = 0.01
"""Size of the noise as a share of the median loss of the runs, before a fit: losses of runs that differ only in their
random seed differ by less than one per cent."""
MIN_SEEDS, MAX_SEEDS = 3, 5_000
"""Limits on the seeds of a simulation: a fit needs three runs, and more than thousands of runs show nothing new."""

_SYMBOLS = {parameter.name: parameter.symbol for parameter in ScalingLaw.parameters}
_SIZES = {"exponential": "mean", "half-normal": "σ", "normal": "σ"}
_MEANINGS = {
    "exponential": "losses are always above the law, mostly by a little, sometimes by a lot",
    "half-normal": "losses are always above the law",
    "normal": "losses scatter above and below the law",
}


class TaskEditor(ipywidgets.VBox):
    """Target law and noise.

    Parameters
    ----------
    guard : Guard
        The panel's.

    Attributes
    ----------
    value : Task or None
        The contents of the fields; None if a field is not valid, in which case its row shows why.
    preset : Dropdown
    numbers : dict of str to Text
    family : Dropdown
    size : Text
    rows : list of Row
    """

    value = traitlets.Instance(Task, allow_none=True)

    def __init__(self, guard: Guard) -> None:
        self.guard, self.writing = guard, Writing()
        self._offered: dict[str, tuple[ScalingLaw, str, float]] = {}
        self._touched = False  # by the user, whose task is then left as it is
        parts = Parts()
        self.preset = parts.choice("The law to recover", self._presets(), label="Target law")
        self.preset_row = Row(parts, [self.preset])
        self.numbers = {
            name: parts.text(f"{symbol} of the target law", "law-number", label=symbol)
            for name, symbol in _SYMBOLS.items()
        }
        self.numbers_row = Row(parts, list(self.numbers.values()), "cnb-unnamed")
        families = [(name, name) for name in NOISE_FAMILIES]
        self.family = parts.choice("Noise on the loss of each run", families, "m", label="Noise")
        size = number_text(NOISE_SIZE)
        self.size = parts.text("Size of the noise, in units of the loss; 0 for none", "s", value=size)
        self.noise_row = Row(parts, [self.family, self.size])
        self.rows = [self.preset_row, self.numbers_row, self.noise_row]
        super().__init__(
            [_heading(parts, "Task"), *self.rows], **parts.look(ipywidgets.VBox, ("cnb-card", "cnb-wordy"))
        )
        self._write(next(iter(KNOWN_LAWS.values())))
        self._read()
        for field in (self.preset, *self.numbers.values(), self.family, self.size):
            field.observe(self._edited, "value")

    def offer(self, fit: Fit | None, runs: Runs) -> None:
        """Offer the law of a fit and one at the scale of the runs; until the user has chosen, take the first of them.

        Parameters
        ----------
        fit : Fit or None
            Of Chinchilla's law, the only one that is simulated.
        runs : Runs
        """
        self._offered = {}
        if fit is not None and isinstance(fit.law, ScalingLaw) and min(fit.law.as_dict().values()) > 0:
            self._offered[CURRENT_FIT] = (fit.law, "normal", float(np.sqrt(np.mean(fit.residuals**2))))
        if len(runs):
            size = NOISE_SHARE * float(np.median(runs.loss))
            self._offered[OF_RUNS] = (law_at_scale(runs), self.family.value, size)
        chosen = self.preset.value
        with self.writing:
            self.preset.options = self._presets()
            if not self._touched:
                self._take(next(iter(self._offered), next(iter(KNOWN_LAWS))))
            elif chosen in self._offered:
                self.preset.value = chosen
                self._write(self._offered[chosen][0])
            else:
                self.preset.value = OWN if chosen in (CURRENT_FIT, OF_RUNS) else chosen
        self._read()

    @guarded
    def _edited(self, change: Any) -> None:
        if self.writing:
            return
        self._touched = True
        with self.writing:
            self._follow(change["owner"])
        self._read()

    def _follow(self, owner: ipywidgets.Widget) -> None:
        """Write the numbers of a newly chosen preset, or select the one that has the numbers that were typed."""
        if owner is self.preset and self.preset.value != OWN:
            self._take(self.preset.value)
        elif owner in self.numbers.values():
            laws = {**{preset: offered[0] for preset, offered in self._offered.items()}, **KNOWN_LAWS}
            typed = {name: box.value.strip() for name, box in self.numbers.items()}
            self.preset.value = next((preset for preset, law in laws.items() if _written(law) == typed), OWN)

    def _take(self, preset: str) -> None:
        """Write the law of a preset, and the noise of one that comes from the runs."""
        self.preset.value = preset
        if preset in KNOWN_LAWS:
            self._write(KNOWN_LAWS[preset])
            return
        law, family, size = self._offered[preset]
        self._write(law)
        self.family.value, self.size.value = family, number_text(float(f"{size:.2g}"))

    def _write(self, law: ScalingLaw) -> None:
        """Write a law into the boxes."""
        for name, text in _written(law).items():
            self.numbers[name].value = text

    def _read(self) -> None:
        family = self.family.value
        self.size.description = f"{_SIZES[family]} ="
        # Unless all parameters but E are positive, the law has no optimum to find.
        law = _read_row(
            self.numbers_row,
            *(
                (box, (_not_negative if name == "E" else _positive)(_SYMBOLS[name]))
                for name, box in self.numbers.items()
            ),
        )
        size = _read_row(self.noise_row, (self.size, _not_negative("Size of the noise")))
        if size is not None:
            self.noise_row.say(_MEANINGS[family] if size[0] else "no noise")
        if law is None or size is None:
            self.value = None
        else:
            self.value = Task(ScalingLaw(**dict(zip(self.numbers, law, strict=True))), family, size[0])

    def _presets(self) -> list[tuple[str, Any]]:
        titles = {CURRENT_FIT: "Current fit", OF_RUNS: "At the scale of the runs"}
        offered = [(title, key) for key, title in titles.items() if key in self._offered]
        return [*offered, *((name, name) for name in KNOWN_LAWS), ("Custom", OWN)]


class ProcedureEditor(ipywidgets.VBox):
    """Numbers of runs, the random seed, the target budget, and the size of a study.

    Parameters
    ----------
    guard : Guard
        The panel's.
    seeds : int
        Initial number of seed runs.
    factor : float
        Initial compute of the next scaled run as a multiple of the largest so far.
    budget : float
        Initial target budget in FLOPs.

    Attributes
    ----------
    value : Numbers or None
        The contents of the fields; None if a field is not valid, in which case its row shows why.
    seeds, scalings, factor, random_seed, budget, counts, repetitions : Text
    rows : list of Row
    """

    value = traitlets.Instance(Numbers, allow_none=True)

    def __init__(self, guard: Guard, seeds: int, factor: float, budget: float) -> None:
        self.guard = guard
        parts = Parts()
        self.seeds = parts.text("Number of seed runs", "s", label="Seeds", value=str(seeds))
        self.scalings = parts.text("Number of scaled runs after the seeds", "xs", label="then", value="1")
        multiple = "Compute of the next scaled run as a multiple of the largest so far"
        self.factor = parts.text(multiple, "xs", label="scaled by ×", value=number_text(factor))
        same = "The same number gives the same simulation"
        self.random_seed = parts.text(same, "s", label="Random seed", value="0")
        budget_text = written_budget(budget)
        self.budget = parts.text("Budget at which N* is compared, in FLOPs", label="Target budget", value=budget_text)
        compared = "Numbers of seeds that a study compares"
        self.counts = parts.text(compared, "l", label="Study", value="10, 20, 50, 100")
        repeated = "Number of simulations for each number of seeds"
        self.repetitions = parts.text(repeated, "xs", label="seeds ×", value="20")
        self.runs_row = Row(parts, [self.seeds, self.scalings, self.factor])
        self.random_row = Row(parts, [self.random_seed])
        self.budget_row = Row(parts, [self.budget])
        self.study_row = Row(parts, [self.counts, self.repetitions])
        self.rows = [self.runs_row, self.random_row, self.budget_row, self.study_row]
        super().__init__(
            [_heading(parts, "Procedure"), *self.rows], **parts.look(ipywidgets.VBox, ("cnb-card", "cnb-wordy"))
        )
        self._read()
        for row in self.rows:
            for field in row.inputs:
                field.observe(self._edited, "value")

    @guarded
    def _edited(self, _change: Any) -> None:
        self._read()

    def _read(self) -> None:
        runs = _read_row(
            self.runs_row,
            (self.seeds, _whole("Seeds", MIN_SEEDS, MAX_SEEDS)),
            (self.scalings, _whole("Scaled runs", 0, 100)),
            (self.factor, _positive("Factor")),
        )
        random_seed = _read_row(self.random_row, (self.random_seed, _whole("Random seed", 0)))
        budget = _read_row(self.budget_row, (self.budget, parse_budget))
        self.budget_row.say("FLOPs")
        study = _read_row(
            self.study_row, (self.counts, _read_counts), (self.repetitions, _whole("Repetitions", 1, 10_000))
        )
        if study is not None:
            counts, repetitions = study
            self.study_row.say(f"{len(counts) * repetitions:,} simulations")
        if runs is None or random_seed is None or budget is None or study is None:
            self.value = None
        else:
            self.value = Numbers(*runs, *random_seed, *budget, *study)


def _written(law: ScalingLaw) -> dict[str, str]:
    """Return the parameters of a law as the boxes show them, rounded to a readable number of digits."""
    return {name: number_text(float(f"{value:.6g}")) for name, value in law.as_dict().items()}


def _read_row(row: Row, *fields: tuple[ipywidgets.Text, Callable[[str], Any]]) -> list[Any] | None:
    """Read all fields, or return None and show the errors in the row if some are not valid."""
    values, problems = [], {}
    for field, read in fields:
        try:
            values.append(read(field.value))
        except ValueError as error:
            problems[field] = str(error)
    row.explain_all(problems)
    if problems:
        return None
    row.say("")
    return values


def _read_counts(text: str) -> tuple[int, ...]:
    name = "Numbers of seeds"
    read = _whole(name, MIN_SEEDS, MAX_SEEDS)
    return tuple(sorted({read(part) for part in list_parts(text, name)}))


def _whole(name: str, low: int, high: int | None = None) -> Callable[[str], int]:
    """Return a function that reads whole numbers in a range."""

    def read(text: str) -> int:
        value = number(text, name)
        if not (value.is_integer() and low <= value <= (math.inf if high is None else high)):
            allowed = f"of {low:,} or more" if high is None else f"from {low:,} to {high:,}"
            raise InputError(name, f"must be a whole number {allowed}", got=text.strip())
        return int(value)

    return read


def _positive(name: str) -> Callable[[str], float]:
    """Return a function that reads positive numbers."""

    def read(text: str) -> float:
        value = number(text, name)
        if not 0 < value < math.inf:
            raise InputError(name, "must be positive and finite", got=text.strip())
        return value

    return read


def _not_negative(name: str) -> Callable[[str], float]:
    """Return a function that reads numbers that are not negative."""

    def read(text: str) -> float:
        value = number(text, name)
        if not 0 <= value < math.inf:
            raise InputError(name, "must be finite and not negative", got=text.strip())
        return value

    return read


def _heading(parts: Parts, title: str) -> ipywidgets.HTML:
    return parts.html(f'<h4 class="cnb-heading">{title}</h4>')
