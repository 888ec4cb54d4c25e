"""The independent search: profile on a lattice, Newton descents with shrinking smoothing, exact vertices, kicks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optima.descent import Smoothed, descend, gauss_newton
from optima.lattice import lattice_starts
from optima.laws import GONE
from optima.objective import feasible, objective_of
from optima.problems import Case
from optima.vertex import to_vertex

__all__ = ["best_law"]

Array = NDArray[Any]

MINIMA, RANDOM, KICKS, EXPONENTS, PAIRS = 24, 12, 24, 20, 8
"""Starts taken from the local minima of the lattice, starts at random nodes and as many in its valley, kicks of the
best law, other values of each exponent, and of both."""
FINISHED = 6
"""Laws finished exactly."""
SCANS, NODES_FINISHED, NEAR = 3, 12, 1.05
"""Most scans of the exponents around the best law, nodes of a scan from which a descent starts, and the ratio to the
best objective up to which it does."""
WIDTHS = (1.0, 0.03, 0.001)
"""First widths of the smoothing, relative to a typical residual: a wide one merges minima, a narrow one keeps them."""
REGION = 1e-2
"""First region of the linear programs, relative to a typical residual."""
VALLEY = 2.0
"""Ratio to the lowest objective of the lattice up to which a node belongs to the valley."""
SAME = 1e-6
"""Largest difference of predictions, relative to the mean loss, of two laws that count as one."""


def best_law(case: Case, seed: int = 0, known: Iterable[Sequence[float]] = ()) -> tuple[float, list[float]]:
    """Return the lowest objective found and its law.

    Parameters
    ----------
    seed : int
        Of the random starts and kicks.
    known : iterable of laws
        Further starts, e.g. the best laws of these runs for other losses.
    """
    rng = np.random.default_rng(seed)
    objective = Smoothed.of(case)
    starts = _starts(objective, rng)
    typical = _typical(objective, starts[0])
    found = np.concatenate([_continued(objective, starts, typical * share, typical * 1e-8) for share in WIDTHS])
    thetas = [objective.model.clip(objective.model.theta(law)) for law in known]
    finished = [
        _finish(objective, theta, typical * REGION) for theta in [*_distinct(objective, found)[:FINISHED], *thetas]
    ]
    best = _lowest(objective, finished)
    for share in (1.0, 0.05):
        size = _typical(objective, best) * share
        kicked = _continued(objective, _kicks(objective, best, size, rng), size, size * 1e-8)
        promising = [theta for theta in _distinct(objective, kicked)[:FINISHED] if _near(objective, theta, best)]
        best = _lowest(objective, [best, *(_finish(objective, theta, size * REGION) for theta in promising)])
    for _ in range(SCANS):
        before, best = best, _scanned(objective, best, rng)
        if not objective.value(best) < objective.value(before) * (1 - 1e-10):
            break
    interpolating = gauss_newton(objective.squared(), best)
    law = min(_laws(objective, [best, interpolating, *finished]), key=lambda law: objective_of(case, law))
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
    # Where N and D move together, a valley crosses the lattice: some of its nodes, besides the lowest.
    low = np.argwhere(value <= VALLEY * value.min())
    every = np.concatenate([at, some, low[rng.integers(len(low), size=RANDOM)]])
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


def _finish(objective: Smoothed, theta: Array, radius: float, programs: int = 60) -> Array:
    """Return the exact local minimum, or for a kink what some linear programs reach."""
    if objective.shape.kinked:
        return to_vertex(objective, theta, radius, programs)
    return gauss_newton(objective, descend(objective, theta[None], 0.0, 100)[0])


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


def _scanned(objective: Smoothed, best: Array, rng: np.random.Generator) -> Array:
    """Return the lowest minimum reached from the best with other exponents."""
    size = _typical(objective, best)
    beside = _other_exponents(objective, best, size, rng)
    value = objective.value(beside)
    order = np.argsort(value, kind="stable")[:NODES_FINISHED]
    near = [theta for theta in beside[order] if objective.value(theta) < objective.value(best) * NEAR]
    rough = [_finish(objective, theta, size * REGION, programs=12) for theta in near]
    promising = [theta for theta in rough if _near(objective, theta, best)]
    return _lowest(objective, [best, *(_finish(objective, theta, size * REGION) for theta in promising[:FINISHED])])


def _other_exponents(objective: Smoothed, best: Array, size: float, rng: np.random.Generator) -> Array:
    """Return the best theta with one exponent changed, or both, and the other parameters fitted again.

    A changed term stays as it is at the smallest size of the runs; a term of zero becomes a small one. The first pair
    of exponents is the best one exchanged: where N and D move together, either order may be lower. The other parameters
    follow by descents with these exponents fixed, so that a shallow minimum beside a deeper one is entered and not
    passed.
    """
    model, p = objective.model, len(best)
    moved = np.repeat(best[None], 2 * EXPONENTS, axis=0)
    fixed = np.zeros(moved.shape, dtype=bool)
    for at, smallest in enumerate((model.x.min(), model.y.min())):
        factor, exponent, rows = p - 4 + at, p - 2 + at, slice(at * EXPONENTS, (at + 1) * EXPONENTS)
        wanted = np.geomspace(0.02, 10.0, EXPONENTS) * np.exp(rng.uniform(-0.15, 0.15, EXPONENTS))
        wanted = np.clip(wanted, model.lower[exponent], model.upper[exponent])
        if p == 5:
            gone = best[factor] == GONE
            there = np.log(size) if gone else best[factor] - best[exponent] * smallest
            moved[rows, factor] = there + wanted * smallest
        moved[rows, exponent] = wanted
        fixed[rows, exponent] = True
    both = np.repeat(best[None], PAIRS + 1, axis=0)
    wanted = best[-2:] * np.exp(0.5 * rng.normal(size=(PAIRS, 2)))
    both[:, -2:] = np.clip([best[:-3:-1], *wanted], model.lower[-2:], model.upper[-2:])
    moved = np.concatenate([moved, both])
    fixed = np.concatenate([fixed, np.broadcast_to(np.arange(p) >= p - 2, both.shape)])
    for share in (1.0, 0.1, 0.01, 1e-3, 1e-4):
        moved = descend(objective, moved, size * share, 12, fixed)
    return moved
