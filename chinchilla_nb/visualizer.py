"""Visualizer: draws the figures of a project and saves them as images."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from chinchilla_nb._logger import get_logger
from chinchilla_nb.checks import as_folder, as_positive_number, brief
from chinchilla_nb.drawing import DPI, draw_approaches, draw_frontier, draw_predictions, draw_roll_outs, draw_sweep
from chinchilla_nb.engine.approaches.comparison import Comparison
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.conversion import as_flag, check_type
from chinchilla_nb.engine.errors import InputError, InputTypeError
from chinchilla_nb.engine.fitting.sweep import GridSweep
from chinchilla_nb.engine.planning.scaling import next_budget
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.figures import (
    FrontierIntervals,
    approaches_figure,
    frontier_figure,
    frontier_intervals,
    isoflop_figure,
    prediction_figure,
    roll_out_figure,
    sweep_figure,
)
from chinchilla_nb.next_step import DEFAULT_FACTOR
from chinchilla_nb.rollout import Rollout
from chinchilla_nb.whole_file import explain_write_errors, write_whole

__all__ = ["Visualizer"]


class Visualizer:
    """Draws and saves the figures of a project.

    Parameters
    ----------
    project_dir : str or path
        Directory for the images.
    log_level : int or str
        Threshold of the log messages: at 30 images that cannot be saved are logged, at 20 the path of each saved one.

    Attributes
    ----------
    project_dir : str or path
    logger : Logger
    cc : Chinchilla or None
        The instance last given to `plot`.
    """

    def __init__(self, project_dir: str | os.PathLike[str], log_level: int | str = 30) -> None:
        self.project_dir = project_dir
        self.logger = get_logger(log_level, "visualizer")
        self.cc: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.project_dir)!r})"

    def plot(
        self,
        cc: Any,
        next_point: Mapping[str, float] | None = None,
        fitted: bool = True,
        img_name: str = "parametric_fit",
        cmap_name: str = "plasma",
        simulation: bool = False,
    ) -> Figure:
        """Draw and save the runs and the fitted law with its efficient frontier in the planes C-N, C-D and N-D.

        Parameters
        ----------
        cc : Chinchilla
            Its runs, fit and seed regime are drawn.
        next_point : mapping, optional
            A planned run, given by two or three of ``"C"``, ``"N"`` and ``"D"``.
        fitted : bool
            Whether to draw the law; without a fit only the runs are drawn and saved as ``raw_data_points``.
        img_name : str
            Name of the image file without its extension.
        cmap_name : str
            A matplotlib colour map, from low loss to high.
        simulation : bool
            Whether to prefix the file name with ``simulation--``.

        Returns
        -------
        Figure

        Raises
        ------
        ValueError
            If ``cc`` is not a Chinchilla, the colour map is unknown, ``next_point`` is not a point, ``img_name`` is not
            a file name, or the project directory does not exist.
        """
        session: Any = getattr(cc, "session", None)
        if not isinstance(getattr(session, "runs", None), Runs):
            raise InputTypeError("cc", "must be a Chinchilla", got=brief(cc))
        self.cc = cc
        fit = session.fit if as_flag(fitted, "fitted") else None
        point = (
            None if next_point is None else _next_point(next_point, (session.runs if fit is None else fit.runs).compute)
        )
        regime = session.settings.seed_regime
        drawing = frontier_figure(
            session.runs,
            fit,
            regime=regime,
            next_point=point,
            excluded=session.excluded_runs,
            data_unit=session.data_unit,
            intervals=_intervals(session) if fit is not None else None,
        )
        beside = () if fit is None else session.drawn_laws
        figure = draw_frontier(drawing, fit.law if fit else None, cmap_name, beside)
        name = "raw_data_points" if fit is None and img_name == "parametric_fit" else img_name
        self._save(figure, name, simulation)
        return figure

    def optim(
        self,
        y_pred: ArrayLike,
        y_true: ArrayLike,
        C: ArrayLike | None = None,
        simulation: bool = False,
        img_name: str = "optim",
    ) -> Figure:
        """Draw and save predicted against true loss and the distribution of the errors, and errors by C if given.

        Parameters
        ----------
        y_pred, y_true : array_like, shape (n_runs,)
            Predicted and true losses.
        C : array_like, shape (n_runs,), optional
            FLOPs of each run.
        simulation : bool
            Whether to prefix the file name with ``simulation--``.
        img_name : str
            Name of the image file without its extension.

        Returns
        -------
        Figure

        Raises
        ------
        ValueError
            If there are no runs, there is not one finite prediction (and compute) per run, ``img_name`` is not a file
            name, or the project directory does not exist.
        """
        figure = draw_predictions(prediction_figure(y_true, y_pred, C))
        self._save(figure, img_name, simulation)
        return figure

    def LBFGS(
        self,
        y_pred: ArrayLike,
        y_true: ArrayLike,
        C: ArrayLike | None = None,
        simulation: bool = False,
        img_name: str = "LBFGS",
    ) -> Figure:
        """Draw the figure of `optim`, saved under the name that the API reference documents."""
        return self.optim(y_pred, y_true, C, simulation, img_name)

    def sweep(self, sweep: GridSweep, img_name: str = "sweep_param_grid") -> Figure:
        """Draw and save the lowest objective by the value of each axis of a start grid.

        Parameters
        ----------
        sweep : GridSweep
            The objective at every start.
        img_name : str
            Name of the image file without its extension.

        Returns
        -------
        Figure

        Raises
        ------
        ValueError
            If ``sweep`` is something else, ``img_name`` is not a file name, or the project directory does not exist.
        """
        check_type(sweep, "sweep", GridSweep)
        figure = draw_sweep(sweep_figure(sweep))
        self._save(figure, img_name, simulation=False)
        return figure

    def rollout(self, rollout: Rollout, simulation: bool = False, img_name: str = "rollout") -> Figure:
        """Draw and save the errors of the held-out runs of a roll-out against log(C / C0), with their drift.

        Parameters
        ----------
        rollout : Rollout
            Of runs beyond budgets, as from ``cc.rollout()``.
        simulation : bool
            Whether to prefix the file name with ``simulation--``.
        img_name : str
            Name of the image file without its extension.

        Returns
        -------
        Figure

        Raises
        ------
        ValueError
            If ``rollout`` is something else, holds out groups or has no fit that succeeded, ``img_name`` is not a file
            name, or the project directory does not exist.
        """
        check_type(rollout, "rollout", Rollout)
        figure = draw_roll_outs(roll_out_figure(rollout.value))
        self._save(figure, img_name, simulation)
        return figure

    def approaches(
        self, comparison: Comparison, C: float | None = None, simulation: bool = False, img_name: str = "approaches"
    ) -> Figure:
        """Draw and save N* against C by approaches 1, 2 and 3 with their bands, beside the isoFLOP slices.

        Parameters
        ----------
        comparison : Comparison
            As from ``cc.compare_approaches()``.
        C : float, optional
            Budget in FLOPs that is marked, up to which the lines reach; by default ten times the largest run.
        simulation : bool
            Whether to prefix the file name with ``simulation--``.
        img_name : str
            Name of the image file without its extension.

        Returns
        -------
        Figure

        Raises
        ------
        ValueError
            If ``comparison`` is something else, the budget is not positive and finite, ``img_name`` is not a file name,
            or the project directory does not exist.
        """
        check_type(comparison, "comparison", Comparison)
        budget = next_budget(DEFAULT_FACTOR, comparison.slices.runs, None) if C is None else C
        slices = None
        if comparison.isoflop is not None:
            parametric = comparison.parametric
            slices = isoflop_figure(comparison.isoflop, None if parametric is None else parametric.fit.law)
        figure = draw_approaches(approaches_figure(comparison, budget), slices)
        self._save(figure, img_name, simulation)
        return figure

    def _save(self, figure: Figure, name: str, simulation: bool) -> None:
        folder = as_folder(self.project_dir)
        if not isinstance(name, str) or not name or PurePath(name).name != name or not _is_storable(name):
            raise InputError("img_name", f"must be the name of a file in {folder}", got=brief(name))
        path = folder / f"{'simulation--' if as_flag(simulation, 'simulation') else ''}{name.removesuffix('.png')}.png"
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=DPI)
        try:
            with explain_write_errors(path):
                write_whole(path, image.getvalue())
        except OSError as error:  # a project that must not be written can still be looked at
            self.logger.warning("the figure was not saved: %s", error)
        else:
            self.logger.info("saved %s", path)


def _is_storable(name: str) -> bool:
    """Return whether a file system can store a name."""
    try:
        return b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:  # half of a character
        return False


def _intervals(session: Any) -> FrontierIntervals | None:
    """Return the intervals of the frontier of a session's fit, if its uncertainty is known."""
    if session.uncertainty is None:
        return None
    C = session.fit.runs.C
    return frontier_intervals(session.uncertainty, (float(C.min()), float(C.max())), session.roll_outs)


def _next_point(point: Mapping[str, float], compute: Compute) -> tuple[float, float] | None:
    """Return N and D of a point given by at least two of C, N and D; None if it gives nothing."""
    if not isinstance(point, Mapping):
        raise InputError("next_point", "must map C, N and D to numbers", got=brief(point))
    if not point:
        return None
    known = {
        name: as_positive_number(point[name], f"next_point[{name!r}]") for name in ("C", "N", "D") if name in point
    }
    if len(known) < 2:
        raise InputError("next_point", "needs two of C, N and D", got=", ".join(map(str, point)) or "none")
    if "N" not in known:
        return float(compute.N(known["C"], known["D"])), known["D"]
    return known["N"], known["D"] if "D" in known else float(compute.D(known["C"], known["N"]))
