"""Published scaling laws, as targets for simulations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chinchilla_nb.engine.laws.chinchilla import ScalingLaw

__all__ = ["KNOWN_LAWS"]

KNOWN_LAWS: Mapping[str, ScalingLaw] = MappingProxyType(
    {
        "Hoffmann et al. 2022": ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28),
        "Besiroglu et al. 2024": ScalingLaw(E=1.8172, A=482.01, B=2085.43, alpha=0.3478, beta=0.3658),
    }
)
"""Laws of language models: "Training Compute-Optimal Large Language Models", equation 10, and "Chinchilla Scaling: A
replication attempt", section 3, a new fit to the same runs."""
