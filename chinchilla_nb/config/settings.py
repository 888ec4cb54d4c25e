"""The configuration of a session, as one immutable value whose fields form the table of settings."""

# ruff: noqa: RUF009  `setting` returns a field

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType, NoneType
from typing import Any

import numpy as np

from chinchilla_nb.config.callables import load_weight, save_weight
from chinchilla_nb.config.compute import (
    ComputeOfRuns,
    ComputeSetting,
    CountedCompute,
    StatedCompute,
    load_compute,
    read_compute,
    save_compute,
    show_compute,
)
from chinchilla_nb.config.grids import load_grid, read_grid, save_grid, show_grid
from chinchilla_nb.config.limits import read_bounds, save_bounds
from chinchilla_nb.config.losses import load_loss, save_loss
from chinchilla_nb.config.model_search import ModelSearch, load_search, read_search, save_search, show_search
from chinchilla_nb.config.plain_values import (
    read_dtype,
    read_factor,
    read_generator,
    read_law,
    read_loss,
    read_ranges,
    read_steps,
    read_weight,
    save_ranges,
    show_ranges,
)
from chinchilla_nb.config.setting import Setting, document, setting, table_of
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError, inputs_from, unknown_key
from chinchilla_nb.engine.fitting.limits import as_bounds
from chinchilla_nb.engine.fitting.losses import LossFunction, asymmetric_mae
from chinchilla_nb.engine.fitting.problem import Problem, same_function
from chinchilla_nb.engine.laws.family import Family
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.planning.model_search import ModelTable
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs

__all__ = ["SETTINGS", "Settings", "change_settings", "make_settings"]


@dataclass(frozen=True, eq=False, slots=True)
class Settings:
    """What a fit starts from and minimises, where seeds are drawn, and how compute is scaled.

    Each field is a row of the table of settings, :data:`SETTINGS`: arguments and attributes of
    :class:`~chinchilla_nb.Chinchilla`, configuration files and their documentation follow from it.

    Attributes
    ----------
    {attributes}

    Raises
    ------
    InputError
        If a value is not of the type of its field.
    """

    family: Family = setting(
        "law",
        "str, default 'chinchilla'",
        "The law to fit: ``'chinchilla'``, L = E + A / N^alpha + B / D^beta, or ``'kaplan'``, "
        "L = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D.",
        default="chinchilla",
        read=read_law,
        show=lambda family: family.name,
        save=lambda family: family.name,
        fit_option="family",
        types=(Family,),
    )
    grid: StartGrid | None = setting(
        "param_grid",
        "dict of str to list, optional",
        "Initial values for the fit: ``E`` or ``e = log E``, ``A`` or ``a``, ``B`` or ``b``, ``alpha``, ``beta``; for "
        "another law, its own parameters. None uses the default grid of the law.",
        reads=("family",),
        read=read_grid,
        show=show_grid,
        load=load_grid,
        save=save_grid,
        fit_option="starts",
        types=(StartGrid, NoneType),
    )
    seed_regime: SeedRegime | None = setting(
        "seed_ranges",
        "dict of str to tuple, optional",
        "``C``, the lowest and highest compute of a seed run in FLOPs, and ``N_to_D``, the lowest and highest tokens "
        "per parameter (D/N). Only :meth:`seed`, :meth:`step` and :meth:`simulate` need them.",
        read=read_ranges,
        show=show_ranges,
        save=save_ranges,
        types=(SeedRegime, NoneType),
    )
    model_search: ModelSearch | None = setting(
        "model_search_config",
        "dict, optional",
        "``hyperparam_grid`` and ``size_estimator``: the model configurations that exist, and their sizes.",
        read=read_search,
        show=show_search,
        load=load_search,
        save=save_search,
        types=(ModelSearch, NoneType),
    )
    loss_fn: LossFunction = setting(
        "loss_fn",
        "callable, default asymmetric_mae",
        "``loss_fn(y_true, y_pred)`` returns a loss per run.",
        default=asymmetric_mae,
        read=read_loss,
        load=load_loss,
        save=save_loss,
        same=same_function,
        fit_option="loss_fn",
    )
    weight_fn: Callable[..., Any] | None = setting(
        "weight_fn",
        "callable, optional",
        "``weight_fn(C)`` returns a weight per run, normalised to mean one.",
        read=read_weight,
        load=load_weight,
        save=save_weight,
        same=same_function,
        fit_option="weight_fn",
    )
    num_seeding_steps: int | None = setting(
        "num_seeding_steps",
        "int, optional",
        "Number of seed runs that :meth:`step` draws before it scales.",
        read=read_steps,
    )
    scaling_factor: float | None = setting(
        "scaling_factor",
        "float, optional",
        "Compute of the next scaled run as a multiple of the largest so far.",
        read=read_factor,
    )
    bounds: Mapping[str, tuple[float, float]] = setting(
        "bounds",
        "dict of str to float or tuple, optional",
        "Limits of parameters in a fit, by name: a number fixes a parameter, ``(low, high)`` bounds it.",
        reads=("family",),
        read=read_bounds,
        show=dict,
        save=save_bounds,
        fit_option="bounds",
        types=(Mapping,),
    )
    compute: ComputeSetting = setting(
        "compute",
        "str, float, Compute or callable, default '6ND'",
        "How C follows from N and D, for plans and for runs without a C of their own: ``'6ND'``; another kappa of "
        "C = kappa ND, as a number or ``'8ND'``; ``'measured'``, the mean C/(ND) of the runs; ``'fitted'``, "
        "C = k N^p D^q fitted to their C (both also of another column, ``'fitted:total_flos'``); ``'transformer'``, or "
        "a function that returns the training FLOPs per token of a configuration of ``model_search_config``; or a "
        "``Compute``.",
        default="6ND",
        reads=("model_search",),
        read=read_compute,
        show=show_compute,
        load=load_compute,
        save=save_compute,
        types=(StatedCompute, CountedCompute, ComputeOfRuns),
    )
    rng: np.random.Generator = setting(
        "rng",
        "int or Generator, optional",
        "A seed or generator, with which :meth:`seed`, :meth:`step`, :meth:`simulate` and the seeds drawn in panels "
        "repeat exactly.",
        read=read_generator,
        save=None,
        types=(np.random.Generator,),
    )
    dtype: type[np.floating[Any]] = setting(
        "dtype",
        "data type, default longdouble",
        "Precision in which the fit is polished and its objective evaluated; float64 or wider.",
        default=np.longdouble,
        read=read_dtype,
        save=lambda dtype: np.dtype(dtype).name,
        fit_option="dtype",
    )

    def __post_init__(self) -> None:
        for row in SETTINGS.values():
            value = getattr(self, row.field)
            if row.types:
                check_type(value, row.field, *row.types)
            else:  # what a user writes and what the field holds are the same
                row.read(value, {})
        object.__setattr__(self, "bounds", as_bounds(self.bounds, self.family))

    @property
    def starts(self) -> StartGrid:
        """The grid that a fit starts from: the law's own if none was given."""
        return self.family.starts if self.grid is None else self.grid

    @property
    def models(self) -> ModelTable | None:
        """The configurations that N is rounded to, with their sizes; None if N is free."""
        return None if self.model_search is None else self.model_search.table()

    def problem(self, runs: Runs) -> Problem:
        """Return the problem of fitting runs with these settings."""
        options = [row.fit_option for row in SETTINGS.values() if row.fit_option]
        return Problem(runs, **{option: getattr(self, option) for option in options})


SETTINGS: Mapping[str, Setting] = table_of(Settings)
"""The table of settings: a row for each argument, in the order in which they are read."""

NO_SOURCES: Mapping[str, str] = MappingProxyType({})

document(Settings, attributes={f"{one.name} : {one.type}": one.metadata["setting"].about for one in fields(Settings)})


def make_settings(arguments: Mapping[str, Any], sources: Mapping[str, str] = NO_SOURCES) -> Settings:
    """Build settings from documented arguments by name; the others have their defaults.

    Parameters
    ----------
    arguments : mapping of str to object
    sources : mapping of str to str, optional
        Where arguments come from, by name, for errors: ``the configuration 'study.yaml'``.

    Raises
    ------
    InputError, TypeError
        For the first argument that is wrong.
    """
    return _changed(Settings(), arguments, sources)


def change_settings(settings: Settings, **arguments: Any) -> Settings:
    """Return settings with some documented arguments changed.

    Raises
    ------
    InputError, TypeError
        For the first argument that is wrong.
    """
    return _changed(settings, arguments, NO_SOURCES)


def _changed(settings: Settings, arguments: Mapping[str, Any], sources: Mapping[str, str]) -> Settings:
    for name in arguments:
        if name not in SETTINGS:
            raise TypeError(str(unknown_key("Chinchilla", name, SETTINGS, "argument")))
    known = {row.field: getattr(settings, row.field) for row in SETTINGS.values()}
    changes: dict[str, Any] = {}
    for name, row in SETTINGS.items():
        if name in arguments:
            with inputs_from(sources.get(name, "")):
                known[row.field] = changes[row.field] = row.read(arguments[name], known)
        elif not changes.keys().isdisjoint(row.reads):
            _check_again(row, known, law_changed="family" in changes)
    return replace(settings, **changes)


def _check_again(row: Setting, known: Mapping[str, Any], *, law_changed: bool) -> None:
    """Check that a setting given for one law, or one model search, also holds for another.

    Raises
    ------
    InputError
        If it does not.
    """
    try:
        row.read(row.show(known[row.field]), known)
    except InputError:
        if not law_changed:
            raise
        law = known["family"].name
        remedy = f"set {row.argument}=None first, or give {row.argument} together with law"
        raise InputError(
            f"law={law!r}", f"does not go with the {row.argument} given for another law", remedy=remedy
        ) from None
