"""The census of optima: the engine's fits of random problems compared with the best optima known. Asserts nothing.

    python tests/benchmarks/bench_optima.py                       every problem in the store
    python tests/benchmarks/bench_optima.py --first 300           the first 300 problems of the census
    python tests/benchmarks/bench_optima.py --kind plain --loss mae
    python tests/benchmarks/bench_optima.py --update              keeps lower laws of the engine as the best known

`search_optima.py` fills the store by a search that shares no code with the engine.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from optima.losses import BUILTIN, CUSTOM
from optima.objective import excess, feasible, objective_of
from optima.problems import Case, agenda, case_of
from optima.store import Best, read, write

from chinchilla_nb.engine.fitting import losses
from chinchilla_nb.engine.fitting.fit import fit
from chinchilla_nb.engine.runs import Runs

TOLERANCE = 1e-9
"""Relative difference of objectives above which one optimum is worse than another."""
Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fit of the engine beside the best optimum known; `excess` is relative to that."""

    key: Key
    n_runs: int
    objective: float
    excess: float
    feasible: bool
    law: tuple[float, ...]
    status: str
    warnings: tuple[str, ...]
    seconds: float

    @property
    def above(self) -> bool:
        """Whether the fit is worse than the best optimum known, or outside of the bounds."""
        return self.excess > TOLERANCE or not self.feasible


def engine_loss(case: Case) -> object:
    """Return the loss of a problem as the engine takes it."""
    function = getattr(losses, case.name) if case.name in BUILTIN else CUSTOM[case.name]
    return functools.partial(function, **case.options) if case.options else function


def outcome_of(key: Key, best: Best) -> Outcome:
    """Fit one problem with the engine."""
    case = case_of(*key)
    started = time.perf_counter()
    found = fit(
        Runs(case.N, case.D, case.loss),
        None,
        engine_loss(case),
        law=case.law,
        weight_fn=case.weight_fn,
        bounds=dict(case.bounds),
    )
    seconds = time.perf_counter() - started
    law = tuple(found.law.as_dict().values())
    objective = objective_of(case, law)
    return Outcome(
        key,
        len(case.N),
        objective,
        excess(case, objective, best.objective),
        feasible(case, law),
        law,
        found.status.value,
        tuple(warning.code for warning in found.warnings),
        seconds,
    )


def table(outcomes: Sequence[Outcome]) -> None:
    """Print one row for each kind and loss."""
    head = ("fits", "above", "%", "CONVERGED", "no warning", "search worse", "%", "median s")
    print(f"{'':<24}" + "".join(f"{text:>13}" for text in head))
    groups: dict[str, list[Outcome]] = {}
    for one in outcomes:
        kind, _, name = one.key
        for label in (f"{kind} {name}", f"{kind} all"):
            groups.setdefault(label, []).append(one)
    for label in sorted(groups):
        some = groups[label]
        above = [one for one in some if one.above]
        worse = sum(one.excess < -TOLERANCE for one in some)
        cells = (
            f"{len(some)}",
            f"{len(above)}",
            f"{100 * len(above) / len(some):.2f}",
            f"{sum(one.status == 'converged' for one in above)}",
            f"{sum(not one.warnings for one in above)}",
            f"{worse}",
            f"{100 * worse / len(some):.2f}",
            f"{median(one.seconds for one in some):.3f}",
        )
        print(f"{label:<24}" + "".join(f"{text:>13}" for text in cells))


def differences(outcomes: Sequence[Outcome], bests: dict[Key, Best]) -> None:
    """Print the fits that are worse than the best optimum known, and those that are better."""
    for one in outcomes:
        if one.above or one.excess < -TOLERANCE:
            kind, seed, name = one.key
            laws = " | ".join(" ".join(f"{value:.5g}" for value in law) for law in (one.law, bests[one.key].law))
            place = "" if one.feasible else " OUTSIDE"
            codes = ",".join(one.warnings) or "no warning"
            print(f"{kind} {seed} {name} n={one.n_runs} {one.excess:+.2e}{place} {one.status} [{codes}] {laws}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=None, help="only the first problems of the census")
    parser.add_argument("--kind", help="only one kind: plain, bounds, weights, custom or kaplan")
    parser.add_argument("--loss", help="only one loss")
    parser.add_argument("--seed", type=int, help="only one seed")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--update", action="store_true", help="keep lower laws of the engine as the best known")
    wanted = parser.parse_args()
    bests = read()
    keys = [
        key
        for key in agenda()[: wanted.first]
        if key in bests
        and wanted.kind in (None, key[0])
        and wanted.seed in (None, key[1])
        and wanted.loss in (None, key[2])
    ]
    with multiprocessing.Pool(wanted.processes) as pool:
        outcomes = pool.starmap(outcome_of, [(key, bests[key]) for key in keys], chunksize=4)
    differences(outcomes, bests)
    table(outcomes)
    if wanted.update:
        lower = [one for one in outcomes if one.excess < -TOLERANCE and one.feasible]
        bests.update({one.key: Best(one.objective, one.law, by_engine=True) for one in lower})
        write((key, bests[key]) for key in agenda() if key in bests)


if __name__ == "__main__":
    main()
