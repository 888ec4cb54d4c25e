"""What decides the results of a study, as JSON: a checkpoint holds it, and continues no other study.

Designs, noise and losses can be functions, of which neither name nor code says what they do. They are told apart by
what they return: the first runs of a design, the first values of noise, and a loss at a few residuals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chinchilla_nb.engine.fitting.losses import LossFunction, loss_name
from chinchilla_nb.engine.simulation.cells import DrawNoise
from chinchilla_nb.engine.simulation.designs import Design, GivenRuns
from chinchilla_nb.engine.simulation.study import Study

__all__ = ["study_identity"]

DRAWN = 8
"""How many runs of a design, and how many values of noise, are compared."""
MEASURED = np.array([2.0, 2.5, 3.0, 3.5])
PREDICTED = MEASURED * [0.9, 1.2, 1.001, 0.9999]
DIGITS = 12
"""Digits that are compared: machines differ in the last ones."""


def study_identity(asked: Study, chosen: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what decides the results of a study, by the names of its arguments.

    Parameters
    ----------
    asked : Study
    chosen : mapping of str to mapping of str to object
        For each column that a study varies, its choices by their labels.
    """

    def compared(column: str, read: Callable[[Any], Any]) -> list[Any]:
        return [[label, read(choice)] for label, choice in chosen[column].items()]

    return {
        "laws": compared("law", lambda law: law.as_dict()),
        "designs": compared("design", _design),
        "noise": compared("noise", _noise),
        "losses": compared("loss", _loss),
        "seeds": list(chosen["seeds"].values()),
        "scaling_factors": list(chosen["scaling_factor"].values()),
        "law": asked.cells[0].problem.family.name,
        "targets": asked.targets.tolist(),
        "rng": asked.random_seed,
        "intervals": None if asked.intervals is None else [asked.intervals.method, asked.intervals.level],
    }


def _design(design: Design) -> Any:
    count = len(design.N) if isinstance(design, GivenRuns) else DRAWN
    N, D = design.draw(np.random.default_rng(0), count)
    return {"N": _rounded(N), "D": _rounded(D), "C": _rounded(design.compute.C(N, D))}


def _noise(noise: DrawNoise) -> Any:
    with suppress(Exception):  # the study itself says why
        return _rounded(noise(np.random.default_rng(0), DRAWN))
    return None


def _loss(loss: LossFunction) -> Any:
    with suppress(Exception):  # as above
        return [loss_name(loss), _rounded(loss(MEASURED, PREDICTED))]
    return [loss_name(loss), None]


def _rounded(values: ArrayLike) -> list[str]:
    """Return numbers as text, which also holds NaN, the same as another."""
    return [f"{value:.{DIGITS}g}" for value in np.asarray(values, dtype=float).ravel()]
