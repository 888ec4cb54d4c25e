"""Whether linear design ranks studies as brute force does: simulate each study, fit it, and look how far N* is off.

Prints, for each of some designs, the standard error of log N* by the linearised law and what 68 % of the errors of
simulated studies do not exceed, and the rank correlation of both: docs/design.md has the numbers.

    python tests/benchmarks/design_ranking.py --studies 300 --kept build/design_ranking.jsonl
"""

from __future__ import annotations

import argparse
import functools

import numpy as np
from design_studies import HOFFMANN, Array, Kept, target_errors
from scipy.stats import spearmanr

from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.design.candidates import candidate_grid
from chinchilla_nb.engine.design.information import Information
from chinchilla_nb.engine.design.prior import NOISE, PriorStudy
from chinchilla_nb.engine.design.simulated import SimulatedError
from chinchilla_nb.engine.design.targets import OptimalN

DESIGNS = 16
RUNS = 30
C, TOKENS_PER_PARAMETER = (1e17, 1e20), (2.0, 200.0)
TARGET = OptimalN(1e22)


def design(number: int) -> tuple[Array, Array]:
    """Return N and D of a design: log-uniform in a random part of the ranges of C and of D/N."""
    rng = np.random.default_rng(number)
    parts = []
    for low, high in (np.log(C), np.log(TOKENS_PER_PARAMETER)):
        width = rng.uniform(0.25, 1) * (high - low)
        start = rng.uniform(low, high - width)
        parts.append(np.exp(rng.uniform(start, start + width, RUNS)))
    N = np.sqrt(SIX_ND.N(parts[0], parts[1]))
    return N, N * parts[1]


def linear_errors() -> Array:
    """Return the standard error of log N* after each design, by the linearised law."""
    study = PriorStudy([HOFFMANN], TARGET, candidate_grid(C, TOKENS_PER_PARAMETER, SIX_ND))
    found = []
    for number in range(DESIGNS):
        N, D = design(number)
        information = Information.of(study.observations(N, D, SIX_ND.C(N, D)))
        found.append(np.exp(study.log_variance(information) / 2))
    return np.array(found)


def simulated_errors(number: int, studies: int) -> Array:
    """Return the errors of simulated studies of a design, shape (studies,)."""
    return target_errors(HOFFMANN, TARGET, lambda _: design(number), NOISE, studies, number, full=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=300)
    parser.add_argument("--kept", default=None)
    arguments = parser.parse_args()
    kept, linear, simulated = Kept(arguments.kept), linear_errors(), []
    for number in np.argsort(linear).tolist():
        measure = functools.partial(simulated_errors, number, arguments.studies)
        one = SimulatedError.of(kept.of(f"{number} of {arguments.studies}", measure))
        simulated.append(one.error)
        print(f"linear {linear[number]:.3f}  simulated {one.error:.3f} ± {one.standard_error:.3f}", flush=True)
    print(f"rank correlation {spearmanr(np.sort(linear), simulated).statistic:.3f} over {DESIGNS} designs")


if __name__ == "__main__":
    main()
