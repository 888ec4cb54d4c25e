"""The size of the next model relative to the compute-optimal one."""

from __future__ import annotations

import traitlets

__all__ = ["LIMIT", "STEP", "ModelSize"]

STEP = 0.05
"""Step of the slider, in doublings."""

LIMIT = 3.0
"""Number of doublings and halvings at the ends of the slider."""

_FACTORS = {1 / 8: "an eighth of", 1 / 4: "a quarter of", 1 / 2: "half", 2: "twice", 4: "four times", 8: "eight times"}


class ModelSize(traitlets.HasTraits):
    """The size of the next model.

    Attributes
    ----------
    factor : float
        Size as a multiple of the compute-optimal size.
    """

    factor = traitlets.Float(1.0)

    def slide(self, doublings: float) -> None:
        """Set the factor from a position on the slider, rounded to the nearest step."""
        self.factor = 2.0 ** (round(doublings / STEP) * STEP)

    @property
    def optimal(self) -> bool:
        """Whether the model lies on the efficient frontier."""
        return self.factor == 1.0

    @property
    def in_words(self) -> str:
        """The factor in words, such as "half the compute-optimal size"."""
        times = _FACTORS.get(self.factor, f"{self.factor:.3g} times")
        return f"{times} the compute-optimal size"
