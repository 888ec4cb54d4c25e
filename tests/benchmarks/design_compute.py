"""How much compute a designed study needs for the error of N* that log-uniform seeds leave, at 100 times their compute.

For each law, noise and number of seeds, studies with log-uniform seeds are simulated and fitted, and studies of as many
designed seeds for shares of the mean compute of those. The design does not know the law or the noise. Prints what 68 %
of the errors of log N* do not exceed, and the share with which designed seeds reach the error of log-uniform ones;
draws the figure of docs/design.md.

    python tests/benchmarks/design_compute.py --studies 200 --kept build/design_compute.jsonl --figure design.svg
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from design_studies import BESIROGLU, HOFFMANN, Array, Kept, one_sigma, target_errors

from chinchilla_nb import ScalingLaw, SeedRegime, draw_seed
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.design.candidates import candidate_grid
from chinchilla_nb.engine.design.prior import PriorStudy, prior_laws
from chinchilla_nb.engine.design.seeds import cost_of_drawn, design_seeds
from chinchilla_nb.engine.design.simulated import SimulatedError
from chinchilla_nb.engine.design.targets import OptimalN

REGIME = SeedRegime((1e17, 1e19), (5.0, 100.0))
TARGET = OptimalN(1e21)
SEEDS = (10, 20, 40)
SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625)
LAWS = {
    "Hoffmann et al. 2022": HOFFMANN,
    "Besiroglu et al. 2024": BESIROGLU,
    "alpha = 0.2, beta = 0.6": ScalingLaw(1.7, 0.8 * 5e7**0.2, 0.8 * 1e9**0.6, 0.2, 0.6),
}
"""The exponents of the last one are outside those that the design is made for."""
NOISES = (0.005, 0.02)

DEVIATIONS: dict[str, Callable[[Array, Array], Array]] = {
    "none": lambda N, D: np.zeros_like(N),
    "a second, slower term of 5 %": lambda N, D: np.log1p(0.05 * (SIX_ND.C(N, D) / 1e17) ** -0.3),
    "3 % at N = 2e7, as 1/N": lambda N, D: 0.03 * 2e7 / N,
    "3 % at D = 3e8, as 1/D": lambda N, D: 0.03 * 3e8 / D,
}
"""Deviations of the log loss from the law, to see how much a design relies on its form. None moves N* at 1e21 FLOPs by
more than 1.3 %."""

Sizes = Callable[[np.random.Generator], tuple[Array, Array]]
"""Returns N and D of the seeds of a study."""


def drawn(n: int) -> Sizes:
    """Return a function that draws n log-uniform seeds."""

    def sizes(rng: np.random.Generator) -> tuple[Array, Array]:
        seeds = [draw_seed(rng, REGIME) for _ in range(n)]
        return np.array([float(seed.N) for seed in seeds]), np.array([seed.D for seed in seeds])

    return sizes


def designed(n: int, share: float) -> Sizes:
    """Return a function that returns n designed seeds, for a share of the mean compute of log-uniform ones."""
    candidates = candidate_grid(REGIME.C, REGIME.tokens_per_parameter, SIX_ND)
    study = PriorStudy(prior_laws(REGIME, SIX_ND), TARGET, candidates)
    chosen = design_seeds(study, n, share * cost_of_drawn(REGIME, n)).chosen
    return lambda _: (candidates.N[chosen], candidates.D[chosen])


def share_of_same_error(shares: Array, errors: Array, error: float) -> float:
    """Return the share of the compute at which errors reach one, between measured shares on logarithmic scales.

    The errors are made monotonic first; 0 and infinity stand for shares below and above those measured.
    """
    falling = np.minimum.accumulate(errors[np.argsort(shares)])
    if error >= falling[0]:
        return 0.0
    if error < falling[-1]:
        return np.inf
    return float(np.exp(np.interp(np.log(error), np.log(falling[::-1]), np.log(np.sort(shares)[::-1]))))


def draw(curves: dict[str, list[tuple[float, float, bool]]], path: str) -> None:
    """Draw errors by compute, a panel per law and noise."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, axes = plt.subplots(
        len(NOISES), len(LAWS), figsize=(9.5, 5.6), sharex=True, sharey="row", layout="constrained"
    )
    for ax, (title, points) in zip(axes.T.ravel(), curves.items(), strict=True):
        for is_designed, label, marker in ((False, "log-uniform seeds", "o"), (True, "designed seeds", "s")):
            some = np.array([(x, y) for x, y, one in points if one == is_designed])
            ax.loglog(*some.T, marker, label=label)
        ax.set_title(title, fontsize=9)
        ax.grid(alpha=0.3)
        ax.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_formatter=NullFormatter())
    axes[0, 0].legend(fontsize=8)
    figure.supxlabel("compute of all seeds (FLOPs)", fontsize=9)
    figure.supylabel("error of log N* at 100 times the largest seed", fontsize=9)
    figure.savefig(path)


@dataclass(frozen=True)
class Case:
    """A law and a noise, and where the errors of studies are kept."""

    title: str
    noise: float
    studies: int
    full: bool
    kept: Kept

    def errors(self, n: int, name: str, sizes: Callable[[], Sizes]) -> Array:
        """Return the errors of studies of n seeds, which are measured if they are not known."""
        key = f"{self.title}, {self.noise}, {n}, {name}, {self.studies}{', full' * self.full}"
        law, seed = LAWS[self.title], int.from_bytes(key.encode(), "little") % (2**31 - 1)
        return self.kept.of(key, lambda: target_errors(law, TARGET, sizes(), self.noise, self.studies, seed, self.full))

    def compare(self, n: int) -> list[tuple[float, float, bool]]:
        """Print the errors of n seeds, and return compute, error and whether they are designed, of each study."""
        plain, cost = self.errors(n, "log-uniform", lambda: drawn(n)), cost_of_drawn(REGIME, n)
        print(f"{self.title}, noise {self.noise:.1%}, {n} seeds: log-uniform {one_sigma(plain)}", flush=True)
        points = [(cost, SimulatedError.of(plain).error, False)]
        for share in SHARES:
            found = self.errors(n, f"designed for {share}", functools.partial(designed, n, share))
            points.append((share * cost, SimulatedError.of(found).error, True))
            print(f"  designed, {share:.3g} of the compute: {one_sigma(found)}", flush=True)
        errors = np.array([error for _, error, is_designed in points if is_designed])
        same = share_of_same_error(np.array(SHARES), errors, points[0][1])
        print(f"  same error for {same:.2f} of the compute (0: less than {SHARES[-1]:g})", flush=True)
        return points


def compare_deviations(studies: int, kept: Kept) -> None:
    """Print the errors of 20 seeds whose losses deviate from the law of Hoffmann et al."""
    for name, deviation in DEVIATIONS.items():
        parts = []
        for way, sizes in (("log-uniform", drawn(20)), *((f"{x:g}", designed(20, x)) for x in SHARES[:3])):
            arguments = (HOFFMANN, TARGET, sizes, NOISES[0], studies, 1, False, deviation)
            errors = kept.of(f"{name}, {way}, {studies}", functools.partial(target_errors, *arguments))
            parts.append(f"{way}: {one_sigma(errors)}")
        print(f"deviation: {name}, 20 seeds; log-uniform, and designed for shares of the compute")
        print("  " + "; ".join(parts), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--kept", default=None)
    parser.add_argument("--full", action="store_true", help="fit from all starts, not only from the true law")
    parser.add_argument("--figure", default=None)
    arguments = parser.parse_args()
    kept, curves = Kept(arguments.kept), {}
    for title in LAWS:
        for noise in NOISES:
            case = Case(title, noise, arguments.studies, arguments.full, kept)
            curves[f"{title}, noise {noise:.1%}"] = [point for n in SEEDS for point in case.compare(n)]
    compare_deviations(arguments.studies, kept)
    if arguments.figure:
        draw(curves, arguments.figure)


if __name__ == "__main__":
    main()
