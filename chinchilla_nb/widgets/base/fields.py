"""Fields of a form: a labelled row of inputs, followed by a remark or an error message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, ClassVar

import ipywidgets

from chinchilla_nb.checks import brief
from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.callables import name_of_callable
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import split_list
from chinchilla_nb.records.typed_number import typed_number
from chinchilla_nb.widgets.base.parts import Parts
from chinchilla_nb.widgets.base.style import typeset

__all__ = ["Editor", "FunctionBox", "Row", "called", "list_parts", "mark_wrong", "number", "numbers"]


class Row(ipywidgets.Box):
    """Inputs in a row, followed by a remark; the label of the first input names the row.

    Parameters
    ----------
    parts : Parts
    inputs : sequence of Widget
    *classes : str

    Attributes
    ----------
    inputs : sequence of Widget
    remark : HTML
        What the inputs mean, or the error in them.
    problem : str
        The error in the inputs; empty if there is none.
    """

    def __init__(self, parts: Parts, inputs: Sequence[ipywidgets.Widget], *classes: str) -> None:
        self.inputs = list(inputs)
        self.problem = ""
        self.remark = parts.html("", "cnb-remark")
        super().__init__([*self.inputs, self.remark], **parts.look(ipywidgets.Box, ("cnb-row", *classes)))

    def explain(self, problem: str, *wrong: ipywidgets.Widget) -> None:
        """Show an error and mark the inputs that caused it, by default all; an empty text removes both."""
        self.problem = problem
        for field in self.inputs:
            mark_wrong(field, bool(problem) and (not wrong or field in wrong))
        if problem:
            self.remark.value = f'<span class="cnb-problem" role="alert">{escape(problem)}</span>'

    def explain_all(self, problems: Mapping[ipywidgets.Widget, str]) -> None:
        """Show the errors of several inputs, by input, and mark these; none removes all."""
        self.explain("; ".join(problems.values()), *problems)

    def say(self, remark: str) -> None:
        """Show a remark on the inputs, unless an error is shown."""
        if not self.problem:
            self.remark.value = remark and f'<span class="cnb-muted">{typeset(remark)}</span>'

    def discard(self) -> None:
        """Close the row and its inputs, but not the layout and styles that they share with other rows."""
        for part in (*self.inputs, self.remark, self):
            part.close()


def mark_wrong(field: ipywidgets.DOMWidget, wrong: bool) -> None:
    """Frame an input whose content is not valid, or remove the frame."""
    (field.add_class if wrong else field.remove_class)("cnb-wrong")


class Editor(ipywidgets.VBox):
    """Fields for some of the settings.

    Subclasses fill `rows` and `children`, and implement `show`, `read` and `describe`.

    Parameters
    ----------
    parts : Parts
    watch : callable
        Called with every input to observe. The panel observes them itself, so that it can show their errors.
    *classes : str

    Attributes
    ----------
    title : str
    rows : list of Row
    """

    title: ClassVar[str]
    rows: list[Row]

    def __init__(self, parts: Parts, watch: Callable[[ipywidgets.Widget], None], *classes: str) -> None:
        self.parts, self.watch = parts, watch
        super().__init__(**parts.look(ipywidgets.VBox, ("cnb-editor", *classes)))

    def fill(self, rows: Sequence[Row], *more: ipywidgets.Widget) -> None:
        """Show rows and observe their inputs, with more widgets below them."""
        self.rows = list(rows)
        for row in rows:
            for field in row.inputs:
                self.watch(field)
        self.children = (*rows, *more)

    @staticmethod
    def describe(settings: Any) -> str:
        """Summarise the settings in a few words, for when the editor is closed."""
        raise NotImplementedError

    def show(self, settings: Any) -> None:
        """Update the inputs whose settings have changed since the last `read` or `show`."""
        raise NotImplementedError

    def read(self, settings: Any, owner: ipywidgets.Widget) -> Any:
        """Return the settings updated from the inputs; invalid inputs leave their settings unchanged.

        Parameters
        ----------
        settings : Settings
            The current settings.
        owner : Widget
            The input that the user has just changed.
        """
        raise NotImplementedError

    @property
    def problems(self) -> int:
        """Number of rows with an error."""
        return sum(bool(row.problem) for row in self.rows)


class FunctionBox(ipywidgets.Combobox):
    """The name of a function that is allowed; one without a name, or set in code, can be shown but not entered.

    Parameters
    ----------
    parts : Parts
    functions : AllowedFunctions
    signature : str
        How the function is called.
    """

    def __init__(self, parts: Parts, functions: AllowedFunctions, signature: str) -> None:
        self._functions = functions
        super().__init__(
            placeholder=f"name of {signature}",
            tooltip=f"A function {signature} of this notebook, or one that its code allows. Press Enter to apply.",
            # Only complete names are looked up, because the panel tries the function, which runs its code.
            continuous_update=False,
            **parts.look(ipywidgets.Combobox, ("cnb-grow",)),
        )
        self._shown: tuple[str, Callable[..., Any]] | None = None

    def offer(self) -> None:
        """Offer the functions that the notebook defines, and the allowed ones."""
        self.options = self._functions.offered()

    def show(self, function: Callable[..., Any]) -> None:
        """Show a function by its name, if it has one."""
        name = called(function)
        self._shown = (name, function)
        self.value = name

    def read(self) -> Callable[..., Any]:
        """Return the function with the entered name.

        Raises
        ------
        InputError
            If there is no such function, or it is not allowed.
        """
        name = self.value.strip()
        if self._shown is not None and name == self._shown[0]:
            return self._shown[1]
        if not name:
            raise InputError("", "enter the name of a function of this notebook")
        return self._functions.find(name)


def called(function: Callable[..., Any]) -> str:
    """Return the name that a function can be looked up by, or else its ``__name__``."""
    return name_of_callable(function) or str(getattr(function, "__name__", type(function).__name__))


def number(text: str, name: str, unit: str = "") -> float:
    """Return the number in a text, which may have this unit.

    Raises
    ------
    InputError
        If the text is not a number; its `where` is the name.
    """
    if not text.strip():
        raise InputError(name, "is empty", remedy="type a number, such as 0.5 or 1e18")
    try:
        return typed_number(text, unit)
    except ValueError:
        remedy = "write decimals with a point" if "," in text else ""
        raise InputError(name, f"{brief(text.strip())} is not a number", remedy=remedy) from None


def numbers(text: str, name: str) -> list[float]:
    """Return the numbers in a comma-separated list.

    Raises
    ------
    InputError
        If one of them is not a number, or a comma may be part of one; its `where` is the name.
    """
    return [number(part, name) for part in list_parts(text, name)]


def list_parts(text: str, name: str) -> list[str]:
    """Return the parts of a comma-separated list.

    Raises
    ------
    InputError
        If a comma may be part of a number; its `where` is the name.
    """
    try:
        return split_list(text)
    except InputError as error:
        raise InputError(name, error.rule, remedy=error.remedy) from None
