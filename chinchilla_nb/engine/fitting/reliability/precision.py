"""Warnings about what the runs do not determine: N* at larger budgets, an exponent, whether there is a floor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.fit_warning import FitWarning
from chinchilla_nb.engine.fitting.reliability.linearised import LEVEL, Linearised
from chinchilla_nb.engine.laws.allocation import has_optimum
from chinchilla_nb.engine.laws.parameters import Parameter, flat_term
from chinchilla_nb.quantity import plain, scientific

__all__ = ["check_precision"]

AHEAD = 100.0
"""N* is judged at this many times the largest budget of the runs: about as far as a plan may extrapolate."""
UNCERTAIN_N = 4.0
"""Factor either way, in a 95 % interval, from which N* is poorly determined."""
UNCERTAIN_EXPONENT = 0.5
"""The same for an exponent, as a share of it. With a less certain exponent, the law is so far from linear near the fit
that the interval of N* may be too narrow."""
SIGN = 0.8
"""Coverage of the interval of a floor that must not include 0, so that a floor is above 0 with 90 % confidence."""
VANISHED = 1e-9
"""A floor below this share of the losses is zero."""
FARTHEST_FACTOR = 1000.0
"""Larger factors are not told apart."""


def check_precision(problem: Problem, near: Linearised) -> Iterator[FitWarning]:
    """Warn about what is poorly determined, from 95 % intervals.

    With no more runs than parameters, or a term that vanished, there are no intervals: other warnings say why.
    """
    judged = (
        np.count_nonzero(problem.weights()) > np.count_nonzero(near.free)
        and flat_term(near.law.as_dict(), near.law.parameters) is None
    )
    margins = near.margins() if judged else np.zeros(len(near.theta))
    values, box = near.law.as_dict(), near.box
    sign = near.quantile(SIGN) / near.quantile(LEVEL)
    if judged and has_optimum(near.law):
        yield from _uncertain_N(near, AHEAD * float(problem.runs.C.max()))
    # Exponents and floors are coordinates themselves, a floor in other units.
    for parameter, at, least, margin in zip(problem.family.parameters, near.theta, box.lower, margins, strict=True):
        value = values[parameter.name]
        if parameter.kind == "floor" and least <= 0 and at <= max(sign * margin, VANISHED):
            yield _no_floor(parameter, value, value * margin / at if at > VANISHED else 0.0)
        if parameter.kind == "exponent" and margin > UNCERTAIN_EXPONENT * at:
            yield FitWarning(
                "poorly_determined",
                f"{parameter.name} = {value:.3g} is uncertain by about {margin:.2g}",
                f"add runs that span a wider range of {parameter.axis}, or repeat runs to average out noise",
            )


def _uncertain_N(near: Linearised, C: float) -> Iterator[FitWarning]:
    margin = near.log_N_margin(C)
    if margin > np.log(UNCERTAIN_N):
        far = margin > np.log(FARTHEST_FACTOR)
        factor = f"more than a factor of {FARTHEST_FACTOR:g}" if far else f"a factor of {np.exp(margin):.3g}"
        yield FitWarning(
            "poorly_determined",
            f"N* at {scientific(C, 2)} FLOPs, {AHEAD:g} times the largest run, is uncertain by {factor} either way",
            "add larger runs or runs with other tokens per parameter, or repeat runs to average out noise",
        )


def _no_floor(parameter: Parameter, value: float, margin: float) -> FitWarning:
    name = parameter.name
    found = f"{name} = {plain(value, 2)}"
    if margin:
        found += f" may be 0, as it is uncertain by {plain(margin, 2)}"
    return FitWarning(
        "zero",
        f"{found}: these runs show no sign of an {parameter.meaning}",
        f"add larger runs, or bound {name} from below",
    )
