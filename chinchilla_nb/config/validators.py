"""Pydantic models that check what users write: parameter grids, seed ranges, model searches, simulations.

The models define what is allowed; :func:`validate` raises the errors of their validators unchanged.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from chinchilla_nb.checks import as_axes, as_count, as_float, as_mapping, as_positive_number, brief
from chinchilla_nb.engine.conversion import as_range
from chinchilla_nb.engine.errors import InputError, InputTypeError, unknown_key
from chinchilla_nb.engine.laws.families import law_of
from chinchilla_nb.engine.laws.starts import StartGrid
from chinchilla_nb.engine.planning.model_search import as_hyperparameters

__all__ = ["ModelSearchConfig", "ParamGrid", "SeedRanges", "SimulationArgs", "validate"]

MOST_RUNS = 1_000_000
"""Longer simulations are a typing error: they would take years of fits."""

M = TypeVar("M", bound=BaseModel)


class ParamGrid(BaseModel):
    """A grid of initial values for the parameters of the scaling law.

    ``E`` or its logarithm ``e``, ``A`` or ``a``, ``B`` or ``b``, and ``alpha`` and ``beta``, in any order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    E: tuple[float, ...] | None = Field(None, description="initial values of E, the irreducible loss")
    e: tuple[float, ...] | None = Field(None, description="initial values of log E")
    A: tuple[float, ...] | None = Field(None, description="initial values of A, the factor of the model-size term")
    a: tuple[float, ...] | None = Field(None, description="initial values of log A")
    B: tuple[float, ...] | None = Field(None, description="initial values of B, the factor of the data term")
    b: tuple[float, ...] | None = Field(None, description="initial values of log B")
    alpha: tuple[float, ...] = Field(description="initial values of alpha, the exponent of N")
    beta: tuple[float, ...] = Field(description="initial values of beta, the exponent of D")

    @model_validator(mode="before")
    @classmethod
    def check_keys(cls, values: Any) -> dict[str, Any]:
        """Check that each parameter is given exactly once, with numbers that a fit can start from."""
        return {name: tuple(axis.tolist()) for name, axis in StartGrid(as_axes(values)).axes.items()}

    def axes(self) -> dict[str, tuple[float, ...]]:
        """Return the axes that were given, by key."""
        return {name: axis for name, axis in self if axis is not None}


class SeedRanges(BaseModel):
    """The regime of seed runs: compute in FLOPs, and tokens per parameter under the documented key ``N_to_D``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    C: tuple[float, float] = Field(description="lowest and highest compute of a seed run, in FLOPs")
    N_to_D: tuple[float, float] = Field(description="lowest and highest D/N, tokens per parameter, of a seed run")

    @model_validator(mode="before")
    @classmethod
    def check_keys(cls, values: Any) -> dict[str, Any]:
        """Check that both ranges are given, and no other key."""
        return _with_exactly(cls, as_mapping(values, "seed_ranges"), "seed_ranges")

    @field_validator("C", mode="before")
    @classmethod
    def check_C_values(cls, values: Any) -> tuple[float, float]:
        """Check the range of compute."""
        return as_range(values, "seed_ranges['C']")

    @field_validator("N_to_D", mode="before")
    @classmethod
    def check_N_to_D_values(cls, values: Any) -> tuple[float, float]:
        """Check the range of tokens per parameter."""
        return as_range(values, "seed_ranges['N_to_D'] (tokens per parameter)")


class ModelSearchConfig(BaseModel):
    """Arguments of :func:`chinchilla_nb._utils.search_model_config`."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    size_estimator: Callable[..., Any] = Field(description="function that returns the size of a configuration")
    hyperparam_grid: dict[str, list[Any]] = Field(description="values to try for each hyperparameter")

    @model_validator(mode="before")
    @classmethod
    def check_keys(cls, values: Any) -> dict[str, Any]:
        """Check that both arguments are given, and no other key."""
        return _with_exactly(cls, as_mapping(values, "model_search_config"), "model_search_config")

    @field_validator("size_estimator", mode="before")
    @classmethod
    def size_estimator_must_be_callable(cls, v: Any) -> Callable[..., Any]:
        """Check that the size estimator is callable."""
        if not callable(v):
            raise InputError("size_estimator", "must be callable", got=brief(v))
        return v  # type: ignore[no-any-return]

    @field_validator("hyperparam_grid", mode="before")
    @classmethod
    def hyperparam_grid_must_be_dict(cls, v: Any) -> dict[str, list[Any]]:
        """Check that the grid maps names to lists; NumPy scalars become Python numbers, which do not overflow."""
        return as_hyperparameters(v)


class SimulationArgs(BaseModel):
    """Arguments of a simulation."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    num_seeding_steps: int = Field(100, description="number of seed runs")
    num_scaling_steps: int = Field(1, description="number of scaled runs after them")
    scaling_factor: float | None = Field(None, description="next compute as a multiple of the largest so far")
    target_params: dict[str, float] = Field(description="the law to recover")
    noise_generator: Any = Field(None, description="noise that imperfect training adds to the loss of each run")

    @model_validator(mode="before")
    @classmethod
    def check_seeding_steps(cls, values: Any) -> dict[str, Any]:
        """Check the numbers of steps, and that scaling steps have a factor to scale by."""
        args = as_mapping(values, "the simulation")
        for name in ("num_seeding_steps", "num_scaling_steps"):
            if name in args:
                args[name] = as_count(args[name], name)
                if args[name] > MOST_RUNS:
                    raise InputError(name, f"must be at most {MOST_RUNS:,}", got=brief(args[name]))
        if args.get("scaling_factor") is not None:
            args["scaling_factor"] = as_positive_number(args["scaling_factor"], "scaling_factor")
        elif args.get("num_scaling_steps", 1):
            raise InputError("scaling_factor", "must be given, here or in the constructor, to simulate scaling steps")
        return args

    @field_validator("target_params", mode="before")
    @classmethod
    def check_target_params(cls, v: Any) -> dict[str, float]:
        """Check that the target is a law: a finite number for each of its parameters by name."""
        target = as_mapping(v, "target_params")
        params = {name: as_float(value, f"target_params[{name!r}]") for name, value in target.items()}
        try:
            return law_of(params).as_dict()
        except InputError as error:
            where = f"target_params[{error.where!r}]" if error.where in params else "target_params"
            raise InputError(where, error.rule, got=error.got) from None

    @field_validator("noise_generator", mode="before")
    @classmethod
    def check_noise_generator(cls, v: Any) -> Iterator[float] | None:
        """Return an iterator or None unchanged and a (callable, arguments) pair as an iterator; reject the rest."""
        if v is None or isinstance(v, Iterator):
            return v
        if isinstance(v, tuple) and len(v) == 2 and callable(v[0]) and isinstance(v[1], (tuple, list, np.ndarray)):
            function, arguments = v[0], tuple(v[1])
            return (function(*arguments) for _ in itertools.repeat(None))
        rule = "must be an iterator or a tuple (callable, arguments)"
        raise InputTypeError("noise_generator", rule, got=brief(v))


def validate(model: type[M], values: Any) -> M:
    """Build a model from what a user wrote.

    Raises
    ------
    InputError
        For the first value that is wrong.
    TypeError
        If a validator raises one.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _first_problem(error) from None


def _with_exactly(model: type[BaseModel], values: dict[str, Any], where: str) -> dict[str, Any]:
    for key in values:
        if key not in model.model_fields:
            raise unknown_key(where, key, model.model_fields)
    for key in model.model_fields:
        if values.get(key) is None:
            raise InputError(where, f"needs the key {key!r}", remedy=f"give the {model.model_fields[key].description}")
    return values


def _first_problem(error: ValidationError) -> InputError:
    """Return the error that our own validator raised, or make one with the same parts from what pydantic reports."""
    first = error.errors(include_url=False)[0]
    own = first.get("ctx", {}).get("error")
    if isinstance(own, InputError):
        return own
    where = ".".join(str(part) for part in first["loc"])
    return InputError(where, f"is not valid: {first['msg']}", got=brief(first["input"]))
