"""Results of the fitted law and how far to trust it: the figures in the README of the study.

Usage: ``python -m chinchilla_nb.datasets.python_stdlib.summary`` prints them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from chinchilla_nb import datasets
from chinchilla_nb.engine.fitting.fit import Fit, fit
from chinchilla_nb.engine.fitting.losses import log_huber
from chinchilla_nb.engine.laws.allocation import allocate, exponents
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import Runs

if TYPE_CHECKING:
    import pandas as pd

TRAINED_UP_TO = 1.05e12
"""FLOPs; slightly above 1e12, because a whole number of steps rounds the compute of a run."""


def summary() -> str:
    """Describe the fit to all runs, the noise, and the prediction of the large runs from the small ones."""
    df = datasets.load("python_stdlib").df
    everything = fit_to(df)
    small, large = df[df.C <= TRAINED_UP_TO], df[df.C > TRAINED_UP_TO]
    extrapolated = fit_to(small)
    residual = np.abs(relative_error(everything.law, df))
    error = relative_error(extrapolated.law, large)
    N, D = allocate(everything.law, 5e12)
    a, _ = exponents(everything.law)
    better = np.count_nonzero(error < 0)
    facts = (
        f"All {len(df)} runs (log-Huber loss, delta = 1e-3): {describe(everything)}.",
        f"Half of the runs lie within {np.median(residual):.1%} of that law; the worst is {residual.max():.1%} off.",
        (
            f"Runs repeated with other random seeds differ by {noise(df):.1%} (relative standard deviation); "
            "the rest of the residuals is due to the law itself, the shapes and the learning rates."
        ),
        (
            f"N* grows as C^{a:.2f}; at 5e12 FLOPs it is {N:.2g} parameters on {D:.2g} bytes, "
            f"{D / N:.0f} bytes per parameter."
        ),
        f"Fitted to the {len(small)} runs of at most 1e12 FLOPs: {describe(extrapolated)}.",
        (
            f"That law predicts the {len(large)} larger runs, 2 to 5 times beyond, with a median error of "
            f"{np.median(np.abs(error)):.1%}, at most {np.max(np.abs(error)):.1%}; {better} of them "
            "came out better than predicted."
        ),
    )
    return "\n".join(f"- {fact}" for fact in facts)


def fit_to(df: pd.DataFrame) -> Fit:
    """Return the fit with the loss and the grid of Hoffmann et al. 2022."""
    return fit(Runs(df.N, df.D, df.loss), loss_fn=functools.partial(log_huber, delta=1e-3))


def describe(found: Fit) -> str:
    """Return the parameters of a law as part of a sentence."""
    return ", ".join(f"{name} = {value:.3g}" for name, value in found.law.as_dict().items())


def relative_error(law: Law, df: pd.DataFrame) -> np.ndarray:
    """Return the measured over the predicted loss, minus one."""
    return df.loss.to_numpy() / law.loss(df.N, df.D) - 1


def noise(df: pd.DataFrame) -> float:
    """Return the pooled relative standard deviation of runs that differ only in their random seed."""
    repeats = df.groupby(["width", "depth", "D"]).loss
    spread = (repeats.std() / repeats.mean())[repeats.count() > 1]
    return float(np.sqrt(np.mean(spread**2)))


if __name__ == "__main__":
    print(summary())
