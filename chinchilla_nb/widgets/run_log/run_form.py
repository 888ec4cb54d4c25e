"""Record a run by hand: N, D and loss, checked as they are typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.figures import data_title
from chinchilla_nb.quantity import compact, scientific
from chinchilla_nb.records.typed_number import typed_quantity
from chinchilla_nb.widgets.base.echo import Writing
from chinchilla_nb.widgets.base.fields import mark_wrong
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.base.style import note

__all__ = ["RunForm"]

_EXAMPLES = {"N": "70B", "D": "1.4T", "loss": "1.98"}


class RunForm(ipywidgets.VBox):
    """Fields for a run, buttons that fill in the next run, and the errors in the fields.

    Parameters
    ----------
    guard : Guard
        The panel's.
    parts : Parts
    predicted : callable
        Returns the loss that is predicted for N and D, with its interval; empty without a law.
    data_unit : str
        What D counts.

    Attributes
    ----------
    fields : dict of str to Text
        N, D, loss and name.
    add, seed, step : Button
    remark : HTML
        C and the predicted loss, or the errors in the fields.
    config : Mapping or None
        Model configuration of the run that was filled in; None after N is changed by hand.
    caution : str
        Why not to trust the run that was filled in; empty after N or D is changed by hand.
    """

    def __init__(
        self,
        guard: Guard,
        parts: Parts,
        predicted: Callable[[float, float], str],
        compute: Callable[[], Compute],
        data_unit: str = "tokens",
    ) -> None:
        self.guard, self._predicted, self._compute, self._data_unit = guard, predicted, compute, data_unit
        self._units = {"N": "parameters", "D": data_unit, "loss": "nats"}
        self._writing = Writing()
        self.config: Mapping[str, Any] | None = None
        self.caution = ""
        titles = {"N": "Parameters N", "D": data_title(data_unit), "loss": "Final loss", "name": "Name"}
        examples = {**_EXAMPLES, "name": "optional"}
        self.fields = {
            name: parts.text(title, "field", label=title, placeholder=examples[name]) for name, title in titles.items()
        }
        self.add = parts.button("Add run", "Append this run to the log", "cnb-go", disabled=True)
        self.seed = parts.button("Next seed")
        self.step = parts.button("Next scale step")
        self.remark = parts.html()
        fields = parts.box(list(self.fields.values()), "cnb-fields")
        buttons = parts.box([self.add, self.seed, self.step], "cnb-bar")
        super().__init__([fields, self.remark, buttons], **parts.look(ipywidgets.VBox, ("cnb-section",)))
        for field in self.fields.values():
            field.observe(self._typed, "value")

    def fill(self, N: float, D: float, config: Mapping[str, Any] | None, caution: str = "") -> None:
        """Fill in a run to train, and say why not to trust it."""
        self.config, self.caution = config, caution
        self._write({"N": f"{N:.0f}", "D": f"{D:.0f}", "loss": ""})

    def clear(self) -> None:
        """Empty the fields for another run."""
        self.config, self.caution = None, ""
        self._write(dict.fromkeys(self.fields, ""))

    def _write(self, texts: Mapping[str, str]) -> None:
        with self._writing:
            for name, text in texts.items():
                self.fields[name].value = text
        self.check()

    @guarded
    def _typed(self, change: Any) -> None:
        if self._writing:
            return
        if change["owner"] is self.fields["N"]:
            self.config = None  # it describes a model of another size
        if change["owner"] in (self.fields["N"], self.fields["D"]):
            self.caution = ""
        self.check()

    def run(self) -> dict[str, float]:
        """Return the numbers in the fields.

        Raises
        ------
        InputError
            If a number is missing or not valid; names the first one.
        """
        return {name: self._number(name) for name in _EXAMPLES}

    def _number(self, name: str) -> float:
        try:
            value = typed_quantity(self.fields[name].value, self._units[name])
        except InputError as error:
            raise InputError(name, error.rule, got=error.got, remedy=error.remedy) from None
        if name != "loss" and round(value) < 1:
            raise InputError(name, f"is {value:g}", remedy="it must be 1 or more")
        return value

    def check(self) -> None:
        """Describe the run or show the errors in the fields, and enable Add if all numbers are valid."""
        numbers, problems = {}, {}
        for name in _EXAMPLES:
            field = self.fields[name]
            if field.value.strip():
                try:
                    numbers[name] = self._number(name)
                except InputError as error:
                    problems[name] = error.problem
            mark_wrong(field, name in problems)
        self.add.disabled = len(numbers) < len(_EXAMPLES)
        facts = "" if problems else f'<div class="cnb-muted cnb-facts">{escape(self._facts(numbers))}</div>'
        cautions = [stopped(f"{name} {problem}") for name, problem in problems.items()]
        cautions += filter(None, [self.caution])
        self.remark.value = "".join(note("warn", caution) for caution in cautions) + facts

    def _facts(self, numbers: Mapping[str, float]) -> str:
        if "N" not in numbers or "D" not in numbers:
            return f"Enter numbers such as 69.8M, 1.4T or 5.76e23. C is computed as {self._compute().text}."
        N, D = numbers["N"], numbers["D"]
        compute = self._compute()
        facts = [
            f"C = {compute.text} = {scientific(float(compute.C(N, D)))} FLOPs",
            f"{compact(D / N)} {self._data_unit} per parameter",
        ]
        predicted = self._predicted(N, D)
        if predicted:
            facts.append(f"the law predicts a loss of {predicted}")
        if self.config:
            facts.append("model " + ", ".join(f"{name} {value}" for name, value in self.config.items()))
        return " · ".join(facts)
