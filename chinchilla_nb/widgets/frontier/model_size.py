"""The size of the next model relative to the compute-optimal one."""

from __future__ import annotations

import traitlets

__all__ = ["LIMIT", "STEP", "ModelSize"]

STEP = 0.05
"""Of the slider, in doublings."""

LIMIT = 3.0
"""Doublings and halvings that the slider reaches."""

_FACTORS = {1 / 8: "an eighth of", 1 / 4: "a quarter of", 1 / 2: "half", 2: "twice", 4: "four times", 8: "eight times"}


class ModelSize(traitlets.HasTraits):
    """How many times the compute-optimal size the next model has.

    Attributes
    ----------
    factor : float
    """

    factor = traitlets.Float(1.0)

    def slide(self, doublings: float) -> None:
        """Take over a place on the slider, at the nearest step."""
        self.factor = 2.0 ** (round(doublings / STEP) * STEP)

    @property
    def optimal(self) -> bool:
        """Whether the model lies on the efficient frontier."""
        return self.factor == 1.0

    @property
    def words(self) -> str:
        """What the size is of the compute-optimal one."""
        times = _FACTORS.get(self.factor, f"{self.factor:.3g} times")
        return f"{times} the compute-optimal size"
