"""The compute of the configurations of a model search, counted by a function of the configuration."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from chinchilla_nb.engine.compute.tabulated import TabulatedCompute
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.planning.model_search import ModelTable, estimates

__all__ = ["counted_compute"]


@lru_cache(maxsize=8)
def counted_compute(models: ModelTable, function: Callable[..., float], name: str) -> TabulatedCompute:
    """Count the FLOPs per token of every configuration, once because a function may build real models.

    Parameters
    ----------
    models : ModelTable
    function : callable
        Called with one configuration as keyword arguments; returns its training FLOPs per token, forward and backward.
        A configuration whose FLOPs are not positive and finite is left out.
    name : str
        Name of the function, for the text of the convention.

    Raises
    ------
    InputError
        If the function raises an exception or returns something that is not a number, or there are fewer than two
        sizes whose FLOPs grow.
    """
    flops = estimates(function, models.configs, "compute")
    usable = np.isfinite(flops) & (flops > 0)
    if not usable.any():
        rule = "must count positive, finite FLOPs per token for at least two configurations"
        raise InputError("compute", rule, got="none", remedy="correct the function, or the configurations")
    try:
        return TabulatedCompute.of(models.N[usable], flops[usable], name)
    except InputError:
        rule = "must count more FLOPs per token for larger models, of two sizes more than 10 % apart at least"
        low, high = flops[usable].min(), flops[usable].max()
        got = f"{low:.4g} to {high:.4g} for {len(np.unique(models.N[usable])):,} sizes"
        remedy = "correct the function, or the configurations"
        raise InputError("compute", rule, got=got, remedy=remedy) from None
