"""Axes: ranges, tick values and labels such as 10²¹, 70B or 1.4T."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.runs import read_only
from chinchilla_nb.quantity import RAISED_CHARACTERS, compact, plain, scientific

__all__ = [
    "LITTLE",
    "SCALES",
    "Axis",
    "Scale",
    "axes_in_words",
    "axis_of",
    "data_title",
    "label_width",
    "linear_axis",
    "linearised",
    "log_axis",
    "ratio_title",
    "round_apart",
    "rounded_outward",
    "within_reach",
    "zoomed",
]

Scale = Literal["log", "linear", "excess"]
SCALES: tuple[Scale, ...] = get_args(Scale)
"""Scales of charts: logarithmic, linear, or logarithmic with losses as L - E, where the frontier of a law is a line."""

MAX_TICKS = 7
"""Most labelled ticks of an axis."""
MANY_TICKS = 3
"""Labelled ticks from which a logarithmic axis needs none at even steps."""
LEAST_DECADES = 0.5
"""Shortest logarithmic axis of C, N or D."""
LEAST_LOSS_DECADES = 0.02
"""Shortest logarithmic axis of losses, which differ by little."""
PADDING = 0.05
"""Space at each end of an axis, as a share of the range of the values."""
CHARACTER, RAISED = 7.0, 4.5
"""Widths of a character and of a superscript, in pixels: those of a wide font."""
NARROW = 170
"""Pixels of an axis: its true width is unknown here, and charts on usual pages are no narrower."""
# The gap between two labels and the overhang allowed at the high end, as fractions of the axis.
GAP, OVERHANG = 8 / NARROW, 16 / NARROW
UPRIGHT_GAP = 22 / 218
"""Distance between two labels of an upright axis, as a fraction of its length in the lowest chart."""

Text = Callable[[float, int], str]
"""Formats a number, rounded to a number of digits."""

Ticks = tuple[NDArray[np.float64], tuple[str, ...]]
"""Tick values and their labels."""


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """An axis: its quantity, range, ticks and labels.

    Attributes
    ----------
    name : str
        Symbol of the quantity: ``"C"``, ``"N"``, ``"D"`` or ``"loss"``.
    title : str
        Name of the quantity, with its unit.
    low, high : float
        Ends of the axis.
    log : bool
        Whether the scale is logarithmic.
    ticks, minor_ticks : ndarray
        Values with a labelled tick, and values with a small tick without a label.
    tick_labels : tuple of str
    upright : bool
        Whether the axis is always vertical, where labels are stacked and can be closer together.
    """

    name: str
    title: str
    low: float
    high: float
    log: bool
    ticks: NDArray[np.float64]
    tick_labels: tuple[str, ...]
    minor_ticks: NDArray[np.float64]
    upright: bool = False

    def text(self, value: float) -> str:
        """Return a value with three digits, written as on this axis."""
        return _TEXTS.get(self.name, plain)(value, 3)

    def fraction(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the positions of values along the axis, from 0 at its low end to 1 at its high end."""
        values = np.asarray(values, dtype=float)
        if self.log:
            return np.asarray(np.log(values / self.low) / np.log(self.high / self.low))
        return np.asarray((values - self.low) / (self.high - self.low))

    def values(self, fractions: ArrayLike) -> NDArray[np.float64]:
        """Return the values at positions along the axis: the inverse of `fraction`."""
        fractions = np.asarray(fractions, dtype=float)
        if self.log:
            return np.asarray(self.low * (self.high / self.low) ** fractions)
        return np.asarray(self.low + fractions * (self.high - self.low))


_TEXTS: dict[str, Text] = {"C": scientific, "N": compact, "D": compact, "loss": plain}


def data_title(data_unit: str = "tokens") -> str:
    """Return the title of D, which may count tokens, bytes or samples."""
    return f"Training {data_unit} D"


def ratio_title(data_unit: str = "tokens") -> str:
    """Return the title of D / N."""
    return f"{data_unit.capitalize()} per parameter"


LARGEST = 1e250
"""Largest value on a logarithmic axis, and the inverse of the least: its ends, padded, remain numbers."""
_TITLES = {"C": "Compute C (FLOPs)", "N": "Parameters N", "D": data_title(), "loss": "Loss L"}


LITTLE = 0.1
"""Share of its length by which excluded runs may stretch an axis of losses: runs that crashed have losses far above
others, which would be squeezed into a corner."""


def within_reach(values: ArrayLike, others: ArrayLike, *, log: bool, share: float = 1.0) -> NDArray[np.bool_]:
    """Return which of the others may stretch an axis of the values: those no further off than a share of its length.

    If there are no values, all of them may.
    """
    known, asked = np.asarray(values, dtype=float).ravel(), np.asarray(others, dtype=float).ravel()
    if not known.size:
        return np.ones(asked.shape, dtype=bool)
    ends = np.array([known.min(), known.max()])
    if log:
        ends, asked = np.log10(ends), np.log10(asked)
    low, high = ends
    with np.errstate(over="ignore"):  # an axis may end beyond the largest float
        reach = share * max(high - low, LEAST_DECADES if log else 0.0)
        return np.asarray((asked >= low - reach) & (asked <= high + reach))


def rounded_outward(values: ArrayLike, others: ArrayLike) -> NDArray[np.float64]:
    """Round positive numbers outside the range of the values outward, in steps of a tenth of that range in logarithms.

    An axis of both then stays the same while the others vary a little, as predictions do from fit to fit.
    """
    known, asked = np.log10(np.asarray(values, dtype=float)), np.log10(np.asarray(others, dtype=float))
    low, high = known.min(), known.max()
    step = _nice_step(max(high - low, LEAST_DECADES) / 10)
    outward = np.where(asked > high, np.ceil(asked / step), np.floor(asked / step)) * step
    return np.asarray(10 ** np.where((asked < low) | (asked > high), outward, asked))


def axis_of(name: str, values: ArrayLike, title: str | None = None, *, log: bool, upright: bool = False) -> Axis:
    """Return an axis around positive values, either logarithmic or linear; its low end is positive.

    Raises
    ------
    InputError
        As for `log_axis`.
    """
    axis = log_axis(name, values, title, upright=upright)
    if log:
        return axis
    least, largest = np.min(values), np.max(values)
    pad = PADDING * (largest - least) or 0.05 * largest
    return _between(replace(axis, log=False), max(least - pad, least / 2), largest + pad)


def log_axis(name: str, values: ArrayLike, title: str | None = None, *, upright: bool = False) -> Axis:
    """Return a logarithmic axis around positive values, padded by five per cent and not shorter than a reader can use.

    Raises
    ------
    InputError
        If there is no value, or one is not positive and finite, or so small or large that the axis would leave float64.
    """
    values = np.asarray(values, dtype=float).ravel()
    if not values.size or not (np.isfinite(values) & (values > 0)).all():
        raise InputError(f"an axis for {name}", "needs positive, finite values", got=str(values[:3]))
    if values.min() < 1 / LARGEST or values.max() > LARGEST:
        rule = f"needs values between {1 / LARGEST:g} and {LARGEST:g}"
        raise InputError(f"an axis for {name}", rule, got=f"{values.min():g} to {values.max():g}")
    low, high = np.log10(values.min()), np.log10(values.max())
    least = LEAST_LOSS_DECADES if name == "loss" else LEAST_DECADES
    pad = max(PADDING * (high - low), (least - (high - low)) / 2)
    none = read_only(np.empty(0))
    axis = Axis(name, title or _TITLES.get(name, name), 0.0, 1.0, True, none, (), none, upright)
    return _between(axis, float(10 ** (low - pad)), float(10 ** (high + pad)))


def _between(axis: Axis, low: float, high: float) -> Axis:
    """Return an axis with these ends, and ticks for them."""
    text = _TEXTS.get(axis.name, plain)
    if axis.log:
        ticks, labels = _log_ticks(low, high, text, axis.upright)
        minor = _minor_log_ticks(low, high)
    else:
        ticks, labels = _linear_ticks(low, high, lambda values: (values - low) / (high - low), text, axis.upright)
        minor = np.empty(0)
    return replace(axis, low=low, high=high, ticks=read_only(ticks), tick_labels=labels, minor_ticks=read_only(minor))


def axes_in_words(x: Axis, y: Axis) -> tuple[str, str]:
    """Return a sentence about each axis of a chart, for readers who cannot see it."""
    across, up = (
        f"{axis.title}, from {axis.text(axis.low)} to {axis.text(axis.high)}{' on a logarithmic scale' * axis.log}"
        for axis in (x, y)
    )
    return f"Across: {across}.", f"Up: {up}."


def linearised(axis: Axis) -> Axis:
    """Return an axis as a linear one with the same ends."""
    return _between(replace(axis, log=False), axis.low, axis.high) if axis.log else axis


def zoomed(axis: Axis, low: float, high: float) -> Axis:
    """Return an axis with another range, and ticks for it.

    Raises
    ------
    InputError
        If the ends are not finite and ascending, or those of a logarithmic axis not positive.
    """
    if not (-np.inf < low < high < np.inf and (low > 0 or not axis.log)):
        rule = "can be zoomed to finite ends low < high, a logarithmic one to positive ends"
        raise InputError("an axis", rule, got=f"({low}, {high})")
    return _between(axis, low, high)


def linear_axis(name: str, values: ArrayLike, title: str | None = None, *, upright: bool = False) -> Axis:
    """Return a linear axis around finite values, padded by five per cent.

    Labels of an upright axis are stacked and can be closer together.
    """
    values = np.asarray(values, dtype=float).ravel()
    low, high = float(values.min()), float(values.max())
    # For identical values the axis is wide enough for ticks that differ in floating point.
    pad = max(PADDING * (high - low), 0.01 * max(abs(low), abs(high)) if high - low < 1e-6 * abs(high) else 0.0)
    low, high = (low - pad, high + pad) if pad else (low - 0.5, high + 0.5)
    none = read_only(np.empty(0))
    return _between(Axis(name, title or _TITLES.get(name, name), 0.0, 1.0, False, none, (), none, upright), low, high)


def round_apart(targets: ArrayLike) -> NDArray[np.float64]:
    """Return numbers rounded to the coarsest steps of 1, 2 or 5 that keep neighbours apart; ascending and distinct."""
    targets = np.unique(np.asarray(targets, dtype=float))
    gaps = np.diff(targets)
    if not gaps.size:
        return targets
    nearest = np.minimum(np.append(np.inf, gaps), np.append(gaps, np.inf))
    # Targets that differ only by rounding count as one.
    apart = nearest > 1e-9 * np.abs(targets)
    return np.unique([_on_step(t, _nice_step(gap)) for t, gap in zip(targets[apart], nearest[apart], strict=True)])


def _log_ticks(low: float, high: float, text: Text, upright: bool) -> Ticks:
    """Return ticks at powers of ten, thinned if dense; within three decades also at 1, 2, 5 or at even steps."""

    def position(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.log(values / low) / np.log(high / low))

    exponents = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for least, values in _log_candidates(exponents):
        if least < MANY_TICKS and len((even := _linear_ticks(low, high, position, text, upright))[0]) >= MANY_TICKS:
            return even
        inside = values[(values >= low * (1 - 1e-12)) & (values <= high * (1 + 1e-12))]
        found = _labelled(inside, position, text, upright)
        if len(found[0]) >= least and _fits(position(found[0]), found[1], upright):
            return found
    return _linear_ticks(low, high, position, text, upright)


def _log_candidates(exponents: NDArray[np.float64]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield sets of tick values to try, best first, each with the number of values that must lie inside."""
    # From text, because 10.0**23 is off by one unit in the last place, which a label would show.
    for stride in (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100):
        yield MANY_TICKS, np.array([float(f"1e{int(e)}") for e in exponents if e % stride == 0])
    for mantissas in ((1, 2, 5), (1, 3), (1, 2, 3, 5)):
        yield MANY_TICKS, np.array([float(f"{m}e{int(e)}") for e in exponents for m in mantissas])
    for stride in (1, 2, 3, 4):
        yield 2, np.array([float(f"1e{int(e)}") for e in exponents if e % stride == 0])
    yield 2, np.array([float(f"{m}e{int(e)}") for e in exponents for m in (2, 5)])


def _linear_ticks(
    low: float,
    high: float,
    position: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    text: Text,
    upright: bool = False,
) -> Ticks:
    """Return ticks at multiples of the finest step of 1, 2 or 5 whose labels fit, or else two ticks far apart."""
    finest = step = _nice_step((high - low) / 20)
    while True:
        values, labels = _labelled(_multiples(step, low, high), position, text, upright)
        if len(values) < 2:
            break
        if _fits(position(values), labels, upright):
            return values, labels
        step = _nice_step(2.5 * step)
    values, labels = _labelled(_multiples(finest, low, high), position, text, upright)
    return values[[0, -1]], (labels[0], labels[-1])


def _multiples(step: float, low: float, high: float) -> NDArray[np.float64]:
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return np.array([_on_step(k * step, step) for k in np.arange(first, last + 1)])


def _labelled(
    values: NDArray[np.float64],
    position: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    text: Text,
    upright: bool,
) -> Ticks:
    """Return values with labels, without those whose label would overhang the high end too far."""
    labels = [text(value, 12) for value in values]
    if upright:
        return values, tuple(labels)
    ends = position(values) + _widths(labels) / 2
    inside = ends <= 1 + OVERHANG
    return values[inside], tuple(label for label, keep in zip(labels, inside, strict=True) if keep)


def _fits(positions: NDArray[np.float64], labels: tuple[str, ...], upright: bool) -> bool:
    if upright:
        return len(labels) <= MAX_TICKS and bool((np.diff(positions) >= UPRIGHT_GAP).all())
    widths = _widths(labels)
    clear = np.diff(positions) - (widths[1:] + widths[:-1]) / 2
    return len(labels) <= MAX_TICKS and bool((clear >= GAP).all())


def label_width(label: str) -> float:
    """Return about how many pixels wide the label of a tick is."""
    return sum(RAISED if character in RAISED_CHARACTERS else CHARACTER for character in label)


def _widths(labels: Sequence[str]) -> NDArray[np.float64]:
    """Return the widths of labels as fractions of the axis."""
    return np.array([label_width(label) for label in labels]) / NARROW


def _minor_log_ticks(low: float, high: float) -> NDArray[np.float64]:
    exponents = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    mantissas = np.arange(1, 10) if len(exponents) <= 9 else np.ones(1)
    values = (10.0 ** exponents[:, None] * mantissas).ravel()
    return np.asarray(values[(values > low) & (values < high)])


def _nice_step(size: float) -> float:
    """Return the largest step of 1, 2 or 5 times a power of ten that is at most ``size``."""
    exponent = np.floor(np.log10(size))
    steps = [float(f"{m}e{int(exponent)}") for m in (1, 2, 5)]
    return max((step for step in steps if step <= size * (1 + 1e-9)), default=steps[0])


def _on_step(value: float, step: float) -> float:
    return float(f"{round(value / step) * step:.12g}")
