"""Search the optima of the census that the store lacks; it can be stopped and started again at any time.

    python tests/benchmarks/search_optima.py               every problem without an optimum (an hour and a half)
    python tests/benchmarks/search_optima.py --first 200   the first 200 problems of the census
"""

from __future__ import annotations

import argparse
import time
import warnings

from optima.problems import agenda, case_of
from optima.search import best_law
from optima.store import Best, append, read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=None, help="only the first problems of the census")
    wanted = parser.parse_args()
    known = read()
    warnings.simplefilter("ignore")
    for key in agenda()[: wanted.first]:
        if key in known:
            continue
        started = time.perf_counter()
        case = case_of(*key)
        objective, law = best_law(case)
        append(key, Best(objective, tuple(law)))
        print(*key, len(case.N), f"{objective:.17g}", f"{time.perf_counter() - started:.2f} s", flush=True)


if __name__ == "__main__":
    main()
