"""Compare counts of parameters: with which of them the frontier is straight, D/N constant, and C near 6ND."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from chinchilla_nb.checks import as_names, brief
from chinchilla_nb.engine.compute.fitted import fitted_compute
from chinchilla_nb.engine.compute.sizes import FEWEST_BUDGETS, compare_size, optima_of_slices
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError, InputTypeError, inputs_from, nearest_or_all
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.session import Session

__all__ = ["ComparedSizes", "compare_sizes"]

BUDGETS = 5
"""Budgets, from that of the smallest run to that of the largest, at which the optima of fitted laws are compared."""


def compare_sizes(
    runs: Runs | pd.DataFrame,
    sizes: Sequence[str],
    *,
    C: str = "C",
    D: str | Sequence[str] = "D",
    loss: str | None = "loss",
) -> pd.DataFrame:
    """Compare counts of parameters of the same models: with and without embeddings, active and total.

    Parameters
    ----------
    runs : Runs or DataFrame
        Runs in isoFLOP slices, or compute-optimal points, one for each budget.
    sizes : sequence of str
        Columns of the counts.
    C : str, default "C"
        Column of the compute in FLOPs.
    D : str or sequence of str, default "D"
        Column of the tokens; with several, one for each count, as optima found with each have tokens of their own.
    loss : str or None, default "loss"
        Column of the loss. With it, the optimum of each isoFLOP slice is the minimum of a parabola in log N; of runs
        without two such slices, optima are those of Chinchilla's law and of C = k N^p D^q, both fitted to the runs.
        Without it, or in a table that has no such column, each row is an optimum.

    Returns
    -------
    DataFrame
        A row for each count, the straightest frontier first: ``N_exponent`` and ``D_exponent`` of N* and D* in C;
        ``N_R2`` and ``D_R2``, and ``N_residual`` and ``D_residual``, how straight both are in logarithms, NaN with two
        budgets, and for fitted laws, whose frontier is straight; ``D_per_N_low``, ``D_per_N_high`` and
        ``D_per_N_spread``, the standard deviation of log D*/N*; ``C_ratio_low`` and ``C_ratio_high``, the range of
        6ND/C; ``budgets``, their number; and ``optima``, where they come from: ``"rows"``, ``"slices"`` or ``"fit"``.

    Raises
    ------
    InputError
        If a column is missing, holds something else than positive numbers, or there are optima of fewer than two
        budgets.
    """
    columns = _columns(runs)
    names = as_names(sizes, "sizes")
    if not names:
        raise InputError("sizes", "must name at least one column", got="none")
    data = [D] * len(names) if isinstance(D, str) else list(as_names(D, "D"))
    if len(data) != len(names):
        raise InputError("D", "must be one column, or one for each of sizes", got=f"{len(data)} for {len(names)}")
    check_type(loss, "loss", str, type(None))
    losses = columns.get(loss) if loss is not None else None
    found = {}
    for size, tokens in zip(names, data, strict=True):
        points = [_column(columns, name, where) for name, where in ((C, "C"), (size, "sizes"), (tokens, "D"))]
        with inputs_from(f"the runs with N = {brief(size)}"):
            found[size] = _row(points) if losses is None else _row_of_runs(points, losses)
    table = pd.DataFrame.from_dict(found, orient="index").rename_axis("N")
    return table.sort_values("N_residual", kind="stable")


def _row_of_runs(points: list[np.ndarray], losses: np.ndarray) -> dict[str, Any]:
    """Return the row of runs: by isoFLOP slices, or else by laws that are fitted to them."""
    C, N, D = points
    runs = Runs(N, D, losses, C)
    optima = optima_of_slices(runs)
    if len(optima[0]) >= FEWEST_BUDGETS:
        return _row(list(optima), "slices")
    budgets = np.geomspace(runs.C.min(), runs.C.max(), BUDGETS)
    best = allocate(fit(runs).law, budgets, fitted_compute(runs).compute)
    return {**_row([budgets, *best], "fit"), **dict.fromkeys(("N_R2", "D_R2", "N_residual", "D_residual"), np.nan)}


def _row(points: list[np.ndarray], optima: str = "rows") -> dict[str, Any]:
    one = compare_size(*points)
    return {
        "N_exponent": one.N.exponent,
        "D_exponent": one.D.exponent,
        "N_R2": one.N.R2,
        "D_R2": one.D.R2,
        "N_residual": one.N.residual,
        "D_residual": one.D.residual,
        "D_per_N_low": one.ratio_range[0],
        "D_per_N_high": one.ratio_range[1],
        "D_per_N_spread": one.ratio_spread,
        "C_ratio_low": one.C_range[0],
        "C_ratio_high": one.C_range[1],
        "budgets": one.budgets,
        "optima": optima,
    }


def _columns(runs: Any) -> dict[str, np.ndarray]:
    if isinstance(runs, Runs):
        return {**runs.columns, "C": runs.C, "N": runs.N, "D": runs.D, "loss": runs.loss}
    if isinstance(runs, pd.DataFrame):
        return {str(name): runs[name].to_numpy() for name in runs.columns if (runs.columns == name).sum() == 1}
    raise InputTypeError("runs", "must be Runs or a pandas DataFrame", got=brief(runs))


def _column(columns: dict[str, np.ndarray], name: Any, where: str) -> np.ndarray:
    if not isinstance(name, str) or name not in columns:
        rule = f"names column {brief(name)}, which the runs do not have"
        raise InputError(where, rule, remedy=nearest_or_all(name, columns))
    return columns[name]


class ComparedSizes:
    """What a project offers of several counts of parameters.

    Attributes
    ----------
    session : Session
        Holds the runs.
    """

    session: Session

    def compare_sizes(self, sizes: Sequence[str] = ("N",)) -> pd.DataFrame:
        """Compare counts of parameters, columns of the runs: with which of them the frontier is straight.

        Parameters
        ----------
        sizes : sequence of str, default ("N",)
            Columns of the counts, such as ``["N", "N_without_embeddings"]``.

        Returns
        -------
        DataFrame
            As of :func:`compare_sizes`: exponents of N* and D* in C over the isoFLOP slices of the runs, how straight
            both are, how constant D*/N* is, and the range of 6ND/C.

        Raises
        ------
        ValueError
            If a column is missing, or there are neither two isoFLOP slices with an interior minimum nor enough runs to
            fit a law.
        """
        return compare_sizes(self.session.runs, sizes)
