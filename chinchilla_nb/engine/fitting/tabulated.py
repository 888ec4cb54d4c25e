"""An elementwise loss as a table: its kinks, and cubic polynomials for the rest, with exact derivatives.

A search needs the loss at hundreds of thousands of predictions; the table needs a few hundred calls of the user's
function. The loss averaged over residuals from r - width to r + width is a smooth loss, whose slope is exactly the
difference of the loss at both ends divided by 2 width. Shrinking the width leads from few minima to those of the loss.
A loss that becomes flat for large residuals is stretched as well, so that at first no residual is so large (graduated
non-convexity, Blake and Zisserman 1987, Visual Reconstruction).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.fitting.kink_search import Kinks

__all__ = ["Scale", "TabulatedLoss"]

Array = NDArray[Any]

STEP = 0.1
"""Distance of nodes in `Scale`: relative distance of large residuals."""
LOWEST, HIGHEST = -0.95, 1e4
"""Ends of the table, relative to the measured loss; beyond, the loss is continued in a straight line."""
SMOOTH_ENOUGH = 0.1
"""Width of averaging, relative to the length over which the slope changes by a typical slope, that changes nothing."""
QUADRATIC = 1e-3
"""Relative variation of the curvature of a quadratic."""
NEAR = 0.5
"""Largest residual, relative to the measured loss, at which a quadratic is told from other losses."""
FLATTER = 0.5
"""Share of the steepest slope so far below which a loss has become flatter."""
LEAST_FLATTENS = 1e-2
"""Smallest residual, in typical ones, beyond which that is looked for."""
STRETCHES = (2.0, 4.0, 10.0)
"""Least size of the residual at which a loss becomes flatter, in widths of the average: several, because they lead to
different optima."""
FAR = 10.0
"""Residuals of so many typical ones at which a loss may become flatter without making many optima."""
TYPICAL = 3.0
"""Residuals up to so many typical ones define the scale of slopes."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Nodes of a table: equally spaced in arsinh(q / middle), where q is a residual relative to the measured loss."""

    middle: float

    @property
    def first(self) -> int:
        """Number of the lowest node; node 0 is at zero."""
        return int(np.ceil(np.arcsinh(LOWEST / self.middle) / STEP))

    def nodes(self) -> Array:
        """Return all nodes, as residuals relative to the measured loss."""
        last = int(np.ceil(np.arcsinh(HIGHEST / self.middle) / STEP))
        return np.asarray(self.middle * np.sinh(STEP * np.arange(self.first, last + 1)))

    def cell(self, q: Array) -> Array:
        """Return the number of the cell of each residual, counted from the lowest."""
        return np.floor(np.arcsinh(q / self.middle) / STEP).astype(int) - self.first


@dataclass(frozen=True, eq=False, slots=True)
class TabulatedLoss:
    """A loss of the residuals of some runs, averaged over a width.

    Attributes
    ----------
    size : ndarray, shape (n_runs,)
        Measured losses.
    scale : Scale
    nodes : ndarray, shape (n_runs, n_nodes)
        Residuals at the nodes.
    polynomials : ndarray, shape (n_runs, n_cells, 5)
        Integral from zero, value, slope, and the coefficients of the square and the cube in each cell.
    kinks : Kinks
    flattens : float
        Residual beyond which the loss becomes flatter; infinity if it does not.
    narrowest : float
        Width below which only the kinks are averaged.
    half_width : float
        Width of the average.
    is_quadratic : bool
        Whether each loss is a square.
    stretch : float
        Least size of ``flattens``, in widths of the average.
    """

    size: Array
    scale: Scale
    nodes: Array
    polynomials: Array
    kinks: Kinks
    flattens: float
    narrowest: float
    half_width: float
    is_quadratic: bool
    stretch: float = STRETCHES[0]

    logarithmic = False
    smoothing_lowers = False
    steepness = 1.0

    @classmethod
    def of(cls, size: Array, scale: Scale, values: Array, kinks: Kinks, typical: float) -> TabulatedLoss:
        """Tabulate a loss from its values at the nodes, shape (n_runs, n_nodes).

        Parameters
        ----------
        typical : float
            A typical residual, at which slopes are about one.
        """
        nodes = size[:, None] * scale.nodes()
        rest = values - kinks.value(nodes.T).T
        slope = _slopes(nodes, rest)
        polynomials = _hermite(nodes, rest, slope, -scale.first)
        near = np.abs(nodes) <= TYPICAL * typical
        with np.errstate(invalid="ignore"):
            bend = np.abs(np.diff(slope)) / np.diff(nodes)
        steepest = np.max(bend, where=near[:, 1:] & near[:, :-1], initial=0.0)
        curvature = 2 * polynomials[:, :, 3]
        inside = np.abs(nodes[:, :-1]) <= NEAR * size[:, None]
        mean = np.mean(curvature, axis=1, where=inside)
        flat = np.where(inside, np.abs(curvature - mean[:, None]), 0.0).max(axis=1) <= QUADRATIC * mean
        return cls(
            size=size,
            scale=scale,
            nodes=nodes,
            polynomials=polynomials,
            kinks=kinks,
            flattens=_flattens(nodes, values, -scale.first, typical),
            narrowest=SMOOTH_ENOUGH / steepest if steepest > 0 else np.inf,
            half_width=0.0,
            is_quadratic=bool(flat.all()) and not kinks.half.any(),
        )

    @property
    def has_kink(self) -> bool:
        """Whether the loss has kinks that are not averaged."""
        return self.half_width == 0 and bool(self.kinks.half.any())

    @property
    def width(self) -> float:
        """Width of the average, or one at which it changes nothing; the inverse of a large curvature."""
        if self.kinks.half.any():
            return self.half_width
        return max(self.half_width, self.narrowest if np.isfinite(self.narrowest) else 0.0)

    def width_of(self, residual: float) -> float:
        """Return the width of an average that covers a residual."""
        return residual

    def variants(self, typical: float) -> tuple[TabulatedLoss, ...]:
        """Return the loss with different stretches, if it becomes flatter at a few typical residuals."""
        if self.flattens > FAR * typical:
            return (self,)
        return tuple(replace(self, stretch=stretch) for stretch in STRETCHES)

    def smoothed(self, width: float) -> TabulatedLoss:
        """Return the loss averaged over a width."""
        return replace(self, half_width=max(width, self.half_width))

    def take(self, which: Array) -> TabulatedLoss:
        """Return the loss of some of the runs."""
        return replace(
            self,
            size=self.size[which],
            nodes=self.nodes[which],
            polynomials=self.polynomials[which],
            kinks=self.kinks.take(which),
        )

    def from_kink(self, r: Array) -> Array:
        """Return the distance of each residual from its nearest convex kink, with sign; infinity without one."""
        return self.kinks.distance(r)

    def branches(self, r: Array, which: Array) -> tuple[Array, Array]:
        """Return the slopes below and above the kinks of some runs, whose residuals are at their kinks."""
        return self.kinks.branches(r, which, self.slope)

    def value(self, r: Array) -> Array:
        """Return the loss of each residual, shape (..., n_runs)."""
        return self.derivatives(r)[0]

    def slope(self, r: Array) -> Array:
        """Return the first derivative at each residual."""
        return self.derivatives(r)[1]

    def curvature(self, r: Array) -> Array:
        """Return the second derivative at each residual."""
        return self.derivatives(r)[2]

    def derivatives(self, r: Array) -> tuple[Array, Array, Array]:
        """Return value, first and second derivative at each residual."""
        stretched = max(1.0, self.stretch * self.half_width / self.flattens)
        half_width, scaled = self.half_width / stretched, r / stretched
        last = self.nodes[:, -1]
        r = np.clip(np.where(np.isnan(scaled), last, scaled), self.nodes[:, 0], last)
        beyond = scaled - r
        value, slope, curvature = self._inside(r, half_width)
        if beyond.any():
            # Beyond the table, the loss goes on in a straight line that does not descend.
            slope = np.where(beyond * slope < 0, 0.0, slope)
            value, curvature = value + beyond * slope, np.where(beyond == 0, curvature, 0.0)
        return stretched * value, slope, curvature / stretched

    def _inside(self, r: Array, half_width: float) -> tuple[Array, Array, Array]:
        """Return value, first and second derivative at residuals within the table."""
        value, slope, curvature = self.kinks.derivatives(r, half_width)
        if half_width > self.narrowest:
            both = 2 * half_width
            low, high = self._rest(r - half_width), self._rest(r + half_width)
            rest = tuple((upper - lower) / both for lower, upper in zip(low[:3], high[:3], strict=True))
        else:
            rest = self._rest(r)[1:]
        return value + rest[0], slope + rest[1], curvature + rest[2]

    def _rest(self, r: Array) -> tuple[Array, Array, Array, Array]:
        """Return integral, value, slope and curvature of the loss without kinks."""
        first, last = self.nodes[:, 0], self.nodes[:, -1]
        inside = np.clip(r, first, last)
        cells = self.polynomials.shape[1]
        cell = np.clip(self.scale.cell(inside / self.size), 0, cells - 1)
        flat = cell + np.arange(len(self.size)) * cells
        integral, value, slope, square, cube = np.moveaxis(self.polynomials.reshape(-1, 5)[flat], -1, 0)
        x = inside - np.take(self.nodes[:, :-1].reshape(-1), flat)
        integral = integral + x * (value + x * (slope / 2 + x * (square / 3 + x * (cube / 4))))
        value = value + x * (slope + x * (square + x * cube))
        slope = slope + x * (2 * square + x * (3 * cube))
        curvature = 2 * square + 6 * cube * x
        beyond = r - inside
        if not beyond.any():
            return integral, value, slope, curvature
        integral = integral + beyond * (value + beyond * slope / 2)
        return integral, value + beyond * slope, slope, np.where(beyond == 0, curvature, 0.0)


def _flattens(nodes: Array, values: Array, zero: int, typical: float) -> float:
    """Return the residual, the median over runs, beyond which the slope is less than half of what it was before."""
    slope = np.abs(np.diff(values) / np.diff(nodes))
    found = []
    above = slope[:, zero:], nodes[:, zero:-1]
    below = slope[:, :zero][:, ::-1], -nodes[:, 1 : zero + 1][:, ::-1]
    for sides, ends in (above, below):
        flat = (sides < FLATTER * np.maximum.accumulate(sides, axis=1)) & (ends > LEAST_FLATTENS * typical)
        first = flat.argmax(axis=1)
        found.append(np.where(flat.any(axis=1), ends[np.arange(len(ends)), first], np.inf))
    return float(np.median(np.minimum(*found)))


def _slopes(nodes: Array, values: Array) -> Array:
    """Return the slope at each node of the parabola through it and its neighbours."""
    width = np.diff(nodes)
    slope = np.diff(values) / width
    inner = (slope[:, :-1] * width[:, 1:] + slope[:, 1:] * width[:, :-1]) / (width[:, :-1] + width[:, 1:])
    first = slope[:, :1] + (slope[:, :1] - inner[:, :1])
    last = slope[:, -1:] + (slope[:, -1:] - inner[:, -1:])
    return np.concatenate([first, inner, last], axis=1)


def _hermite(nodes: Array, values: Array, slope: Array, zero: int) -> Array:
    """Return the cubic polynomials between nodes, with their integrals from node ``zero``."""
    width = np.diff(nodes)
    secant = np.diff(values) / width
    square = (3 * secant - 2 * slope[:, :-1] - slope[:, 1:]) / width
    cube = (slope[:, :-1] + slope[:, 1:] - 2 * secant) / width**2
    over = width * (values[:, :-1] + width * (slope[:, :-1] / 2 + width * (square / 3 + width * cube / 4)))
    integral = np.empty_like(over)
    # Outwards from zero, so that no small integral is the difference of large ones.
    integral[:, zero] = 0.0
    integral[:, zero + 1 :] = np.cumsum(over[:, zero:-1], axis=1)
    integral[:, :zero] = -np.cumsum(over[:, :zero][:, ::-1], axis=1)[:, ::-1]
    return np.stack([integral, values[:, :-1], slope[:, :-1], square, cube], axis=-1)
