"""Record a run by hand: N, D and loss, checked as they are typed."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets

from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.figures import data_title
from chinchilla_nb.quantity import compact, parse_quantity, scientific
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.base.style import note

__all__ = ["RunForm"]

_EXAMPLES = {"N": "70B", "D": "1.4T", "loss": "1.98"}


class RunForm(ipywidgets.VBox):
    """Fields for a run, buttons that fill in the next one, and what is wrong with what was typed.

    Attributes
    ----------
    fields : dict of str to Text
        N, D, loss and name.
    add, seed, step : Button
    remark : HTML
        C = 6ND and what the law predicts, or what is wrong.
    config : Mapping or None
        Model configuration of a run that was filled in; forgotten when N is changed by hand.
    """

    def __init__(self, parts: Parts, data_unit: str = "tokens") -> None:
        self.config: Mapping[str, Any] | None = None
        self._filled_N, self._data_unit = "", data_unit
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

    def fill(self, N: float, D: float, config: Mapping[str, Any] | None) -> None:
        """Fill in a run that is to be trained."""
        self._filled_N = f"{N:.0f}"
        self.fields["N"].value = self._filled_N
        self.fields["D"].value = f"{D:.0f}"
        self.fields["loss"].value = ""
        self.config = config

    def clear(self) -> None:
        """Empty the fields for another run."""
        self.config, self._filled_N = None, ""
        for field in self.fields.values():
            field.value = ""

    def run(self) -> dict[str, float]:
        """Return the numbers in the fields.

        Raises
        ------
        ValueError
            Naming the first that is missing or wrong.
        """
        return {name: self._number(name) for name in _EXAMPLES}

    def _number(self, name: str) -> float:
        try:
            value = parse_quantity(self.fields[name].value)
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
        if name != "loss" and round(value) < 1:
            raise ValueError(f"{name} is {value:g}: it must be 1 or more")
        return value

    def check(self, law: Law | None) -> None:
        """Say what the fields mean or what is wrong with them, and let the run be added if nothing is."""
        if self.config is not None and self.fields["N"].value != self._filled_N:
            self.config = None
        numbers, wrong = {}, []
        for name in _EXAMPLES:
            field, bad = self.fields[name], ""
            if field.value.strip():
                try:
                    numbers[name] = self._number(name)
                except ValueError as error:
                    bad = str(error)
            (field.add_class if bad else field.remove_class)("cnb-wrong")
            wrong += [bad] if bad else []
        self.add.disabled = bool(wrong) or len(numbers) < len(_EXAMPLES)
        facts = "" if wrong else f'<div class="cnb-muted cnb-facts">{escape(self._facts(numbers, law))}</div>'
        self.remark.value = "".join(note("warn", f"{text}.") for text in wrong) + facts

    def _facts(self, numbers: Mapping[str, float], law: Law | None) -> str:
        if "N" not in numbers or "D" not in numbers:
            return "Numbers such as 69.8M, 1.4T or 5.76e23. C = 6ND follows."
        N, D = numbers["N"], numbers["D"]
        facts = [f"C = 6ND = {scientific(6 * N * D)} FLOPs", f"{compact(D / N)} {self._data_unit} per parameter"]
        if law is not None:
            facts.append(f"the law predicts a loss of {float(law.loss(N, D)):.4f}")
        if self.config:
            facts.append("model " + ", ".join(f"{name} {value}" for name, value in self.config.items()))
        return " · ".join(facts)
