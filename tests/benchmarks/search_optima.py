"""Search the optima of the census that the store lacks; it can be stopped and started again at any time.

python tests/benchmarks/search_optima.py               every problem without an optimum (an hour and a half)
python tests/benchmarks/search_optima.py --first 200   the first 200 problems of the census
python tests/benchmarks/search_optima.py --again 1     once more with another random seed; lower optima are kept
"""

from __future__ import annotations

import argparse
import time
import warnings

from optima.objective import excess
from optima.problems import agenda, case_of
from optima.search import best_law
from optima.store import Best, append, read

IMPROVED = 1e-12
"""Relative decrease from which an optimum replaces the known one."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=None, help="only the first problems of the census")
    parser.add_argument("--again", type=int, default=None, help="random seed of another search of every problem")
    wanted = parser.parse_args()
    known = read()
    warnings.simplefilter("ignore")
    for key in agenda()[: wanted.first]:
        if key in known and wanted.again is None:
            continue
        started = time.perf_counter()
        case = case_of(*key)
        others = [best.law for other, best in known.items() if other[:2] == key[:2]]
        objective, law = best_law(case, wanted.again or 0, others)
        if key not in known or excess(case, objective, known[key].objective) < -IMPROVED:
            known[key] = Best(objective, tuple(law))
            append(key, known[key])
        print(*key, len(case.N), f"{objective:.17g}", f"{time.perf_counter() - started:.2f} s", flush=True)


if __name__ == "__main__":
    main()
