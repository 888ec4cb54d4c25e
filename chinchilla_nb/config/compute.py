"""Convert the compute convention between what users write, its value and what a file stores."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar

import numpy as np

from chinchilla_nb.checks import brief
from chinchilla_nb.config.callables import Finder, function_name, load_function
from chinchilla_nb.config.model_search import ModelSearch
from chinchilla_nb.engine.compute.agreement import is_measured
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.counted import counted_compute
from chinchilla_nb.engine.compute.fitted import fitted_compute, measured_compute
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.compute.tabulated import TabulatedCompute
from chinchilla_nb.engine.compute.transformer import transformer_flops
from chinchilla_nb.engine.errors import InputError, nearest_or_all, unknown_key
from chinchilla_nb.engine.planning.model_search import as_hyperparameters, check_estimator
from chinchilla_nb.engine.runs import Runs

__all__ = [
    "FLOP_COUNTERS",
    "ComputeOfRuns",
    "ComputeSetting",
    "CountedCompute",
    "StatedCompute",
    "convention_in_words",
    "load_compute",
    "read_compute",
    "save_compute",
    "show_compute",
]

FLOP_COUNTERS: Mapping[str, Callable[..., float]] = MappingProxyType({"transformer": transformer_flops})
"""Functions that count the training FLOPs per token of a configuration, by their names in code and in files."""
T = TypeVar("T")
_KAPPA_ND = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*\*?\s*ND\s*")
_OF_RUNS = re.compile(r"(measured|fitted)(?::(.+))?", re.DOTALL)
_WAYS = "'6ND', a number for kappa ND, 'measured', 'fitted', 'fitted:COLUMN', 'transformer', a Compute or a function"


@dataclass(frozen=True, slots=True)
class StatedCompute:
    """A convention that does not depend on the runs."""

    compute: Compute = SIX_ND

    def measured(self, runs: Runs) -> Runs:
        """Return the runs with the C that they have of their own."""
        return runs

    def convention(self, runs: Runs, models: ModelSearch | None) -> Compute:  # noqa: ARG002  the same for all
        """Return the convention."""
        return self.compute

    def under(self, compute: Compute, runs: Runs) -> Runs:
        """Return the runs under it: with the C of the convention, unless theirs was measured."""
        return _under(compute, runs)


@dataclass(frozen=True, slots=True)
class CountedCompute:
    """A convention that counts the FLOPs per token of each configuration of the model search.

    Attributes
    ----------
    function : callable
        Called with one configuration as keyword arguments; returns its training FLOPs per token.
    """

    function: Callable[..., float]

    @property
    def name(self) -> str:
        """The name of the function."""
        short = next((name for name, one in FLOP_COUNTERS.items() if one is self.function), None)
        return short or str(getattr(self.function, "__name__", type(self.function).__name__))

    def measured(self, runs: Runs) -> Runs:
        """Return the runs with the C that they have of their own."""
        return runs

    def convention(self, runs: Runs, models: ModelSearch | None) -> Compute:  # noqa: ARG002  the same for all
        """Return the convention, counted once for a model search."""
        if models is None:
            raise _needs_search(self.name)
        return counted_compute(models.table(), self.function, self.name)

    def under(self, compute: Compute, runs: Runs) -> Runs:
        """Return the runs under it: with the C of the convention, unless theirs was measured."""
        return _under(compute, runs)


@dataclass(frozen=True, slots=True)
class ComputeOfRuns:
    """A convention estimated from the C of the runs, or from a column of theirs.

    Attributes
    ----------
    how : str
        ``"measured"``, C = kappa ND, or ``"fitted"``, C = k N^p D^q.
    column : str
        Column of the compute in FLOPs; empty for C itself.
    """

    how: str
    column: str = ""

    def measured(self, runs: Runs) -> Runs:
        """Return the runs with the C of the column.

        Raises
        ------
        InputError
            If there is no such column, or a value is not a positive number.
        """
        return runs.under(SIX_ND, _column(runs, self.column)) if self.column and len(runs) else runs

    def convention(self, runs: Runs, models: ModelSearch | None) -> Compute:  # noqa: ARG002  the same for all
        """Estimate the convention from the C of runs.

        Raises
        ------
        InputError
            If there are too few runs, or N and D vary only together.
        """
        return (measured_compute if self.how == "measured" else fitted_compute)(runs).compute

    def under(self, compute: Compute, runs: Runs) -> Runs:
        """Return the runs under it, with their own C."""
        return runs.under(compute, runs.C)


ComputeSetting: TypeAlias = StatedCompute | CountedCompute | ComputeOfRuns
"""What the setting `compute` holds."""


def convention_in_words(runs: Runs, setting: ComputeSetting) -> str:
    """Return the convention of runs: for one that was estimated from them, with how well it describes them."""
    if isinstance(setting, ComputeOfRuns):
        with suppress(InputError):
            found = (measured_compute if setting.how == "measured" else fitted_compute)(runs)
            if found.compute == runs.compute:
                return str(found)
    return f"C = {runs.compute.text}"


def read_compute(written: Any, known: Mapping[str, Any]) -> ComputeSetting:
    """Read a convention: a name, a number kappa for C = kappa ND, a Compute, or a function of the configuration."""
    if isinstance(written, str):
        return _read_name(written, known)
    if isinstance(written, (StatedCompute, CountedCompute, ComputeOfRuns)):
        return written
    if isinstance(written, Compute) and not isinstance(written, type):
        return StatedCompute(_hashable(written))
    if callable(written) and not isinstance(written, type):
        return _counted(_hashable(written), known)
    if isinstance(written, (bool, np.bool_)) or not isinstance(written, (int, float, np.integer, np.floating)):
        raise InputError("compute", f"must be {_WAYS}", got=brief(written))
    try:
        return StatedCompute(ProductCompute(written))  # type: ignore[arg-type]
    except InputError as error:
        raise InputError("compute", f"{error.rule} as kappa of C = kappa ND", got=error.got) from None


def show_compute(setting: ComputeSetting) -> Any:
    """Return a convention as a user would write it."""
    if isinstance(setting, ComputeOfRuns):
        return f"{setting.how}:{setting.column}" if setting.column else setting.how
    if isinstance(setting, CountedCompute):
        return next((name for name, one in FLOP_COUNTERS.items() if one is setting.function), setting.function)
    return _kappa_ND(setting.compute) if isinstance(setting.compute, ProductCompute) else setting.compute


def load_compute(value: Any, find: Finder) -> Any:
    """Convert a file's value: a function by its name, and the numbers of a convention."""
    if isinstance(value, Mapping):
        return _from_numbers(value)
    if not isinstance(value, str) or _OF_RUNS.fullmatch(value) or _KAPPA_ND.fullmatch(value) or value in FLOP_COUNTERS:
        return value
    # The other names have been recognised above: here they are what a misspelt one may mean.
    named = dict.fromkeys(("6ND", "measured", "fitted", *FLOP_COUNTERS))
    return load_function(value, "compute", named, find)


def save_compute(setting: ComputeSetting) -> Any:
    """Return a convention as a file stores it.

    Raises
    ------
    InputError
        If a file cannot store it: a function without a name, or a Compute of one's own.
    """
    if isinstance(setting, CountedCompute):
        return function_name(setting.function, "compute", FLOP_COUNTERS)
    compute = getattr(setting, "compute", None)
    if isinstance(compute, PowerCompute):
        return {"k": compute.k, "p": compute.p, "q": compute.q}
    if isinstance(compute, TabulatedCompute):
        return {"sizes": list(compute.sizes), "flops": list(compute.flops), "name": compute.name}
    shown = show_compute(setting)
    if not isinstance(shown, str):
        raise InputError("compute", "must be a convention that a file can store", got=brief(shown))
    return shown


def _read_name(written: str, known: Mapping[str, Any]) -> ComputeSetting:
    if kappa := _KAPPA_ND.fullmatch(written):
        return read_compute(float(kappa[1]), known)
    if of_runs := _OF_RUNS.fullmatch(written):
        return ComputeOfRuns(of_runs[1], of_runs[2] or "")
    if written in FLOP_COUNTERS:
        return _counted(FLOP_COUNTERS[written], known)
    raise InputError("compute", f"must be {_WAYS}", got=brief(written))


def _hashable(value: T) -> T:
    """Return a value by which the convention of runs can be kept.

    Raises
    ------
    InputError
        If it has no hash, as a value that may change has none.
    """
    try:
        hash(value)
    except TypeError:
        remedy = "make its class a frozen dataclass"
        raise InputError("compute", "must be hashable", got=brief(value), remedy=remedy) from None
    return value


def _counted(function: Callable[..., float], known: Mapping[str, Any]) -> CountedCompute:
    setting, models = CountedCompute(function), known.get("model_search")
    if models is None:
        raise _needs_search(setting.name)
    check_estimator(function, as_hyperparameters(models.hyperparam_grid), "compute")
    return setting


def _needs_search(name: str) -> InputError:
    remedy = "give model_search_config, whose configurations it counts"
    return InputError("compute", f"{name} needs the configurations of a model search", remedy=remedy)


def _from_numbers(value: Mapping[Any, Any]) -> Compute:
    kind = TabulatedCompute if "sizes" in value else PowerCompute
    names = ("sizes", "flops", "name") if kind is TabulatedCompute else ("k", "p", "q")
    for key in value:
        if key not in names:
            raise unknown_key("compute", key, names)
    for name in names[:2] if kind is TabulatedCompute else names[:1]:
        if name not in value:
            raise InputError("compute", f"needs the key {name!r}", remedy="add it")
    return kind(**value)


def _kappa_ND(compute: ProductCompute) -> str:
    return f"{compute.kappa!r}".removesuffix(".0") + "ND"


def _under(compute: Compute, runs: Runs) -> Runs:
    return runs.under(compute, runs.C if is_measured(runs) else None)


def _column(runs: Runs, name: str) -> np.ndarray:
    values = runs.C if name == "C" else runs.columns.get(name)
    if values is None:
        remedy = nearest_or_all(name, ["C", *runs.columns])
        raise InputError("compute", f"names column {name!r}, which the runs do not have", remedy=remedy)
    numbers = np.array([_number(value) for value in values])
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers > 0)))
    if wrong.size:
        rule, place = f"must be positive in column {name!r}", f"in row {wrong[0] + 1} of the runs"
        remedy = "correct the column, or choose another convention"
        raise InputError("compute", rule, got=brief(values[wrong[0]]), place=place, remedy=remedy)
    return numbers


def _number(value: Any) -> float:
    try:
        return float("nan") if isinstance(value, (bool, np.bool_)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
