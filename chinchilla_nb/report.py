"""A summary of a fit as text and HTML: the law, how well it fits, and what to train next."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from chinchilla_nb.config.compute import convention_in_words
from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.fitting.loss_words import loss_in_words
from chinchilla_nb.engine.laws.allocation import exponents
from chinchilla_nb.engine.planning.extrapolation import outside_the_runs
from chinchilla_nb.engine.planning.scaling import compute_optimal_run, next_budget
from chinchilla_nb.engine.uncertainty.cautions import cautions
from chinchilla_nb.engine.uncertainty.drift import Drift
from chinchilla_nb.engine.uncertainty.interval import IF_HOLDS, WIDENED, Interval
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import LossKind, Uncertainty
from chinchilla_nb.figures import LEVEL, basis_in_words
from chinchilla_nb.html_table import html_table
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.quantity import compact, interval_text, multiple_text, percent, rounded, scientific
from chinchilla_nb.records.forecast import Forecast
from chinchilla_nb.records.forecast_score import ForecastScore

__all__ = ["Report", "facts_table", "show"]

Table = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Report:
    """Titled tables of names and formatted values.

    Attributes
    ----------
    law : str
        The fitted law as a formula.
    summary : tuple of str
        Three sentences: what is known of the next model, how sure that is, and what would settle it. Empty if the
        uncertainty has not been estimated.
    notes : tuple of str
        What limits the intervals, what was found of the noise, and how roll-outs came out.
    tables : tuple of (title, rows)
        Parameters, goodness of fit, next model, and forecasts if there are any.
    warnings : tuple of str
        What the runs cannot support, each with a remedy; also that the next model lies outside them.
    """

    law: str
    summary: tuple[str, ...]
    notes: tuple[str, ...]
    tables: tuple[Table, ...]
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls,
        fit: Fit,
        settings: Settings,
        stale: bool = False,
        uncertainty: Uncertainty | None = None,
        forecasts: Iterable[tuple[Forecast, tuple[ForecastScore, ...]]] = (),
        roll_outs: RollOuts | None = None,
        query: str | None = None,
        budget: float | None = None,
    ) -> Report:
        """Summarise a fit.

        Parameters
        ----------
        fit : Fit
        settings : Settings
            Provides the scaling factor, the seed regime and the model search.
        stale : bool, default False
            Whether the runs or settings have changed since the fit; if so, the report says it.
        uncertainty : Uncertainty, optional
            That of the fit, shown as intervals.
        forecasts : iterable of (Forecast, tuple of ForecastScore)
            Forecasts and how their runs came out, as in `Session.forecast_scores`.
        roll_outs : RollOuts, optional
            Of the runs of the fit, beyond budgets: they add a second interval of the loss, and what they show.
        query : str, optional
            The filter that the fit was made under.
        budget : float, optional
            In FLOPs, of the next model; by default that of the next scaled run.
        """
        C = _next_budget(fit, settings, budget)
        outside = outside_the_runs(fit.law, fit.runs, C)  # says more than the fit's own warning does
        warnings = [str(warning) for warning in fit.warnings if not (outside and warning.code == "extrapolation")]
        warnings += [str(outside)] if outside else []
        if stale:
            warnings.insert(0, "the runs or settings have changed since this fit: fit again")
        tables: tuple[Table, ...] = (
            ("Estimated parameters", _parameters(fit, uncertainty)),
            ("Goodness of fit", _goodness(fit, cautions(fit, C, uncertainty, roll_outs))),
            ("Next model", _next_model(fit, settings, uncertainty, roll_outs, budget)),
        )
        scored = tuple(row for forecast, scores in forecasts for row in _forecast_rows(forecast, scores))
        if scored:
            tables = (*tables, ("Forecasts", scored))
        remedies = [outside.remedy] if outside else []
        # Another compute convention makes nothing surer.
        remedies += [warning.remedy for warning in fit.warnings if warning.code != "compute"]
        summary = _summary(uncertainty, C, remedies, roll_outs) if uncertainty else ()
        filtered = [f"The fit uses only the runs that match the filter {query}."] if query else []
        notes = (*filtered, *(uncertainty.notes if uncertainty else ()), *_outcomes(roll_outs))
        return cls(str(fit.law), summary, notes, tables, tuple(warnings))

    def __str__(self) -> str:
        width = max(len(name) for _, rows in self.tables for name, _ in rows)
        lines = [self.law, *(["", *self.summary] if self.summary else []), *(f"  {note}" for note in self.notes)]
        for title, rows in self.tables:
            lines += ["", title, *(f"  {name:<{width}}  {value}" for name, value in rows)]
        if self.warnings:
            lines += ["", "Warnings", *(f"  {warning}" for warning in self.warnings)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{html.escape(self.law)}</strong></p>"]
        if self.summary:
            parts.append(f"<p>{html.escape(' '.join(self.summary))}</p>{_html_list(self.notes)}")
        for title, rows in self.tables:
            parts.append(f"<h4>{html.escape(title)}</h4>{facts_table(rows)}")
        if self.warnings:
            parts.append(f"<h4>Warnings</h4>{_html_list(self.warnings)}")
        return "".join(parts)


def facts_table(rows: Iterable[tuple[str, str]]) -> str:
    """Return names and values as an HTML table."""
    return html_table(rows, named_rows=True, cell_style="text-align:left;padding:2px 16px 2px 0")


def show(value: Any) -> None:
    """Display a value in a notebook; in a terminal print a report, but no figure, because its image is saved."""
    if _in_notebook():
        from IPython.display import display

        display(value)
    elif isinstance(value, Report):
        print(value)  # noqa: T201  printing is the purpose of report()


def _html_list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(item)}</li>' for item in items)}</ul>"


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def _outcomes(roll_outs: RollOuts | None) -> tuple[str, ...]:
    """Return what roll-outs show, in sentences without a full stop."""
    if roll_outs is None:
        return ()
    return (*roll_outs.notes, str(Drift.of(roll_outs))) if roll_outs.parts else roll_outs.notes


def _summary(uncertainty: Uncertainty, C: float, remedies: list[str], roll_outs: RollOuts | None) -> tuple[str, ...]:
    """Return what is known of the optimum at a budget, how sure that is, and what would settle it, a sentence each."""
    at = uncertainty.allocate(C, LEVEL)
    N, D, loss = (at[name] for name in ("N", "D", "loss"))
    basis = f"{percent(LEVEL)}, {basis_in_words(uncertainty)}"
    if not np.isfinite(N.value):
        return (f"At {scientific(C)} FLOPs the law has no compute-optimal model.",)
    known = (
        f"At {scientific(C)} FLOPs the law puts the optimum at N = {compact(float(N.value))} and "
        f"D = {compact(float(D.value))}, with a loss of {float(loss.value):.4g}."
    )
    sure = (
        f"If the law holds, N* is {_ends(N, compact)}, D* is {_ends(D, compact)} and the loss of that "
        f"optimum, wherever it lies, is {_ends(loss)} "
        f"({basis})"
    )
    wide = _widened(uncertainty, N.value, D.value, roll_outs)
    sure += f"; {WIDENED}, the interval of the loss is {_ends(wide)}." if wide is not None else "."
    if remedies:
        return known, sure, f"To be surer: {remedies[0]}."
    single = f"expected to be {_ends(uncertainty.predict_loss(N.value, D.value, LEVEL, 'new-run'))}"
    wide = _widened(uncertainty, N.value, D.value, roll_outs, "new-run")
    if wide is not None:
        single += f" {IF_HOLDS}, and {_ends(wide)} {WIDENED}"
    return known, sure, f"A run there would test the law: the loss of a single run is {single}."


def _ends(interval: Interval, write: Callable[[float, int], str] = rounded) -> str:
    return interval_text(float(interval.low), float(interval.high), write).replace("\u2009–\u2009", " to ")


def _widened(
    uncertainty: Uncertainty, N: Any, D: Any, roll_outs: RollOuts | None, kind: LossKind = "mean"
) -> Interval | None:
    """Return the interval of a loss, widened by roll-outs; None without any."""
    if roll_outs is None or not roll_outs.parts:
        return None
    return uncertainty.predict_loss(N, D, LEVEL, kind, roll_outs)


def _within(interval: Interval | None, write: Callable[[float, int], str] = rounded, of: str = "") -> str:
    """Return an interval in brackets, with what it is of, to follow a value; empty without one."""
    return f" ({_ends(interval, write)}{of})" if interval is not None else ""


def _parameters(fit: Fit, uncertainty: Uncertainty | None) -> tuple[tuple[str, str], ...]:
    intervals = uncertainty.interval(LEVEL) if uncertainty else {}
    held = fit.held
    rows = [
        (name, f"{value:.8g} ({held[name].text})" if name in held else f"{value:.8g}{_within(intervals.get(name))}")
        for name, value in fit.law.as_dict().items()
    ]
    with suppress(ValueError):  # a law without an optimum has no such exponents
        for name, what, value in zip(
            "ab", ("N* in C", "D* in C"), exponents(fit.law, float(fit.runs.C.max()), fit.runs.compute), strict=True
        ):
            rows.append((f"{name}, exponent of {what}", f"{value:.4f}{_within(intervals.get(name))}"))
    if uncertainty is not None:
        basis = f"{percent(LEVEL)} intervals, if the law holds: {basis_in_words(uncertainty)}"
        rows.append(("in brackets", basis))
    return tuple(rows)


def _goodness(fit: Fit, limits: Iterable[str]) -> tuple[tuple[str, str], ...]:
    residuals, loss = fit.residuals, fit.runs.loss
    spread = float(np.sum((loss - loss.mean()) ** 2))
    rows = [
        ("runs", f"{len(fit.runs):,}"),
        ("status", " · ".join([fit.status.value, *limits])),
        ("loss function", loss_in_words(fit.loss_fn)),
        ("its mean per run", f"{fit.objective:.6g}"),
        ("root mean square error", f"{np.sqrt(np.mean(residuals**2)):.4g}"),
        ("median absolute relative error", percent(float(np.median(np.abs(residuals) / loss)))),
    ]
    # If all losses are equal there is no variance to explain.
    if spread > 0:
        rows.append(("R² of the loss", f"{1 - np.sum(residuals**2) / spread:.6f}"))
    return tuple(rows)


def _next_budget(fit: Fit, settings: Settings, chosen: float | None) -> float:
    if chosen is not None:
        return chosen
    return next_budget(settings.scaling_factor or DEFAULT_FACTOR, fit.runs, settings.seed_regime)


def _next_model(
    fit: Fit,
    settings: Settings,
    uncertainty: Uncertainty | None,
    roll_outs: RollOuts | None,
    chosen: float | None,
) -> tuple[tuple[str, str], ...]:
    budget = _next_budget(fit, settings, chosen)
    if chosen is None:
        how_large = f"{settings.scaling_factor or DEFAULT_FACTOR:g} × the largest so far"
    else:
        how_large = f"the budget chosen, {multiple_text(budget / fit.runs.C.max())} × the largest run"
    try:
        run = compute_optimal_run(fit.law, budget, settings.models, fit.runs.compute)
    except ValueError as error:
        return (("none", str(error)),)
    at = uncertainty.allocate(budget, LEVEL) if uncertainty else {}
    loss = uncertainty.predict_loss(run.N, run.D, LEVEL) if uncertainty else None
    rows = [
        ("compute C", f"{budget:.4g} FLOPs, {how_large}"),
        ("convention", convention_in_words(fit.runs, settings.compute)),
        ("parameters N", f"{run.N:,}{_within(at.get('N'), compact)}"),
        ("tokens D", f"{run.D:,.0f}{_within(at.get('D'), compact)}"),
        ("tokens per parameter", f"{run.D / run.N:.4g}{_within(at.get('D_per_N'))}"),
        ("predicted loss", f"{float(fit.law.loss(run.N, run.D)):.6g}{_within(loss, of=' for these N and D')}"),
    ]
    wide = _widened(uncertainty, run.N, run.D, roll_outs) if uncertainty else None
    if wide is not None:
        rows.append((f"its interval, {WIDENED}", _ends(wide)))
    if run.config is not None:
        rows.append(("configuration", ", ".join(f"{name}={value}" for name, value in run.config.items())))
    return tuple(rows)


def _forecast_rows(forecast: Forecast, scores: tuple[ForecastScore, ...]) -> list[tuple[str, str]]:
    run = f"N = {forecast.N:,.0f}, D = {forecast.D:,.0f}"
    return [(run, str(score)) for score in scores] or [(run, f"loss {forecast.loss:.5g} predicted; not logged yet")]
