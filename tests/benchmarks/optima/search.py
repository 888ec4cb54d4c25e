"""The independent search: profile on a lattice, Newton descents with shrinking smoothing, exact vertices, kicks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optima.descent import Smoothed, descend
from optima.lattice import lattice_starts
from optima.laws import GONE
from optima.objective import feasible, objective_of
from optima.problems import Case
from optima.vertex import to_vertex

__all__ = ["best_law"]

Array = NDArray[Any]

MINIMA, RANDOM, KICKS = 24, 12, 24
"""Starts taken from the local minima of the lattice, starts at random nodes, and kicks of the best law."""
FINISHED = 6
"""Laws finished exactly."""
WIDTHS = (1.0, 0.03, 0.001)
"""First widths of the smoothing, relative to a typical residual: a wide one merges minima, a narrow one keeps them."""
REGION = 1e-2
"""First region of the linear programs, relative to a typical residual."""
SAME = 1e-6
"""Largest difference of predictions, relative to the mean loss, of two laws that count as one."""


def best_law(case: Case, seed: int = 0) -> tuple[float, list[float]]:
    """Return the lowest objective found and its law."""
    rng = np.random.default_rng(seed)
    objective = Smoothed.of(case)
    starts = _starts(objective, rng)
    typical = _typical(objective, starts[0])
    found = np.concatenate([_continued(objective, starts, typical * share, typical * 1e-8) for share in WIDTHS])
    finished = [_finish(objective, theta, typical * REGION) for theta in _distinct(objective, found)[:FINISHED]]
    best = _lowest(objective, finished)
    for round_ in range(2):
        size = _typical(objective, best) * (1.0 if round_ == 0 else 0.05)
        kicked = _continued(objective, _kicks(objective, best, size, rng), size, size * 1e-8)
        promising = [theta for theta in _distinct(objective, kicked)[:FINISHED] if _near(objective, theta, best)]
        best = _lowest(objective, [best, *(_finish(objective, theta, size * REGION) for theta in promising)])
    law = min((model_law for model_law in _laws(objective, [best, *finished])), key=lambda law: objective_of(case, law))
    return objective_of(case, law), law


def _laws(objective: Smoothed, thetas: list[Array]) -> list[list[float]]:
    laws = [objective.model.law(theta) for theta in thetas]
    return [law for law in laws if feasible(objective.case, law)]


def _lowest(objective: Smoothed, thetas: list[Array]) -> Array:
    return min(thetas, key=lambda theta: float(objective.value(theta)))


def _near(objective: Smoothed, theta: Array, best: Array) -> bool:
    return bool(objective.value(theta) < objective.value(best) * (1 + 1e-5))


def _typical(objective: Smoothed, theta: Array) -> float:
    """Return the mean size of a residual, at least a trillionth of the loss."""
    r = objective.shape.residuals(objective.model.predict(theta), objective.case.loss)
    unit = float(objective.case.loss.mean()) if objective.shape.residual == "difference" else 1.0
    return max(float(np.abs(r) @ objective.case.weight), 1e-12 * unit)


def _starts(objective: Smoothed, rng: np.random.Generator) -> Array:
    """Return the local minima of the lattice, lowest first, and random nodes."""
    theta, value = lattice_starts(objective)
    padded = np.pad(value, 1, constant_values=np.inf)
    rows, columns = value.shape
    neighbours = [
        padded[1 + i : 1 + i + rows, 1 + j : 1 + j + columns] for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j
    ]
    minimal = np.isfinite(value) & (value <= np.min(neighbours, axis=0))
    at = np.argwhere(minimal)
    at = at[np.argsort(value[minimal], kind="stable")][:MINIMA]
    some = np.stack([rng.integers(rows, size=RANDOM), rng.integers(columns, size=RANDOM)], axis=1)
    every = np.concatenate([at, some])
    starts = theta[every[:, 0], every[:, 1]]
    return np.concatenate([starts, *_with_both_terms(objective, starts, rng)])


def _with_both_terms(objective: Smoothed, starts: Array, rng: np.random.Generator) -> list[Array]:
    """Return the starts without a term once more, with a small one: a term that is zero stays so in a descent."""
    gone = starts[(starts == GONE).any(axis=1)]
    if not gone.size:
        return []
    small = np.log(_typical(objective, starts[0]) * float(objective.case.loss.mean()) + 1e-300)
    for factor, exponent in ((1, 3), (2, 4)):
        which = gone[:, factor] == GONE
        gone[which, factor] = small
        gone[which, exponent] = 10 ** rng.uniform(-1.5, 0.5, which.sum())
    return [gone]


def _continued(objective: Smoothed, theta: Array, width: float, narrowest: float) -> Array:
    """Return the descents from every start while the smoothing shrinks; the worst are dropped on the way."""
    smooth = not objective.shape.kinked and objective.case.name not in ("huber", "log_huber", "capped")
    if smooth:
        return descend(objective, theta, 0.0, 200)
    steps = 60
    while width > narrowest:
        theta = descend(objective, theta, width, steps)
        theta = _distinct(objective, theta)[: max(2 * FINISHED, int(len(theta) * 0.8))]
        width *= 0.25
        steps = 25
    if not objective.shape.kinked:
        theta = descend(objective, theta, 0.0, 100)
    return theta


def _distinct(objective: Smoothed, theta: Array) -> Array:
    """Return one theta of each group with the same predictions, lowest first."""
    value = objective.value(theta)
    order = np.argsort(value, kind="stable")
    kept: list[int] = []
    prediction = objective.model.predict(theta)
    tolerance = SAME * float(objective.case.loss.mean())
    for index in order[np.isfinite(value[order])]:
        if all(np.abs(prediction[index] - prediction[other]).max() > tolerance for other in kept):
            kept.append(int(index))
    return theta[kept] if kept else theta[order[:1]]


def _finish(objective: Smoothed, theta: Array, radius: float) -> Array:
    """Return the exact local minimum."""
    if objective.shape.kinked:
        return to_vertex(objective, theta, radius)
    return descend(objective, theta[None], 0.0, 100)[0]


def _kicks(objective: Smoothed, best: Array, size: float, rng: np.random.Generator) -> Array:
    """Return points around the best, each shifted along some singular directions of the Jacobian."""
    _, jacobian = objective.model.jacobian(best)
    scale = np.maximum(np.abs(jacobian).max(axis=0), 1e-12)
    _, singular, directions = np.linalg.svd(jacobian / scale / np.sqrt(len(jacobian)))
    full = np.full(len(best), 1e-8)
    full[: len(singular)] = np.maximum(singular, 1e-8)
    amount = size * 10 ** rng.uniform(-2, 1.5, (KICKS, 1)) * rng.normal(size=(KICKS, len(best)))
    amount *= rng.random(amount.shape) < 0.5
    moved = best + np.clip((amount / full) @ directions / scale, -5, 5)
    return objective.model.clip(moved)
