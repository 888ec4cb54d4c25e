"""The cost of training a model that is smaller or larger than compute-optimal."""

from __future__ import annotations

from dataclasses import dataclass

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import in_proportion, other_D
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_positive_number
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.family import Law

__all__ = ["OffFrontier", "off_frontier", "tokens_for_same_loss"]


@dataclass(frozen=True, slots=True)
class OffFrontier:
    """A model off the efficient frontier.

    Attributes
    ----------
    N, D : float
        The model size, and the tokens the budget pays for at that size.
    loss : float
        The loss predicted for them.
    extra_loss : float
        Excess of that loss over the loss of the compute-optimal allocation of the same budget.
    D_same_loss : float
        Tokens with which this model reaches the compute-optimal loss; NaN if no amount of data is enough.
    compute_ratio : float
        Compute needed for that, in units of the budget; NaN likewise.
    """

    N: float
    D: float
    loss: float
    extra_loss: float
    D_same_loss: float
    compute_ratio: float


def off_frontier(law: Law, C: float, factor: float, compute: Compute = SIX_ND) -> OffFrontier:
    """Return what a model of ``factor`` times the compute-optimal size costs at a budget of C FLOPs.

    Parameters
    ----------
    law : Law
    C, factor : float
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If C or the factor is not positive and finite, the law has no optimum at C, or the factor leaves less than one
        parameter or one token.
    """
    factor = as_positive_number(factor, "factor")
    N_best, D_best = (float(value) for value in allocate(law, C, compute))
    best = float(law.loss(N_best, D_best))
    N, D = factor * N_best, float(other_D(compute, N_best, D_best, factor))
    if not (N >= 1 and D >= 1):
        raise InputError("factor", "must leave at least one parameter and one token", got=f"{factor:g}")
    loss = float(law.loss(N, D))
    D_same = tokens_for_same_loss(law, N_best, D_best, factor)
    ratio = factor * D_same / D_best if in_proportion(compute) else float(compute.C(N, D_same)) / C
    return OffFrontier(N, D, loss, loss - best, D_same, ratio)


def tokens_for_same_loss(law: Law, N_best: float, D_best: float, factor: float) -> float:
    """Return the tokens with which ``factor`` times as many parameters reach the same loss; NaN if none are enough."""
    if factor == 1:
        return D_best  # the inverted law would give it up to rounding
    return float(law.iso_loss_D(law.loss(N_best, D_best), factor * N_best))
