"""Edit the model search: how the size of a configuration is estimated, and the values of each hyperparameter."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import ipywidgets

from chinchilla_nb.checks import brief
from chinchilla_nb.config.allowed_functions import AllowedFunctions
from chinchilla_nb.config.model_search import ModelSearch
from chinchilla_nb.config.settings import Settings, change_settings
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_sizes import (
    SIZE_ESTIMATORS,
    transformer_size,
    transformer_size_without_embeddings,
)
from chinchilla_nb.quantity import compact
from chinchilla_nb.widgets.base.fields import Editor, FunctionBox, Row, called
from chinchilla_nb.widgets.base.parts import Parts, set_shown
from chinchilla_nb.widgets.config.choices_text import choices_text, parse_choices

__all__ = ["SearchEditor"]

NONE, OWN = "none", "own"
MANY_MODELS = 20_000
"""Number of configurations above which sizing them all at every keystroke would be noticeably slow."""

_KINDS = [
    ("None: N is free", NONE),
    ("Transformer, with embeddings", "transformer"),
    ("Transformer, without embeddings", "transformer_without_embeddings"),
    ("My function …", OWN),
]
_START = {
    "d_model": "128..2048 step 64",
    "n_layers": "4..40",
    "vocab_size": "50257",
}


class SearchEditor(Editor):
    """The model search.

    The boxes of values are read at every keystroke, but after Enter if the estimator is the user's: its code must not
    run on half-typed values.

    Parameters
    ----------
    parts : Parts
    watch : callable
    functions : AllowedFunctions
        The functions that may be named as estimator.

    Attributes
    ----------
    kind : Dropdown
    function : FunctionBox
        The user's estimator.
    values : dict of str to Row
        One box of values for each hyperparameter of the estimator.
    """

    title = "Model search"

    def __init__(self, parts: Parts, watch: Callable[[ipywidgets.Widget], None], functions: AllowedFunctions) -> None:
        super().__init__(parts, watch, "cnb-wordy")
        self.kind = parts.choice("How the size of a configuration is estimated", _KINDS, "xl", label="Model sizes")
        self.function = FunctionBox(parts, functions, "size(**hyperparameters)")
        self.kind_row = Row(parts, [self.kind, self.function])
        self.values: dict[str, Row] = {}
        self.grid = parts.box([], "cnb-model-grid")
        self.fill([self.kind_row], self.grid)
        self._search: Any = self

    @staticmethod
    def describe(settings: Settings) -> str:
        """Return how sizes are estimated, and the number of configurations."""
        search = settings.model_search
        if search is None:
            return "none: N is free"
        count = _count(search)
        kind = _kind_of(search)
        name = called(search.size_estimator) if kind == OWN else next(name for name, key in _KINDS if key == kind)
        return f"{name}: {count:,} configuration{'' if count == 1 else 's'}"

    def show(self, settings: Settings) -> None:
        """Show the model search if it has changed."""
        search = settings.model_search
        if search is self._search:
            return
        self._search = search
        self.kind_row.explain("")
        if search is None:
            self.kind.value = NONE
            self._offer({}, None)
        else:
            self.kind.value = _kind_of(search)
            if self.kind.value == OWN:
                self.function.show(search.size_estimator)
            texts = {name: choices_text(list(search.hyperparam_grid[name])) for name in search.hyperparam_grid}
            self._offer(texts, search.size_estimator)
        self._remark(search)

    def read(self, settings: Settings, owner: ipywidgets.Widget) -> Settings:
        """Return settings with the model search if it is valid."""
        self.kind_row.explain("")
        if self.kind.value == NONE:
            self._offer({}, None)
            self._search = None
            self._remark(None)
            return settings if settings.model_search is None else replace(settings, model_search=None)
        try:
            estimator = SIZE_ESTIMATORS[self.kind.value] if self.kind.value != OWN else self.function.read()
        except ValueError as error:
            self._offer({}, None)
            self.kind_row.explain(str(error), self.function)
            return settings
        if owner in (self.kind, self.function):
            self._offer(self._texts(settings.model_search), estimator)
        grid = self._read_grid(estimator, settings.model_search)
        if grid is None:
            return settings
        try:
            changed = change_settings(
                settings, model_search_config={"hyperparam_grid": grid, "size_estimator": estimator}
            )
            assert changed.model_search is not None
            self._check(changed.model_search)
        except ValueError as error:
            self.kind_row.explain(str(error), self.function if self.kind.value == OWN else self.kind)
            return settings
        self._search = changed.model_search
        return changed

    def _read_grid(self, estimator: Callable[..., float], search: ModelSearch | None) -> dict[str, list[Any]] | None:
        """Return the values of the hyperparameters; None if some are not valid."""
        known = {} if search is None else {name: list(values) for name, values in search.hyperparam_grid.items()}
        optional, grid = _optional(estimator), {}
        for name, row in self.values.items():
            row.explain("")
            text = row.inputs[0].value
            if not text.strip() and name in optional:
                row.say(f"Empty: {optional[name]}")
                continue
            try:
                # Values set in code may have types that cannot be typed in: unchanged text keeps the original values.
                same = name in known and text == choices_text(known[name])
                grid[name] = known[name] if same else parse_choices(text)
                if estimator in SIZE_ESTIMATORS.values():
                    _check_counts(name, grid[name])
            except ValueError as error:
                row.explain(str(error))
            else:
                count = len(grid[name])
                row.say(f"{count:,} value{'' if count == 1 else 's'}")
        return None if any(row.problem for row in self.values.values()) else grid

    def _check(self, search: ModelSearch) -> None:
        """Size the configurations once, so that a failure never reaches a draw.

        Raises
        ------
        ValueError
            If the estimator fails, or no configuration has a size.
        """
        count = _count(search)
        if count > MANY_MODELS:
            self.kind_row.say(f"{count:,} configurations: sizing them takes a while when the first run is drawn")
            return
        table = search.table()
        left_out = count - len(table.N)
        note = f"; {left_out:,} that cannot be built are left out" if left_out else ""
        self.kind_row.say(
            f"{len(table.N):,} model{'' if len(table.N) == 1 else 's'} of {compact(float(table.N[0]))} to "
            f"{compact(float(table.N[-1]))} parameters{note}"
        )

    def _remark(self, search: ModelSearch | None) -> None:
        if search is None:
            self.kind_row.say("draws and allocations use any N")
            return
        self._read_grid(search.size_estimator, search)
        try:
            self._check(search)
        except ValueError as error:
            self.kind_row.explain(str(error), self.kind)

    def _texts(self, search: ModelSearch | None) -> dict[str, str]:
        """Return the texts of the boxes, and of hyperparameters in the settings that have no box."""
        known = {} if search is None else search.hyperparam_grid
        texts = {name: choices_text(list(choices)) for name, choices in known.items()}
        return {**_START, **texts, **{name: row.inputs[0].value for name, row in self.values.items()}}

    def _offer(self, texts: Mapping[str, str], estimator: Callable[..., float] | None) -> None:
        """Make a box for each hyperparameter of the estimator; one with ``**kwargs`` keeps those that have values."""
        set_shown(self.function, self.kind.value == OWN)
        if self.kind.value == OWN:
            self.function.offer()
        names = [] if estimator is None else _hyperparameters(estimator, texts)
        if names == list(self.values):
            for name, row in self.values.items():
                row.inputs[0].value = texts.get(name, "")
        else:
            for row in self.values.values():
                row.discard()
            self.values = {name: self._row(name, texts.get(name, "")) for name in names}
            self.rows = [self.kind_row, *self.values.values()]
            self.grid.children = list(self.values.values())
        for row in self.values.values():
            row.inputs[0].continuous_update = self.kind.value != OWN

    def _row(self, name: str, text: str) -> Row:
        box = self.parts.text(
            f"Values of {name} to choose from",
            "xl",
            label=name,
            value=text,
            placeholder="64, 128, 256 or 2..40 or 64..1024 step 64",
        )
        self.watch(box)
        return Row(self.parts, [box])


def _kind_of(search: ModelSearch) -> str:
    return next((name for name, known in SIZE_ESTIMATORS.items() if known is search.size_estimator), OWN)


def _count(search: ModelSearch) -> int:
    return math.prod(len(list(choices)) for choices in search.hyperparam_grid.values())


def _hyperparameters(estimator: Callable[..., float], texts: Iterable[str]) -> list[str]:
    """Return the parameter names of the estimator; with ``**kwargs``, also the names that have values."""
    written = [name for name in texts if name not in _START]
    try:
        parameters = inspect.signature(estimator).parameters.values()
    except (TypeError, ValueError):
        return written
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    return [*names, *(name for name in written if name not in names)] if takes_any else names


def _check_counts(name: str, values: Iterable[Any]) -> None:
    """Check that the values of a hyperparameter of a transformer are whole numbers above 0.

    Raises
    ------
    InputError
        If one is not.
    """
    for value in values:
        if value is not None and not (isinstance(value, (int, float)) and value > 0 and float(value).is_integer()):
            raise InputError(name, "must list whole numbers above 0", got=brief(value))


def _optional(estimator: Callable[..., float]) -> dict[str, str]:
    """Return the optional hyperparameters, and a description of their defaults."""
    if estimator in (transformer_size, transformer_size_without_embeddings):
        known = {"n_positions": "no learned positions", "n_heads": "any number", "d_ff": "4 × d_model"}
    else:
        known = {}
    try:
        parameters = inspect.signature(estimator).parameters.values()
    except (TypeError, ValueError):
        return known
    return {p.name: known.get(p.name, f"{p.default!r}") for p in parameters if p.default is not p.empty}
