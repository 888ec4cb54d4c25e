"""Fields of a form: a row of inputs with a name before it, and what is wrong or worth knowing beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets

from chinchilla_nb.callables import find_callable, name_of_callable

__all__ = [
    "Editor",
    "FunctionBox",
    "Row",
    "card",
    "choice",
    "form_sheet",
    "number",
    "number_text",
    "numbers",
    "text_box",
]


class Row(ipywidgets.Box):
    """A named row of inputs.

    Parameters
    ----------
    name : str
        What the inputs set; plain text, escaped here.
    inputs : sequence of Widget
    hint : str
        What the name means, shown when hovered.

    Attributes
    ----------
    inputs : sequence of Widget
    remark : HTML
        What the inputs mean, or what is wrong with them.
    problem : str
        What is wrong; empty if nothing is.
    """

    def __init__(self, name: str, inputs: Sequence[ipywidgets.Widget], hint: str = "") -> None:
        self.inputs = list(inputs)
        self.problem = ""
        self.remark = ipywidgets.HTML()
        self.remark.add_class("cnb-remark")
        label = ipywidgets.HTML(f'<span title="{escape(hint)}">{escape(name)}</span>')
        label.add_class("cnb-label")
        fields = ipywidgets.Box(self.inputs)
        fields.add_class("cnb-inputs")
        body = ipywidgets.Box([fields, self.remark])
        body.add_class("cnb-body")
        super().__init__([label, body])
        self.add_class("cnb-row")

    def explain(self, problem: str, culprit: ipywidgets.Widget | None = None) -> None:
        """Say what is wrong, and mark the input that is."""
        self.problem = problem
        for field in self.inputs:
            (field.add_class if problem and field is (culprit or self.inputs[-1]) else field.remove_class)("cnb-wrong")
        if problem:
            self.remark.value = f'<span class="cnb-problem" role="alert">{escape(problem)}</span>'

    def say(self, remark: str) -> None:
        """Say what the inputs mean, unless something is wrong with them."""
        if not self.problem:
            self.remark.value = f'<span class="cnb-muted">{escape(remark)}</span>'


class Editor(ipywidgets.VBox):
    """A card that edits some fields of the settings.

    Subclasses fill `rows`, `watched` and `children`, and implement `show` and `read`. Nothing here observes: the panel
    does, so that whatever goes wrong is shown there.

    Attributes
    ----------
    rows : list of Row
    watched : list of Widget
        Inputs whose value the panel follows.
    """

    rows: list[Row]
    watched: list[ipywidgets.Widget]

    def show(self, settings: Any) -> None:
        """Write into the inputs what has changed since `read` or `show` last saw the settings."""
        raise NotImplementedError

    def read(self, settings: Any, owner: ipywidgets.Widget | None) -> Any:
        """Return settings with what the inputs say; where that is not valid, with what was valid last.

        Parameters
        ----------
        settings : Settings
            What holds now.
        owner : Widget or None
            The input that a person has just changed.
        """
        raise NotImplementedError

    @property
    def problems(self) -> int:
        """How many rows have something wrong."""
        return sum(bool(row.problem) for row in self.rows)


class FunctionBox(ipywidgets.Text):
    """The name of a function of the notebook or of a module; a function without a name can be shown, not typed."""

    def __init__(self, signature: str) -> None:
        super().__init__(
            placeholder=f"name of {signature}",
            tooltip=f"A function {signature} of this notebook, or package.module:function. Enter applies it.",
            # Imports run code: only what is complete is looked up.
            continuous_update=False,
            layout=ipywidgets.Layout(width="auto", flex="1 1 180px", min_width="120px"),
        )
        self._known: tuple[str, Callable[..., Any]] | None = None

    def show(self, function: Callable[..., Any]) -> None:
        """Show a function, under its name if it has one."""
        name = name_of_callable(function) or str(getattr(function, "__name__", type(function).__name__))
        self._known = (name, function)
        self.value = name

    def read(self) -> Callable[..., Any]:
        """Return the function that is named.

        Raises
        ------
        ValueError
            If there is none.
        """
        name = self.value.strip()
        if self._known is not None and name == self._known[0]:
            return self._known[1]
        if not name:
            raise ValueError("type the name of a function, of this notebook or as package.module:function, and Enter")
        function = find_callable(name)
        self._known = (name, function)
        return function


def text_box(tooltip: str, width: str = "92px", placeholder: str = "") -> ipywidgets.Text:
    """Return a box for a number, which reports every keystroke."""
    return ipywidgets.Text(
        tooltip=tooltip,
        placeholder=placeholder,
        layout=ipywidgets.Layout(width=width, min_width="0", flex="0 1 auto"),
    )


def choice(tooltip: str, options: Sequence[tuple[str, Any]], width: str = "130px") -> ipywidgets.Dropdown:
    """Return a list to choose from."""
    return ipywidgets.Dropdown(
        options=list(options), tooltip=tooltip, layout=ipywidgets.Layout(width=width, min_width="0", flex="0 1 auto")
    )


def card(title: str, *children: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    """Return the contents of a card: a heading, and what it is about."""
    heading = ipywidgets.HTML(f'<h4 class="cnb-heading">{escape(title)}</h4>')
    return [heading, *children]


def number(text: str, name: str) -> float:
    """Return the number a person wrote.

    Raises
    ------
    ValueError
        If it is none.
    """
    plain = re.sub(r"[,_\s]", "", text).replace("\N{MINUS SIGN}", "-")
    try:
        return float(plain)
    except ValueError:
        got = f"{text.strip()!r} is not a number" if plain else "type a number, such as 0.5 or 1e18"
        raise ValueError(f"{name}: {got}") from None


def numbers(text: str, name: str) -> list[float]:
    """Return the numbers of a list with commas between them.

    Raises
    ------
    ValueError
        If one is none.
    """
    return [number(part, name) for part in text.split(",")]


def number_text(value: float) -> str:
    """Write a number as briefly as gives it back exactly: ``1e22``, ``0.5``, ``20``."""
    text = format(value, ".15g")
    text = text if float(text) == value else repr(float(value))
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def form_sheet() -> ipywidgets.HTML:
    """Return a widget that shows nothing and styles the fields of the panel it lies in."""
    sheet = ipywidgets.HTML(f"<style>{Path(__file__).with_name('forms.css').read_text(encoding='utf-8')}</style>")
    sheet.add_class("cnb-sheet")
    return sheet
