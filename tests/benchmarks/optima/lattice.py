"""Starts of the search: the objective profiled on a lattice of exponents, all nodes at once.

For fixed exponents, Chinchilla's law is linear in E, A and B. Iteratively reweighted least squares with bounds on the
three, solved by enumerating which of them are at a bound, minimise the loss itself at every node; the local minima of
the profile are the starts. Kaplan's law is fitted at each node by Newton steps in p and q.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optima.descent import Smoothed
from optima.laws import GONE, ChinchillaModel, KaplanModel

__all__ = ["lattice_starts"]

Array = NDArray[Any]

NODES = 40
LEAST = 0.005
ROUNDS = 14
"""Rounds of reweighting."""
RIDGE = 1e-13


def lattice_starts(objective: Smoothed) -> tuple[Array, Array]:
    """Return rows of theta at the nodes of the lattice, shape (rows, columns, p), and their objectives."""
    model = objective.model
    axes = [_axis(low, high) for low, high in zip(model.lower[-2:], model.upper[-2:], strict=True)]
    if isinstance(model, KaplanModel):
        return _kaplan(objective, model, *axes)
    return _chinchilla(objective, model, *axes)


def _axis(low: float, high: float) -> Array:
    """Return exponents between two limits."""
    if low == high:
        return np.array([low])
    if high <= LEAST:
        return np.linspace(low, high, 5)
    return np.geomspace(max(low, LEAST), high, NODES)


def _reweighted(objective: Smoothed, prediction: Array, width: float) -> Array:
    """Return weights with which squared errors have the slopes of the loss, one per run and node."""
    truth, shape = objective.case.loss, objective.shape
    r = prediction - truth
    if shape.residual != "difference":
        r = r / truth  # to first order for logarithms
    root = np.sqrt(r * r + width * width)
    weight = np.where(r > 0, shape.above, shape.below) / root
    if shape.rest is not None:
        slope, floor = shape.rest(r, width)[1], 1e-3 * width
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = weight + np.where(np.abs(r) > floor, slope / r, shape.rest(np.full(1, floor), width)[1] / floor)
    weight = np.maximum(weight, 0) * objective.case.weight
    return weight if shape.residual == "difference" else weight / truth**2


def _chinchilla(objective: Smoothed, model: ChinchillaModel, alpha: Array, beta: Array) -> tuple[Array, Array]:
    truth = objective.case.loss
    first, second = model.x.min(), model.y.min()
    X = np.exp(-alpha[:, None] * (model.x - first))
    Y = np.exp(-beta[:, None] * (model.y - second))
    grid = (len(alpha), len(beta))
    # Bounds of the terms at the smallest N and D.
    shifts = [-alpha[:, None] * first + np.zeros(grid), -beta[None] * second + np.zeros(grid)]
    low, high = np.zeros((*grid, 3)), np.full((*grid, 3), float(truth.max()) * 10)
    low[..., 0], high[..., 0] = model.lower[0], model.upper[0]
    for at, shift in enumerate(shifts, 1):
        low[..., at] = 0 if model.zero[at - 1] else np.exp(np.minimum(model.lower[at] + shift, 600))
        high[..., at] = np.exp(np.minimum(model.upper[at] + shift, 600))
    capped = np.array([name in objective.case.bounds for name in ("E", "A", "B")])
    weight = np.broadcast_to(objective.case.weight / truth, (*grid, len(truth)))
    c = np.zeros((*grid, 3))
    for step in range(ROUNDS):
        c = _bounded_least_squares(weight, X, Y, truth, low, high, capped)
        prediction = c[..., :1] + c[..., 1:2] * X[:, None] + c[..., 2:] * Y[None]
        typical = float(np.median(np.abs(prediction - truth) / _unit(objective), axis=-1).min())
        weight = _reweighted(objective, prediction, max(typical, 1e-9) * max(0.05, 0.6**step))
    theta = np.empty((*grid, 5))
    theta[..., 0] = c[..., 0]
    with np.errstate(divide="ignore"):
        for at, shift in enumerate(shifts, 1):
            theta[..., at] = np.where(c[..., at] > 1e-14 * truth.max(), np.log(c[..., at]) - shift, GONE)
    theta[..., 3], theta[..., 4] = alpha[:, None], beta
    theta = model.clip(theta)
    return theta, objective.value(theta)


def _unit(objective: Smoothed) -> Array | float:
    return objective.case.loss if objective.shape.residual != "difference" else 1.0


def _bounded_least_squares(
    weight: Array, X: Array, Y: Array, truth: Array, low: Array, high: Array, capped: Array
) -> Array:
    """Minimise the weighted squares of c0 + c1 X + c2 Y - truth with low <= c <= high at every node, shape (..., 3)."""
    G, h = np.empty((*weight.shape[:2], 3, 3)), np.empty((*weight.shape[:2], 3))
    G[..., 0, 0], h[..., 0] = weight.sum(axis=-1), weight @ truth
    G[..., 0, 1], G[..., 1, 1] = np.einsum("ijn,in->ij", weight, X), np.einsum("ijn,in->ij", weight, X**2)
    G[..., 0, 2], G[..., 2, 2] = np.einsum("ijn,jn->ij", weight, Y), np.einsum("ijn,jn->ij", weight, Y**2)
    weighted = weight * X[:, None]
    G[..., 1, 2] = np.einsum("ijn,jn->ij", weighted, Y)
    h[..., 1] = weighted @ truth
    h[..., 2] = np.einsum("ijn,jn->ij", weight * truth, Y)
    for i, j in ((1, 0), (2, 0), (2, 1)):
        G[..., i, j] = G[..., j, i]
    G[..., range(3), range(3)] *= 1 + RIDGE
    best, least = np.clip(np.zeros_like(h), low, high), np.full(h.shape[:-1], np.inf)
    # Each of the three is free, at its lower end or, if the problem bounds it, at its upper end.
    for ends in itertools.product(*[(0, 1, 2) if cap else (0, 1) for cap in capped]):
        state = np.array(ends)
        c = np.where(state == 2, high, low)
        free = np.flatnonzero(state == 0)
        if free.size:
            fixed = np.flatnonzero(state)
            right = h[..., free] - (G[..., free[:, None], fixed] @ c[..., fixed, None])[..., 0]
            c[..., free] = _solve(G[..., free[:, None], free], right)
        c_in = np.clip(c, low, high)
        value = ((G @ c_in[..., None])[..., 0] * c_in).sum(-1) - 2 * (h * c_in).sum(-1)
        lower = value < least
        least, best = np.where(lower, value, least), np.where(lower[..., None], c_in, best)
    return best


def _solve(G: Array, h: Array) -> Array:
    """Solve symmetric systems of one to three unknowns; a singular one may give anything finite."""
    size = np.sqrt(np.maximum(np.diagonal(G, axis1=-2, axis2=-1), 1e-300))
    S = G / size[..., :, None] / size[..., None, :]
    S[..., range(S.shape[-1]), range(S.shape[-1])] += RIDGE
    return np.nan_to_num(np.linalg.solve(S, (h / size)[..., None])[..., 0] / size)


def _kaplan(objective: Smoothed, model: KaplanModel, alpha_N: Array, alpha_D: Array) -> tuple[Array, Array]:
    """Fit p and q at every node: linear in S = L^(1 / alpha_D) first, then by Newton steps."""
    case = objective.case
    one, two = np.meshgrid(alpha_N, alpha_D, indexing="ij")
    scaled = (np.log(case.loss) - model.log_unit) / two[..., None]
    U, V = -(one / two)[..., None] * model.x, np.broadcast_to(-model.y, (*one.shape, len(model.y)))
    # The share of the first term that fits the logarithms best, among a few.
    theta, least = np.zeros((*one.shape, 4)), np.full(one.shape, np.inf)
    for log_odds in np.linspace(-12, 12, 13) * 1.0:
        shape = np.logaddexp(U + log_odds, V) if log_odds < 0 else np.logaddexp(U, V - log_odds)
        level = np.median(scaled - shape, axis=-1)
        p = level + min(log_odds, 0)
        q = level - max(log_odds, 0)
        here = model.clip(np.stack([p, q, one, two], axis=-1))
        value = objective.value(here)
        better = value < least
        least, theta = np.where(better, value, least), np.where(better[..., None], here, theta)
    return theta, least
