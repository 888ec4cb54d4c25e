"""Studies of whole projects, simulated many times, as a DataFrame: the function `study`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.checks import as_count, as_file_path
from chinchilla_nb.engine.conversion import as_flag, as_positive_values, check_choice, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.losses import asymmetric_mae
from chinchilla_nb.engine.fitting.problem import FEWEST_RUNS, Problem
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.families import PLANNING_FAMILIES, family_named
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.cell_intervals import ENDS, Intervals
from chinchilla_nb.engine.simulation.cells import AT_TARGET, Cell
from chinchilla_nb.engine.simulation.designs import Design, GivenRuns
from chinchilla_nb.engine.simulation.noise import NOISE_SIZE
from chinchilla_nb.engine.simulation.study import Piece, Study, iter_study
from chinchilla_nb.engine.uncertainty.estimate import METHODS
from chinchilla_nb.engine.uncertainty.interval import as_level
from chinchilla_nb.records.study_file import StudyFile
from chinchilla_nb.study_choices import (
    is_noise,
    labelled,
    numbers,
    read_design,
    read_factor,
    read_law,
    read_noise,
    read_study_loss,
)
from chinchilla_nb.study_identity import study_identity
from chinchilla_nb.work.bar import Bar
from chinchilla_nb.work.parallel import adaptive_map

__all__ = ["study"]

Array = NDArray[Any]

MOST = 100_000
"""Most seeds of a project, and most repetitions: more would take days."""


def study(
    laws: Any,
    designs: Any,
    *,
    noise: Any = ("exponential", NOISE_SIZE),
    seeds: Any = 100,
    losses: Any = asymmetric_mae,
    scaling_factors: Any = None,
    targets: ArrayLike = 1e24,
    repetitions: int = 1000,
    rng: int = 0,
    law: str = "chinchilla",
    intervals: str | None = None,
    level: float = 0.95,
    checkpoint: str | os.PathLike[str] | None = None,
    parallel: bool = True,
    progress: bool = True,
) -> pd.DataFrame:
    """Simulate whole projects many times, fit each, and measure how well it recovers its law.

    Every combination of laws, designs, noise, seeds, losses and scaling factors is a cell. Each of these arguments is
    one choice or a list of choices; laws, designs, noise and losses can be a dict of choices by labels of your own.
    Repetitions have the same random numbers in every cell, so that cells are compared pairwise, and fewer seeds are the
    first of more.

    Parameters
    ----------
    laws : law, dict of its parameters, or name of a published law
        The laws that runs are made from.
    designs : dict of seed ranges, SeedRegime, DataFrame, or list of (N, D)
        The first runs of a project: random seeds in ranges as in ``seed_ranges``, or the same runs each time.
    noise : tuple of str and float, callable, or None
        Family (``"exponential"``, ``"half-normal"`` or ``"normal"``) and size of the noise of a loss; or a function
        ``noise(rng, count)`` that draws the noise of a number of runs. With the same ``rng``, the noise of fewer runs
        should be the first of that of more, as that of ``rng.normal(0, 0.1, count)`` is.
    seeds : int
        Number of seeds, at least three; a design of given runs has all of them.
    losses : callable or str
        The losses that fits minimise.
    scaling_factors : float or None
        With a number, each project adds a compute-optimal run of so many times the largest compute, and fits again.
    targets : float or array_like
        Budgets in FLOPs at which fits are measured.
    repetitions : int, default 1000
        Number of projects of each cell.
    rng : int, default 0
        The same seed gives the same study, to the bit, serial, parallel or resumed. A study of other repetitions can
        differ in the last digits of those that are fitted together with others, fifty at a time.
    law : str, default 'chinchilla'
        The law that is fitted.
    intervals : str, optional
        Method of intervals to estimate for each fit, as for :meth:`Chinchilla.uncertainty`; none by default.
    level : float, default 0.95
        Level of the intervals.
    checkpoint : path, optional
        A file that keeps what has been measured. With the same study, also one of more repetitions, it is resumed.
    parallel : bool, default True
        Whether to spread projects over processes, or over the cluster of ``joblib.parallel_config``.
    progress : bool, default True
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        A row per fit and target: what was asked, the parameters, and at the target N, D, predicted_loss; N_error,
        D_error and loss_error, logarithms of the ratio to the true value; deadweight compute in FLOPs, and as a share;
        the ends of the intervals; a_error and the errors of other exponents, differences from the true value; status
        and seconds per project. NaN where the fitted law has no optimum.

    Raises
    ------
    ValueError
        If an argument is not valid, or the checkpoint is not of this study.
    """
    check_type(law, "law", str)
    chosen: dict[str, Mapping[str, Any]] = {
        "law": labelled(laws, "laws", read_law),
        "design": labelled(designs, "designs", read_design),
        "noise": labelled(noise, "noise", read_noise, is_noise),
        "seeds": numbers(seeds, "seeds", _read_seeds),
        "loss": labelled(losses, "losses", read_study_loss),
        "scaling_factor": numbers(scaling_factors, "scaling_factors", read_factor),
    }
    asked = Study(
        cells=_cells(chosen, law),
        targets=_as_targets(targets, chosen["law"]),
        repetitions=_as_number_of(repetitions, "repetitions", 1),
        random_seed=as_count(rng, "rng"),
        intervals=_as_intervals(intervals, level),
    )
    spread = adaptive_map if as_flag(parallel, "parallel") else map
    shown = as_flag(progress, "progress")
    if checkpoint is None:
        return _frame(asked, dict(_measured(asked, {}, spread, shown)))
    with closing(StudyFile(as_file_path(checkpoint, "checkpoint"), study_identity(asked, chosen))) as file:
        found: dict[Piece, Mapping[str, Array]] = dict(file.known)
        for piece, measured in _measured(asked, found, spread, shown):
            file.append(piece, measured)
            found[piece] = measured
    return _frame(asked, found)


def _measured(
    asked: Study, known: Mapping[Piece, Any], spread: Callable[..., Any], shown: bool
) -> Iterator[tuple[Piece, Mapping[str, Array]]]:
    """Yield what is measured of each piece that is not known, showing the progress."""
    with closing(Bar("simulating", shown)) as bar, closing(iter_study(asked, known, map=spread)) as states:
        for state in states:
            bar.update(state.done, state.total, "simulating")
            if state.piece is not None:
                yield state.piece, state.found


def _cells(chosen: Mapping[str, Mapping[str, Any]], law: str) -> tuple[Cell, ...]:
    """Return a cell for each combination; designs of given runs are not combined with numbers of seeds."""
    cells: dict[tuple[Any, ...], Cell] = {}
    family = family_named(law, PLANNING_FAMILIES)
    for combination in itertools.product(*(choices.items() for choices in chosen.values())):
        labels, (truth, design, noise, seeds, loss, factor) = zip(*combination, strict=True)
        count = len(design.N) if isinstance(design, GivenRuns) else seeds
        _check_finite(factor, design)
        named = {**dict(zip(chosen, labels, strict=True)), "seeds": count, "scaling_factor": factor or 0.0}
        problem = Problem(Runs([], [], []), family, family.starts, loss)
        cells[tuple(named.values())] = Cell(
            named, truth, noise, design, count, int(factor is not None), factor, problem
        )
    return tuple(cells.values())


def _check_finite(factor: float | None, design: Design) -> None:
    if factor is not None and not np.isfinite(factor * design.largest_C):
        remedy = "give a smaller factor"
        raise InputError("scaling_factors", "must leave the compute of runs finite", got=f"{factor:g}", remedy=remedy)


def _read_seeds(written: Any) -> int:
    return _as_number_of(written, "seeds", FEWEST_RUNS)


def _as_number_of(value: Any, name: str, least: int) -> int:
    count = as_count(value, name)
    if not least <= count <= MOST:
        raise InputError(name, f"must be between {least} and {MOST:,}", got=f"{count:,}")
    return count


def _as_targets(targets: ArrayLike, laws: Mapping[str, Any]) -> Array:
    budgets = np.atleast_1d(as_positive_values(targets, "targets"))
    if budgets.ndim > 1 or not budgets.size:
        rule = "must be one budget or a list of budgets"
        raise InputError("targets", rule, got=f"an array of shape {budgets.shape}")
    for truth in laws.values():
        allocate(truth, budgets)  # raises the error of a law without an optimum there
    return budgets


def _as_intervals(method: str | None, level: float) -> Intervals | None:
    check_type(method, "intervals", str, type(None))
    if method is None:
        return None
    check_choice(method, "intervals", METHODS)
    return Intervals(method, as_level(level))


def _frame(asked: Study, found: Mapping[Piece, Mapping[str, Array]]) -> pd.DataFrame:
    """Return a row per project and target, in the order of the cells."""
    tables = []
    for piece in sorted((one for one in asked.pieces if one in found), key=lambda one: (one.cell, one.first)):
        measured, n_targets = found[piece], len(asked.targets)
        at_target = [name for name in (*AT_TARGET, *ENDS) if name in measured]
        alone = {name: np.repeat(values, n_targets) for name, values in measured.items() if name not in at_target}
        repetition, seconds = alone.pop("repetition"), alone.pop("seconds")
        tables.append(
            pd.DataFrame(
                {
                    **asked.cells[piece.cell].labels,
                    "repetition": repetition,
                    "target": np.tile(asked.targets, piece.count),
                    **alone,
                    **{name: np.asarray(measured[name]).ravel() for name in at_target},
                    "seconds": seconds,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
