"""Which parameters of a law groups of runs share: a few models by name, from no law in common to one law for all.

In L = E + A / N^alpha + B / D^beta with shared E, alpha and beta, factors A_g and B_g of a group are the same as
efficiencies of its parameters and its data: L = E + A / (e_N N)^alpha + B / (e_D D)^beta [Ho et al. 2024, Algorithmic
progress in language models, arXiv:2403.05812, where they change with the year]. In
L = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D, N_c and D_c are such scales themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from chinchilla_nb.engine.laws.parameters import Parameter
from chinchilla_nb.engine.sentences import enumerated

__all__ = ["MODELS", "models_of", "shared_in_words"]


Differs = Callable[[Parameter], bool]
"""Whether each group has a parameter for itself."""


def _factor_of(axis: str) -> Differs:
    return lambda parameter: parameter.kind == "factor" and parameter.axis == axis


MODELS: Mapping[str, Differs] = MappingProxyType(
    {
        "separate": lambda _: True,
        "exponents": lambda parameter: parameter.kind != "exponent",
        "efficiency": lambda parameter: parameter.kind == "factor",
        "N-efficiency": _factor_of("N"),
        "D-efficiency": _factor_of("D"),
        "pooled": lambda _: False,
    }
)
"""The models by name, from the most parameters to the fewest; each follows from "separate" by sharing more."""


def models_of(parameters: Sequence[Parameter]) -> dict[str, tuple[bool, ...]]:
    """Return for each model which parameters of a law differ between groups, without a model that equals another one.

    For a law without an irreducible loss, "exponents" is the same as "efficiency".
    """
    found: dict[str, tuple[bool, ...]] = {}
    for name in reversed(tuple(MODELS)):
        differs = tuple(MODELS[name](parameter) for parameter in parameters)
        if differs not in found.values():
            found[name] = differs
    return {name: found[name] for name in MODELS if name in found}


def shared_in_words(model: str, parameters: Sequence[Parameter]) -> str:
    """Return what groups share in a model: ``E, alpha and beta are shared``."""
    shared = [parameter.name for parameter in parameters if not MODELS[model](parameter)]
    if len(shared) == len(parameters):
        return "all parameters are shared"
    if not shared:
        return "no parameter is shared"
    return f"{enumerated(shared)} {'is' if len(shared) == 1 else 'are'} shared"
