"""The objective by starting value as a small heat map, in HTML because so few cells need no interactive chart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.figures import LandscapeFigure
from chinchilla_nb.quantity import plain
from chinchilla_nb.widgets.base.style import shade, typeset

__all__ = ["landscape_map"]

_MOST_TICKS = 6


def landscape_map(figure: LandscapeFigure) -> str:
    """Draw the lowest objective by starting exponent of N (across) and of D (up), the best start and the fitted law."""
    one, other = (parameter.symbol for parameter in figure.exponents)
    columns, rows = len(figure.across), len(figure.up)
    cells = "".join(
        f'<rect x="{i}" y="{rows - 1 - j}" width="1" height="1" fill="{shade(float(figure.shade[i, j]))}">'
        f"<title>{one} {figure.across[i]:.3g}, {other} {figure.up[j]:.3g}: "
        f"{plain(figure.objective[i, j])}</title></rect>"
        for i in range(columns)
        for j in range(rows)
    )
    i, j = figure.best
    best = (
        f'<rect class="cnb-best" x="{i}" y="{rows - 1 - j}" width="1" height="1" fill="none" '
        f'stroke="var(--cnb-paper)" stroke-width="5" vector-effect="non-scaling-stroke"/>'
        f'<rect x="{i}" y="{rows - 1 - j}" width="1" height="1" fill="none" stroke="var(--cnb-ink)" stroke-width="2" '
        f'vector-effect="non-scaling-stroke"/>'
    )
    x, y = (100 * _place(starts, value) for starts, value in zip((figure.across, figure.up), figure.law, strict=True))
    ticks = [f'<span class="cnb-across" style="left:{at:.1f}%">{text}</span>' for at, text in _ticks(figure.across)]
    ticks += [f'<span class="cnb-up" style="bottom:{at:.1f}%">{text}</span>' for at, text in _ticks(figure.up)]
    *most, last = (typeset(parameter.symbol) for parameter in figure.others)
    minimised = f"{', '.join(most)} and {last}"
    lowest = plain(figure.objective[figure.best])
    return (
        f'<div class="cnb-map" role="img" aria-label="Objective by starting {one} and {other}, lowest {lowest}">'
        f'<div class="cnb-map-cells"><svg viewBox="0 0 {columns} {rows}" preserveAspectRatio="none" '
        f'shape-rendering="crispEdges" overflow="visible">{cells}{best}</svg>{"".join(ticks)}'
        f'<span class="cnb-law-at" style="left:{x:.1f}%;bottom:{y:.1f}%"></span>'
        f'<b class="cnb-across">Starting {typeset(one)}</b><b class="cnb-up">Starting {typeset(other)}</b></div></div>'
        f'<div class="cnb-caption">Minimum over {minimised}: {lowest} and up · □ lowest start · ◆ fitted law</div>'
    )


def _place(starts: NDArray[np.float64], value: float) -> float:
    """Return the position of a value along cells of equal width, as a fraction of the map and within it."""
    return float(np.interp(value, starts, np.arange(len(starts)) + 0.5)) / len(starts)


def _ticks(starts: NDArray[np.float64]) -> list[tuple[float, str]]:
    """Return the centres of labelled cells, in per cent of the map, and their labels."""
    count = len(starts)
    return [(100 * (i + 0.5) / count, f"{starts[i]:.3g}") for i in range(0, count, -(-count // _MOST_TICKS))]
