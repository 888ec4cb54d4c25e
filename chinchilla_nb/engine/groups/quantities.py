"""Quantities of groups that are fitted together, with their intervals: parameters, multipliers and efficiencies.

The multiplier of a baseline against another group at a compute C is the factor k with which the baseline, trained with
kC FLOPs, reaches the loss that the other reaches with C, both compute-optimally. Where groups share E and the exponents
and C is proportional to ND, it is the same at every C: the product of the efficiencies of N and D, because
L(N, D) = E + A / (e_N N)^alpha + B / (e_D D)^beta is lowest at C where E + A / N^alpha + B / D^beta is lowest at
e_N e_D C.

Intervals are those of the delta method with the sandwich covariance of the joint fit [Huber 1967; White 1980], its
leverages corrected as in a jackknife, and Student's t; `tests/benchmarks/group_coverage.py` measures how many contain
the truth, and docs/groups.md has the table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.conversion import as_positive_number, as_positive_values, check_choice
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.groups.joint_fit import GroupFit
from chinchilla_nb.engine.laws.allocation import allocate, optima
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.stack import LawStack
from chinchilla_nb.engine.planning.effective_compute import compute_multiplier
from chinchilla_nb.engine.uncertainty.interval import Interval, tail_of
from chinchilla_nb.engine.uncertainty.linear import linear_limits
from chinchilla_nb.engine.uncertainty.quantities import Quantities

__all__ = ["common_compute", "default_baseline", "efficiencies", "frontier_losses", "multiplier", "parameters"]

Array = NDArray[Any]


def common_compute(fit: GroupFit, *names: str) -> float:
    """Return the largest compute, in FLOPs, that runs of each of some groups reach; of all groups by default."""
    return min(float(fit.grouped.of(name).C.max()) for name in names or fit.grouped.names)


def default_baseline(fit: GroupFit) -> str:
    """Return the group with the most runs, the first of those with as many."""
    return fit.grouped.names[int(np.argmax(fit.grouped.counts))]


def parameters(fit: GroupFit, level: float = 0.95) -> dict[str, dict[str, Interval]]:
    """Return the parameters of the law of each group with their intervals, by group and by name."""
    described = fit.problem.family.parameters
    factors = [parameter.kind == "factor" for parameter in described] * len(fit.laws)
    found = _interval(fit, lambda laws: [value for law in laws for value in law.as_dict().values()], factors, level)
    each = np.reshape([found.value, found.low, found.high], (3, len(fit.laws), len(described)))
    return {
        name: {parameter.name: Interval(*each[:, group, at]) for at, parameter in enumerate(described)}
        for group, name in enumerate(fit.laws)
    }


def multiplier(fit: GroupFit, group: str, baseline: str, C: float | None = None, level: float = 0.95) -> Interval:
    """Return how much more compute a baseline needs than a group that is trained with C FLOPs, with its interval.

    Parameters
    ----------
    group, baseline : str
        Names of two groups.
    C : float, optional
        Compute of the group in FLOPs; by default the largest that runs of both reach.
    level : float

    Returns
    -------
    Interval
        Infinite where the baseline does not reach the loss of the group with any compute.

    Raises
    ------
    InputError
        If there is no such group, a number is not usable, or a law has no compute-optimal allocation at C.
    """
    of, to = _places(fit, group, baseline)
    compute = fit.problem.runs.compute
    spent = common_compute(fit, group, baseline) if C is None else as_positive_number(C, "C")
    allocate(fit.laws[group], spent, compute)  # its error says why there is no optimum
    found = _interval(fit, lambda laws: [_multiplier(laws[to], laws[of], spent, compute)], [True], level)
    return _at(found, 0)


def efficiencies(fit: GroupFit, group: str, baseline: str, level: float = 0.95) -> dict[str, Interval]:
    """Return the efficiencies of N and D of a group relative to a baseline, by the names N and D.

    A model of N parameters in the group is worth one of e_N N in the baseline, and D tokens are worth e_D D. There are
    none in a model whose groups differ in E or in the exponents.

    Raises
    ------
    InputError
        If there is no such group.
    """
    of, to = _places(fit, group, baseline)
    shared = np.ptp(fit.box.places, axis=0) == 0
    factors = np.array([parameter.kind == "factor" for parameter in fit.problem.family.parameters])
    if not (shared | factors).all():
        return {}
    typical = float(np.median(fit.problem.runs.loss))
    found = _interval(fit, lambda laws: _efficiencies(laws[to], laws[of], typical), [True, True], level)
    return {name: _at(found, at) for at, name in enumerate(("N", "D"))}


def frontier_losses(fit: GroupFit, C: ArrayLike) -> dict[str, Array]:
    """Return the lowest loss of the law of each group at budgets of C FLOPs; NaN without an optimum."""
    budgets, found = as_positive_values(C, "C"), {}
    for name, law in fit.laws.items():
        N, D = optima(law, budgets, fit.problem.runs.compute)
        known = np.isfinite(N)
        found[name] = np.where(known, law.loss(np.where(known, N, 1.0), np.where(known, D, 1.0)), np.nan)
    return found


def _places(fit: GroupFit, group: str, baseline: str) -> tuple[int, int]:
    """Return the places of two groups in their order."""
    for name, value in (("group", group), ("baseline", baseline)):
        check_choice(value, name, fit.grouped.names)
    return fit.grouped.names.index(group), fit.grouped.names.index(baseline)


def _interval(
    fit: GroupFit, of: Callable[[Sequence[Law]], list[float]], logarithmic: list[bool], level: float
) -> Interval:
    """Return quantities of the laws of all groups with their intervals, which are unlimited without spare runs."""
    tail = tail_of(level)
    quantities = Quantities(lambda law: np.array(of(_laws(law))), np.array(logarithmic))
    near, value = fit.near, quantities.of(fit.stack)
    if len(near.error) <= fit.free:
        return Interval(value, np.zeros_like(value), np.full_like(value, np.inf))
    return Interval(value, *linear_limits(near, near.robust_covariance, quantities, tail))


def _laws(law: Law) -> Sequence[Law]:
    assert isinstance(law, LawStack)  # of `JointCoordinates`
    return law.laws


def _at(found: Interval, place: int) -> Interval:
    return Interval(*(np.asarray(end[place]) for end in (found.value, found.low, found.high)))


def _multiplier(baseline: Law, law: Law, C: float, compute: Compute) -> float:
    """Return the multiplier of two laws; infinite where the baseline does not reach the loss."""
    try:
        return compute_multiplier(baseline, law, C=C, compute=compute)
    except InputError:
        return np.inf


def _efficiencies(baseline: Law, law: Law, loss: float) -> list[float]:
    """Return by how much N and D of a law are worth more than in a baseline, from F / N^f = F_0 / (e_N N)^f."""
    of, to = law.iso_loss(loss), baseline.iso_loss(loss)
    with np.errstate(all="ignore"):
        return [
            float(np.exp(np.float64(to.log_F - of.log_F) / of.f)),
            float(np.exp(np.float64(to.log_G - of.log_G) / of.g)),
        ]
