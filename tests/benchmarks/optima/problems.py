"""Random problems of the census: a kind and a seed give the runs, the loss, the weights and the bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optima.losses import BUILTIN, CUSTOM

__all__ = ["Case", "agenda", "case_of"]

Array = NDArray[Any]
Key = tuple[str, int, str]

COUNTS = {"plain": 1650, "bounds": 250, "weights": 150, "custom": 105, "kaplan": 100}
"""Number of fits of each kind; a seed of the kind plain is fitted with each of the five losses."""
LARGEST_LOG_NOISE = 1.0
"""Noise is cut off at a factor of e."""


@dataclass(frozen=True, slots=True)
class Case:
    """One problem: fit a law to runs.

    Attributes
    ----------
    kind : str
        ``"plain"``, ``"bounds"``, ``"weights"``, ``"custom"`` or ``"kaplan"``.
    seed : int
    name : str
        The loss, a key of `losses.shape_of`.
    options : mapping of str to float
        Arguments of the loss.
    N, D, loss : ndarray, shape (n_runs,)
    weight : ndarray, shape (n_runs,)
        Weights that add up to one.
    weight_fn : callable, optional
        ``weight_fn(C)``, from which the weights follow.
    bounds : mapping of str to (float, float)
        Lower and upper bounds of parameters, by name.
    """

    kind: str
    seed: int
    name: str
    options: Mapping[str, float]
    N: Array
    D: Array
    loss: Array
    weight: Array
    weight_fn: Callable[[Array], Array] | None = None
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def law(self) -> str:
        """The law to fit."""
        return "kaplan" if self.kind == "kaplan" else "chinchilla"

    @property
    def key(self) -> Key:
        """What identifies the problem."""
        return self.kind, self.seed, self.name


def agenda() -> list[Key]:
    """Return the keys of all problems, in an order in which each prefix has its share of every kind."""
    keyed: list[tuple[float, Key]] = []
    for kind, count in COUNTS.items():
        names = tuple(CUSTOM) if kind == "custom" else BUILTIN
        for index in range(count):
            seed = index // len(names) if kind == "plain" else index
            keyed.append(((index + 0.5) / count, (kind, seed, names[index % len(names)])))
    return [key for _, key in sorted(keyed)]


def case_of(kind: str, seed: int, name: str) -> Case:
    """Return the problem of a kind, seed and loss."""
    rng = np.random.default_rng([list(COUNTS).index(kind), seed])
    N, D = _design(rng)
    truth, expected = _kaplan(rng, N, D) if kind == "kaplan" else _chinchilla(rng, N, D)
    loss = expected * np.exp(_noise(rng, len(N)))
    weight_fn = _weight_fn(rng, 6 * N * D) if kind == "weights" else None
    bounds = _bounds(rng, truth) if kind == "bounds" else {}
    weight = np.ones(len(N)) if weight_fn is None else weight_fn(6 * N * D)
    options = _options(rng, float(np.exp(np.log(loss).mean())))[name]
    return Case(kind, seed, name, options, N, D, loss, weight / weight.sum(), weight_fn, bounds)


def _options(rng: np.random.Generator, unit: float) -> dict[str, dict[str, float]]:
    """Return the options of every loss, drawn in one order whichever loss is wanted."""
    w, delta, delta_log, scale = 10 ** rng.uniform([-1, -3, -3, -3], [2, 0, 0, 0])
    if rng.random() < 0.5:
        w = 10.0  # the default
    q = rng.uniform(0.05, 0.95)
    scaled = {"scale": float(scale * unit)}
    return {
        "mae": {},
        "asymmetric_mae": {"w": float(w)},
        "mse": {},
        "huber": {"delta": float(delta)},
        "log_huber": {"delta": float(delta_log)},
        "pinball": {"q": float(q)},
        "absolute_log": {},
        "absolute_ratio": {},
        "capped": {"cap": float(scale * unit)},
        "mixed": scaled,
        "log_cosh": scaled,
        "pseudo_huber": scaled,
    }


def _design(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return N and D of 3 to 400 runs."""
    n = int(np.exp(rng.uniform(np.log(3), np.log(400.999))))
    N_low = rng.uniform(5, 9)
    N_high = min(N_low + rng.uniform(1, 4), 11)
    ratio = rng.uniform(0, 2.5)
    D_low = N_low + ratio + rng.uniform(-0.5, 0.5)
    D_high = D_low + rng.uniform(1, 4)
    design = _DESIGNS[int(rng.integers(len(_DESIGNS)))]
    log_N, log_D = design(rng, n, (N_low, N_high), (D_low, D_high))
    return np.round(10**log_N), np.round(10**log_D)


Range = tuple[float, float]


def _grid(rng: np.random.Generator, n: int, N: Range, D: Range) -> tuple[Array, Array]:
    """Return a full grid."""
    rows = max(1, round(n ** rng.uniform(0.3, 0.7)))
    columns = -(-n // rows)
    log_N, log_D = np.meshgrid(np.linspace(*N, rows), np.linspace(*D, columns), indexing="ij")
    return log_N.ravel()[:n], log_D.ravel()[:n]


def _isoflop(rng: np.random.Generator, n: int, N: Range, D: Range) -> tuple[Array, Array]:
    """Return slices of equal compute, with model sizes around the middle of each."""
    slices = max(1, round(n ** rng.uniform(0.3, 0.6)))
    which = np.arange(n) % slices
    at = which / max(slices - 1, 1)
    log_C = (N[0] + D[0]) + at * (N[1] + D[1] - N[0] - D[0])
    log_N = N[0] + at * (N[1] - N[0]) + rng.uniform(-0.7, 0.7, n)
    return log_N, log_C - log_N


def _sweeps(rng: np.random.Generator, n: int, N: Range, D: Range) -> tuple[Array, Array]:
    """Return a few model sizes, each trained on amounts of data of its own."""
    sizes = max(2, round(n ** rng.uniform(0.2, 0.6)))
    log_N = np.linspace(*N, sizes)[np.arange(n) % sizes]
    return log_N, rng.uniform(*D, n)


def _random(rng: np.random.Generator, n: int, N: Range, D: Range) -> tuple[Array, Array]:
    """Return log-uniform N and D."""
    return rng.uniform(*N, n), rng.uniform(*D, n)


def _collinear(rng: np.random.Generator, n: int, N: Range, D: Range) -> tuple[Array, Array]:
    """Return nearly equal tokens per parameter."""
    at = rng.random(n)
    spread = 10 ** rng.uniform(-2.5, -0.5)
    return N[0] + at * (N[1] - N[0]), D[0] + at * (D[1] - D[0]) + spread * rng.normal(size=n)


def _narrow(rng: np.random.Generator, n: int, N: Range, D: Range) -> tuple[Array, Array]:
    """Return log-uniform N and D over one decade."""
    return N[0] + rng.random(n), D[0] + rng.random(n)


_DESIGNS = (_grid, _isoflop, _sweeps, _random, _collinear, _narrow)


def _exponent(rng: np.random.Generator) -> float:
    return float(rng.uniform(1, 4) if rng.random() < 0.08 else rng.uniform(0.1, 1))


def _chinchilla(rng: np.random.Generator, N: Array, D: Array) -> tuple[dict[str, float], Array]:
    """Return a law E + A / N^alpha + B / D^beta and its losses; a term may vanish."""
    alpha, beta = _exponent(rng), _exponent(rng)
    floor = rng.uniform(0, 0.95) if rng.random() < 0.9 else 0.0
    split = rng.uniform(0.05, 0.95) if rng.random() < 0.92 else float(rng.integers(2)) + 0.0
    middle = 10 ** rng.uniform(-0.3, 0.8)
    x, y = np.log(N).mean(), np.log(D).mean()
    A, B = middle * (1 - floor) * np.array([split, 1 - split])
    truth = {
        "E": float(middle * floor),
        "A": float(A * np.exp(alpha * x)),
        "B": float(B * np.exp(beta * y)),
        "alpha": alpha,
        "beta": beta,
    }
    return truth, middle * floor + A * np.exp(-alpha * (np.log(N) - x)) + B * np.exp(-beta * (np.log(D) - y))


def _kaplan(rng: np.random.Generator, N: Array, D: Array) -> tuple[dict[str, float], Array]:
    """Return a law [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D and its losses; some have a floor as well."""
    alpha_N, alpha_D = 10 ** rng.uniform(-1.4, -0.2, 2)
    split = rng.uniform(0.05, 0.95)
    middle = 10 ** rng.uniform(-0.3, 0.8)
    x, y = np.log(N) - np.log(N).mean(), np.log(D) - np.log(D).mean()
    inner = split * np.exp(-alpha_N / alpha_D * x) + (1 - split) * np.exp(-y)
    floor = rng.uniform(0, 0.5) if rng.random() < 0.3 else 0.0
    return {}, middle * (floor + (1 - floor) * inner**alpha_D)


def _noise(rng: np.random.Generator, n: int) -> Array:
    """Return Gaussian noise, noise of Student's t, or Gaussian noise with outliers, of relative size 1e-4 to 1e-1."""
    size, kind = 10 ** rng.uniform(-4, -1), int(rng.integers(3))
    noise = rng.normal(size=n) if kind != 1 else rng.standard_t(2, size=n)
    if kind == 2:
        noise = np.where(rng.random(n) < 0.08, noise * rng.uniform(5, 30), noise)
    return np.clip(size * noise, -LARGEST_LOG_NOISE, LARGEST_LOG_NOISE)


def _weight_fn(rng: np.random.Generator, C: Array) -> Callable[[Array], Array]:
    """Return weights that fall or rise as a power of compute, 0/1 weights, or weights that grow by steps."""
    kind, power = int(rng.integers(4)), rng.uniform(0.05, 0.6)
    middle = float(np.exp(np.log(C).mean()))
    limit = float(np.quantile(C, rng.uniform(0, 0.5)))
    if kind == 0:
        return lambda C: (C / middle) ** -power
    if kind == 1:
        return lambda C: (C / middle) ** power
    if kind == 2:
        return lambda C: (C >= limit * (1 - 1e-9)).astype(float)
    return lambda C: 1.0 + 9 * (limit * (1 - 1e-9) <= C) + 90 * (middle * (1 - 1e-9) <= C)


def _bounds(rng: np.random.Generator, truth: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Return bounds of one to three parameters: fixed, around the truth, or beside it."""
    names = list(truth)
    chosen = sorted(range(5), key=lambda _: rng.random())[: int(rng.integers(1, 4))]
    bounds = {}
    for index in chosen:
        name = names[index]
        value = truth[name] if truth[name] > 0 else 0.5
        exponent = name in ("alpha", "beta")
        spread = rng.uniform(1.02, 1.6) if exponent or name == "E" else 10 ** rng.uniform(0.02, 2)
        kind = rng.random()
        if kind < 0.3:
            fixed = value * spread ** rng.uniform(-1, 1)
            low, high = fixed, fixed
        elif kind < 0.6:
            low, high = value / spread, value * spread
        elif kind < 0.8:
            low, high = value * spread, value * spread**2
        else:
            low, high = (0.0 if rng.random() < 0.5 else value / spread**2), value / spread
        bounds[name] = (float(min(low, 9.0) if exponent else low), float(min(high, 10.0) if exponent else high))
    return bounds
