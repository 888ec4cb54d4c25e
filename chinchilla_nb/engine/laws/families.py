"""The families of laws that can be fitted, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.errors import InputError, did_you_mean
from chinchilla_nb.engine.laws.chinchilla_family import CHINCHILLA
from chinchilla_nb.engine.laws.family import Family, Law
from chinchilla_nb.engine.laws.frontier_family import FRONTIER
from chinchilla_nb.engine.laws.kaplan_family import KAPLAN

__all__ = ["FAMILIES", "PLANNING_FAMILIES", "family_named", "family_of", "law_of"]

PLANNING_FAMILIES: Mapping[str, Family] = MappingProxyType({family.name: family for family in (CHINCHILLA, KAPLAN)})
"""The families of laws in N and D, which a project plans with."""
FAMILIES: Mapping[str, Family] = MappingProxyType({**PLANNING_FAMILIES, FRONTIER.name: FRONTIER})
"""The choices of ``law=`` in `fit`."""


def family_named(name: object, families: Mapping[str, Family] = FAMILIES) -> Family:
    """Return a family by its name, out of some families.

    Raises
    ------
    InputError
        If none of them has that name.
    """
    if not (isinstance(name, str) and name in families):
        rule = f"must be one of {', '.join(map(repr, families))}"
        remedy = did_you_mean(name, families)
        if isinstance(name, str) and name in FAMILIES:
            remedy = "a project plans N and D; use fit(Runs.frontier(C, loss), law='frontier')"
        raise InputError("law", rule, got=brief(name), remedy=remedy)
    return families[name]


def family_of(law: Law) -> Family:
    """Return the family of a law."""
    return next(family for family in FAMILIES.values() if family.parameters == law.parameters)


def law_of(params: Mapping[str, float]) -> Law:
    """Build a law in N and D from its parameters by name, which tell its form.

    Raises
    ------
    InputError
        If a parameter is missing, unknown, not usable, or given both ways.
    """
    given = set(params) if isinstance(params, Mapping) else set()
    for family in PLANNING_FAMILIES.values():
        if given and given <= {name for parameter in family.parameters for name in parameter.names}:
            return family.from_params(params)
    return CHINCHILLA.from_params(params)
