"""A law whose parameters are set by hand, one after the other, in the coordinates in which its family is fitted.

These are centred at the runs, and a factor counts as the size of its term in their middle: to change an exponent turns
the law about the runs, and to change a factor moves it by about as much at each of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chinchilla_nb.engine.blas_threads import one_blas_thread
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_float, check_type, first_items
from chinchilla_nb.engine.errors import InputError, unknown_key
from chinchilla_nb.engine.fitting.lattice import profiled_lattice
from chinchilla_nb.engine.fitting.losses import ResidualLoss, loss_name, residual_loss
from chinchilla_nb.engine.fitting.newton import continued, newton
from chinchilla_nb.engine.fitting.objective import Objective
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.fitting.reliability.linearised import point_of
from chinchilla_nb.engine.fitting.screening import SCREENED_RUNS, spread_sample
from chinchilla_nb.engine.fitting.simplex import CustomObjective
from chinchilla_nb.engine.fitting.smoothing import smoothing_widths
from chinchilla_nb.engine.fitting.solver import Exact, lowest
from chinchilla_nb.engine.laws.family import Coordinates, Law, losses_of
from chinchilla_nb.engine.laws.parameters import as_parameter
from chinchilla_nb.engine.runs import Runs

__all__ = ["LawByHand"]

Array = NDArray[Any]

SAME = 1e-9
"""Relative difference up to which a parameter counts as unchanged by the conversion to coordinates and back."""
STEPS, TOLERANCE = 20, 1e-8
"""Most Newton steps at one width of smoothing, and the relative decrease at which they end."""
REACH = 3.0
"""How far the logarithm of a factor can be moved from its first value: its term is twenty times smaller or larger."""
EXPONENTS = 1.0
"""Exponents can be moved up to this one, or to twice the first value: nearly all that were measured are below it."""
FARTHEST = 2.0
"""How much farther off the runs a law may be at the end of a range, in ranges of their losses: charts show these."""
LEAST_SPAN = 0.05
"""Range of the losses, as a share of the highest, that counts at least: runs may have all the same loss."""
HALVINGS = 12
"""Halvings of a range in the search for such an end, which is then found to a step of a slider."""


@dataclass(frozen=True, eq=False, slots=True)
class LawByHand:
    """A law set by hand, as a candidate for the answer to a problem.

    Attributes
    ----------
    problem : Problem
        The runs, loss and weights by which it is judged. Its bounds limit the law; a parameter with equal bounds, which
        a fit keeps, is also kept here while others are changed.
    theta : ndarray, shape (n_parameters,)
        The law in the coordinates of the problem, one for each parameter.
    """

    problem: Problem
    theta: Array

    @classmethod
    def of(cls, problem: Problem, law: Law) -> LawByHand:
        """Begin with a law.

        Raises
        ------
        InputError
            If the law is of another family, or a parameter lies beyond its bounds or what a fit considers.
        """
        check_type(law, "law", Law)
        _check_range(law)
        found = cls.near(problem, law)
        _check_kept(found, law.as_dict())
        return found

    @classmethod
    def near(cls, problem: Problem, law: Law) -> LawByHand:
        """Begin with a law, moved to within its bounds; errors as for `of` otherwise."""
        check_type(problem, "problem", Problem)
        check_type(law, "law", Law)
        if law.parameters != problem.family.parameters:
            names = ", ".join(parameter.name for parameter in problem.family.parameters)
            raise InputError("law", f"must have the parameters {names}", got=", ".join(law.as_dict()))
        if not len(problem.runs):
            raise InputError("a law by hand", "needs runs to be compared with", remedy="add runs first")
        return cls(problem, _box(problem).theta(point_of(law)))

    @classmethod
    def fixing(cls, problem: Problem, law: Law, names: Collection[str]) -> LawByHand:
        """Begin with a law, some of whose parameters are kept at their values whatever else is changed."""
        found = cls.of(problem, law)
        values = law.as_dict()
        fixed = {name: values[name] for name in _as_names(names, "fixed", found.problem)}
        return cls.of(_with_fixed(problem, fixed), law)

    @property
    def law(self) -> Law:
        """The law."""
        return _box(self.problem).law(self.theta)

    @property
    def objective(self) -> float:
        """The weighted mean loss per run, which a fit minimises; infinite if it is not finite."""
        loss, box = residual_loss(self.problem.loss_fn), _box(self.problem)
        if loss is None:
            return CustomObjective.of(self.problem, box).value(self.theta)
        objective = Objective.of(self.problem, loss, box)
        value = float(objective.value(self.theta) * objective.scale)
        return value if np.isfinite(value) else np.inf

    def range_of(self, name: str) -> tuple[float, float]:
        """Return the coordinates between which a parameter is moved by hand; equal ones if it is fixed.

        At the ends, the law is not so far off the runs that charts would not show it.
        """
        at, box = self._place(name), _box(self.problem)
        kind, here = self.problem.family.parameters[at].kind, float(self.theta[at])
        if kind == "floor":
            low, high = 0.0, float(self.problem.runs.loss.min()) / box.unit
        elif kind == "factor":
            low, high = here - REACH, here + REACH
        else:
            low, high = 0.0, max(EXPONENTS, 2 * here)
        low, high = max(min(low, here), float(box.lower[at])), min(max(high, here), float(box.upper[at]))
        return self._on_the_page(name, low), self._on_the_page(name, high)

    def position(self, name: str) -> float:
        """Return the coordinate of a parameter."""
        return float(self.theta[self._place(name)])

    def moved(self, name: str, position: float) -> LawByHand:
        """Return the law with the coordinate of one parameter changed, as far as its bounds allow.

        Raises
        ------
        InputError
            If there is no such parameter, or the position is not a number.
        """
        at, box, theta = self._place(name), _box(self.problem), self.theta.copy()
        to = as_float(position, "position")
        if np.isnan(to):
            raise InputError("position", "must be a number", got="nan")
        theta[at] = np.clip(to, box.lower[at], box.upper[at])
        return replace(self, theta=theta)

    def with_values(self, values: Mapping[str, float]) -> LawByHand:
        """Return the law with some parameters at values, and the others as they are.

        Raises
        ------
        InputError
            If a name or a value is not that of a parameter, or beyond what a fit considers.
        """
        if not isinstance(values, Mapping):
            raise InputError("values", "must map parameters to numbers", got=brief(values))
        given = {}
        for name, value in values.items():
            kind = self.problem.family.parameters[self._place(name)].kind
            given[name] = as_parameter(name, value)
            if kind == "factor" and not given[name]:
                raise InputError(name, "must be positive", got="0")
        law = self.problem.family.from_params({**self.law.as_dict(), **given})
        return LawByHand.of(self.problem, law)

    @property
    def can_follow(self) -> bool:
        """Whether the other parameters can be fitted while some are held: the loss must be a built-in one."""
        return residual_loss(self.problem.loss_fn) is not None

    @one_blas_thread()
    def followed(self, held: Collection[str] = ()) -> LawByHand:
        """Return the law with all parameters fitted but those held, and those with equal bounds: a profile.

        The search starts from this law, or from the best of a lattice of exponents where that is better already.

        Parameters
        ----------
        held : collection of str
            Parameters whose coordinates do not change. For an exponent or an irreducible loss this holds the value
            itself, for a factor the size of its term in the middle of the runs.

        Raises
        ------
        InputError
            If the loss is not a built-in one, or there are too few runs.
        """
        self.problem.check_runs()
        loss = residual_loss(self.problem.loss_fn)
        if loss is None:
            remedy = "use log_huber, or change parameters without fitting the others"
            raise InputError("loss_fn", "must be a built-in loss", got=loss_name(self.problem.loss_fn), remedy=remedy)
        box, places = _box(self.problem), [self._place(name) for name in _as_names(held, "held", self.problem)]
        lower, upper = box.lower.copy(), box.upper.copy()
        lower[places] = upper[places] = self.theta[places]
        # Every family keeps its coordinates in a dataclass.
        tight: Coordinates = replace(box, lower=lower, upper=upper)  # type: ignore[type-var]
        return replace(self, theta=_minimised(self.problem, loss, tight, self.theta))

    def _on_the_page(self, name: str, end: float) -> float:
        """Return the coordinate of a parameter nearest to an end at which the law is not too far off the runs."""
        runs = self.problem.runs.take(spread_sample(len(self.problem.runs), SCREENED_RUNS))
        highest = float(runs.loss.max())
        most = _farthest(self.law, runs) + FARTHEST * max(highest - float(runs.loss.min()), LEAST_SPAN * highest)
        if _farthest(self.moved(name, end).law, runs) <= most:
            return end
        inside = self.position(name)
        for _ in range(HALVINGS):
            middle = (inside + end) / 2
            if _farthest(self.moved(name, middle).law, runs) <= most:
                inside = middle
            else:
                end = middle
        return inside

    def _place(self, name: str) -> int:
        names = [parameter.name for parameter in self.problem.family.parameters]
        return names.index(_as_names([name], "parameter", self.problem)[0])


def _farthest(law: Law, runs: Runs) -> float:
    """Return the largest distance of a law from the losses of runs."""
    with np.errstate(all="ignore"):
        off = np.abs(losses_of(law, runs) - runs.loss)
    return float(np.where(np.isnan(off), np.inf, off).max())


def _check_range(law: Law) -> None:
    """Check that no parameter is beyond what a fit considers for any runs, where coordinates would overflow."""
    for parameter, (name, value) in zip(law.parameters, law.as_dict().items(), strict=True):
        if value > parameter.largest:
            rule = f"must be at most {parameter.largest:g}, the largest that a fit considers"
            raise InputError(name, rule, got=f"{value:.6g}")


def _check_kept(found: LawByHand, wanted: Mapping[str, float]) -> None:
    """Check that a law holds the values wanted, which their box may have changed."""
    held = found.law.as_dict()
    # Exponents first: the factor of a term changes with its exponent.
    for parameter in sorted(found.problem.family.parameters, key=lambda one: one.kind != "exponent"):
        name, value = parameter.name, held[parameter.name]
        if abs(value - wanted[name]) > SAME * max(abs(value), abs(wanted[name])):
            ends = found.problem.bounds.get(name)
            rule = "must be within its limits" if ends else "must be within what a fit to these runs considers"
            remedy = f"choose {ends[0]:g} to {ends[1]:g}" if ends else f"choose {value:.4g}, which is the nearest"
            raise InputError(name, rule, got=f"{wanted[name]:.6g}", remedy=remedy)


def _as_names(names: Any, where: str, problem: Problem) -> list[str]:
    """Return names of parameters as a list.

    Raises
    ------
    InputError
        If they are something else.
    """
    known = [parameter.name for parameter in problem.family.parameters]
    given = first_items(names, len(known))
    if given is None or not all(isinstance(name, str) for name in given):
        raise InputError(where, "must be names of parameters", got=brief(names))
    for name in given:
        if name not in known:
            raise unknown_key(where, name, known)
    return given


def _with_fixed(problem: Problem, values: Mapping[str, float]) -> Problem:
    """Return a problem with parameters fixed at values."""
    return replace(problem, bounds={**problem.bounds, **{name: (value, value) for name, value in values.items()}})


def _box(problem: Problem) -> Coordinates:
    return problem.family.coordinates(problem.runs, problem.bounds)


def _minimised(problem: Problem, loss: ResidualLoss, box: Coordinates, theta: Array) -> Array:
    """Return the minimum near theta, along the minima of the loss smoothed over ever narrower widths."""
    objective = Objective.of(problem, loss, box)
    finish, start = Exact(objective, lambda: objective, box), theta
    lattice = profiled_lattice(objective.take(spread_sample(len(objective.target), SCREENED_RUNS)))
    # A term that has vanished has no slope by which it could return.
    if lattice is not None and objective.value(lattice.best) < objective.value(theta):
        theta = lattice.best
    wider, widths = None, smoothing_widths(objective, theta, box)
    for width in widths:
        smooth = objective.smoothed(width)
        if wider is not None:
            theta = continued(wider, smooth, theta[None], box)[0]
        theta = newton(smooth, theta, box, STEPS, TOLERANCE).theta
        wider = smooth
    found = finish.settle(theta, widths[-1])
    if not found.converged:
        found = lowest([found, finish.descend(found)])
    # Where smoothing has led into another valley that is higher, the law stays as it is.
    best = found.theta if float(found.value) <= float(objective.value(start)) else start
    return np.asarray(best, dtype=float)
