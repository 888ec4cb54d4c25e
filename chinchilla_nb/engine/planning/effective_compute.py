"""Two recipes compared by effective compute: how much of one recipe's compute the other one's result is worth.

If the loss of a baseline falls as L = E + A / C^alpha, another recipe that reaches a loss L is worth the compute
C_eff with which the baseline would reach it. From one run of the baseline, L_0 at C_0, that is

    C_eff = C_0 ((L_0 - E) / (L - E))^(1 / alpha).

Its ratio to the compute C that the recipe took is the compute multiplier. Where recipes differ in speed, time counts:
at C = C_0, a recipe reaches its loss faster than the baseline would by C_eff / C_0 times the ratio of their tokens per
second.
"""

from __future__ import annotations

import numpy as np

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_positive_number, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.laws.parameters import as_parameter
from chinchilla_nb.engine.planning.target_loss import least_compute

__all__ = ["compute_multiplier", "effective_compute", "speed_up"]


def effective_compute(C: float, baseline_loss: float, loss: float, *, floor: float, exponent: float) -> float:
    """Return the compute with which a baseline would reach a loss, from one run of it.

    Parameters
    ----------
    C, baseline_loss : float
        Compute in FLOPs and loss of the run of the baseline.
    loss : float
        The loss to be reached.
    floor, exponent : float
        E and alpha of the baseline's frontier, L = E + A / C^alpha.

    Raises
    ------
    InputError
        If a number is not positive and finite, or a loss is not above the floor.
    """
    C, exponent, floor = (
        as_positive_number(C, "C"),
        as_positive_number(exponent, "exponent"),
        as_parameter("floor", floor),
    )
    given = f"baseline_loss {brief(baseline_loss)}, loss {brief(loss)}, floor {floor:g} and exponent {exponent:g}"
    excess = []
    for name, value in (("baseline_loss", baseline_loss), ("loss", loss)):
        number = as_positive_number(value, name)
        if number <= floor:
            raise InputError(name, f"must be above the floor, {floor:g}", got=f"{number:g}")
        excess.append(number - floor)
    with np.errstate(over="ignore"):
        found = C * np.float64(excess[0] / excess[1]) ** (1 / exponent)
    if not (np.isfinite(found) and found > 0):
        raise InputError("the effective compute", "must be a finite number", got=f"{found}", place=f"with {given}")
    return float(found)


def speed_up(
    C: float,
    baseline_loss: float,
    loss: float,
    *,
    floor: float,
    exponent: float,
    baseline_tokens_per_second: float,
    tokens_per_second: float,
) -> float:
    """Return how much faster a recipe reaches its loss than a baseline would, both trained with C FLOPs.

    Parameters
    ----------
    C, baseline_loss, loss, floor, exponent : float
        As for `effective_compute`; the recipe reaches its loss with the same C.
    baseline_tokens_per_second, tokens_per_second : float
        How fast both train.

    Raises
    ------
    InputError
        If a number is not positive and finite, or a loss is not above the floor.
    """
    worth = effective_compute(C, baseline_loss, loss, floor=floor, exponent=exponent) / as_positive_number(C, "C")
    fast = as_positive_number(tokens_per_second, "tokens_per_second")
    return worth * fast / as_positive_number(baseline_tokens_per_second, "baseline_tokens_per_second")


def compute_multiplier(
    baseline: Law, law: Law, *, C: float | None = None, loss: float | None = None, compute: Compute = SIX_ND
) -> float:
    """Return how much more compute a baseline needs than another law to reach the same loss.

    Parameters
    ----------
    baseline, law : Law
        Laws of N and D, whose optima are compared, or frontier laws.
    C : float, optional
        The budget of the other law, in FLOPs, whose loss both reach.
    loss : float, optional
        That loss itself, instead of a budget.
    compute : Compute
        How C follows from N and D.

    Raises
    ------
    InputError
        If neither or both of C and loss are given, a number is not positive and finite, or a law does not reach the
        loss.
    """
    for name, value in (("baseline", baseline), ("law", law)):
        check_type(value, name, Law)
    if (C is None) == (loss is None):
        got = "neither" if C is None else f"C={brief(C)}, loss={brief(loss)}"
        raise InputError("", "give either C or loss", got=got)
    if loss is None:
        spent = as_positive_number(C, "C")
        axes = (spent,) if isinstance(law, FrontierLaw) else allocate(law, spent, compute)
        loss = float(law.loss(*axes))
    else:
        spent = float(least_compute(law, loss, compute))
    return float(least_compute(baseline, loss, compute)) / spent
