"""Coverage of the intervals of approach 2: simulated isoFLOP sweeps of the law of Hoffmann et al. 2022.

Usage: python tests/benchmarks/slice_coverage.py [studies]

Prints a row for each kind of sweep and noise: how many of the nominal 95 % intervals of a contain what approach 2 finds
on the same slices without noise, and their median width, by the bootstrap of errors that the package uses; the same of
two bootstraps that it does not use, which draw the runs of each slice with replacement and give them exponential
weights; how many of its intervals contain the true a; and the same of N* of single slices.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from chinchilla_nb import Runs, ScalingLaw, allocate
from chinchilla_nb.engine.approaches.isoflop import IsoFlop, fit_isoflop
from chinchilla_nb.engine.approaches.slice_bias import slice_bias
from chinchilla_nb.engine.approaches.slices import find_slices
from chinchilla_nb.engine.errors import FitError

LAW = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
DRAWS = 500


@dataclass(frozen=True)
class Sweep:
    """Budgets from 1e18 to 1e21 FLOPs, sizes from 1 / width to width times N*, and the noise of log loss."""

    budgets: int
    sizes: int
    width: float
    noise: float
    one_sided: bool = False

    def runs(self, rng: np.random.Generator) -> Runs:
        """Return runs with noise."""
        C = np.geomspace(1e18, 1e21, self.budgets)
        N = np.outer(allocate(LAW, C)[0], np.geomspace(1 / self.width, self.width, self.sizes)).ravel()
        D = np.repeat(C, self.sizes) / 6 / N
        errors = rng.exponential(size=len(N)) if self.one_sided else rng.normal(size=len(N))
        return Runs(N, D, LAW.loss(N, D) * np.exp(self.noise * errors))

    def __str__(self) -> str:
        kind = "one-sided" if self.one_sided else "normal"
        return f"{self.budgets} budgets, {self.sizes:2} sizes to x{self.width:g}, noise {self.noise:.1%} {kind:9}"


SWEEPS = (
    Sweep(6, 7, 4.0, 0.003),
    Sweep(6, 7, 4.0, 0.01),
    Sweep(9, 5, 3.0, 0.003),
    Sweep(4, 5, 4.0, 0.003),
    Sweep(6, 10, 6.0, 0.005),
    Sweep(6, 7, 4.0, 0.005, one_sided=True),
    Sweep(12, 15, 16.0, 0.005),
)


def of_runs(found: IsoFlop, rng: np.random.Generator, replacement: bool) -> tuple[float, float]:
    """Return the ends of the interval of a from resamples of the runs of each slice."""
    runs, minima = found.slices.runs, []
    for one in found.parabolas:
        x, loss, n = np.log(runs.N[one.runs]), runs.loss[one.runs], len(one.runs)
        unit = (x - x.mean()) / x.std()
        weight = (
            rng.multinomial(n, np.full(n, 1 / n), DRAWS) if replacement else rng.standard_exponential((DRAWS, n))
        ).astype(float)
        X = np.stack([unit**power for power in range(3)], axis=1)
        normal = np.einsum("mi,ij,ik->mjk", weight, X, X) + 1e-12 * np.eye(3)
        _, linear, square = np.linalg.solve(normal, np.einsum("mi,ij->mj", weight * loss, X)[..., None])[..., 0].T
        at = -linear / (2 * square)
        inside = (square > 0) & (at > unit.min()) & (at < unit.max()) & ((weight > 0).sum(axis=1) >= 3)
        minima.append(np.where(inside, at * x.std() + x.mean(), np.nan))
    log_C = np.log([one.slice.C for one in found.parabolas])
    known = np.isfinite(minima).all(axis=0)
    slopes = np.polyfit(log_C, np.array(minima)[:, known], 1)[0]
    return float(np.quantile(slopes, 0.025)), float(np.quantile(slopes, 0.975))


def study(sweep: Sweep, seed: int) -> list[float] | None:
    """Return coverage and width for one study; None if a study has no answer."""
    rng = np.random.default_rng(seed)
    try:
        found = fit_isoflop(find_slices(sweep.runs(rng)), DRAWS, rng)
        noiseless = slice_bias(found, LAW)
    except FitError:
        return None
    target, a = float(noiseless.laws.a[0]), found.estimate.interval()["a"]
    row: list[float] = []
    for low, high in ((float(a.low), float(a.high)), of_runs(found, rng, True), of_runs(found, rng, False)):
        row += [low <= target <= high, high - low]
    minima = found.minima()["N"]
    truth = allocate(LAW, [one.slice.C for one in found.parabolas])[0]
    row += [
        float(a.low) <= LAW.exponents()[0] <= float(a.high),
        float(np.mean((minima.low <= truth) & (truth <= minima.high))),
    ]
    return row


def main(studies: int) -> None:
    """Print a row for each sweep."""
    print(f"{studies} studies each: share of 95 % intervals of a that contain it (median width)")
    for sweep in SWEEPS:
        rows = [row for seed in range(studies) if (row := study(sweep, seed)) is not None]
        table = np.array(rows, dtype=float)
        hit, width = table.mean(axis=0), np.median(table, axis=0)
        kinds = ", ".join(
            f"{name} {hit[2 * at]:.1%} ({width[2 * at + 1]:.3f})"
            for at, name in enumerate(("errors", "runs", "weights"))
        )
        print(f"{sweep}: {kinds}; true a {hit[6]:.1%}, N* of a slice {hit[7]:.1%}; {len(rows)} studies", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
