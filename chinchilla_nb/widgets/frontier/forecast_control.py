"""Save a forecast of the run that is shown, open others, and see how they came out."""

from __future__ import annotations

import itertools
from html import escape
from pathlib import Path

import ipywidgets

from chinchilla_nb.checks import brief
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.off_frontier import OffFrontier
from chinchilla_nb.engine.sentences import stopped
from chinchilla_nb.engine.uncertainty.interval import interval_title
from chinchilla_nb.quantity import compact, interval_text, level_percent, plain, scientific, written_budget
from chinchilla_nb.records.forecast import Forecast
from chinchilla_nb.records.forecast_score import ForecastScore
from chinchilla_nb.records.saved_forecasts import SUFFIX
from chinchilla_nb.session import Session
from chinchilla_nb.widgets.base.guard import Guard, guarded
from chinchilla_nb.widgets.base.project_files import ProjectFiles
from chinchilla_nb.widgets.base.style import note, sentence

__all__ = ["ForecastControl"]

LISTED = 12
"""Most forecasts that are listed; the run log shows the scores of all."""
DIGITS = 4
"""Digits of a loss."""


class ForecastControl(ipywidgets.VBox):
    """A path, buttons to save and to open a forecast, and the open forecasts.

    Parameters
    ----------
    guard : Guard
    session : Session
    files : ProjectFiles
        The files that may be read and written by path.

    Attributes
    ----------
    path : Text
        Empty for a name of its own in the project's folder.
    save_button, open_button : Button
    message, listed : HTML
        The result of saving or opening; the open forecasts, and why others in the folder cannot be read.
    """

    def __init__(self, guard: Guard, session: Session, files: ProjectFiles) -> None:
        self.guard, self._session, self._files = guard, session, files
        self._run: OffFrontier | None = None
        self._of_budget = True
        self.path = ipywidgets.Text(
            placeholder=f"name{SUFFIX}",
            tooltip="A relative path starts at the project folder; to save, leave it empty for a name by the budget",
            layout=ipywidgets.Layout(flex="1 1 110px", width="auto", min_width="0"),
        )
        self.save_button = ipywidgets.Button(
            description="Save forecast", tooltip="Keep what is predicted of this run, with its intervals"
        )
        self.open_button = ipywidgets.Button(
            description="Open forecast", tooltip="Score the forecast in this file as well"
        )
        self.message, self.listed = ipywidgets.HTML(), ipywidgets.HTML()
        self.save_button.layout.width = self.open_button.layout.width = "auto"
        heading = ipywidgets.HTML('<span class="cnb-heading">Forecast</span>')
        bar = ipywidgets.Box([heading, self.path, self.save_button, self.open_button])
        bar.add_class("cnb-bar")
        super().__init__([bar, self.message, self.listed])
        self.save_button.on_click(self._save)
        self.open_button.on_click(self._open)

    def offer(self, run: OffFrontier | None, of_budget: bool) -> None:
        """Offer to save a forecast of a run, or of the optimum of its budget; None if there is nothing to predict."""
        self._run, self._of_budget = run, of_budget
        self.save_button.disabled = run is None

    def show(self) -> None:
        """List the open forecasts of the session."""
        scored = self._session.forecast_scores
        lines = [line for forecast, scores in scored[-LISTED:] for line in _described(forecast, scores)]
        if len(scored) > LISTED:
            lines.append(f"And {len(scored) - LISTED:,} more: the run log shows the scores of all.")
        if not lines:
            lines = ["A forecast is scored once its run is logged: inside or outside its intervals, and how far."]
        problems = (note("warn", sentence(text)) for text in self._session.forecast_problems)
        self.listed.value = "".join([*(f'<div class="cnb-caption">{escape(line)}</div>' for line in lines), *problems])

    @guarded
    def _save(self, _button: ipywidgets.Button) -> None:
        try:
            forecast, path = self._forecast(), self._new_path()
            forecast.save(path)
        except (ValueError, OSError) as error:
            self.message.value = note("bad", stopped(f"Nothing was saved: {error}"))
            return
        self._session.open_forecast(forecast)
        known = "with both intervals"
        if len(forecast.ends) == 1:
            why = self._session.roll_outs_error or "there are no roll-outs"
            known = f"with only the interval {next(iter(forecast.ends))}, because {why}"
        self.message.value = note("good", f"Saved {path}, {known}.")

    @guarded
    def _open(self, _button: ipywidgets.Button) -> None:
        text = self.path.value
        try:
            if not text.strip():
                raise InputError("the path", "is empty", remedy="type that of a forecast")
            added = self._session.open_forecast(Forecast.load(self._files.path(text)))
        except FileNotFoundError:
            self.message.value = note("bad", f"Nothing was opened: there is no file {brief(text)}.")
        except (ValueError, OSError) as error:
            self.message.value = note("bad", stopped(f"Nothing was opened: {error}"))
        else:
            self.message.value = note("good", "Opened.") if added else note("warn", "This forecast is open already.")

    def _forecast(self) -> Forecast:
        """Return a forecast of the run that is offered, with all intervals that can be known."""
        session, run = self._session, self._run
        if run is None or session.fit is None:
            raise InputError("a forecast", "needs a law with an optimum at this budget", remedy="fit one first")
        if session.stale:
            raise InputError("the law", "is not that of the current runs and settings", remedy="fit it again")
        if session.uncertainty_progress is not None or session.roll_outs_progress is not None:
            raise InputError("the intervals", "are still being estimated", remedy="save when they are shown")
        if session.uncertainty is None:
            raise InputError("a forecast", "needs intervals", got=session.uncertainty_error or "none")
        rolled_out = session.roll_outs is not None and bool(session.roll_outs.parts)
        return session.make_forecast(
            session.uncertainty,
            run.N,
            run.D,
            session.roll_outs if rolled_out else None,
            of_budget=self._of_budget,
        )

    def _new_path(self) -> Path:
        """Return the path of a new file: a forecast that exists is never replaced, so that none is improved later."""
        text = self.path.value.strip()
        if not text:
            return next(path for path in map(self._files.path, self._names()) if not path.exists())
        path = self._files.path(text)
        if path.suffix != SUFFIX:
            raise InputError(
                brief(text), f"must end in {SUFFIX}", remedy=f"name it {brief(f'{Path(text).stem}{SUFFIX}')}"
            )
        if path.exists():
            raise InputError(brief(text), "exists, and a forecast replaces no file", remedy="choose another name")
        return path

    def _names(self) -> itertools.chain[str]:
        """Return names for a forecast of this run: by its budget, and numbered."""
        run, compute = self._run, (self._session.fit or self._session).runs.compute
        name = f"forecast-{written_budget(float(compute.C(run.N, run.D)))}" if run is not None else "forecast"
        return itertools.chain([f"{name}{SUFFIX}"], (f"{name}-{number}{SUFFIX}" for number in itertools.count(2)))


def _described(forecast: Forecast, scores: tuple[ForecastScore, ...]) -> list[str]:
    """Return what a forecast says, and a line for each of its runs."""
    run = f"C {scientific(forecast.C)} FLOPs ({forecast.convention}), N {compact(forecast.N)}, D {compact(forecast.D)}"
    ends = ", ".join(
        f"{interval_text(float(one.low), float(one.high))} {interval_title(name)}"
        for name, one in forecast.intervals.items()
    )
    said = f"{run}: loss {plain(forecast.loss, DIGITS)}; {level_percent(forecast.level)} {ends}."
    return [said, *(f"→ {sentence(str(score))}" for score in scores)] if scores else [f"{said} Not logged yet."]
