"""The documented models of what users write; `config.validators` defines them."""

from __future__ import annotations

from chinchilla_nb.config.validators import ModelSearchConfig, ParamGrid, SeedRanges, SimulationArgs

__all__ = ["ModelSearchConfig", "ParamGrid", "SeedRanges", "SimulationArgs"]
