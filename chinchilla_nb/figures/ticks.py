"""Axes a person reads: ranges, tick values and labels such as 10²¹, 70B or 1.4T."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.quantity import RAISED_CHARACTERS, compact, plain, scientific

__all__ = [
    "Axis",
    "data_title",
    "linear_axis",
    "log_axis",
    "ratio_title",
    "round_apart",
    "steadied",
    "within_reach",
    "zoomed",
]

MAX_TICKS = 7
LEAST_DECADES = 0.5
PADDING = 0.05
# Width of a character, of a raised one, of the gap between two labels and of what may stick out at the high end, as
# fractions of an axis of 170 pixels: charts get no narrower on a usual page, and nobody tells how wide they are.
CHARACTER, RAISED, GAP, OVERHANG = 7 / 170, 4.5 / 170, 8 / 170, 16 / 170
UPRIGHT_GAP = 24 / 170
"""Between two labels one above the other, as a fraction of an upright axis."""

Text = Callable[[float, int], str]
"""Writes a number, rounded to so many digits."""

Ticks = tuple[NDArray[np.float64], tuple[str, ...]]
"""Values and their labels."""


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """An axis: what it shows, from where to where, and what to write beside it.

    Attributes
    ----------
    name : str
        Symbol of the quantity: ``"C"``, ``"N"``, ``"D"`` or ``"loss"``.
    title : str
        Quantity with its unit.
    low, high : float
        Ends of the axis.
    log : bool
        Whether the scale is logarithmic.
    ticks, minor_ticks : ndarray
        Values that get a labelled tick, and values that get a small one without.
    tick_labels : tuple of str
    """

    name: str
    title: str
    low: float
    high: float
    log: bool
    ticks: NDArray[np.float64]
    tick_labels: tuple[str, ...]
    minor_ticks: NDArray[np.float64]

    def fraction(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return where values lie along the axis, 0 at its low end and 1 at its high end."""
        values = np.asarray(values, dtype=float)
        if self.log:
            return np.asarray(np.log(values / self.low) / np.log(self.high / self.low))
        return np.asarray((values - self.low) / (self.high - self.low))


_TEXTS: dict[str, Text] = {"C": scientific, "N": compact, "D": compact, "loss": plain}


def data_title(data_unit: str = "tokens") -> str:
    """Return what D is called where it counts tokens, bytes or samples."""
    return f"Training {data_unit} D"


def ratio_title(data_unit: str = "tokens") -> str:
    """Return what D / N is called."""
    return f"{data_unit.capitalize()} per parameter"


_TITLES = {"C": "Compute C (FLOPs)", "N": "Parameters N", "D": data_title(), "loss": "Loss L"}


def within_reach(values: ArrayLike, others: ArrayLike, *, log: bool) -> NDArray[np.bool_]:
    """Return which of the others an axis of the values may be stretched for: those within its length from it.

    Where there are no values, all of them.
    """
    known, asked = np.asarray(values, dtype=float).ravel(), np.asarray(others, dtype=float).ravel()
    if not known.size:
        return np.ones(asked.shape, dtype=bool)
    if log:
        known, asked = np.log10(known), np.log10(asked)
    low, high = known.min(), known.max()
    reach = max(high - low, LEAST_DECADES if log else 0.0)
    return np.asarray((asked >= low - reach) & (asked <= high + reach))


def steadied(values: ArrayLike, others: ArrayLike) -> NDArray[np.float64]:
    """Push positive numbers beyond the values outward, to steps of a tenth of the values' length on a logarithmic axis.

    An axis of both then stands still while the others wander a little, as what a law predicts does from fit to fit.
    """
    known, asked = np.log10(np.asarray(values, dtype=float)), np.log10(np.asarray(others, dtype=float))
    low, high = known.min(), known.max()
    step = _nice_step(max(high - low, LEAST_DECADES) / 10)
    outward = np.where(asked > high, np.ceil(asked / step), np.floor(asked / step)) * step
    return np.asarray(10 ** np.where((asked < low) | (asked > high), outward, asked))


def log_axis(name: str, values: ArrayLike, title: str | None = None) -> Axis:
    """Return a logarithmic axis around positive values, five per cent wider than they are and half a decade at least.

    Raises
    ------
    ValueError
        If there is no value, or one is not positive and finite.
    """
    values = np.asarray(values, dtype=float).ravel()
    if not values.size or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"an axis for {name} needs positive, finite values, got {values[:3]}")
    low, high = np.log10(values.min()), np.log10(values.max())
    pad = max(PADDING * (high - low), (LEAST_DECADES - (high - low)) / 2)
    low, high = float(10 ** (low - pad)), float(10 ** (high + pad))
    text = _TEXTS.get(name, plain)
    ticks, labels = _log_ticks(low, high, text)
    minor = read_only(_minor_log_ticks(low, high))
    return Axis(name, title or _TITLES.get(name, name), low, high, True, read_only(ticks), labels, minor)


def zoomed(axis: Axis, low: float, high: float) -> Axis:
    """Return a logarithmic axis that shows another range, with ticks of its own.

    Raises
    ------
    ValueError
        If the axis is linear, or the ends are not positive and ascending.
    """
    if not axis.log or not 0 < low < high < np.inf:
        raise ValueError(f"only a logarithmic axis can be zoomed, to 0 < low < high, got ({low}, {high})")
    ticks, labels = _log_ticks(low, high, _TEXTS.get(axis.name, plain))
    minor = read_only(_minor_log_ticks(low, high))
    return Axis(axis.name, axis.title, low, high, True, read_only(ticks), labels, minor)


def linear_axis(name: str, values: ArrayLike, title: str | None = None, *, upright: bool = False) -> Axis:
    """Return a linear axis around finite values, five per cent wider than they are.

    The labels of an upright one stand one above the other, and crowd less.
    """
    values = np.asarray(values, dtype=float).ravel()
    low, high = float(values.min()), float(values.max())
    # Identical values get an axis wide enough for ticks that floating point can tell apart.
    pad = max(PADDING * (high - low), 0.01 * max(abs(low), abs(high)) if high - low < 1e-6 * abs(high) else 0.0)
    low, high = (low - pad, high + pad) if pad else (low - 0.5, high + 0.5)
    if upright:
        ticks = _multiples(_nice_step(2.5 * UPRIGHT_GAP * (high - low)), low, high)
        labels = tuple(plain(value, 12) for value in ticks)
    else:
        ticks, labels = _linear_ticks(low, high, lambda values: (values - low) / (high - low), plain)
    return Axis(
        name, title or _TITLES.get(name, name), low, high, False, read_only(ticks), labels, read_only(np.empty(0))
    )


def round_apart(targets: ArrayLike) -> NDArray[np.float64]:
    """Round numbers to steps of 1, 2 or 5 as coarse as keeps neighbours apart; return them ascending, no two alike."""
    targets = np.unique(np.asarray(targets, dtype=float))
    gaps = np.diff(targets)
    if not gaps.size:
        return targets
    nearest = np.minimum(np.append(np.inf, gaps), np.append(gaps, np.inf))
    # Targets that differ by rounding alone are one target.
    apart = nearest > 1e-9 * np.abs(targets)
    return np.unique([_on_step(t, _nice_step(gap)) for t, gap in zip(targets[apart], nearest[apart], strict=True)])


def _log_ticks(low: float, high: float, text: Text) -> Ticks:
    """Ticks at powers of ten, thinned where they crowd; at 1, 2, 5 or even steps within three decades."""

    def position(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.log(values / low) / np.log(high / low))

    exponents = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for least, values in _log_candidates(exponents):
        found = _labelled(values[(values >= low * (1 - 1e-12)) & (values <= high * (1 + 1e-12))], position, text)
        if len(found[0]) >= least and _fits(position(found[0]), found[1]):
            return found
    return _linear_ticks(low, high, position, text)


def _log_candidates(exponents: NDArray[np.float64]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Values to try, the best first, each with how many of them must be inside."""
    # Python's own float("1e23"): numpy's 10.0**23 is one unit in the last place off, and a label would show it.
    for stride in (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100):
        yield 3, np.array([float(f"1e{int(e)}") for e in exponents if e % stride == 0])
    for mantissas in ((1, 2, 5), (1, 3)):
        yield 3, np.array([float(f"{m}e{int(e)}") for e in exponents for m in mantissas])
    for stride in (1, 2, 3, 4):
        yield 2, np.array([float(f"1e{int(e)}") for e in exponents if e % stride == 0])
    yield 2, np.array([float(f"{m}e{int(e)}") for e in exponents for m in (2, 5)])


def _linear_ticks(
    low: float, high: float, position: Callable[[NDArray[np.float64]], NDArray[np.float64]], text: Text
) -> Ticks:
    """Ticks at multiples of the finest step of 1, 2 or 5 whose labels do not crowd; else two, far apart."""
    finest = step = _nice_step((high - low) / 20)
    while True:
        values, labels = _labelled(_multiples(step, low, high), position, text)
        if len(values) < 2:
            break
        if _fits(position(values), labels):
            return values, labels
        step = _nice_step(2.5 * step)
    values, labels = _labelled(_multiples(finest, low, high), position, text)
    return values[[0, -1]], (labels[0], labels[-1])


def _multiples(step: float, low: float, high: float) -> NDArray[np.float64]:
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return np.array([_on_step(k * step, step) for k in np.arange(first, last + 1)])


def _labelled(
    values: NDArray[np.float64], position: Callable[[NDArray[np.float64]], NDArray[np.float64]], text: Text
) -> Ticks:
    """Label values, without those whose label would stick out at the high end."""
    labels = [text(value, 12) for value in values]
    ends = position(values) + _widths(labels) / 2
    inside = ends <= 1 + OVERHANG
    return values[inside], tuple(label for label, keep in zip(labels, inside, strict=True) if keep)


def _fits(positions: NDArray[np.float64], labels: tuple[str, ...]) -> bool:
    widths = _widths(labels)
    clear = np.diff(positions) - (widths[1:] + widths[:-1]) / 2
    return len(labels) <= MAX_TICKS and bool((clear >= GAP).all())


def _widths(labels: Sequence[str]) -> NDArray[np.float64]:
    raised = [sum(character in RAISED_CHARACTERS for character in label) for label in labels]
    return np.array(
        [CHARACTER * len(label) - (CHARACTER - RAISED) * n for label, n in zip(labels, raised, strict=True)]
    )


def _minor_log_ticks(low: float, high: float) -> NDArray[np.float64]:
    exponents = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    mantissas = np.arange(1, 10) if len(exponents) <= 9 else np.ones(1)
    values = (10.0 ** exponents[:, None] * mantissas).ravel()
    return np.asarray(values[(values > low) & (values < high)])


def _nice_step(size: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above size."""
    exponent = np.floor(np.log10(size))
    steps = [float(f"{m}e{int(exponent)}") for m in (1, 2, 5)]
    return max((step for step in steps if step <= size * (1 + 1e-9)), default=steps[0])


def _on_step(value: float, step: float) -> float:
    return float(f"{round(value / step) * step:.12g}")
