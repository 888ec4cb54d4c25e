"""The colours of losses and groups as CSS variables, of which each theme of the page has its own values.

A page that changes its theme recolours its charts by itself, without the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence

from chinchilla_nb.figures import DARK_GROUPS, DARK_PALETTE, LIGHT_GROUPS, LIGHT_PALETTE, steps_of

__all__ = ["GROUP_COLOURS", "LOSS_COLOURS", "palette_css"]


def _named(name: str, colours: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"var(--cnb-{name}-{index}, {colour})" for index, colour in enumerate(colours))


LOSS_COLOURS = _named("loss", steps_of(LIGHT_PALETTE))
"""CSS colours from the lowest loss to the highest; outside panels, those of a light page."""

GROUP_COLOURS = _named("group", LIGHT_GROUPS)
"""CSS colours of groups of runs."""


def palette_css() -> str:
    """Return the rules that give the colours their values in a light and in a dark theme."""
    themes = {
        ".cnb": (LIGHT_PALETTE, LIGHT_GROUPS),
        "[data-jp-theme-light='false'] .cnb": (DARK_PALETTE, DARK_GROUPS),
    }
    return "".join(
        f"{selector} {{ {_values('loss', steps_of(losses))} {_values('group', groups)} }}\n"
        for selector, (losses, groups) in themes.items()
    )


def _values(name: str, colours: Sequence[str]) -> str:
    return " ".join(f"--cnb-{name}-{index}: {colour};" for index, colour in enumerate(colours))
