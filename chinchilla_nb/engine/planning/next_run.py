"""A run that is planned but not yet trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["NextRun"]


@dataclass(frozen=True, slots=True)
class NextRun:
    """A run to train: N parameters on D tokens.

    Attributes
    ----------
    N : int
    D : float
    config : dict, optional
        The model configuration, if a model search chose it.
    """

    N: int
    D: float
    config: dict[str, Any] | None = None
