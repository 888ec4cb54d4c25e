"""All models of groups of runs, and whether the runs reject what a model shares.

The test compares a model with the one that shares the least, by how much its objective is higher: for the squared error
it is the F test of nested models, and for other losses the same with the variance and the curvature of their scores
(Schrader and Hettmansperger 1980, Robust analysis of variance based upon a likelihood ratio criterion). It assumes that
the larger model holds and that errors are independent and of one size relative to the loss.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scipy.special import fdtrc

from chinchilla_nb.engine.blas_threads import steps_on_one_blas_thread
from chinchilla_nb.engine.conversion import check_choice, check_type
from chinchilla_nb.engine.errors import FitError
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.groups.grouped_runs import GroupedRuns, group_runs
from chinchilla_nb.engine.groups.joint_fit import GroupFit, GroupStarts, fit_model
from chinchilla_nb.engine.groups.sharing import MODELS, models_of

__all__ = ["Groups", "GroupsProgress", "SharingTest", "fit_groups", "iter_groups"]

SAME_WITHOUT_FLOOR = {"exponents": "efficiency"}
REJECTED = 0.05
"""Probability below which a model counts as rejected."""


@dataclass(frozen=True, slots=True)
class SharingTest:
    """A test of what a model shares against the model that shares the least.

    Attributes
    ----------
    against : str
        The name of that model.
    constraints : int
        How many parameters fewer the model has.
    degrees : float
        Degrees of freedom of the errors.
    F : float
        Increase of the objective per constraint, relative to what noise alone causes.
    p : float
        Probability of as large an increase if the groups do share these parameters.
    """

    against: str
    constraints: int
    degrees: float
    F: float
    p: float

    @property
    def rejected(self) -> bool:
        """Whether the runs reject the model at the level of 5 %."""
        return self.p < REJECTED


@dataclass(frozen=True, eq=False, slots=True)
class Groups:
    """The models of groups of runs, from the most parameters to the fewest.

    Attributes
    ----------
    problem : Problem
        Of one law for all runs, also those that belong to no group.
    grouped : GroupedRuns
    fits : mapping of str to GroupFit
        The fit of each model by its name.
    failures : mapping of str to str
        For each model that could not be fitted, why.
    """

    problem: Problem
    grouped: GroupedRuns
    fits: Mapping[str, GroupFit]
    failures: Mapping[str, str]

    def fit(self, model: str) -> GroupFit:
        """Return the fit of a model.

        Raises
        ------
        InputError
            If there is no such model.
        FitError
            If it could not be fitted.
        """
        check_choice(model, "model", tuple(MODELS))
        if model in self.failures:
            raise FitError("", self.failures[model])
        # A law without an irreducible loss has only one of these two, which are the same.
        return self.fits[model if model in self.fits else SAME_WITHOUT_FLOOR[model]]

    def test(self, model: str) -> SharingTest | None:
        """Return the test of a model; None for the largest model, and without runs to spare.

        Raises
        ------
        InputError
            If there is no such model, or it could not be fitted.
        """
        fit, largest = self.fit(model), next(iter(self.fits.values()))
        constraints, scores = largest.free - fit.free, largest.near.scores
        if constraints <= 0 or len(largest.near.error) <= largest.free:
            return None
        per_run = float(scores.size @ scores.size / scores.size.sum())
        noise = scores.variance * per_run / (2 * scores.curvature)
        F = max(fit.value - largest.value, 0.0) / noise / constraints
        return SharingTest(largest.model, constraints, scores.degrees, F, float(fdtrc(constraints, scores.degrees, F)))

    @property
    def notes(self) -> tuple[str, ...]:
        """Which runs were left out, and which models could not be fitted, in sentences without a full stop."""
        unproven = [name for name, fit in self.fits.items() if not fit.proven]
        found = [f"the fit of {name!r} has no proven optimum" for name in unproven]
        return (*self.grouped.notes, *self.failures.values(), *found)


@dataclass(frozen=True, slots=True)
class GroupsProgress:
    """How many fits are done, of how many; the last progress holds the result."""

    done: int
    total: int
    result: Groups | None = None


def fit_groups(problem: Problem, by: str) -> Groups:
    """Fit all models of groups of runs; parameters and errors as for `iter_groups`."""
    *_, last = iter_groups(problem, by)
    assert last.result is not None
    return last.result


def iter_groups(problem: Problem, by: str) -> Iterator[GroupsProgress]:
    """Fit all models of groups of runs, yielding progress; the last progress holds the result.

    Parameters
    ----------
    problem : Problem
        Of one law for all runs: its loss, weights and bounds hold for the law of each group.
    by : str
        The column of the runs whose values are the groups.

    Raises
    ------
    InputError
        If the column does not divide the runs into groups, or the loss is not built in.
    FitError
        If fewer than two groups have enough runs, or no model can be fitted.
    """
    check_type(problem, "problem", Problem)
    problem.check_runs()
    grouped = group_runs(problem.runs, by)
    return steps_on_one_blas_thread(_fitting(grouped, problem))


def _fitting(grouped: GroupedRuns, problem: Problem) -> Generator[GroupsProgress, None, None]:
    models = models_of(problem.family.parameters)
    total = len(models) + 1
    yield GroupsProgress(0, total)
    starts = GroupStarts.of(grouped, problem)
    fits: dict[str, GroupFit] = {}
    failures: dict[str, str] = {}
    for done, (name, differs) in enumerate(reversed(tuple(models.items())), 1):
        yield GroupsProgress(done, total)
        try:
            fits[name] = fit_model(starts, name, differs, fits.values())
        except FitError as error:
            failures[name] = str(error)
    in_order = {name: fits[name] for name in models if name in fits}
    result = Groups(problem, grouped, MappingProxyType(in_order), MappingProxyType(failures))
    yield GroupsProgress(total, total, result)
