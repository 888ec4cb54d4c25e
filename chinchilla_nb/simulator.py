"""Simulator: the whole procedure on a task whose scaling law is known."""

from __future__ import annotations

import inspect
import logging
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from chinchilla_nb._logger import get_logger
from chinchilla_nb.checks import brief
from chinchilla_nb.config.settings import Settings, change_settings
from chinchilla_nb.config.validators import SimulationArgs, validate
from chinchilla_nb.core import Chinchilla
from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputTypeError
from chinchilla_nb.engine.fitting.fit import Fit, solve
from chinchilla_nb.engine.laws.families import law_of
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.noise import NOISE_SIZE, draw_noise
from chinchilla_nb.engine.simulation.simulate import Procedure, iter_runs, pseudo_loss
from chinchilla_nb.next_step import needed_regime
from chinchilla_nb.session import Session
from chinchilla_nb.work.bar import Bar
from chinchilla_nb.work.parallel import adaptive_map

__all__ = ["Simulator"]

HOFFMANN_LAW: Mapping[str, float] = MappingProxyType(
    {"E": 1.69337368, "A": 406.401018, "B": 410.722827, "alpha": 0.33917084, "beta": 0.2849083}
)
"""The default target, as documented: Hoffmann et al. 2022, approach 3, with all digits."""

DEFAULT_NOISE = (random.expovariate, (1 / NOISE_SIZE,))
"""The documented noise, exponential with mean 0.1. For this very object, each call draws anew from ``cc.rng``."""


class Simulator(Chinchilla):
    """Simulate seeding and scaling on a hypothetical task with the configuration of a Chinchilla.

    Runs are kept in memory. The runs and the fit of ``cc`` are neither read nor changed.

    Parameters
    ----------
    cc : Chinchilla
        Provides the settings: ``param_grid``, ``seed_ranges``, ``loss_fn`` and so on. Attributes that a Simulator
        does not have are looked up on it.

    Attributes
    ----------
    cc : Chinchilla
    logger : Logger
    database : Database
        The pseudo-runs.
    session : Session
        Its ``fit`` is the law estimated from all pseudo-runs.
    """

    def __init__(self, cc: Chinchilla) -> None:
        if not isinstance(cc, Chinchilla):
            raise InputTypeError("cc", "must be a Chinchilla", got=brief(cc))
        self.cc = cc
        self.logger = get_logger(cc.log_level, "chinchilla_nb.simulator")
        self._start(cc.session.settings)

    def _start(self, settings: Settings) -> None:
        """Start again without runs."""
        self.database = Database(None, log_level=self.cc.log_level)
        self.session = Session(self.database, settings)
        self._target = law_of(HOFFMANN_LAW)
        self._noise: Iterator[float] | None = None

    def __getattr__(self, name: str) -> Any:
        """Look up attributes that are not found here on ``cc``."""
        # While a copy or a pickle is being restored there is no cc yet, and looking it up would call this method again.
        if name == "cc" or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        own = inspect.getattr_static(type(self), name, None)
        if own is not None:  # a parameter of the law before this simulation has been fitted: not that of cc
            return own.__get__(self, type(self))
        return getattr(self.cc, name)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "cc": self.cc,
            "df": self.database.df.copy(),
            "settings": self.session.settings,
            "fit": self.session.fit,
            "target": self._target,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["cc"])  # type: ignore[misc]
        # cc and its simulator draw from the same generator, even after both were copied.
        self._start(replace(state["settings"], rng=self.cc.session.settings.rng))
        self._target = state["target"]
        if len(state["df"]):
            self.database.df = state["df"]
        self.session.fit = state["fit"]

    def __call__(
        self,
        num_seeding_steps: int = 100,
        num_scaling_steps: int = 1,
        scaling_factor: float | None = None,
        target_params: Mapping[str, float] = HOFFMANN_LAW,
        noise_generator: Iterator[float] | tuple[Callable[..., float], tuple[float, ...]] | None = DEFAULT_NOISE,
    ) -> None:
        """Seed, fit and scale on a known law, starting without runs, and keep the result in this object.

        Parameters
        ----------
        num_seeding_steps : int, default 100
            Number of seed runs.
        num_scaling_steps : int, default 1
            Number of scaled runs after them; the law is fitted before each, and once more after the last.
        scaling_factor : float, optional
            Compute of a scaled run as a multiple of the largest so far; the factor of ``cc`` if not given.
        target_params : dict of str to float
            The law to be recovered: E, A, B, alpha, beta.
        noise_generator : iterator, or tuple of callable and arguments, or None
            Noise that imperfect training adds to the loss of each run; None for no noise. The default is exponential
            with mean 0.1, and each call draws it anew from ``cc.rng``.

        Raises
        ------
        TypeError
            If ``noise_generator`` is neither an iterator nor a tuple of a callable and its arguments.
        ValueError
            If an argument is not valid, ``cc`` has no seed ranges, or there are fewer than three runs to fit.
        """
        if noise_generator is DEFAULT_NOISE:
            noise_generator = draw_noise("exponential", NOISE_SIZE, self.rng)
        given = {
            "num_seeding_steps": num_seeding_steps,
            "num_scaling_steps": num_scaling_steps,
            "scaling_factor": self.cc.scaling_factor if scaling_factor is None else scaling_factor,
            "target_params": target_params,
            "noise_generator": noise_generator,
        }
        self._run(self._prepared(validate(SimulationArgs, given)))
        if self.session.fit is not None:
            self.logger.info(f"target {self._target}; estimated {self.session.fit.law}")

    def _prepared(self, args: SimulationArgs) -> Procedure:
        """Start again without runs, with the target and the noise of checked arguments; return what is to be done."""
        changes = {"num_seeding_steps": args.num_seeding_steps, "scaling_factor": args.scaling_factor}
        # That of the project: the simulated runs have no C of their own, from which it could be estimated.
        compute = self.cc.session.seed_compute
        self._start(change_settings(self.cc.session.settings, compute=compute, **changes))
        self._target, self._noise = law_of(args.target_params), args.noise_generator
        settings = self.session.settings
        return Procedure(
            needed_regime(settings),
            args.num_seeding_steps,
            args.num_scaling_steps,
            args.scaling_factor,
            settings.models,
            self.session.runs.compute,
        )

    def _run(self, procedure: Procedure) -> None:
        shown = self.cc.log_level < logging.WARNING
        with closing(Bar("simulating", shown)) as bar:
            for runs in iter_runs(procedure, self._pseudo_training_run, self._fit_quietly, self.rng):
                bar.update(len(runs), procedure.total, procedure.stage(len(runs)))
        if procedure.scalings or len(self.session.runs) >= 3:
            self.fit(simulation=True)

    def _pseudo_training_run(self, N: float, D: float) -> float:
        """Record a run of N parameters on D tokens whose loss is the target's plus noise, and return that loss."""
        loss = pseudo_loss(self._target, N, D, self._noise)
        self.database.append(N=N, D=D, loss=loss)
        return loss

    def _fit_quietly(self, runs: Runs) -> Fit:
        return solve(self.session.settings.problem(runs), map=adaptive_map)
