"""Choose the law that is fitted."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from chinchilla_nb.config.settings import Settings, change_settings
from chinchilla_nb.engine.laws.families import PLANNING_FAMILIES
from chinchilla_nb.engine.laws.family import Family
from chinchilla_nb.widgets.base.fields import Editor, Row
from chinchilla_nb.widgets.base.parts import Parts

__all__ = ["LawEditor"]


class LawEditor(Editor):
    """The law that is fitted.

    Attributes
    ----------
    choice : Dropdown
        The value is the documented name, such as ``"chinchilla"``.
    row : Row
    """

    title = "Law"

    def __init__(self, parts: Parts, watch: Callable[[ipywidgets.Widget], None]) -> None:
        super().__init__(parts, watch, "cnb-wordy")
        laws = [(_name(family), family.name) for family in PLANNING_FAMILIES.values()]
        self.choice = parts.choice("Law that is fitted to the runs", laws, "xxl", label="Law")
        self.row = Row(parts, [self.choice], "cnb-long-remark")
        self.fill([self.row])
        self._settings: Settings | None = None

    @staticmethod
    def describe(settings: Settings) -> str:
        """Return the name of the law with its equation."""
        return _name(settings.family)

    def show(self, settings: Settings) -> None:
        """Show the law, unless the settings come from `read`, whose remark on the change must stay."""
        if settings is not self._settings:
            self._settings = settings
            self.choice.value = settings.family.name
            self.row.say("")

    def read(self, settings: Settings, owner: ipywidgets.Widget) -> Settings:  # noqa: ARG002  there is one input
        """Return settings with the chosen law, without the limits and starting values of other laws."""
        family = PLANNING_FAMILIES[self.choice.value]
        if family is settings.family:
            return settings
        names = {parameter.name for parameter in family.parameters}
        kept = {name: limits for name, limits in settings.bounds.items() if name in names}
        self._settings = change_settings(settings, law=family.name, param_grid=None, bounds=kept)
        self.row.say(_remark(settings, self._settings))
        return self._settings


def _name(family: Family) -> str:
    return f"{family.name.capitalize()}: {family.form}"


def _remark(before: Settings, now: Settings) -> str:
    """Return a note on where fits start now, and which settings of the other law were dropped."""
    lost = [p.symbol for p in before.family.parameters if p.name in before.bounds and p.name not in now.bounds]
    dropped = ["starting values"] if before.grid is not None else []
    dropped += [f"limits of {', '.join(lost)}"] if lost else []
    text = f"Fits start from the {len(now.starts):,} starting values of this law"
    return f"{text}; the {' and the '.join(dropped)} of the other law are dropped" if dropped else text
