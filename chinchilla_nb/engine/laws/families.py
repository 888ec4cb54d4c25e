"""The families of laws that can be fitted, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError, did_you_mean
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.laws.family import Family, Law
from chinchilla_nb.engine.laws.kaplan_family import KAPLAN

__all__ = ["FAMILIES", "family_named", "law_of"]

FAMILIES: Mapping[str, Family] = MappingProxyType({family.name: family for family in (CHINCHILLA, KAPLAN)})
"""The choices of ``law=``."""


def family_named(name: object) -> Family:
    """Return a family by its name.

    Raises
    ------
    InputError
        If no family has that name.
    """
    if not (isinstance(name, str) and name in FAMILIES):
        rule = f"must be one of {', '.join(map(repr, FAMILIES))}"
        raise InputError("law", rule, got=brief(name), remedy=did_you_mean(name, FAMILIES))
    return FAMILIES[name]


def law_of(params: Mapping[str, float]) -> Law:
    """Build a law from its parameters by name, which tell its form.

    Raises
    ------
    InputError
        If a parameter is missing, unknown, not usable, or given both ways.
    """
    given = set(params) if isinstance(params, Mapping) else set()
    for family in FAMILIES.values():
        if given and given <= {name for parameter in family.parameters for name in parameter.names}:
            return family.from_params(params)
    return CHINCHILLA.from_params(params)
