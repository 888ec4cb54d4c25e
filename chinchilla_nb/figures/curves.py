"""Curves in the plane of N and D, clipped to the range of a chart; each chart draws them in two of C, N and D.

Every vertex lies on its curve up to rounding: curves are cut along their parameter, not between drawn points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.points import log_C
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.laws.allocation import has_optimum, optima
from chinchilla_nb.engine.laws.family import Law

__all__ = ["Box", "frontier", "iso_loss", "isoflop"]

Box = Mapping[str, tuple[float, float]]
"""Lower and upper ends of ``"C"``, ``"N"`` and ``"D"``."""

Path = tuple[NDArray[np.float64], NDArray[np.float64]]
"""log N and log D along a curve."""

SAMPLES = 161
"""Number of vertices of a curve, enough to look smooth across a chart."""
_TOLERANCE = 1e-9
"""Distance outside the box, in logarithms, up to which a vertex counts as inside."""


def frontier(law: Law, box: Box, compute: Compute = SIX_ND) -> list[Path]:
    """Return the efficient frontier N*(C), D*(C) inside the box: one line or none."""

    def path(log_C: NDArray[np.float64]) -> Path:
        N, D = optima(law, np.exp(log_C), compute)
        return np.log(N), np.log(D)

    with np.errstate(all="ignore"):
        return _inside(path, _along(box["C"]), box, compute)


def isoflop(C: float, box: Box, compute: Compute = SIX_ND) -> list[Path]:
    """Return the isoFLOP line of a budget of C FLOPs inside the box; it is straight if C is a power law of N and D."""
    return _inside(lambda log_N: (log_N, compute.log_D(C, log_N)), _along(box["N"]), box, compute)


def iso_loss(law: Law, loss: float, box: Box, compute: Compute = SIX_ND) -> list[Path]:
    """Return the iso-loss curve inside the box, in up to two pieces because the curve may leave the box and return.

    The curve is parametrised by the share u of the model-size term in the sum S of both terms: F / N^f = u S and
    G / D^g = (1 - u) S. In logarithms and in s = logit u nothing overflows.
    """
    curve = law.iso_loss(loss)
    if not np.isfinite(curve.log_S):
        return []
    if not has_optimum(law):
        return _straight(law, loss, box, compute)

    # Logarithms of the shares of the two terms at the ends of the box.
    size_shares = curve.log_F - curve.log_S - curve.f * np.log(box["N"])
    data_shares = curve.log_G - curve.log_S - curve.g * np.log(box["D"])
    start = max(_logit(size_shares[1]), -_logit(data_shares[0]))
    end = min(_logit(size_shares[0]), -_logit(data_shares[1]))
    if not (np.isfinite(start) and np.isfinite(end) and start < end):
        return []

    def path(s: NDArray[np.float64]) -> Path:
        log_u, log_rest = -np.logaddexp(0, -s), -np.logaddexp(0, s)
        return (curve.log_F - curve.log_S - log_u) / curve.f, (curve.log_G - curve.log_S - log_rest) / curve.g

    return _inside(path, np.linspace(start, end, SAMPLES), box, compute)


def _straight(law: Law, loss: float, box: Box, compute: Compute) -> list[Path]:
    """Return the iso-loss curve of a law that depends on only one of N and D, or on neither."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log_D, log_N = np.log(law.iso_loss_D(loss, box["N"])), np.log(law.iso_loss_N(loss, box["D"]))
    if np.isfinite(log_D[0]):
        return _inside(lambda s: (s, np.full(s.shape, log_D[0])), _along(box["N"]), box, compute)
    if np.isfinite(log_N[0]):
        return _inside(lambda s: (np.full(s.shape, log_N[0]), s), _along(box["D"]), box, compute)
    return []


def _along(ends: tuple[float, float]) -> NDArray[np.float64]:
    return np.linspace(np.log(ends[0]), np.log(ends[1]), SAMPLES)


def _logit(log_u: float) -> float:
    """Return log(u / (1 - u)), infinite where u is one or more."""
    return float(log_u - np.log(-np.expm1(log_u))) if log_u < 0 else np.inf


def _inside(
    path: Callable[[NDArray[np.float64]], Path], s: NDArray[np.float64], box: Box, compute: Compute
) -> list[Path]:
    """Return the pieces inside the box of a curve sampled at parameters s."""
    room = _room(path(s), box, compute)
    room = np.where(np.isfinite(room), room, -np.inf)
    inside = room >= -_TOLERANCE
    if not inside.any():
        return []
    pieces = []
    for piece in np.split(np.arange(len(s)), np.flatnonzero(np.diff(inside)) + 1):
        if not inside[piece[0]]:
            continue
        first, last = piece[0], piece[-1]
        cut = s[piece]
        if first > 0 and (before := _crossing(s, room, first - 1, first)) is not None:
            cut = np.append(before, cut)
        if last < len(s) - 1 and (after := _crossing(s, room, last + 1, last)) is not None:
            cut = np.append(cut, after)
        if len(cut) > 1:
            pieces.append(path(cut))
    return pieces


def _room(at: Path, box: Box, compute: Compute) -> NDArray[np.float64]:
    """Return the distance, in logarithms, to the nearest side of the box; negative outside."""
    log_N, log_D = at
    logs = {"N": log_N, "D": log_D, "C": log_C(compute, log_N, log_D)}
    sides = [
        side for name, (low, high) in box.items() for side in (logs[name] - np.log(low), np.log(high) - logs[name])
    ]
    return np.asarray(np.min(sides, axis=0))


def _crossing(s: NDArray[np.float64], room: NDArray[np.float64], outside: int, inside: int) -> float | None:
    """Return the parameter at which the curve crosses the side of the box between two samples."""
    if not np.isfinite(room[outside]) or room[inside] <= _TOLERANCE:
        return None
    share = room[inside] / (room[inside] - room[outside])
    return float(s[inside] + share * (s[outside] - s[inside]))
