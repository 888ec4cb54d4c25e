"""Estimate the uncertainty of a fit by a method of one's choice."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

import numpy as np

from chinchilla_nb.engine.conversion import check_callable, check_type
from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.engine.fitting.losses import residual_loss
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.frontier import FrontierLaw
from chinchilla_nb.engine.uncertainty.bootstrap import MapFunction, UncertaintyProgress, iter_bootstrap
from chinchilla_nb.engine.uncertainty.frontier_uncertainty import FrontierUncertainty
from chinchilla_nb.engine.uncertainty.likelihood import ProfileLikelihood
from chinchilla_nb.engine.uncertainty.resampling import RESAMPLING
from chinchilla_nb.engine.uncertainty.sandwich import Sandwich
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty

__all__ = ["METHODS", "default_method", "estimate_uncertainty", "iter_uncertainty"]

WITHOUT_DRAWS = {"profile": ProfileLikelihood, "sandwich": Sandwich}
GROUPED = ("stratified", "wild-cluster")
"""The methods that know groups of runs."""
METHODS = (*RESAMPLING, *WITHOUT_DRAWS)
"""The names of the methods."""


def default_method(fit: Fit) -> str:
    """Return the bootstrap whose intervals hold for the loss of a fit.

    That is ``"pairs"``, but ``"bayesian"`` for a loss with kinks, such as `asymmetric_mae`: of 60 runs with one-sided
    noise only five lie below its law, and if some of them are missing from a resample the law moves too far, so that
    nominal 95 % intervals of ``"pairs"`` contain the truth in up to 100 % of studies.
    """
    loss = residual_loss(fit.loss_fn)
    return "bayesian" if loss is not None and loss.has_kink else "pairs"


def iter_uncertainty(
    fit: Fit,
    method: str | None = None,
    draws: int = 1000,
    rng: np.random.Generator | int | None = None,
    *,
    by: str | None = None,
    map: MapFunction = builtins.map,
) -> Iterator[UncertaintyProgress]:
    """Estimate the uncertainty of a fit, yielding progress; the last progress holds the result.

    Parameters
    ----------
    method : str, optional
        A bootstrap, each draw of which is a converged refit: ``"pairs"`` draws runs, ``"bayesian"`` gives them random
        weights, ``"stratified"`` draws them within groups, ``"wild"`` flips the signs of errors, ``"wild-cluster"``
        scales the errors of a group by one factor, and ``"residual"`` gives each run the error of another.
        ``"profile"`` is the profile likelihood, and ``"sandwich"`` the covariance. The default is `default_method`. A
        frontier law has one method, whatever is asked for, `FrontierUncertainty`.
    draws : int
        Number of resamples of a bootstrap.
    rng : Generator or int, optional
        The same seed gives the same draws, whatever the map.
    by : str, optional
        Column of the runs whose values are the groups: by default isoFLOP slices, or repeated runs for
        ``"wild-cluster"``.
    map : callable
        Maps the refits over blocks of draws.

    Raises
    ------
    InputError
        If an argument is of another type, the method or the column is unknown, the number of draws is not between 2 and
        a hundred thousand, or the law was fitted with a loss of one's own.
    """
    check_type(fit, "fit", Fit)
    check_type(method, "method", str, type(None))
    check_callable(map, "map")
    if method is None:
        method = default_method(fit)
    if by is not None and method not in GROUPED:
        raise InputError("by", f"is used by {' and '.join(map(repr, GROUPED))} only", got=f"the method {method!r}")
    if isinstance(fit.law, FrontierLaw):
        yield UncertaintyProgress(1, 1, FrontierUncertainty(fit))
    elif method in WITHOUT_DRAWS:
        yield UncertaintyProgress(1, 1, WITHOUT_DRAWS[method](fit, method))
    elif method in RESAMPLING:
        yield from iter_bootstrap(fit, method, draws, rng, by=by, map=map)
    else:
        raise unknown_key("method", method, METHODS)


def estimate_uncertainty(
    fit: Fit,
    method: str | None = None,
    draws: int = 1000,
    rng: np.random.Generator | int | None = None,
    *,
    by: str | None = None,
    map: MapFunction = builtins.map,
) -> Uncertainty | FrontierUncertainty:
    """Estimate the uncertainty of a fit; parameters and errors as for `iter_uncertainty`."""
    *_, last = iter_uncertainty(fit, method, draws, rng, by=by, map=map)
    assert last.result is not None
    return last.result
