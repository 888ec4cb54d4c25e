"""The objective by starting value as a small heat map, in SVG because so few cells need no interactive chart."""

from __future__ import annotations

import re

import numpy as np

from chinchilla_nb.figures import LandscapeFigure
from chinchilla_nb.widgets.base.style import shade, typeset

__all__ = ["landscape_map"]

_LEFT, _TOP, _WIDTH, _HEIGHT = 48.0, 6.0, 300.0, 176.0
_MOST_TICKS = 6


def landscape_map(figure: LandscapeFigure) -> str:
    """Draw the lowest objective by starting exponent of N (across) and of D (up), and the fitted law."""
    one, other = (parameter.symbol for parameter in figure.exponents)
    columns, rows = len(figure.across), len(figure.up)
    width, height = _WIDTH / columns, _HEIGHT / rows
    cells = [
        f'<rect x="{_LEFT + i * width:.1f}" y="{_TOP + (rows - 1 - j) * height:.1f}" width="{width:.2f}" '
        f'height="{height:.2f}" fill="{shade(float(figure.shade[i, j]))}"><title>{one} {figure.across[i]:.3g}, '
        f"{other} {figure.up[j]:.3g}: {figure.objective[i, j]:.3g}</title></rect>"
        for i in range(columns)
        for j in range(rows)
    ]
    x = _place(figure.across, figure.law[0], width) + _LEFT
    y = _TOP + _HEIGHT - _place(figure.up, figure.law[1], height)
    bottom = _TOP + _HEIGHT
    ticks = [
        *(_text(_LEFT + (i + 0.5) * width, bottom + 14, f"{figure.across[i]:.3g}", "middle") for i in _some(columns)),
        *(_text(_LEFT - 6, _TOP + (rows - 0.5 - j) * height + 4, f"{figure.up[j]:.3g}", "end") for j in _some(rows)),
    ]
    *most, last = (typeset(parameter.symbol) for parameter in figure.others)
    minimised = f"{', '.join(most)} and {last}"
    lowest = f"{figure.objective[figure.best]:.3g}"
    return (
        f'<svg class="cnb-map" viewBox="0 0 360 222" role="img" aria-label="Objective by starting {one} and {other}, '
        f'lowest {lowest}">{"".join(cells)}{"".join(ticks)}'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="#000" stroke-width="4"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="#fff" stroke-width="2"/>'
        f"{_text(_LEFT + _WIDTH / 2, bottom + 30, f'Starting {one}', 'middle', True)}"
        f'<g transform="translate(12 {_TOP + _HEIGHT / 2:.0f}) rotate(-90)">'
        f"{_text(0, 0, f'Starting {other}', 'middle', True)}</g></svg>"
        f'<div class="cnb-caption">Minimum over {minimised}: {lowest} and up · ○ fitted law</div>'
    )


def _place(starts: np.ndarray, value: float, cell: float) -> float:
    """Return the position of a value along cells of equal width, within the map."""
    centres = np.arange(len(starts)) + 0.5
    return float(np.interp(value, starts, centres)) * cell


def _some(count: int) -> range:
    return range(0, count, -(-count // _MOST_TICKS))


def _text(x: float, y: float, text: str, anchor: str, strong: bool = False) -> str:
    ink = "var(--cnb-ink)" if strong else "var(--cnb-muted)"
    size = 12 if strong else 11
    # SVG has no <sub> for the subscripts of symbols.
    text = re.sub(r"_(\w)", r'<tspan dy="3" font-size="9">\1</tspan>', text)
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{ink}">{text}</text>'
