"""What a planner must know about a fit before trusting it: warnings, each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.chinchilla import ScalingLaw
from chinchilla_nb.engine.runs import Runs

__all__ = ["FitWarning", "diagnose"]

TERMS = (("N", "A", "alpha", "model size"), ("D", "B", "beta", "data"))


@dataclass(frozen=True, slots=True)
class FitWarning:
    """Something a fit cannot vouch for.

    Attributes
    ----------
    code : str
        Short name for programs, e.g. ``collinear``.
    message : str
        What is wrong, with the numbers.
    remedy : str
        What to do about it.
    """

    code: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}"


def diagnose(law: ScalingLaw, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> tuple[FitWarning, ...]:
    """List what the runs cannot support or what came out at a limit."""
    return (
        *_too_few(runs),
        *_no_spread(runs),
        *_at_a_limit(law, bounds),
        *_poorly_determined(law, runs, bounds),
        *_outside_the_runs(law, runs),
    )


def _too_few(runs: Runs) -> Iterator[FitWarning]:
    if len(runs) < 5:
        yield FitWarning(
            "few_runs",
            f"{len(runs)} runs cannot determine five parameters",
            "add runs, or fix parameters with bounds={'E': (1.7, 1.7)}",
        )


def _no_spread(runs: Runs) -> Iterator[FitWarning]:
    constant = False
    for axis, factor, exponent, _ in TERMS:
        values = np.unique(getattr(runs, axis))
        if len(values) < 3:
            constant = constant or len(values) == 1
            yield FitWarning(
                "few_sizes",
                f"{factor} and {exponent} are not identifiable from {len(values)} distinct {axis}",
                f"add runs with other {axis}",
            )
    if not constant and len(runs) > 2:
        correlation = float(np.corrcoef(np.log(runs.N), np.log(runs.D))[0, 1])
        if abs(correlation) > 0.995:
            yield FitWarning(
                "collinear",
                f"N and D move together (correlation of their logarithms {correlation:.4f}), so their terms mix",
                "add runs with other tokens per parameter, e.g. an isoFLOP slice",
            )


def _at_a_limit(law: ScalingLaw, bounds: Mapping[str, tuple[float, float]]) -> Iterator[FitWarning]:
    values = law.as_dict()
    for name, (low, high) in bounds.items():
        if low < high and (np.isclose(values[name], low) or np.isclose(values[name], high)):
            yield FitWarning(
                "at_bound", f"{name} = {values[name]:.4g} is held by its bounds ({low:g}, {high:g})", "widen them"
            )
    if law.E <= 0 and "E" not in bounds:
        yield FitWarning(
            "zero",
            "E = 0: these runs show no sign of a loss that nothing goes below",
            "add larger runs, or bound E from below",
        )
    for axis, factor, exponent, what in TERMS:
        if values[factor] <= 0 or (values[exponent] <= 1e-8 and exponent not in bounds):
            name = factor if values[factor] <= 0 else exponent
            yield FitWarning(
                "zero",
                f"{name} = 0: {what} does not matter in these runs",
                f"add runs that span a wider range of {axis}",
            )
        elif values[exponent] >= 10 and exponent not in bounds:
            yield FitWarning(
                "at_bound",
                f"{exponent} = {values[exponent]:.3g} is at the largest exponent the fit considers",
                f"check for outliers at the smallest {axis}, or add runs in between",
            )


def _poorly_determined(law: ScalingLaw, runs: Runs, bounds: Mapping[str, tuple[float, float]]) -> Iterator[FitWarning]:
    """Standard errors of the exponents from the linearised fit, sigma^2 (J^T J)^-1."""
    if len(runs) <= 5 or min(law.A, law.B, law.alpha, law.beta) <= 0:
        return
    x, y = np.log(runs.N) - np.log(runs.N).mean(), np.log(runs.D) - np.log(runs.D).mean()
    A_term, B_term = law.A * runs.N**-law.alpha, law.B * runs.D**-law.beta
    # Relative errors, so that large losses do not decide alone.
    columns = np.stack([np.ones_like(x), A_term, B_term, -x * A_term, -y * B_term], axis=1) / runs.loss[:, None]
    fixed = [name in bounds and bounds[name][0] == bounds[name][1] for name in ("E", "A", "B", "alpha", "beta")]
    free = np.flatnonzero(~np.array(fixed))
    relative = law.loss(runs.N, runs.D) / runs.loss - 1
    # The median resists outliers; 1.4826 makes it a standard deviation for normal errors.
    sigma = 1.4826 * float(np.median(np.abs(relative)))
    size = np.maximum(np.linalg.norm(columns[:, free], axis=0), 1e-300)
    covariance = np.linalg.pinv((columns[:, free] / size).T @ (columns[:, free] / size), rcond=1e-15)
    error = dict(zip(free, sigma * np.sqrt(np.maximum(np.diag(covariance), 0)) / size, strict=True))
    for (axis, _, exponent, _), index in zip(TERMS, (3, 4), strict=True):
        value = getattr(law, exponent)
        if index in error and error[index] > value / 2:
            yield FitWarning(
                "poorly_determined",
                f"{exponent} = {value:.3g} is uncertain by about {error[index]:.2g}",
                f"add runs that span a wider range of {axis}, or repeat runs to average out noise",
            )


def _outside_the_runs(law: ScalingLaw, runs: Runs) -> Iterator[FitWarning]:
    if min(law.A, law.B, law.alpha, law.beta) <= 0:
        return
    C = float(runs.C.max())
    with np.errstate(over="ignore", under="ignore"):
        N, D = allocate(law, C)
        ratio, seen = float(D / N), runs.D / runs.N
    if not seen.min() <= ratio <= seen.max():
        yield FitWarning(
            "extrapolation",
            f"the optimum at C = {C:.2g} has {ratio:.3g} tokens per parameter; the runs have {seen.min():.3g} "
            f"to {seen.max():.3g}",
            "add runs on both sides of it before trusting the frontier",
        )
