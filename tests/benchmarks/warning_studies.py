"""Simulated studies of the warnings of a fit: runs of a known law, some healthy, some made for one kind of warning.

Every study is drawn from its own random generator, so that a study can be repeated from its kind and its seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb import KaplanLaw, Runs, ScalingLaw, allocate, asymmetric_mae, huber, log_huber, mae, mse

Rng = np.random.Generator
Array = NDArray[np.float64]

LOSSES = (
    asymmetric_mae,
    asymmetric_mae,
    partial(asymmetric_mae, w=4.0),
    partial(log_huber, delta=1e-3),
    partial(log_huber, delta=1e-3),
    partial(huber, delta=0.02),
    mae,
    mse,
)
"""The default and the loss of Hoffmann et al. twice as often as the others."""
WEIGHTS = (None, None, None, np.sqrt, np.log)


@dataclass(frozen=True)
class Study:
    """A law, runs of it with noise, and the options of the fit."""

    truth: Any
    runs: Runs
    loss_fn: Any
    law: str = "chinchilla"
    weight_fn: Any = None
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)


NOISE: dict[str, Callable[[Rng, Array, float], Array]] = {
    "normal": lambda rng, loss, size: loss * np.exp(size * rng.standard_normal(len(loss))),
    "absolute": lambda rng, loss, size: loss + size * np.median(loss) * rng.standard_normal(len(loss)),
    "exponential": lambda rng, loss, size: loss * (1 + rng.exponential(size, len(loss))),
    "half-normal": lambda rng, loss, size: loss * (1 + np.abs(rng.normal(0, size, len(loss)))),
    "heavy": lambda rng, loss, size: loss * np.exp(size * rng.standard_t(3, len(loss)) / np.sqrt(3)),
    "outliers": lambda rng, loss, size: (
        loss
        * np.exp(size * rng.standard_normal(len(loss)))
        * np.where(rng.random(len(loss)) < 0.05, 1 + rng.exponential(0.1, len(loss)), 1)
    ),
}
"""Noise of a relative size; the last two have outliers."""
STEADY = ("normal", "absolute", "exponential", "half-normal")


def some_law(rng: Rng, E: float | None = None) -> ScalingLaw:
    """Draw a law by its exponents, its floor and its two terms at 1e8 parameters and 2e9 tokens."""
    alpha, beta = rng.uniform(0.22, 0.5, 2)
    size, data = rng.uniform(0.4, 1.2, 2)
    return ScalingLaw(rng.uniform(0.8, 2.2) if E is None else E, size * 1e8**alpha, data * 2e9**beta, alpha, beta)


def some_kaplan_law(rng: Rng) -> KaplanLaw:
    """Draw a law around that of Kaplan et al."""
    return KaplanLaw(
        10 ** rng.uniform(12.5, 14.5), 10 ** rng.uniform(12.5, 14), rng.uniform(0.06, 0.2), rng.uniform(0.07, 0.2)
    )


def log_uniform(rng: Rng, low: float, high: float, n: int | None = None) -> Any:
    """Draw between two ends, log-uniformly."""
    return np.exp(rng.uniform(np.log(low), np.log(high), n))


def scattered(rng: Rng, n: int, C: tuple[float, float], ratio: tuple[float, float]) -> tuple[Array, Array]:
    """Draw N and D log-uniformly in compute and in tokens per parameter."""
    compute = log_uniform(rng, *C, n)
    N = np.sqrt(compute / 6 / log_uniform(rng, *ratio, n))
    return N, compute / 6 / N


def slices(n: int, C: tuple[float, float], ratio: tuple[float, float], count: int) -> tuple[Array, Array]:
    """Return isoFLOP slices."""
    each = -(-n // count)
    compute = np.repeat(np.geomspace(*C, count), each)[:n]
    N = np.sqrt(compute / 6 / np.tile(np.geomspace(*ratio, each), count)[:n])
    return N, compute / 6 / N


def grid(n: int, N: tuple[float, float], D: tuple[float, float], sizes: int) -> tuple[Array, Array]:
    """Return every size with every amount of data."""
    sizes = min(sizes, n)
    axes = np.meshgrid(np.geomspace(*N, sizes), np.geomspace(*D, -(-n // sizes)), indexing="ij")
    return axes[0].ravel()[:n], axes[1].ravel()[:n]


def around(law: Any, C: tuple[float, float], width: float) -> tuple[float, float]:
    """Return tokens per parameter from `width` below to `width` above the optimum, past those of both budgets."""
    N, D = allocate(law, [C[0], np.sqrt(C[0] * C[1]), C[1]])
    ratio = D / N
    return float(min(ratio[1] / width, min(ratio) / 2)), float(max(ratio[1] * width, max(ratio) * 2))


def budgets(rng: Rng, low: float, high: float) -> tuple[float, float]:
    """Draw the ends of a range of compute that spans between `low` and `high` decades."""
    first = 10 ** rng.uniform(17, 19)
    return first, first * 10 ** rng.uniform(low, high)


def study(rng: Rng, truth: Any, N: Array, D: Array, size: float, kinds: tuple[str, ...] = STEADY, **how: Any) -> Study:
    """Return a study with noise of a relative size and a loss drawn at random."""
    noise = NOISE[kinds[rng.integers(len(kinds))]]
    return Study(truth, Runs(N, D, noise(rng, truth.loss(N, D), size)), LOSSES[rng.integers(len(LOSSES))], **how)


def healthy(rng: Rng, truth: Any = None, n: int | None = None, most: float = 0.01, **how: Any) -> Study:
    """Draw 30 to 300 runs over 2 to 3.5 decades of compute, around the optimum, with noise of 0.1 to 1 %."""
    truth = truth or some_law(rng)
    n, C = n or round(log_uniform(rng, 30, 300)), budgets(rng, 2, 3.5)
    ratio = around(truth, C, 10 ** rng.uniform(0.5, 1))
    N, D = scattered(rng, n, C, ratio) if rng.random() < 0.5 else slices(n, C, ratio, int(rng.integers(4, 8)))
    return study(rng, truth, N, D, log_uniform(rng, 0.001, most), **{"weight_fn": WEIGHTS[rng.integers(5)], **how})


def healthy_with_bounds(rng: Rng) -> Study:
    """Draw healthy runs, with losses in any unit, and bounds that a law well inside them does not feel."""
    one = healthy(rng)
    scale = 10 ** rng.uniform(-9, 3)
    runs = Runs(one.runs.N, one.runs.D, scale * one.runs.loss)
    loss_fn = (
        mse if one.loss_fn.__class__ is partial and one.loss_fn.func is huber else one.loss_fn
    )  # its delta has a unit
    values = one.truth.as_dict()
    bounds = {"E": (0.3 * scale * values["E"], 3 * scale * values["E"]), "alpha": (0.05, 1.5)}
    return replace(one, runs=runs, loss_fn=loss_fn, bounds=bounds)


def healthy_with_pins(rng: Rng) -> Study:
    """Draw healthy runs, with one parameter fixed at its true value."""
    one = healthy(rng)
    name = rng.choice(["E", "alpha", "beta"])
    # One-sided noise moves E and the factors: the true floor of runs that fall short by x % is x % higher.
    value = one.truth.as_dict()[name]
    return replace(one, bounds={str(name): (value, value)})


def healthy_kaplan(rng: Rng) -> Study:
    """Draw healthy runs of Kaplan's law."""
    return healthy(rng, some_kaplan_law(rng), law="kaplan")


def few_runs(rng: Rng) -> Study:
    """Draw 3 to 10 runs."""
    return healthy(rng, n=int(rng.integers(3, 11)))


def few_sizes(rng: Rng) -> Study:
    """Draw runs of one or two sizes, or of sizes within 10 to 40 % of each other; in turn with amounts of data."""
    truth, n = some_law(rng), round(log_uniform(rng, 12, 100))
    first, span = 10 ** rng.uniform(7, 9), rng.uniform(1.1, 1.4)
    sizes = int(rng.integers(1, 3))
    few = first * (rng.choice(10.0 ** np.arange(sizes), n) if rng.random() < 0.5 else rng.uniform(1, span, n))
    many = log_uniform(rng, first, 1000 * first, n)
    N, D = (few, 20 * many) if rng.random() < 0.5 else (many, 20 * few)
    return study(rng, truth, N, D, log_uniform(rng, 0.001, 0.01))


def collinear(rng: Rng) -> Study:
    """Draw runs along a line over 1 to 3 decades: one ratio, D a power of N, or one isoFLOP slice."""
    truth, n, C = some_law(rng), round(log_uniform(rng, 12, 200)), budgets(rng, 1, 3)
    kind = rng.integers(3)
    if kind == 0:
        N, D = scattered(rng, n, C, (20, 20.001))
    elif kind == 1:
        N = log_uniform(rng, 1e7, 1e9, n)
        D = 20 * 1e8 * (N / 1e8) ** rng.uniform(0.6, 1.5)
    else:
        N, D = scattered(rng, n, (C[0], 1.001 * C[0]), (3, 300))
    return study(rng, truth, N, D, log_uniform(rng, 0.001, 0.01))


def short_collinear(rng: Rng) -> Study:
    """Draw runs over one decade of compute whose tokens per parameter differ by up to 30 % either way."""
    truth, n, C = some_law(rng), round(log_uniform(rng, 12, 200)), budgets(rng, 1, 1)
    ratio = 10 ** rng.uniform(1, 1.7)
    N, D = scattered(rng, n, C, (ratio / 1.3, 1.3 * ratio))
    return study(rng, truth, N, D, log_uniform(rng, 0.001, 0.01))


def no_floor(rng: Rng) -> Study:
    """Draw healthy runs of a law with E = 0."""
    return healthy(rng, some_law(rng, E=0.0))


def no_term(rng: Rng) -> Study:
    """Draw runs over 2 to 3.5 decades of a law without one of its terms."""
    law, n, C = some_law(rng), round(log_uniform(rng, 30, 300)), budgets(rng, 2, 3.5)
    N, D = scattered(rng, n, C, (5, 200))
    return study(rng, replace(law, **{str(rng.choice(["A", "B"])): 0.0}), N, D, log_uniform(rng, 0.001, 0.01))


def one_decade(rng: Rng) -> Study:
    """Draw 11 to 20 runs within one decade of compute, with noise of 1 to 3 %."""
    truth, n, C = some_law(rng), int(rng.integers(11, 21)), budgets(rng, 0.3, 1)
    N, D = scattered(rng, n, C, around(truth, C, 3))
    return study(rng, truth, N, D, log_uniform(rng, 0.01, 0.03), tuple(NOISE))


def with_outliers(rng: Rng) -> Study:
    """Draw healthy runs, one to three of which ended at a loss 10 to 200 % above."""
    one = healthy(rng)
    loss, count = one.runs.loss.copy(), int(rng.integers(1, 4))
    loss[rng.choice(len(loss), count, replace=False)] *= 1 + log_uniform(rng, 0.1, 2, count)
    return replace(one, runs=Runs(one.runs.N, one.runs.D, loss))


def off_the_optimum(rng: Rng) -> Study:
    """Draw runs with at least three times too many, or too few, tokens per parameter."""
    truth, n, C = some_law(rng), round(log_uniform(rng, 60, 300)), budgets(rng, 2, 3.5)
    low, high = around(truth, C, 1)
    ratio = (3 * high, 60 * high) if rng.random() < 0.5 else (low / 60, low / 3)
    N, D = scattered(rng, n, C, ratio)
    return study(rng, truth, N, D, 0.001)


def excluding_bounds(rng: Rng) -> Study:
    """Draw healthy runs, with an exponent or the floor bounded away from its true value by a third."""
    one = healthy(rng, n=round(log_uniform(rng, 60, 300)), most=0.005)
    name = str(rng.choice(["E", "alpha", "beta"]))
    value = one.truth.as_dict()[name]
    limits = (0.2 * value, 0.67 * value) if rng.random() < 0.5 else (1.4 * value, 3 * value)
    return replace(one, bounds={name: limits})


def excluding_pins(rng: Rng) -> Study:
    """Draw healthy runs, with an exponent or the floor fixed a third off its true value."""
    one = excluding_bounds(rng)
    ((name, (low, high)),) = one.bounds.items()
    wrong = high if high < one.truth.as_dict()[name] else low
    return replace(one, bounds={name: (wrong, wrong)})


def anything(rng: Rng) -> Study:
    """Draw 6 to 400 runs of any design, law, noise and loss."""
    n, kaplan = round(log_uniform(rng, 6, 400)), rng.random() < 0.15
    truth = some_kaplan_law(rng) if kaplan else some_law(rng, E=0.0 if rng.random() < 0.1 else None)
    C, middle, width = budgets(rng, 0.3, 4), 10 ** rng.uniform(0.7, 2), 10 ** rng.uniform(0.05, 1)
    ratio = middle / width, middle * width
    kind = rng.integers(4)
    if kind < 2:
        N, D = scattered(rng, n, C, ratio)
    elif kind == 2:
        N, D = slices(n, C, ratio, int(rng.integers(2, 7)))
    else:
        first = np.sqrt(C[0] / 6 / middle)
        spans = 10 ** rng.uniform(0.2, 1.7, 2)
        N, D = grid(n, (first, first * spans[0]), (first * middle, first * middle * spans[1]), int(rng.integers(2, 9)))
    size = 10 ** rng.uniform(-3, -1.3)
    law, weight_fn = "kaplan" if kaplan else "chinchilla", WEIGHTS[rng.integers(5)]
    return study(rng, truth, N, D, size, tuple(NOISE), law=law, weight_fn=weight_fn)
