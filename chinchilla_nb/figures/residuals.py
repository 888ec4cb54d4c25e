"""Figures of how well a law describes its runs: predicted against true loss, residuals, and loss against compute."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.conversion import as_real_array
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.allocation import optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.figures.colours import LossScale, loss_scale
from chinchilla_nb.figures.intervals import FrontierIntervals
from chinchilla_nb.figures.polyline import NOTHING, Polyline, polyline
from chinchilla_nb.figures.run_outline import RunOutline, run_outline
from chinchilla_nb.figures.thinning import note, thin
from chinchilla_nb.figures.ticks import (
    LITTLE,
    Axis,
    Scale,
    axis_of,
    data_title,
    linear_axis,
    log_axis,
    rounded_outward,
    within_reach,
)
from chinchilla_nb.quantity import plain

__all__ = [
    "Histogram",
    "LossFigure",
    "PredictionFigure",
    "ResidualsFigure",
    "Scatter",
    "loss_figure",
    "prediction_figure",
    "residuals_figure",
]

RESIDUAL = "True − predicted loss"
LARGEST = 1e100
"""Losses beyond this are refused, as by a fit: squares of them leave the range of float64."""
NARROWEST = 1e-9
"""Least half-width of an axis of residuals, in units of the loss; smaller residuals are rounding."""
# How far the frontier extends beyond zoomed axes, as a share of their length.
_MARGIN = 0.4
OUTLYING = 4
"""Residuals further outside the quartiles than this multiple of their distance are left out of the histogram."""


@dataclass(frozen=True, eq=False, slots=True)
class Scatter:
    """A scatter chart: dots on two axes.

    Attributes
    ----------
    x, y : Axis
    dots, excluded : Polyline
        One dot per drawn run, and per excluded run.
    """

    x: Axis
    y: Axis
    dots: Polyline
    excluded: Polyline = NOTHING


@dataclass(frozen=True, eq=False, slots=True)
class Histogram:
    """The distribution of errors.

    Attributes
    ----------
    x, y : Axis
        Residual and number of runs.
    edges : ndarray, shape (n_bins + 1,)
    counts : ndarray of float, shape (n_bins,)
    outside : int
        Number of runs with an error outside the bins.
    mean, deviation : float
        Mean and standard deviation of the residuals of all runs, in units of the loss.
    """

    x: Axis
    y: Axis
    edges: NDArray[np.float64]
    counts: NDArray[np.float64]
    outside: int
    mean: float
    deviation: float


@dataclass(frozen=True, eq=False, slots=True)
class PredictionFigure:
    """Predicted against true loss, and the distribution of the errors.

    Attributes
    ----------
    scatter : Scatter
        True loss on the x axis and predicted loss on the y axis, with the same range.
    identity : Polyline
        The line of perfect predictions.
    errors : Histogram
    by_compute : Scatter or None
        Residuals against C, if C was given.
    shown : ndarray of int
        Indices of the drawn runs.
    note : str
    """

    scatter: Scatter
    identity: Polyline
    errors: Histogram
    by_compute: Scatter | None
    shown: NDArray[np.intp]
    note: str


@dataclass(frozen=True, eq=False, slots=True)
class ResidualsFigure:
    """Residuals against N, D and C, in this order, with a common axis of residuals.

    Attributes
    ----------
    panels : tuple of Scatter
    shown, shown_excluded : ndarray of int
        Indices of the drawn runs, among the included and among the excluded runs.
    colour : ndarray
        Position of each dot on the loss scale, in [0, 1].
    loss : LossScale
    note : str
    """

    panels: tuple[Scatter, Scatter, Scatter]
    shown: NDArray[np.intp]
    shown_excluded: NDArray[np.intp]
    colour: NDArray[np.float64]
    loss: LossScale
    note: str


@dataclass(frozen=True, eq=False, slots=True)
class LossFigure:
    """Loss against compute.

    Attributes
    ----------
    scatter : Scatter
    envelope : Polyline
        Step function of the lowest loss of any run up to each compute.
    frontier : Polyline
        Predicted loss of the compute-optimal allocation.
    shown, shown_excluded : ndarray of int
        Indices of the drawn runs, among the included and among the excluded runs.
    colour : ndarray
    loss : LossScale
    law : Law or None
    compute : Compute
        How C follows from N and D.
    intervals : FrontierIntervals or None
        How sure the frontier is.
    note : str
    E : float
        The irreducible loss of the law if the axis is L - E, else zero; subtracted from everything drawn.
    next_point, off_frontier : Polyline
        One point or none: the next run, and a run of the same budget off the frontier.
    budget : Polyline
        The line of the chosen budget.
    region : Polyline
        The 95 % interval of the loss of the next run, by its ends; or empty.
    """

    scatter: Scatter
    envelope: Polyline
    frontier: Polyline
    shown: NDArray[np.intp]
    shown_excluded: NDArray[np.intp]
    colour: NDArray[np.float64]
    loss: LossScale
    law: Law | None
    compute: Compute
    intervals: FrontierIntervals | None
    note: str
    E: float = 0.0
    next_point: Polyline = NOTHING
    off_frontier: Polyline = NOTHING
    budget: Polyline = NOTHING
    region: Polyline = NOTHING

    @property
    def band(self) -> Polyline:
        """Outline of the 95 % band around the frontier."""
        return self.band_in_view(self.scatter.x, self.scatter.y)

    def in_view(self, x: Axis, y: Axis) -> LossFigure:
        """Return this figure on other axes."""
        return replace(self, scatter=replace(self.scatter, x=x, y=y), frontier=self.frontier_in_view(x))

    def frontier_in_view(self, x: Axis) -> Polyline:
        """Return the frontier along another axis of C, extended somewhat beyond it."""
        return _above(_lowest_loss(self.law, *_extended(x), self.compute), self.E)

    def frontier_of(self, law: Law, x: Axis) -> Polyline:
        """Return the lowest loss that another law predicts along an axis of C, extended somewhat beyond it."""
        return _above(_lowest_loss(law, *_extended(x), self.compute), self.E)

    def band_in_view(self, x: Axis, y: Axis) -> Polyline:
        """Return the outline of the band around the frontier on other axes, extended somewhat beyond them."""
        if self.intervals is None:
            return NOTHING
        low, high = _extended(y)
        band = self.intervals.loss_band(_extended(x), (low + self.E, high + self.E))
        return Polyline(band.x, band.y - self.E)


def prediction_figure(
    loss: ArrayLike,
    predictions: ArrayLike,
    C: ArrayLike | None = None,
    *,
    excluded: tuple[ArrayLike, ArrayLike] = ((), ()),
) -> PredictionFigure:
    """Lay out predicted against true loss.

    Parameters
    ----------
    loss : array_like, shape (n_runs,)
        True losses; at least one.
    predictions : array_like, shape (n_runs,)
    C : array_like, shape (n_runs,), optional
        FLOPs of each run, for errors against compute.
    excluded : tuple of array_like
        True and predicted losses of excluded runs, drawn in another style and left out of the errors. They stretch the
        axes at most by a tenth of their length.

    Raises
    ------
    InputError
        If there is no run, there is not one finite prediction (and compute) per run, or a loss is too large.
    """
    loss = as_real_array(loss, "losses")
    loss = _checked("losses", loss, loss.shape)
    predictions = _checked("predictions", predictions, loss.shape)
    for name, values in (("losses", loss), ("predictions", predictions)):
        if np.abs(values).max() > LARGEST:
            raise InputError(name, f"must be at most {LARGEST:g} to be drawn", got=f"{np.abs(values).max():g}")
    residuals = loss - predictions
    by_compute = None
    if C is None:
        shown = thin(loss, residuals)
    else:
        C = _checked("C", C, loss.shape)
        shown = thin(C, loss, residuals)
        by_compute = Scatter(
            log_axis("C", C), _residual_axis(residuals, upright=True), polyline(C[shown], residuals[shown])
        )
    apart = polyline(*excluded)
    both = np.concatenate([loss, predictions])
    # Both axes have the same range: a run must be within reach in both coordinates to stretch it.
    reached = np.logical_and(*(within_reach(both, ends, log=False, share=LITTLE) for ends in (apart.x, apart.y)))
    both = np.concatenate([both, apart.x[reached], apart.y[reached]])
    x, y = linear_axis("loss", both, "True loss"), linear_axis("loss", both, "Predicted loss", upright=True)
    ends = read_only(np.array([x.low, x.high]))
    return PredictionFigure(
        scatter=Scatter(x, y, polyline(loss[shown], predictions[shown]), apart),
        identity=Polyline(ends, ends),
        errors=_histogram(residuals),
        by_compute=by_compute,
        shown=read_only(shown),
        note=note(len(shown), len(loss), (x, apart.x), (y, apart.y)),
    )


def residuals_figure(
    runs: Runs,
    predictions: ArrayLike,
    *,
    excluded: Runs | None = None,
    excluded_predictions: ArrayLike = (),
    data_unit: str = "tokens",
    scale: Scale = "log",
) -> ResidualsFigure:
    """Lay out true minus predicted loss against N, D and C; errors as for `prediction_figure`.

    Excluded runs are drawn in another style and stretch an axis at most by its length. ``data_unit`` is the unit of D.
    Axes of N, D and C are linear if ``scale`` is ``"linear"``.
    """
    residuals = _checked("losses", runs.loss, (len(runs),)) - _checked("predictions", predictions, (len(runs),))
    excluded = excluded or Runs([], [], [])
    off = excluded.loss - np.asarray(excluded_predictions, dtype=float)
    shown = thin(runs.C, runs.N, runs.D, runs.loss, residuals)
    apart = thin(excluded.C, excluded.N, excluded.D, excluded.loss, off)
    y = _residual_axis(np.append(residuals, off[within_reach(residuals, off, log=False)]), upright=True)
    colours, log = loss_scale(runs.loss), scale != "linear"

    def against(name: str, title: str | None = None) -> Scatter:
        values, others = getattr(runs, name), getattr(excluded, name)
        x = axis_of(name, np.append(values, others[within_reach(values, others, log=log)]), title, log=log)
        return Scatter(x, y, polyline(values[shown], residuals[shown]), polyline(others[apart], off[apart]))

    N, D, C = against("N"), against("D", data_title(data_unit)), against("C")
    off_axes = [(y, off), *((panel.x, getattr(excluded, panel.x.name)) for panel in (N, D, C))]
    return ResidualsFigure(
        panels=(N, D, C),
        shown=read_only(shown),
        shown_excluded=read_only(apart),
        colour=read_only(colours.normalise(runs.loss[shown])),
        loss=colours,
        note=note(len(shown), len(runs), *off_axes),
    )


def loss_figure(
    runs: Runs | RunOutline,
    fit: Fit | Law | None = None,
    *,
    C_range: tuple[float, float] | None = None,
    excluded: Runs | RunOutline | None = None,
    intervals: FrontierIntervals | None = None,
    scale: Scale = "log",
) -> LossFigure:
    """Lay out loss against compute, with the envelope of the runs and the efficient frontier of the law.

    Parameters
    ----------
    runs : Runs or RunOutline
        At least one run. Several figures of the same runs share an outline.
    fit : Fit or Law, optional
    C_range : tuple of float, optional
        FLOPs that the axes cover in addition to those of the runs, with the predicted losses there.
    excluded : Runs or RunOutline, optional
        Excluded runs, drawn in another style; they stretch the axis of C at most by its length, and that of the loss at
        most by a tenth of it.
    intervals : FrontierIntervals, optional
        How sure the frontier is, drawn as a band. No axis changes.
    scale : str
        ``"log"``, ``"linear"``, or ``"excess"``: L - E on logarithmic axes, with E of the law. Runs with L <= E have no
        place there; the note counts them. For a law without E, and without a law, E is zero.

    Raises
    ------
    InputError
        If there is no run.
    """
    outline, apart = run_outline(runs), run_outline(excluded or Runs([], [], []))
    runs, excluded = outline.runs, apart.runs
    _check_any(runs.loss)
    law, compute = (fit.law, fit.runs.compute) if isinstance(fit, Fit) else (fit, runs.compute)
    colours, log = outline.loss_scale, scale != "linear"
    E = _irreducible(law) if scale == "excess" else 0.0
    E = E if outline.losses[-1] > E else 0.0
    shown, shown_excluded = (some.drawn[some.runs.loss[some.drawn] > E] for some in (outline, apart))
    # The ends of the runs stand for them: an axis depends on nothing else.
    below = int(np.searchsorted(outline.losses, E, side="right"))
    C, losses = np.array([*outline.ends["C"], *(C_range or ())]), outline.losses[[below, -1]] - E
    off = excluded.loss[excluded.loss > E] - E
    if C_range:
        predicted = _above(_lowest_loss(law, *C_range, compute), E).y
        losses = np.append(losses, rounded_outward(losses, np.append(predicted[:1], predicted[-1:])))
    x = axis_of("C", np.append(C, excluded.C[within_reach(C, excluded.C, log=log)]), log=log)
    title = f"Loss above E = {plain(E, 4)}, L − E" if E else None
    near = within_reach(losses, off, log=log, share=LITTLE)
    y = axis_of("loss", np.append(losses, off[near]), title, log=log, upright=True)
    drawn_note = note(len(shown) + below, len(runs), (x, excluded.C), (y, excluded.loss - E))
    below_note = f"{below:,} run{'' if below == 1 else 's'} with L ≤ E not drawn" if below else ""
    return LossFigure(
        scatter=Scatter(
            x,
            y,
            polyline(runs.C[shown], runs.loss[shown] - E),
            polyline(excluded.C[shown_excluded], excluded.loss[shown_excluded] - E),
        ),
        envelope=_above(outline.envelope, E),
        frontier=_above(_lowest_loss(law, x.low, x.high, compute), E),
        shown=read_only(shown),
        shown_excluded=read_only(shown_excluded),
        colour=read_only(colours.normalise(runs.loss[shown])),
        loss=colours,
        law=law,
        compute=compute,
        intervals=intervals,
        note=" · ".join(filter(None, (drawn_note, below_note))),
        E=E,
    )


def _irreducible(law: Law | None) -> float:
    """Return the irreducible loss of a law; zero if it has none."""
    if law is None:
        return 0.0
    kinds = {parameter.name: parameter.kind for parameter in law.parameters}
    return next((value for name, value in law.as_dict().items() if kinds[name] == "floor"), 0.0)


def _above(line: Polyline, E: float) -> Polyline:
    """Return the part of a line of losses above E, as L - E."""
    keep = line.y > E
    return polyline(line.x[keep], line.y[keep] - E) if E else line


def _extended(axis: Axis) -> tuple[float, float]:
    """Return the ends of a logarithmic axis, somewhat further out."""
    wider = (axis.high / axis.low) ** _MARGIN
    return axis.low / wider, axis.high * wider


def _lowest_loss(law: Law | None, low: float, high: float, compute: Compute) -> Polyline:
    """Return the predicted loss along the efficient frontier between two budgets; empty if the law has none."""
    if law is None:
        return NOTHING
    C = np.geomspace(low, high, 121)
    with np.errstate(all="ignore"):
        of_compute = axes_of(law.parameters) == ("C",)
        loss = law.loss(C) if of_compute else law.loss(*optima(law, C, compute))
    known = np.isfinite(loss) & (loss > 0)
    return polyline(C[known], loss[known])


def _checked(name: str, values: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = as_real_array(values, name)
    _check_any(array)
    if array.shape != shape or array.ndim != 1:
        raise InputError(name, "must be a list of one number per run", got=f"shape {array.shape} for {shape}")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise InputError(name, "must be finite numbers", got=str(array[bad[0]]), place=f"at index {bad[0]}")
    return array


def _check_any(values: NDArray[np.float64]) -> None:
    if not values.size:
        raise InputError("", "there are no runs to draw", remedy="append at least one")


def _histogram(residuals: NDArray[np.float64]) -> Histogram:
    quartiles = np.quantile(residuals, [0.25, 0.75])
    spread = float(quartiles[1] - quartiles[0])
    # A few diverged runs must not squeeze all others into one bar; the figure states how many are left out.
    low = max(float(residuals.min()), quartiles[0] - OUTLYING * spread)
    high = min(float(residuals.max()), quartiles[1] + OUTLYING * spread)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        # The rule of Freedman and Diaconis (1981), limited to what a small chart can show.
        width = 2 * spread / len(residuals) ** (1 / 3)
        edges = np.linspace(low, high, 1 + int(np.clip(np.ceil((high - low) / width), 5, 40)))
    else:
        low, high = float(residuals.min()), float(residuals.max())
        reach = 0.05 * max(abs(low), abs(high), NARROWEST)
        edges = np.linspace(low - reach, high + reach, 12)
    counts = np.histogram(residuals, edges)[0].astype(float)
    y = linear_axis("runs", [0, 1.05 * counts.max()], "Runs", upright=True)
    y = Axis(y.name, y.title, 0.0, y.high, False, *_whole(y), y.minor_ticks)
    return Histogram(
        x=_residual_axis(edges, upright=False),
        y=y,
        edges=read_only(edges),
        counts=read_only(counts),
        outside=len(residuals) - int(counts.sum()),
        mean=float(residuals.mean()),
        deviation=float(residuals.std()),
    )


def _whole(axis: Axis) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the ticks and labels of an axis that are whole numbers, for counts."""
    whole = (axis.ticks >= 0) & (axis.ticks % 1 == 0)
    labels = tuple(label for label, keep in zip(axis.tick_labels, whole, strict=True) if keep)
    return read_only(axis.ticks[whole]), labels


def _residual_axis(residuals: NDArray[np.float64], *, upright: bool) -> Axis:
    """Return an axis of residuals that includes zero and is not so narrow that it shows rounding."""
    return linear_axis("residual", np.append(residuals, [-NARROWEST, NARROWEST]), RESIDUAL, upright=upright)
