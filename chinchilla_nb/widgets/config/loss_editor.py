"""Edit what a fit minimises: the loss and its parameter, the weights and the precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets
import numpy as np

from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.loss_words import loss_in_words
from chinchilla_nb.engine.fitting.problem import same_function
from chinchilla_nb.quantity import number_text
from chinchilla_nb.widgets.base.fields import Editor, FunctionBox, Row, called
from chinchilla_nb.widgets.base.losses import (
    LOSSES,
    MEANINGS,
    OWN,
    loss_of,
    option_of,
    recognise,
    start_of,
)
from chinchilla_nb.widgets.base.parts import Parts, set_shown

__all__ = ["LossEditor"]


class LossEditor(Editor):
    """Loss, weights and precision.

    Parameters
    ----------
    parts : Parts
    watch : callable
    functions : AllowedFunctions
        The functions that may be named as loss and weights.

    Attributes
    ----------
    kind : Dropdown
    option : Text
        Parameter of the loss, delta or w.
    function : FunctionBox
        The user's loss.
    weighting, precision : Dropdown
    weight_function : FunctionBox
    """

    title = "What the fit minimises"

    def __init__(self, parts: Parts, watch: Callable[[ipywidgets.Widget], None], functions: AllowedFunctions) -> None:
        super().__init__(parts, watch, "cnb-wordy")
        self.kind = parts.choice("Loss that the fit minimises", LOSSES, label="Loss")
        self.option = parts.text("Parameter of the loss, delta or w", "s")
        self.function = FunctionBox(parts, functions, "loss(y_true, y_pred)")
        weights = [("None: all count equally", "none"), ("My function …", OWN)]
        self.weighting = parts.choice("Weight of each run", weights, label="Weights")
        self.weight_function = FunctionBox(parts, functions, "weight(C)")
        precisions = [("Extended (longdouble)", np.longdouble), ("Double (float64)", np.float64)]
        self.precision = parts.choice("Precision in which the fit is polished", precisions, label="Precision")
        self.loss_row = Row(parts, [self.kind, self.option, self.function])
        self.weight_row = Row(parts, [self.weighting, self.weight_function])
        self.precision_row = Row(parts, [self.precision])
        self.fill([self.loss_row, self.weight_row, self.precision_row])
        self._seen: dict[str, Any] = {"loss_fn": None, "weight_fn": self, "dtype": None}

    @staticmethod
    def describe(settings: Settings) -> str:
        """Return the loss with its parameter, and the weights and precision if they are not the default."""
        text = loss_in_words(settings.loss_fn)
        if settings.weight_fn is not None:
            text += f"; weights: {called(settings.weight_fn)}"
        return text if settings.dtype is np.longdouble else f"{text}; {np.dtype(settings.dtype).name}"

    def show(self, settings: Settings) -> None:
        """Show the settings that have changed."""
        if settings.loss_fn is not self._seen["loss_fn"]:
            self.loss_row.explain("")
            self._show_loss(settings.loss_fn)
        if settings.weight_fn is not self._seen["weight_fn"]:
            self.weight_row.explain("")
            self.weighting.value = "none" if settings.weight_fn is None else OWN
            if settings.weight_fn is not None:
                self.weight_function.show(settings.weight_fn)
        if settings.dtype is not self._seen["dtype"]:
            known = {dtype for _, dtype in self.precision.options}
            if settings.dtype not in known:
                self.precision.options = [*self.precision.options, (settings.dtype.__name__, settings.dtype)]
            self.precision.value = settings.dtype
        self._remember(settings)

    def read(self, settings: Settings, owner: ipywidgets.Widget) -> Settings:
        """Return settings updated from the inputs that are valid."""
        if owner is self.kind and option_of(self.kind.value):
            self.option.value = number_text(start_of(self.kind.value))
        readers = (
            (self.loss_row, "loss_fn", self._read_loss),
            (self.weight_row, "weight_fn", self._read_weight),
            (self.precision_row, "dtype", lambda: self.precision.value),
        )
        for row, name, read in readers:
            if owner not in row.inputs:
                continue
            try:
                value = read()
            except InputError as error:
                row.explain(str(error), self._box(row))
                continue
            row.explain("")
            if not same_function(value, getattr(settings, name)):
                settings = replace(settings, **{name: value})
        self._remember(settings)
        return settings

    def _show_loss(self, loss_fn: Any) -> None:
        self.kind.value, value = recognise(loss_fn)
        if self.kind.value == OWN:
            self.function.show(loss_fn)
        elif value is not None:
            self.option.value = number_text(value)

    def _read_loss(self) -> Any:
        if self.kind.value == OWN:
            return _checked_loss(self.function.read())
        return loss_of(self.kind.value, self.option.value)

    def _read_weight(self) -> Any:
        return None if self.weighting.value == "none" else _checked_weight(self.weight_function.read())

    def _box(self, row: Row) -> ipywidgets.Widget:
        """Return the box that an error in a row is about."""
        if row is self.weight_row:
            return self.weight_function
        return self.function if self.kind.value == OWN else self.option

    def _remember(self, settings: Settings) -> None:
        self._seen = {name: getattr(settings, name) for name in self._seen}
        kind = self.kind.value
        symbol = option_of(kind)
        self.option.description = f"{symbol} =" if symbol else ""
        set_shown(self.option, bool(symbol))
        for box, there in ((self.function, kind == OWN), (self.weight_function, self.weighting.value == OWN)):
            set_shown(box, there)
            if there:
                box.offer()
        self.loss_row.say(MEANINGS.get(kind, "loss(y_true, y_pred), one loss per run"))
        self.weight_row.say("" if settings.weight_fn is None else "weight(C), normalised to mean one")
        self.precision_row.say("")


def _checked_loss(loss: Any) -> Any:
    """Try a loss on two runs, so that a broken one never reaches a fit."""
    _check_on_runs(loss, (np.array([3.0, 2.5]), np.array([3.1, 2.4])), "loss(y_true, y_pred)")
    return loss


def _checked_weight(weight: Any) -> Any:
    _check_on_runs(weight, (np.array([1e18, 1e21]),), "weight(C)")
    return weight


def _check_on_runs(function: Any, arguments: tuple[Any, ...], signature: str) -> None:
    try:
        values = np.asarray(function(*arguments), dtype=float)
    except Exception as error:  # noqa: BLE001  whatever the user's function raises is shown
        raise InputError(signature, f"fails on two runs: {type(error).__name__}: {error}") from None
    if values.shape != (2,) or not np.isfinite(values).all():
        raise InputError(signature, "must return a finite number per run", got=repr(values), place="for two runs")
