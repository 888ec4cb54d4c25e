"""How often each warning of a fit is given where it is due, and where it is not: the table in docs/warnings.md.

    python tests/benchmarks/warning_rates.py tuning 200     # the studies that the thresholds were chosen on
    python tests/benchmarks/warning_rates.py reported 200   # others, whose rates are in the documentation

The fits are kept in a file, so that a second call only diagnoses them, and an interrupted one goes on.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import warning_studies as studies

from chinchilla_nb import Problem, StartGrid, allocate, solve
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.diagnostics import diagnose
from chinchilla_nb.engine.laws.allocation import has_optimum
from chinchilla_nb.engine.laws.families import family_named
from chinchilla_nb.engine.laws.family import Law

FIRST_SEED = {"tuning": 0, "reported": 1_000_000}
MADE_FOR = {
    studies.few_runs: ("few_runs", "3 to 10 runs"),
    studies.with_outliers: ("outliers", "one to three losses 10 to 200 % too high"),
    studies.few_sizes: ("few_sizes", "one or two N (or D), or all within 10 to 40 %"),
    studies.collinear: ("collinear", "D a power of N, or one isoFLOP slice"),
    studies.short_collinear: ("collinear", "one decade of C, D/N within 30 % either way"),
    studies.excluding_bounds: ("at_bound", "bounds that exclude the truth by a third"),
    studies.excluding_pins: ("rejected", "a parameter fixed a third off the truth"),
    studies.no_floor: ("zero", "a law with E = 0"),
    studies.no_term: ("zero, poorly_determined", "a law with A = 0 or B = 0"),
    studies.one_decade: ("poorly_determined", "11 to 20 runs within a decade of C, noise of 1 to 3 %"),
    studies.off_the_optimum: ("extrapolation", "D/N three times or more off the optimum"),
}
"""The warnings that each kind of study is made for, of which at least one must be given."""
HEALTHY = (studies.healthy, studies.healthy_with_bounds, studies.healthy_with_pins, studies.healthy_kaplan)
ONE_START = StartGrid({"E": 1.5, "A": 300, "B": 300, "alpha": 0.3, "beta": 0.3})
"""Profiled laws are starts as well, so that a grid would not change the fits."""
FAR_OFF = 3.0
"""Factor by which N* at 100 times the largest budget is far off."""

Kind = Callable[[np.random.Generator], studies.Study]


def drawn(kind: Kind, seed: int) -> studies.Study:
    """Return the study of a kind and a seed."""
    return kind(np.random.default_rng([int.from_bytes(kind.__name__.encode(), "little"), seed]))


def problem_of(study: studies.Study) -> Problem:
    """Return the problem of its fit."""
    family = family_named(study.law)
    starts = ONE_START if study.law == "chinchilla" else family.starts
    return Problem(study.runs, family, starts, study.loss_fn, study.weight_fn, study.bounds, np.float64)


def fitted(kind: Kind, seeds: range, store: Path) -> dict[int, Law]:
    """Return the fitted law of every seed, from the store where it is there."""
    path = store / f"{kind.__name__}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known = {entry["seed"]: entry["law"] for entry in map(json.loads, lines)}
    laws = {}
    with path.open("a", encoding="utf-8") as file:
        for seed in seeds:
            problem = problem_of(drawn(kind, seed))
            if seed not in known:
                known[seed] = solve(problem).law.as_dict()
                print(json.dumps({"seed": seed, "law": known[seed]}), file=file, flush=True)
            laws[seed] = problem.family.from_params(known[seed])
    return laws


def given(kind: Kind, laws: dict[int, Law]) -> list[set[str]]:
    """Return the codes of the warnings of each fit."""
    return [{warning.code for warning in diagnose(problem_of(drawn(kind, seed)), law)} for seed, law in laws.items()]


def far_off(study: studies.Study, law: Law) -> bool:
    """Return whether N* at 100 times the largest budget is far from that of the true law."""
    if not has_optimum(law):
        return True
    C = 100 * study.runs.C.max()
    try:
        with np.errstate(all="ignore"):
            error = np.log(allocate(law, C)[0] / allocate(study.truth, C)[0])
    except InputError:  # the optimum has less than one parameter or token
        return True
    return not abs(error) <= np.log(FAR_OFF)


def main() -> None:
    """Print the table of rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", choices=FIRST_SEED)
    parser.add_argument("studies", type=int, help="studies of each kind; ten times as many random ones")
    parser.add_argument("--store", type=Path, default=Path(tempfile.gettempdir()) / "warning_rates")
    options = parser.parse_args()
    options.store.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("error")
    first = FIRST_SEED[options.seeds]
    seeds = range(first, first + options.studies)
    healthy = [codes for kind in HEALTHY for codes in given(kind, fitted(kind, seeds, options.store))]
    print(f"| warning | studies made for it | given in | in {len(healthy)} healthy studies |\n|---|---|---|---|")
    for kind, (codes, label) in MADE_FOR.items():
        wanted = set(codes.split(", "))
        found = [bool(wanted & codes) for codes in given(kind, fitted(kind, seeds, options.store))]
        false = [bool(wanted & codes) for codes in healthy]
        print(f"| `{codes}` | {label} | {np.mean(found):.1%} of {len(found)} | {np.mean(false):.1%} |", flush=True)
    print(f"\nany warning in {np.mean([bool(codes) for codes in healthy]):.1%} of the healthy studies")
    _print_random(range(first, first + 10 * options.studies), options.store)


def _print_random(seeds: range, store: Path) -> None:
    laws = fitted(studies.anything, seeds, store)
    codes = given(studies.anything, laws)
    off = np.array([far_off(drawn(studies.anything, seed), law) for seed, law in laws.items()])
    for ignored in (set(), {"extrapolation"}):
        silent = np.array([not one - ignored for one in codes])
        without = f" besides {', '.join(ignored)}" if ignored else ""
        print(
            f"random studies: N* far off in {off.sum()} of {len(off)}; {np.sum(off & silent)} of these, and "
            f"{np.mean(silent[~off]):.0%} of the others, have no warning{without}"
        )


if __name__ == "__main__":
    main()
