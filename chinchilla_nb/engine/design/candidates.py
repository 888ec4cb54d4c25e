"""Runs that a design chooses from: a grid of compute and tokens per parameter, or sizes of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import at_ratio
from chinchilla_nb.engine.conversion import as_positive_array
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_search import ModelTable

__all__ = ["Candidates", "candidate_grid"]

Array = NDArray[Any]

BUDGETS, RATIOS = 13, 9
"""Values of C and of D/N in a grid. With twice as many of each, the variance of N* after a design of 20 seeds is less
than 2 % lower."""
MOST = 100_000
"""A thousand runs are chosen out of these in half a minute."""


@dataclass(frozen=True, eq=False, slots=True)
class Candidates:
    """Runs that a design may choose.

    Attributes
    ----------
    N, D, C : ndarray, shape (n,)
    repeated : bool
        Whether a design may choose one of them more than once.
    """

    N: Array
    D: Array
    C: Array
    repeated: bool

    @classmethod
    def listed(cls, N: ArrayLike, D: ArrayLike, compute: Compute) -> Candidates:
        """Return runs of given sizes, each to be chosen at most once.

        Raises
        ------
        InputError
            If there is none or more than a hundred thousand, or one has less than one parameter or one token.
        """
        N, D = as_positive_array(N, "N of the candidates"), as_positive_array(D, "D of the candidates")
        if not 0 < len(N) <= MOST:
            raise InputError("candidates", f"must be between 1 and {MOST:,} runs", got=str(len(N)))
        for name, values in (("N", N), ("D", D)):
            if values.min() < 1:
                raise InputError(f"{name} of the candidates", "must be at least 1", got=f"{values.min():g}")
        with np.errstate(over="ignore", under="ignore"):
            C = as_positive_array(compute.C(N, D), "C of the candidates")
        return cls(N, D, C, repeated=False)

    def __len__(self) -> int:
        return len(self.N)


def candidate_grid(
    C: tuple[float, float],
    tokens_per_parameter: tuple[float, float],
    compute: Compute,
    models: ModelTable | None = None,
) -> Candidates:
    """Return runs with compute and tokens per parameter in geometric steps between two ends; N is a whole number.

    With a table of models, N is the nearest size in it, and runs whose D/N then leaves the range are left out.

    Raises
    ------
    InputError
        If no run of the grid has at least one parameter and one token, and a size of the table, in the range.
    """
    low, high = tokens_per_parameter
    budgets, ratios = (np.unique(np.geomspace(*ends, n)) for ends, n in ((C, BUDGETS), ((low, high), RATIOS)))
    budget, ratio = (values.ravel() for values in np.meshgrid(budgets, ratios, indexing="ij"))
    with np.errstate(all="ignore"):
        N = np.round(at_ratio(compute, budget, ratio))
        if models is not None:
            N = np.array([models.nearest(size)[1] for size in np.maximum(N, 1.0)])
        whole = np.maximum(N, 1.0)
        D = compute.D(budget, whole)
        # Rounding of N moves D/N past an end by half a parameter at most, but another size of a model by more.
        slack = 1 + 1.5 / whole
        inside = (N >= 1) & (D >= 1) & (D / N >= low / slack) & (D / N <= high * slack)
        real = inside & np.isfinite(compute.C(whole, D))
    if not real.any():
        where = f"D/N between {low:g} and {high:g} and C between {C[0]:g} and {C[1]:g}"
        raise InputError("", f"there is no run with {where}", remedy="widen the ranges, or give candidates")
    _, first = np.unique(np.stack([N[real], D[real]]), axis=1, return_index=True)
    which = np.flatnonzero(real)[np.sort(first)]
    return Candidates(N[which], D[which], np.asarray(compute.C(N[which], D[which])), repeated=True)
