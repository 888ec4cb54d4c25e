"""Compute from a table of FLOPs per token: those of the configurations of a model search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.conversion import as_magnitudes, as_positive_array, as_real_array, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.quantity import compact

__all__ = ["TabulatedCompute"]

Array = NDArray[Any]

TOGETHER = 0.1
"""Length in log N of the bins whose sizes share one value, the mean of theirs: models of about one size differ in depth
and width, and a slope between two of them would say nothing about larger models."""
END = 1.0
"""Length in log N over which the slope at an end of the table is taken, by which it is extrapolated."""


@dataclass(frozen=True, slots=True)
class TabulatedCompute:
    """C = f(N) D, with the FLOPs per token f of a table: straight lines between its sizes, in logarithms.

    Beyond the table, f follows its slope over the last factor of e in N.

    Attributes
    ----------
    sizes : tuple of float
        Numbers of parameters, at least two, ascending.
    flops : tuple of float
        Training FLOPs per token of each, ascending.
    name : str
        What counted them.

    Raises
    ------
    InputError
        If they are not positive and finite, differ in number, are fewer than two, or do not ascend. `of` takes any
        table.
    """

    sizes: tuple[float, ...]
    flops: tuple[float, ...]
    name: str = "FLOPs per token"

    def __post_init__(self) -> None:
        check_type(self.name, "name", str)
        for name in ("sizes", "flops"):
            values = as_positive_array(getattr(self, name), name)
            if len(values) < 2 or not (np.diff(values) > 0).all():
                remedy = "give at least two sizes, more than 10 % apart"
                raise InputError(name, "must grow from one size to the next", got=f"{len(values)}", remedy=remedy)
            object.__setattr__(self, name, tuple(values.tolist()))
        if len(self.sizes) != len(self.flops):
            raise InputError("flops", "must be as many as sizes", got=f"{len(self.flops)} for {len(self.sizes)}")

    @classmethod
    def of(cls, sizes: ArrayLike, flops: ArrayLike, name: str = "FLOPs per token") -> TabulatedCompute:
        """Make a table of models in any order, several of one size among them.

        Sizes within about 10 % become one, with the geometric means of theirs, and so do neighbours whose FLOPs per
        token do not grow with their size.

        Raises
        ------
        InputError
            If a number is not positive and finite, the lengths differ, or fewer than two sizes are left.
        """
        N, f = as_positive_array(sizes, "sizes"), as_positive_array(flops, "flops")
        if len(N) != len(f):
            raise InputError("flops", "must be as many as sizes", got=f"{len(f)} for {len(N)}")
        log_N, log_f = _increasing(*_binned(np.log(N), np.log(f)))
        if len(log_N) < 2:
            rule = "must hold two sizes more than 10 % apart, of which the larger has more FLOPs per token"
            raise InputError("sizes and flops", rule, got=f"{len(N)} that become {len(log_N)}")
        return cls(tuple(np.exp(log_N)), tuple(np.exp(log_f)), name)

    @property
    def text(self) -> str:
        """The convention in words, with the sizes beyond which it is extrapolated."""
        return f"{self.name} x D, tabulated for N from {compact(self.sizes[0])} to {compact(self.sizes[-1])}"

    @property
    def kinks(self) -> Array:
        """Sizes of the table, as log N, at which d log C / d log N jumps."""
        return np.log(self.sizes)

    def extrapolates(self, N: ArrayLike) -> Array:
        """Return whether sizes lie outside the table."""
        (N,) = as_magnitudes(N=N)
        return np.asarray((N < self.sizes[0]) | (N > self.sizes[-1]))

    def C(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Return the compute of training N parameters on D tokens, in FLOPs."""
        N, D = as_magnitudes(N=N, D=D)
        with np.errstate(all="ignore"):
            return np.asarray(np.exp(self._log_f(np.log(N))) * D)

    def D(self, C: ArrayLike, N: ArrayLike) -> Array:
        """Return the tokens that a budget of C FLOPs pays for with N parameters."""
        C, N = as_magnitudes(C=C, N=N)
        with np.errstate(all="ignore"):
            return np.asarray(C / np.exp(self._log_f(np.log(N))))

    def N(self, C: ArrayLike, D: ArrayLike) -> Array:
        """Return the parameters that a budget of C FLOPs pays for with D tokens."""
        C, D = as_magnitudes(C=C, D=D)
        log_f = np.log(C) - np.log(D)
        at, slopes, log_N, known = self._segments(np.log(self.flops), log_f)
        with np.errstate(all="ignore"):
            return np.asarray(np.exp(log_N[at] + (log_f - known[at]) / slopes[at]))

    def log_D(self, C: ArrayLike, log_N: ArrayLike) -> Array:
        """Return the logarithm of `D`, from that of N."""
        (C,), log_N = as_magnitudes(C=C), as_real_array(log_N, "log_N")
        return np.asarray(np.log(C) - self._log_f(log_N))

    def elasticities(self, N: ArrayLike, D: ArrayLike) -> tuple[Array, Array]:
        """Return d log C / d log N, the slope above N where it jumps, and d log C / d log D, which is one."""
        N, D = as_magnitudes(N=N, D=D)
        ones = np.ones(np.broadcast(N, D).shape)
        at, slopes, _, _ = self._segments(np.log(self.sizes), np.log(N))
        return slopes[at] * ones, ones

    def _log_f(self, log_N: Array) -> Array:
        at, slopes, known, log_f = self._segments(np.log(self.sizes), log_N)
        return np.asarray(log_f[at] + slopes[at] * (log_N - known[at]))

    def _segments(self, knots: Array, values: Array) -> tuple[Array, Array, Array, Array]:
        """Return the segment of each value among knots; and the slope, log N and log f that each segment starts from.

        The first segment lies below the table and the last one above it.
        """
        log_N, log_f = np.log(self.sizes), np.log(self.flops)
        first = min(int(np.searchsorted(log_N, log_N[0] + END)), len(log_N) - 1)
        last = max(int(np.searchsorted(log_N, log_N[-1] - END, side="right")) - 1, 0)
        start = (log_f[first] - log_f[0]) / (log_N[first] - log_N[0])
        end = (log_f[-1] - log_f[last]) / (log_N[-1] - log_N[last])
        slopes = np.concatenate([[start], np.diff(log_f) / np.diff(log_N), [end]])
        at = np.searchsorted(knots, values, side="right")
        return at, slopes, np.append(log_N[0], log_N), np.append(log_f[0], log_f)


def _binned(log_N: Array, log_f: Array) -> tuple[Array, Array]:
    """Return the means of log N and log f over bins of log N, in the order of N."""
    order = np.argsort(log_N, kind="stable")
    log_N, log_f = log_N[order], log_f[order]
    starts, start = [0], log_N[0]
    for index, value in enumerate(log_N):
        if value - start > TOGETHER:
            starts.append(index)
            start = value
    counts = np.diff([*starts, len(log_N)])
    return np.add.reduceat(log_N, starts) / counts, np.add.reduceat(log_f, starts) / counts


def _increasing(log_N: Array, log_f: Array) -> tuple[Array, Array]:
    """Join neighbours until log f increases [pool adjacent violators]."""
    pools: list[tuple[float, float, int]] = []
    for size, value in zip(log_N.tolist(), log_f.tolist(), strict=True):
        N, f, count = size, value, 1
        while pools and pools[-1][1] >= f:
            before_N, before_f, before = pools.pop()
            N, f = (
                (before * before_N + count * N) / (before + count),
                (before * before_f + count * f) / (before + count),
            )
            count += before
        pools.append((N, f, count))
    return np.array([pool[0] for pool in pools]), np.array([pool[1] for pool in pools])
