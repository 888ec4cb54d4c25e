"""What it costs to train a model smaller or larger than the compute-optimal one."""

from __future__ import annotations

from dataclasses import dataclass

from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.family import Law

__all__ = ["OffFrontier", "off_frontier"]


@dataclass(frozen=True, slots=True)
class OffFrontier:
    """A model off the efficient frontier.

    Attributes
    ----------
    N, D : float
        The model, and the tokens that the budget buys for it.
    loss : float
        What the law predicts for them.
    extra_loss : float
        How much that is above the loss of the compute-optimal allocation of the same budget.
    D_same_loss : float
        Tokens at which this model reaches that loss; NaN where no amount of data does.
    compute_ratio : float
        Compute that takes, in units of the budget; NaN likewise.
    """

    N: float
    D: float
    loss: float
    extra_loss: float
    D_same_loss: float
    compute_ratio: float


def off_frontier(law: Law, C: float, factor: float) -> OffFrontier:
    """Leave the frontier at a budget of C FLOPs, for a model of ``factor`` times the compute-optimal size.

    Raises
    ------
    ValueError
        If C or the factor is not positive and finite, or the law has no optimum inside.
    """
    if not 0 < factor < float("inf"):
        raise ValueError(f"factor must be positive and finite, got {factor}")
    N_best, D_best = (float(value) for value in allocate(law, C))
    best = float(law.loss(N_best, D_best))
    N, D = factor * N_best, D_best / factor
    loss = float(law.loss(N, D))
    # At factor 1 the closed form would give the same up to rounding.
    D_same = D_best if factor == 1 else float(law.iso_loss_D(best, N))
    return OffFrontier(N, D, loss, loss - best, D_same, factor * D_same / D_best)
