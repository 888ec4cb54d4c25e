"""The colours of losses as CSS variables, of which each theme of the page has its own values.

A page that changes its theme recolours its charts by itself, without the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence

from chinchilla_nb.figures import DARK_PALETTE, LIGHT_PALETTE, steps_of

__all__ = ["LOSS_COLOURS", "palette_css"]

LOSS_COLOURS = tuple(f"var(--cnb-loss-{index}, {colour})" for index, colour in enumerate(steps_of(LIGHT_PALETTE)))
"""CSS colours from the lowest loss to the highest; outside panels, those of a light page."""


def palette_css() -> str:
    """Return the rules that give the colours their values in a light and in a dark theme."""
    themes = {".cnb": LIGHT_PALETTE, "[data-jp-theme-light='false'] .cnb": DARK_PALETTE}
    return "".join(f"{selector} {{ {_values(palette)} }}\n" for selector, palette in themes.items())


def _values(palette: Sequence[str]) -> str:
    return " ".join(f"--cnb-loss-{index}: {colour};" for index, colour in enumerate(steps_of(palette)))
