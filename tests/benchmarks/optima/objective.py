"""The objective of a law in extended precision, whether it is feasible, and when it is worse than another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optima.laws import LARGEST_EXPONENT, model_of
from optima.losses import shape_of
from optima.problems import Case

__all__ = ["excess", "feasible", "floor_of", "objective_of"]

Array = NDArray[Any]

RESOLUTION = 1e-13
"""Error of every prediction, relative to the mean loss, up to which an objective is not told from zero: the parameters
of a law are float64, and rounding them changes predictions by about this much when an exponent is large."""
CANCELLING = ("log_cosh", "pseudo_huber")
"""Losses that users write as the difference of two numbers of the size of one."""
ROUNDING = 1e-12
"""Relative slack of bounds, which a change of units and a logarithm do not keep to the last digit."""


def objective_of(case: Case, law: Sequence[float]) -> float:
    """Return the weighted mean loss of a law, E, A, B, alpha, beta or N_c, D_c, alpha_N, alpha_D."""
    N, D, truth = (values.astype(np.longdouble) for values in (case.N, case.D, case.loss))
    one, two, *rest = np.asarray(law, dtype=np.longdouble)
    with np.errstate(all="ignore"):
        if case.law == "kaplan":
            alpha_N, alpha_D = rest
            sizes = alpha_N / alpha_D * (np.log(one) - np.log(N))
            prediction = np.exp(alpha_D * np.logaddexp(sizes, np.log(two) - np.log(D)))
        else:
            B, alpha, beta = rest
            prediction = one + two * np.exp(-alpha * np.log(N)) + B * np.exp(-beta * np.log(D))
        shape = shape_of(case.name, case.options)
        losses = shape.value(shape.residuals(prediction, truth))
        value = float(np.sum(case.weight * losses) / np.sum(case.weight.astype(np.longdouble)))
    return value if np.isfinite(value) else np.inf


def floor_of(case: Case) -> float:
    """Return the objective of predictions that are wrong by `RESOLUTION`."""
    shape, unit = shape_of(case.name, case.options), float(np.exp(np.log(case.loss).mean()))
    r = RESOLUTION * (unit if shape.residual == "difference" else 1.0)
    # In float64, log cosh and the like are zero within some roundings of one, times their scale squared.
    cancelled = 64 * np.finfo(float).eps * case.options.get("scale", 0.0) ** 2
    return max(float(shape.value(np.array([r, -r])).max()), cancelled if case.name in CANCELLING else 0.0)


def excess(case: Case, value: float, best: float) -> float:
    """Return how far an objective lies above another, relative to it; zero where rounding decides."""
    above = value - best
    return 0.0 if abs(above) <= floor_of(case) else above / max(best, floor_of(case))


def feasible(case: Case, law: Sequence[float]) -> bool:
    """Return whether a law lies within the bounds of a problem and the documented range of exponents.

    How small or large a term may be is left to the fit: the search keeps to the limits of `laws`.
    """
    values = dict(zip(model_of(case).names, law, strict=True))
    if not all(np.isfinite(value) and value >= 0 for value in values.values()):
        return False
    ends = [(values[name], *limits) for name, limits in case.bounds.items()]
    ends += [(value, 0.0, LARGEST_EXPONENT) for name, value in values.items() if name.startswith(("alpha", "beta"))]
    return all(low * (1 - ROUNDING) <= value <= high * (1 + ROUNDING) for value, low, high in ends)
