"""What measurements of designs share: studies drawn from a law and fitted from scratch, and results kept on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb import Problem, Runs, ScalingLaw, fit, log_huber
from chinchilla_nb.engine.design.simulated import SimulatedError, refitted
from chinchilla_nb.engine.design.targets import Target
from chinchilla_nb.engine.fitting.reliability.linearised import point_of
from chinchilla_nb.engine.laws.family import Law

__all__ = ["BESIROGLU", "HOFFMANN", "Kept", "near", "one_sigma", "target_errors"]

Array = NDArray[np.float64]

HOFFMANN = ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
BESIROGLU = ScalingLaw(E=1.8172, A=482.01, B=2085.43, alpha=0.3478, beta=0.3658)


class Kept:
    """Results by name in a file of JSON lines, so that a measurement that was interrupted goes on where it ended."""

    def __init__(self, path: str | None) -> None:
        self.path = None if path is None else Path(path)
        self.known: dict[str, list[float]] = {}
        if self.path is not None and self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                name, values = json.loads(line)
                self.known[name] = values

    def of(self, name: str, measure: Callable[[], Array]) -> Array:
        """Return the numbers of a name, which are measured if they are not known."""
        if name not in self.known:
            self.known[name] = [float(value) for value in measure()]
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([name, self.known[name]]) + "\n")
        return np.array(self.known[name])


def target_errors(
    law: ScalingLaw,
    target: Target,
    sizes: Callable[[np.random.Generator], tuple[Array, Array]],
    noise: float,
    studies: int,
    seed: int,
    full: bool,
    deviation: Callable[[Array, Array], Array] = lambda N, D: np.zeros_like(N),
) -> Array:
    """Return by how much the logarithm of a target is off in simulated studies, shape (studies,).

    Each has runs of the sizes that a function returns, with normal noise of the log loss, and is fitted with
    `log_huber`: from all starts of the grid, or only from the true law, as a bootstrap is. Infinite where the fitted
    law has no optimum. The deviation is that of the log loss from the law.
    """
    found, true = np.empty(studies), np.log(target.value(law))
    for study in range(studies):
        rng = np.random.default_rng([seed, study])
        N, D = sizes(rng)
        runs = Runs(N, D, law.loss(N, D) * np.exp(deviation(N, D) + noise * rng.normal(size=len(N))))
        value = target.value(fit(runs, loss_fn=log_huber).law if full else near(law, runs))
        found[study] = abs(np.log(value) - true) if np.isfinite(value) else np.inf
    return found


def near(law: ScalingLaw, runs: Runs) -> Law:
    """Return the law of a fit that starts from a law."""
    problem = Problem(runs, loss_fn=log_huber)
    box = problem.family.coordinates(runs, {})
    return box.law(refitted(problem, runs.loss[None], box.theta(point_of(law)))[0])


def one_sigma(errors: Array) -> str:
    """Return what 68 % of errors do not exceed, with its standard error, as text."""
    one = SimulatedError.of(errors)
    return f"{one.error:.3f} ± {one.standard_error:.3f}"
