"""The contrast of the colours of the style sheet with their backgrounds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chinchilla_nb

CSS = (Path(chinchilla_nb.__file__).parent / "widgets" / "base" / "style.css").read_text(encoding="utf-8")
LIGHT, DARK = re.findall(r"^(?:\.cnb|\[data-jp-theme-light='false'\] \.cnb) \{(.*?)^\}", CSS, re.DOTALL | re.MULTILINE)[
    :2
]
# JupyterLab's layout-color0, and the tint of sections on it, a tenth of the way to #7f7f7f.
GROUNDS = {"light": [(255, 255, 255), (242, 242, 242)], "dark": [(17, 17, 17), (28, 28, 28)]}


def colour(theme: str, name: str) -> tuple[int, ...]:
    """Return the last declaration of a variable that applies in a theme."""
    found = re.findall(rf"--{name}: #([0-9a-f]{{6}})", LIGHT + (DARK if theme == "dark" else ""))
    return tuple(bytes.fromhex(found[-1]))


def luminance(rgb: tuple[int, ...]) -> float:
    """Relative luminance, WCAG 2.1."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    # The grey that the standard's examples call the lightest readable one on white.
    assert contrast((0x76, 0x76, 0x76), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize(
    ("name", "least"),
    [
        *((f"cnb-{name}", 4.5) for name in ("muted", "accent", "good", "warn", "bad")),
        ("jp-widgets-input-border-color", 3),
    ],
)
def test_text_and_edges_of_fields_have_enough_contrast(theme, name, least):
    """WCAG 2.1 AA: 4.5 for text, 3 for the edges of controls."""
    for ground in GROUNDS[theme]:
        assert contrast(colour(theme, name), ground) >= least
