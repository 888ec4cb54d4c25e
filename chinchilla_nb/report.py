"""A summary of a fit as text and HTML: the law, how well it fits, and what to train next."""

from __future__ import annotations

import html
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chinchilla_nb.config.settings import Settings
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.fitting.losses import loss_name
from chinchilla_nb.engine.laws.allocation import exponents
from chinchilla_nb.engine.planning.extrapolation import Extrapolation, outside_the_runs
from chinchilla_nb.engine.planning.scaling import next_budget
from chinchilla_nb.html_table import html_table
from chinchilla_nb.next_step import DEFAULT_FACTOR, next_scale_step
from chinchilla_nb.records.forecast import Forecast, ForecastScore

__all__ = ["Report", "facts_table", "show"]

Table = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Report:
    """Titled tables of names and formatted values.

    Attributes
    ----------
    law : str
        The fitted law as a formula.
    tables : tuple of (title, rows)
        Parameters, goodness of fit, next model, and forecasts if there are any.
    warnings : tuple of str
        What the runs cannot support, each with a remedy; also that the next model lies outside them.
    """

    law: str
    tables: tuple[Table, ...]
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls,
        fit: Fit,
        settings: Settings,
        stale: bool = False,
        forecasts: Iterable[tuple[Forecast, tuple[ForecastScore, ...]]] = (),
    ) -> Report:
        """Summarise a fit.

        Parameters
        ----------
        fit : Fit
        settings : Settings
            Provides the scaling factor, the seed regime and the model search.
        stale : bool, default False
            Whether the runs or settings have changed since the fit; if so, the report says it.
        forecasts : iterable of (Forecast, tuple of ForecastScore)
            Forecasts and how their runs came out, as in `Session.forecast_scores`.
        """
        outside = _extrapolation(fit, settings)
        warnings = [str(warning) for warning in fit.warnings if not (outside and warning.code == "extrapolation")]
        warnings += [str(outside)] if outside else []
        if stale:
            warnings.insert(0, "the runs or settings have changed since this fit: call fit() again")
        tables: tuple[Table, ...] = (
            ("Estimated parameters", _parameters(fit)),
            ("Goodness of fit", _goodness(fit)),
            ("Next model", _next_model(fit, settings)),
        )
        scored = tuple(row for forecast, scores in forecasts for row in _forecast_rows(forecast, scores))
        if scored:
            tables = (*tables, ("Forecasts", scored))
        return cls(str(fit.law), tables, tuple(warnings))

    def __str__(self) -> str:
        width = max(len(name) for _, rows in self.tables for name, _ in rows)
        lines = [self.law]
        for title, rows in self.tables:
            lines += ["", title, *(f"  {name:<{width}}  {value}" for name, value in rows)]
        if self.warnings:
            lines += ["", "Warnings", *(f"  {warning}" for warning in self.warnings)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{html.escape(self.law)}</strong></p>"]
        for title, rows in self.tables:
            parts.append(f"<h4>{html.escape(title)}</h4>{facts_table(rows)}")
        if self.warnings:
            items = "".join(f"<li>{html.escape(warning)}</li>" for warning in self.warnings)
            parts.append(f"<h4>Warnings</h4><ul>{items}</ul>")
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


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def _parameters(fit: Fit) -> tuple[tuple[str, str], ...]:
    rows = [(name, f"{value:.8g}") for name, value in fit.law.as_dict().items()]
    try:
        a, b = exponents(fit.law)
    except ValueError:
        return tuple(rows)
    return (*rows, ("a, exponent of N* in C", f"{a:.4f}"), ("b, exponent of D* in C", f"{b:.4f}"))


def _goodness(fit: Fit) -> tuple[tuple[str, str], ...]:
    residuals, loss = fit.residuals, fit.runs.loss
    spread = float(np.sum((loss - loss.mean()) ** 2))
    rows = [
        ("runs", f"{len(fit.runs):,}"),
        ("status", fit.status.value),
        (f"mean {loss_name(fit.loss_fn)} per run", f"{fit.objective:.6g}"),
        ("root mean square error", f"{np.sqrt(np.mean(residuals**2)):.4g}"),
        ("median absolute relative error", f"{np.median(np.abs(residuals) / loss):.3%}"),
    ]
    # If all losses are equal there is no variance to explain.
    if spread > 0:
        rows.append(("R² of the loss", f"{1 - np.sum(residuals**2) / spread:.6f}"))
    return tuple(rows)


def _next_budget(fit: Fit, settings: Settings) -> float:
    return next_budget(settings.scaling_factor or DEFAULT_FACTOR, fit.runs, settings.seed_regime)


def _extrapolation(fit: Fit, settings: Settings) -> Extrapolation | None:
    """Return how far the next model lies outside the runs, which says more than the fit's own warning does."""
    return outside_the_runs(fit.law, fit.runs, _next_budget(fit, settings))


def _next_model(fit: Fit, settings: Settings) -> tuple[tuple[str, str], ...]:
    factor, budget = settings.scaling_factor or DEFAULT_FACTOR, _next_budget(fit, settings)
    try:
        run = next_scale_step(settings, fit.runs, fit)
    except ValueError as error:
        return (("none", str(error)),)
    rows = [
        ("compute C", f"{budget:.4g} FLOPs, {factor:g} × the largest so far"),
        ("parameters N", f"{run.N:,}"),
        ("tokens D", f"{run.D:,.0f}"),
        ("tokens per parameter", f"{run.D / run.N:.4g}"),
        ("predicted loss", f"{float(fit.law.loss(run.N, run.D)):.6g}"),
    ]
    if run.config is not None:
        rows.append(("configuration", ", ".join(f"{name}={value}" for name, value in run.config.items())))
    return tuple(rows)


def _forecast_rows(forecast: Forecast, scores: tuple[ForecastScore, ...]) -> list[tuple[str, str]]:
    run = f"N = {forecast.N:,.0f}, D = {forecast.D:,.0f}"
    return [(run, str(score)) for score in scores] or [(run, f"loss {forecast.loss:.5g} predicted; not logged yet")]
