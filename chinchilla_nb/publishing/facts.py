"""What a reader of a paper asks of a fit: how it was made, from which runs, and with which software."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np

from chinchilla_nb import __version__
from chinchilla_nb.config.compute import convention_in_words
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.compute.agreement import disagreement
from chinchilla_nb.engine.fitting.fit import Fit
from chinchilla_nb.engine.fitting.loss_words import WORDS, loss_in_words, named_loss
from chinchilla_nb.engine.fitting.losses import LossFunction
from chinchilla_nb.engine.laws.symbols import in_symbols
from chinchilla_nb.engine.run_keys import is_among
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.figures import basis_in_words
from chinchilla_nb.quantity import compact, number_text, plain, scientific
from chinchilla_nb.session import Session

__all__ = [
    "TITLE",
    "Facts",
    "definition_facts",
    "fit_facts",
    "other_laws",
    "run_facts",
    "version_facts",
]

TITLE = "Scaling law"
"""Title of a report for which none is given."""

Facts = tuple[tuple[str, str], ...]
"""Names and values, as text."""

LIBRARIES = ("numpy", "scipy", "pandas", "matplotlib")
"""What computes and draws the numbers of a report."""


def fit_facts(fit: Fit, uncertainty: Uncertainty | None, rng: np.random.Generator) -> Facts:
    """Return how a fit was made, and what shows that it is one."""
    problem = fit.problem
    rows = [
        ("law", f"L = {problem.family.form} ({problem.family.name})"),
        ("loss function", _loss_in_words(fit.loss_fn)),
        ("weights of runs", "equal" if problem.weight_fn is None else f"{_name(problem.weight_fn)}(C)"),
        ("limits of parameters", in_symbols(_bounds_in_words(problem.bounds))),
        ("starts", in_symbols(_starts_in_words(fit))),
        ("optimiser", _optimiser_in_words(fit)),
        ("certificate", _certificate_in_words(fit)),
        ("intervals", "not estimated" if uncertainty is None else basis_in_words(uncertainty)),
        ("random numbers", _generator_in_words(rng)),
    ]
    return tuple(rows)


def definition_facts(session: Session, runs: Runs, given: Mapping[str, str]) -> Facts:
    """Return what N, D, C and the loss are: as given, or as far as it is known."""
    how = convention_in_words(runs, session.settings.compute)
    differs = disagreement(runs)
    known = {
        "N": "parameters",
        "D": session.data_unit,
        "C": f"compute in FLOPs; plans use {how}" + (f"; {differs.message}" if differs is not None else ""),
        "loss": "as logged at the end of each run",
    }
    return tuple((known_name, given.get(known_name, text)) for known_name, text in known.items()) + tuple(
        (name, text) for name, text in given.items() if name not in known
    )


def run_facts(session: Session, runs: Runs) -> Facts:
    """Return how many runs there are and what they span."""
    # Of a fit that was made elsewhere, the filter is not known.
    query = session.view.query if session.filter_of_fit is None else session.filter_of_fit
    ratio = runs.D / runs.N
    return (
        ("runs of the fit", f"{len(runs):,}"),
        ("excluded runs", f"{int(is_among(session.all_runs, session.excluded).sum()):,}"),
        ("filter", query or "none"),
        ("N", _span(runs.N, compact)),
        ("D", _span(runs.D, compact)),
        ("C", f"{_span(runs.C, scientific)} FLOPs"),
        (f"{session.data_unit} per parameter", _span(ratio, plain)),
        ("loss", _span(runs.loss, functools.partial(plain, digits=4))),
    )


def other_laws(session: Session) -> Facts:
    """Return the laws that charts show beside the fit, set by hand or published, with their sources."""
    return tuple((one.name, f"{one.law}; {one.source}" if one.source else str(one.law)) for one in session.drawn_laws)


def version_facts() -> Facts:
    """Return the versions of this package, of the libraries that compute, and of Python."""
    installed = [(name, metadata.version(name)) for name in LIBRARIES]
    system = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return (("chinchilla_nb", __version__), *installed, ("Python", system))


def _loss_in_words(loss_fn: LossFunction) -> str:
    """Return a loss function with its parameter and what it does."""
    named, text = named_loss(loss_fn), loss_in_words(loss_fn)
    return f"{text}, a function of the user" if named is None else f"{text}: {WORDS[named[0]].meaning}"


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _bounds_in_words(bounds: Mapping[str, tuple[float, float]]) -> str:
    if not bounds:
        return "none"
    return "; ".join(
        f"{name} fixed at {number_text(low)}"
        if low == high
        else f"{name} from {number_text(low)} to {number_text(high)}"
        for name, (low, high) in bounds.items()
    )


def _starts_in_words(fit: Fit) -> str:
    axes = fit.problem.starts.axes
    written = "; ".join(f"{name} {_axis(values)}" for name, values in axes.items())
    text = f"{fit.starts:,}, a grid of {written}"
    return text if fit.problem.start is None else f"{text}; and a law set by hand, {fit.problem.start}"


def _axis(values: np.ndarray) -> str:
    low, high = number_text(float(np.min(values))), number_text(float(np.max(values)))
    return f"= {low}" if len(values) == 1 else f"from {low} to {high} ({len(values)} values)"


def _optimiser_in_words(fit: Fit) -> str:
    dtype = np.dtype(fit.problem.dtype)
    steps = "L-BFGS-B from the most promising starts"
    if fit.certificate is None:
        return f"{steps}, or a simplex search for a loss without derivatives; {fit.status.value}"
    bits = np.finfo(dtype).nmant + 1
    optima = "1 optimum" if fit.optima == 1 else f"{fit.optima:,} distinct optima"
    polished = f"the best is polished by Newton steps in {dtype.name} ({bits} significant bits)"
    return f"{steps}; {polished}; {optima}; {fit.status.value}"


def _certificate_in_words(fit: Fit) -> str:
    found = fit.certificate
    if found is None:
        return "none: nothing shows that this is a local optimum"
    shows = "a local optimum" if found.holds else "no local optimum"
    curvature = "none is left to check" if np.isinf(found.curvature) else f"{found.curvature:.2g} of a typical one"
    return (
        f"{shows}: relative decrease that remains {found.decrease:.1g}, least curvature {curvature}, "
        f"largest multiplier {found.multiplier:.2g}"
    )


def _generator_in_words(rng: np.random.Generator) -> str:
    bits = rng.bit_generator
    # NumPy 1.24 has it under a private name only.
    sequence = getattr(bits, "seed_seq", getattr(bits, "_seed_seq", None))
    seed = getattr(sequence, "entropy", None)
    return f"{type(bits).__name__}, " + ("seed not known" if seed is None else f"seed {brief(seed)}")


def _span(values: np.ndarray, write: Any) -> str:
    return f"{write(float(values.min()))} to {write(float(values.max()))}"
