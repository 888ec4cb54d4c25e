"""Chinchilla: estimate the scaling law of a task, and plan the next run with it. The documented API."""

from __future__ import annotations

import copy
import dataclasses
import logging
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chinchilla_nb._logger import get_logger, parse_level
from chinchilla_nb.approaches import ThreeApproaches
from chinchilla_nb.checks import as_count, as_folder
from chinchilla_nb.config.attributes import configured
from chinchilla_nb.config.callables import find_callable, refuse_import
from chinchilla_nb.config.reading import read_settings
from chinchilla_nb.config.settings import Settings, make_settings
from chinchilla_nb.database import Database
from chinchilla_nb.drawn_laws import DrawnLaws
from chinchilla_nb.engine.conversion import as_flag, check_choice
from chinchilla_nb.engine.errors import InputError, inputs_from
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.fitting.losses import asymmetric_mae
from chinchilla_nb.engine.fitting.sweep import sweep
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.planning.scaling import compute_optimal_run
from chinchilla_nb.filtered_runs import FilteredRuns
from chinchilla_nb.fit_reliability import FitReliability
from chinchilla_nb.fitted_law import FittedLaw
from chinchilla_nb.grouped_laws import GroupedLaws
from chinchilla_nb.next_step import choose_budget, needed_regime, next_designed_seed, next_seed
from chinchilla_nb.past_fits import PastFits
from chinchilla_nb.planning import Planning
from chinchilla_nb.publication import Publication
from chinchilla_nb.report import Report, facts_table, show
from chinchilla_nb.rollout import Rollout
from chinchilla_nb.run_design import RunDesign
from chinchilla_nb.run_exclusion import RunExclusion
from chinchilla_nb.session import Session
from chinchilla_nb.size_comparison import ComparedSizes
from chinchilla_nb.work.bar import watching
from chinchilla_nb.work.parallel import adaptive_map

if TYPE_CHECKING:
    from chinchilla_nb.simulator import Simulator
    from chinchilla_nb.visualizer import Visualizer

__all__ = ["Chinchilla"]

Run = tuple[tuple[int, float], dict[str, Any] | None]
"""A run to train: ``(N, D), model_config``."""


@configured
class Chinchilla(
    ComparedSizes,
    DrawnLaws,
    FilteredRuns,
    FitReliability,
    FittedLaw,
    PastFits,
    Planning,
    Publication,
    RunDesign,
    RunExclusion,
    GroupedLaws,
    ThreeApproaches,
):
    """Estimate the scaling law L(N, D) of a task and allocate compute with it.

    1. Sample runs from a seed regime (:meth:`seed`).
    2. Fit the loss predictor to what was measured (:meth:`fit`).
    3. Allocate more compute (:meth:`scale`).

    Parameters
    ----------
    project_dir : str or path
        Existing folder that holds the runs (``df.csv``) and the figures.
    {settings}
    log_level : int or str, default 20
        30 hides standard messages and progress bars, anything above 30 hides all messages.
    {more_settings}

    Attributes
    ----------
    session : Session
        The state shared with panels: settings, runs and fit. Each setting is also an attribute of this class, named
        like its argument: it reads as it was given, and assigning to it changes the setting.
    database : Database
        The runs.
    visualizer : Visualizer
        The figures.

    Raises
    ------
    ValueError
        If ``project_dir`` does not exist or an argument is not valid.
    TypeError
        If ``loss_fn`` or ``weight_fn`` is not callable, or ``dtype`` is below float64.
    FileExistsError
        If ``project_dir`` is a file.
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return a setting by the name of its argument; `configured` adds these attributes."""

    def __init__(
        self,
        project_dir: str | os.PathLike[str],
        param_grid: Mapping[str, Any] | None = None,
        seed_ranges: Mapping[str, Any] | None = None,
        model_search_config: Mapping[str, Any] | None = None,
        loss_fn: Callable[..., Any] = asymmetric_mae,
        weight_fn: Callable[..., Any] | None = None,
        num_seeding_steps: int | None = None,
        scaling_factor: float | None = None,
        log_level: int | str = 20,
        **more: Any,
    ) -> None:
        settings = make_settings(
            {
                "param_grid": param_grid,
                "seed_ranges": seed_ranges,
                "model_search_config": model_search_config,
                "loss_fn": loss_fn,
                "weight_fn": weight_fn,
                "num_seeding_steps": num_seeding_steps,
                "scaling_factor": scaling_factor,
                **more,
            }
        )
        self._open(project_dir, settings, log_level)
        note = precision_note(settings.dtype)
        if note:
            self.logger.info(note)

    def _open(self, project_dir: str | os.PathLike[str], settings: Settings, log_level: int | str) -> None:
        self.log_level = parse_level(log_level)
        self.project_dir = str(as_folder(project_dir))
        self.logger = get_logger(self.log_level, "chinchilla_nb.core")
        self.database = Database(self.project_dir, log_level=self.log_level)
        self.session = Session(self.database, settings)

    @classmethod
    def from_config(
        cls, config_path: str | os.PathLike[str], *, allow_imports: bool = False, **kwargs: Any
    ) -> Chinchilla:
        """Build an instance from a JSON or YAML file; keyword arguments override its values.

        Parameters
        ----------
        config_path : str or path
            The file. Grids may be lists, or ``{linspace: [low, high, count]}`` or ``{geomspace: [low, high, count]}``;
            ``loss_fn`` a name, or a mapping of ``name`` and its parameter, e.g. ``{name: log_huber, delta: 1.0e-3}``;
            ``size_estimator`` may be ``transformer`` or ``transformer_without_embeddings``; and ``bounds`` fixes or
            limits parameters in fits, ``{alpha: 0.34, beta: [0.2, 0.5]}``.
        allow_imports : bool, default False
            Whether a callable written ``package.module:function`` may be imported, which runs that module's code.
        **kwargs
            Arguments of the class that replace those of the file.

        Returns
        -------
        Chinchilla

        Raises
        ------
        ValueError
            If the format is not supported, or a key or value is not known.
        """
        find = find_callable if as_flag(allow_imports, "allow_imports") else refuse_import
        config = read_settings(config_path, kwargs, find=find)
        config.check()
        if config.project_dir is None:
            where = f"the configuration {os.fspath(config_path)!r}"
            raise InputError(where, "needs the key 'project_dir'", remedy="add it, or pass project_dir=...")
        with inputs_from(config.sources.get("log_level", "")):
            level = parse_level(config.log_level)
        return cls(config.project_dir, log_level=level, **config.arguments)

    def __getstate__(self) -> dict[str, Any]:
        # Runs on disk stay there; locks, loggers and observers belong to the process.
        # A copy has its own generator, so that neither object changes what the other draws.
        settings = self.session.settings
        return {
            "project_dir": self.project_dir,
            "settings": dataclasses.replace(settings, rng=copy.deepcopy(settings.rng)),
            "log_level": self.log_level,
            "fit": self.session.fit,
            "filter": self.session.view.query,
            "forecasts": self.session.forecasts,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._open(state["project_dir"], state["settings"], state["log_level"])
        self.session.view.query = state["filter"]
        self.session.fit = state["fit"]
        self.session.forecasts = state["forecasts"]

    @property
    def visualizer(self) -> Visualizer:
        """The figures of this project, created on first use because matplotlib is slow to import."""
        if "_visualizer" not in self.__dict__:
            from chinchilla_nb.visualizer import Visualizer

            self._visualizer = Visualizer(self.project_dir, log_level=self.log_level)
        return self._visualizer

    def append(self, /, **result: Any) -> None:
        """Record a run: ``N``, ``D``, ``loss``, ``C`` if it is not 6ND, and any further values."""
        self.database.append(**result)

    def simulate(self, *args: Any, **kwargs: Any) -> Simulator:
        """Simulate the whole procedure on a known law, without changing this project.

        Parameters
        ----------
        *args, **kwargs
            Passed to :meth:`Simulator.__call__ <chinchilla_nb.simulator.Simulator.__call__>`.

        Returns
        -------
        Simulator
            Holds the simulated runs and the fit.
        """
        from chinchilla_nb.simulator import Simulator

        simulator = Simulator(self)
        simulator(*args, **kwargs)
        return simulator

    def seed(self, *, design: Literal["log-uniform", "optimal"] = "log-uniform") -> Run:
        """Sample a run from the seed regime: C and D/N log-uniform in ``seed_ranges``.

        Parameters
        ----------
        design : {"log-uniform", "optimal"}
            ``"optimal"`` returns the next seed of the design of :meth:`seed_design` instead, for as many seeds as
            ``num_seeding_steps`` and their mean compute, given the seeds among the runs; it draws no random number.

        Returns
        -------
        (N, D), model_config
            The allocation and the model configuration, which is None without ``model_search_config``.

        Raises
        ------
        ValueError
            If there are no seed ranges, no configuration lies in them, or a design lacks ``num_seeding_steps``.
        """
        check_choice(design, "design", ("log-uniform", "optimal"))
        settings, runs, compute = self.session.settings, self.session.runs, self.session.seed_compute
        run = next_seed(settings, compute) if design == "log-uniform" else next_designed_seed(settings, runs)
        return (run.N, run.D), run.config

    def fit(
        self, parallel: bool = True, simulation: bool = False, *, exhaustive: bool = False, start: Law | None = None
    ) -> Fit:
        """Fit the scaling law to the runs with L-BFGS-B from the initialization grid.

        Parameters
        ----------
        parallel : bool, default True
            Whether to spread starts over processes where that saves time. The answer is the same, to the bit.
        simulation : bool, default False
            Whether this is part of a simulation, which shows neither messages nor a progress bar.
        exhaustive : bool, default False
            Whether to run the optimiser from every start, instead of once for every distinct promising basin.
        start : Law, optional
            A law that the search starts from, besides the grid, such as ``cc.session.law_by_hand``.

        Returns
        -------
        Fit
            The fit, which is also kept as ``session.fit``.

        Raises
        ------
        ValueError
            If there are fewer than three runs, or ``start`` is a law of another form.
        TypeError
            If ``dtype`` is below float64, or ``start`` is not a law.
        """
        spread = adaptive_map if as_flag(parallel, "parallel") else map
        quiet = as_flag(simulation, "simulation") or self.log_level >= logging.WARNING
        with watching(self.session, "fitting", shown=not quiet):
            fit = self.session.run_fit(exhaustive=exhaustive, map=spread, start=start)
        if not simulation:
            self.logger.info(
                f"{fit.law}, {fit.status.value}, objective {fit.objective:.6g} over {len(fit.runs)} runs"
                + (f" that match {self.session.filter_of_fit}" if self.session.filter_of_fit else "")
            )
            for warning in fit.warnings:
                self.logger.warning(str(warning))
        return fit

    fit_scaling_law = fit

    def scale(self, scaling_factor: float | None = None, C: float | None = None, simulation: bool = False) -> Run:
        """Allocate the compute of the next run; warns if the optimum lies outside the runs of the fit.

        Parameters
        ----------
        scaling_factor : float, optional
            Compute of the run as a multiple of the largest so far, or of the upper end of the seed regime if that is
            larger. The instance's factor is used if neither this nor ``C`` is given.
        C : float, optional
            Compute of the run, in FLOPs.
        simulation : bool, default False
            Whether this is part of a simulation, which shows no message.

        Returns
        -------
        (N, D), model_config
            The allocation and the model configuration, which is None without ``model_search_config``. With a model
            search, N is that of the nearest configuration and D follows by :meth:`adjust_D_to_N`.

        Raises
        ------
        ValueError
            If nothing has been fitted, or neither or both of ``C`` and ``scaling_factor`` are given.
        """
        settings, law = self.session.settings, self._law()
        budget = choose_budget(settings, self.session.runs, scaling_factor, C)
        quiet = as_flag(simulation, "simulation")
        run = compute_optimal_run(law, budget, settings.models, self._fit().runs.compute)
        if not quiet:
            self.logger.info(f"next run: C = {budget:.4g} FLOPs, N = {run.N:.4g} parameters, D = {run.D:.4g} tokens")
            self._warn_outside_the_runs(budget)
            self._warn_outside_the_models(budget)
        return (run.N, run.D), run.config

    def step(
        self,
        num_seeding_steps: int | None = None,
        parallel: bool = True,
        simulation: bool = False,
        **scale_kwargs: Any,
    ) -> Run:
        """Seed while the seed regime holds fewer than ``num_seeding_steps`` runs; after that, fit and scale.

        Parameters
        ----------
        num_seeding_steps : int, optional
            Number of seed runs before scaling starts. The instance's number is used if this is not given.
        parallel : bool, default True
            Passed to :meth:`fit`.
        simulation : bool, default False
            Passed to :meth:`fit` and :meth:`scale`.
        **scale_kwargs
            Passed to :meth:`scale`: ``scaling_factor`` or ``C``.

        Returns
        -------
        (N, D), model_config
            As returned by :meth:`seed` or :meth:`scale`.

        Raises
        ------
        ValueError
            If ``num_seeding_steps`` is not given, or neither or both of ``C`` and ``scaling_factor`` are.
        """
        settings, runs = self.session.settings, self.session.runs
        wanted = settings.num_seeding_steps
        if num_seeding_steps is not None:
            wanted = as_count(num_seeding_steps, "num_seeding_steps")
        if wanted is None:
            raise InputError("num_seeding_steps", "must be given, here or in the constructor", got="None")
        unknown = [name for name in scale_kwargs if name not in ("scaling_factor", "C")]
        if unknown:
            raise TypeError(f"step takes scaling_factor or C for scale, not {unknown[0]!r}")
        regime = needed_regime(settings)
        choose_budget(settings, runs, **scale_kwargs)  # so that a wrong budget is reported before the first seed
        if np.count_nonzero(regime.contains(runs.N, runs.D, runs.compute)) < wanted:
            return self.seed()
        self.fit(parallel=parallel, simulation=simulation)
        return self.scale(simulation=simulation, **scale_kwargs)

    def plot(self, *args: Any, **kwargs: Any) -> Any:
        """Draw and save the runs and the fitted law in the planes C-N, C-D and N-D.

        Parameters
        ----------
        *args, **kwargs
            Passed to :meth:`Visualizer.plot <chinchilla_nb.visualizer.Visualizer.plot>`.

        Returns
        -------
        Figure
        """
        return self.visualizer.plot(self, *args, **kwargs)

    def sweep_param_grid(self, plot: bool = True, img_name: str = "sweep_param_grid") -> tuple[dict[str, float], float]:
        """Evaluate the objective at every start of the grid, and draw and save its lowest value along each axis.

        Where the lowest values lie at an end of an axis, or change much between neighbouring values, the grid should be
        wider or finer there. Nothing is fitted.

        Parameters
        ----------
        plot : bool, default True
            Whether to draw the figure, which is shown in a notebook.
        img_name : str
            Name of the image file without its extension.

        Returns
        -------
        best : dict of str to float
            The start with the lowest objective, by the names of the grid's axes.
        lowest : float
            The objective there, the weighted mean loss.

        Raises
        ------
        ValueError
            If there are fewer than three runs, or the objective is not finite at any start.
        """
        drawn = as_flag(plot, "plot")
        swept = sweep(self.session.problem)
        if drawn:
            show(self.visualizer.sweep(swept, img_name))
        return swept.best, swept.lowest

    def report(self, plot: bool = True) -> None:
        """Show the law, how well it fits and what to train next: HTML in a notebook, text in a terminal.

        Parameters
        ----------
        plot : bool, default True
            Whether to draw the figures as well: runs and law, predictions, and roll-outs if there are any.

        Raises
        ------
        ValueError
            If nothing has been fitted.
        """
        session = self.session
        fit, drawn = self._fit(), as_flag(plot, "plot")
        scored = session.forecast_scores
        for problem in session.forecast_problems:
            self.logger.warning("a forecast is not scored: %s", problem)
        known = session.stale, session.uncertainty, scored, session.roll_outs
        show(Report.of(fit, session.settings, *known, session.filter_of_fit, session.budget))
        if drawn:
            show(self.plot())
            show(self.visualizer.LBFGS(fit.predictions, fit.runs.loss, C=fit.runs.C))
            if session.roll_outs is not None and session.roll_outs.parts:
                show(self.visualizer.rollout(Rollout(session.roll_outs)))

    def __repr__(self) -> str:
        facts = ", ".join(text for _, text in self._facts())
        return f"{type(self).__name__}({self.project_dir!r}, {facts})"

    def _repr_html_(self) -> str:
        return facts_table([("project", self.project_dir), *self._facts()])

    def _facts(self) -> list[tuple[str, str]]:
        runs, fit, regime = self.session.runs, self.session.fit, self.session.settings.seed_regime
        counted = "1 run" if len(runs) == 1 else f"{len(runs):,} runs"
        if self.session.view.query:
            counted += f" of {len(self.session.all_runs):,}, by the filter {self.session.view.query}"
        if regime is not None:
            counted += f", {np.count_nonzero(regime.contains(runs.N, runs.D, runs.compute)):,} in the seed regime"
        if fit is None:
            return [("runs", counted), ("law", "not fitted yet")]
        how = "fitted before the runs or settings changed" if self.session.stale else fit.status.value
        if self.session.filter_of_fit:
            how += f", of the runs that match {self.session.filter_of_fit}"
        return [("runs", counted), ("law", f"{fit.law}; {how}")]


def precision_note(dtype: type[np.floating[Any]], double: type[np.floating[Any]] = np.float64) -> str:
    """Return a note if long double is no wider than double here (Windows, Arm macOS, WebAssembly), else no text."""
    if dtype is np.longdouble and np.finfo(dtype).nmant <= np.finfo(double).nmant:
        return "long double is no wider than double on this machine: fits are polished in 64 bits"
    return ""
