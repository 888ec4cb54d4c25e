"""The open forecasts of a session, and how their runs came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from traitlets import HasTraits, Tuple, default

from chinchilla_nb.checks import as_texts
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.run_keys import RunKey, is_among
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.forecasting import forecast_run
from chinchilla_nb.records.forecast import Forecast
from chinchilla_nb.records.forecast_score import ForecastScore
from chinchilla_nb.records.saved_forecasts import saved_forecasts

__all__ = ["Forecasts"]


class Forecasts(HasTraits):
    """The open forecasts of a session, which are scored once their runs are logged.

    Attributes
    ----------
    forecasts : tuple of Forecast
        At first, those in the project's folder: read when they are first asked for.
    forecast_problems : tuple of str
        Why others in the folder cannot be read, a sentence without a full stop for each.
    """

    database: Any
    data_unit: str
    excluded: frozenset[RunKey]
    all_runs: Runs
    forecasts = Tuple()
    forecast_problems = Tuple()

    @default("forecasts")
    def _read_forecasts(self) -> tuple[Forecast, ...]:
        folder = getattr(self.database, "project_dir", None)
        if folder is None:
            return ()
        found, self.forecast_problems = saved_forecasts(Path(folder))
        return found

    def make_forecast(
        self,
        uncertainty: Uncertainty,
        N: float,
        D: float,
        roll_outs: RollOuts | None,
        *,
        of_budget: bool,
        level: float = 0.95,
        definitions: Mapping[str, str] | None = None,
    ) -> Forecast:
        """Forecast a run of N parameters on D tokens, without opening the forecast; errors as for `Forecast.of`."""
        own = {} if definitions is None else as_texts(definitions, "definitions")
        meant = {"D": self.data_unit, **own}
        forecast = forecast_run(uncertainty, N, D, roll_outs, of_budget=of_budget, level=level, definitions=meant)
        # Whatever is logged by now has not been forecast, excluded runs too: exclusions end with the session.
        return replace(forecast, matched=len(forecast.matches(self.all_runs)))

    def open_forecast(self, forecast: Forecast) -> bool:
        """Add a forecast to the open ones; return False if it is one of them already."""
        check_type(forecast, "forecast", Forecast)
        if any(forecast.alike(other) for other in self.forecasts):
            return False
        self.forecasts = (*self.forecasts, forecast)
        return True

    @property
    def forecast_scores(self) -> tuple[tuple[Forecast, tuple[ForecastScore, ...]], ...]:
        """Each forecast with the scores of the runs logged since that it is of; none while there is no such run."""
        return tuple((forecast, tuple(scores.values())) for forecast, scores in self._scored())

    @property
    def scores_by_run(self) -> dict[int, tuple[ForecastScore, ...]]:
        """The scores of each run that was forecast, by its position in the log."""
        found: dict[int, tuple[ForecastScore, ...]] = {}
        for _, scores in self._scored():
            for at, score in scores.items():
                found[at] = (*found.get(at, ()), score)
        return found

    def _scored(self) -> list[tuple[Forecast, dict[int, ForecastScore]]]:
        """Return each forecast with the scores of its runs, by their position in the log; excluded runs have none."""
        runs = self.all_runs
        excluded = is_among(runs, self.excluded)
        return [
            (forecast, {at: score for at, score in forecast.scores_by_run(runs).items() if not excluded[at]})
            for forecast in self.forecasts
        ]
