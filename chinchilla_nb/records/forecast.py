"""Forecasts: what a law predicts of a run before it is trained, kept in a file, and scored once the run is logged."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from chinchilla_nb.checks import as_file_path, as_positive_number, as_texts
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_flag, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.results import Fit
from chinchilla_nb.engine.laws.families import family_named
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.laws.parameters import axes_of
from chinchilla_nb.engine.planning.extrapolation import outside_the_runs
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.engine.uncertainty.draws import Draws
from chinchilla_nb.engine.uncertainty.frontier_uncertainty import FrontierUncertainty
from chinchilla_nb.engine.uncertainty.interval import AS_DONE, IF_HOLDS, Interval, interval_title
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.printable import printable
from chinchilla_nb.quantity import level_percent
from chinchilla_nb.records.forecast_json import COPY, file_name, forecast_text, read_forecast
from chinchilla_nb.records.forecast_score import ForecastScore
from chinchilla_nb.whole_file import explain_write_errors, write_whole

__all__ = ["Forecast", "digest_of"]

Array = NDArray[Any]

EQUAL = 1e-9
"""Relative difference by which rounding may separate numbers of a file that belong together."""
OTHER_COMPUTE = "compute"
"""Key of the definitions that holds the compute convention, in symbols; without it, as in older files, C is 6ND."""
SAME_SIZE = 0.02
"""Relative difference of N, D and C up to which a logged run is the forecast one; both are rounded in practice."""
NEAR_OPTIMUM = 0.25
"""Difference of log N up to which a run of the budget is the forecast optimum: a model search offers few sizes."""


@dataclass(frozen=True, eq=False, slots=True)
class Forecast:
    """What is predicted of a run, with all that is needed to judge it later.

    Attributes
    ----------
    N, D, C : float
        The run: parameters, tokens and FLOPs; N and D are NaN for a law of compute alone.
    of_budget : bool
        Whether a budget was forecast, of which N and D are the optimum.
    law_name : str
        The name of the law, as in ``law="chinchilla"``.
    params : ndarray, shape (n_parameters,)
        Its parameters.
    draws : ndarray, shape (draws, n_parameters)
        Those of the draws; empty if the uncertainty was estimated without draws.
    method : str
        How the uncertainty was estimated.
    level : float
        Level of the intervals.
    ends : mapping of str to (float, float, float)
        Centre, low and high end of each interval of the loss of the run, by its name.
    data : str
        `digest_of` the runs of the fit.
    n_runs : int
        Their number.
    matched : int
        How many of the runs logged before the forecast it is of; these are not scored.
    versions : mapping of str to str
        Versions of the packages.
    definitions : mapping of str to str
        What N, D, C and loss are.
    notes : tuple of str
        How far the run lies outside the runs of the fit, in sentences without a full stop.
    """

    N: float
    D: float
    C: float
    of_budget: bool
    law_name: str
    params: Array
    draws: Array
    method: str
    level: float
    ends: Mapping[str, tuple[float, float, float]]
    data: str
    n_runs: int
    matched: int
    versions: Mapping[str, str]
    definitions: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        uncertainty: Uncertainty,
        N: float,
        D: float,
        roll_outs: RollOuts | None,
        *,
        of_budget: bool,
        level: float,
        definitions: Mapping[str, str],
        versions: Mapping[str, str],
    ) -> Forecast:
        """Forecast a run of N parameters on D tokens.

        Parameters
        ----------
        uncertainty : Uncertainty
            That of the fit, which is the law of the forecast.
        roll_outs : RollOuts, optional
            Roll-outs of the runs of the fit; without them there is only the interval if the law holds.

        Raises
        ------
        InputError
            If a number is not usable, or the roll-outs are of other runs.
        """
        check_type(uncertainty, "uncertainty", Uncertainty)
        N, D = as_positive_number(N, "N"), as_positive_number(D, "D")
        compute = uncertainty.fit.runs.compute
        C = as_positive_number(float(compute.C(N, D)), f"C, which is {compute.text},")
        found = {
            name: uncertainty.predict_loss(N, D, level, "new-run", known) for name, known in _intervals_of(roll_outs)
        }
        return cls._of(uncertainty, (N, D, C), found, of_budget, level, definitions, versions)

    @classmethod
    def of_compute(
        cls,
        uncertainty: FrontierUncertainty,
        C: float,
        roll_outs: RollOuts | None,
        *,
        level: float,
        definitions: Mapping[str, str],
        versions: Mapping[str, str],
    ) -> Forecast:
        """Forecast a run of C FLOPs with a law of compute alone; parameters and errors as for `of`."""
        check_type(uncertainty, "uncertainty", FrontierUncertainty)
        C = as_positive_number(C, "C")
        found = {name: uncertainty.predict_loss(C, level, "new-run", known) for name, known in _intervals_of(roll_outs)}
        return cls._of(uncertainty, (np.nan, np.nan, C), found, True, level, definitions, versions)

    @classmethod
    def _of(
        cls,
        uncertainty: Uncertainty | FrontierUncertainty,
        run: tuple[float, float, float],
        found: Mapping[str, Interval],
        of_budget: bool,
        level: float,
        definitions: Mapping[str, str],
        versions: Mapping[str, str],
    ) -> Forecast:
        for one in found.values():
            as_positive_number(one.value, "the predicted loss")
        fit, (N, D, C) = uncertainty.fit, run
        forecast = cls(
            N=N,
            D=D,
            C=C,
            of_budget=as_flag(of_budget, "of_budget"),
            law_name=fit.problem.family.name,
            params=read_only(np.array(list(fit.law.as_dict().values()))),
            draws=read_only(uncertainty.params.copy() if isinstance(uncertainty, Draws) else np.empty(0)),
            method="region" if isinstance(uncertainty, FrontierUncertainty) else uncertainty.method,
            level=float(level),
            ends={name: (float(one.value), float(one.low), float(one.high)) for name, one in found.items()},
            data=digest_of(fit.runs),
            n_runs=len(fit.runs),
            matched=0,
            versions=as_texts(versions, "versions"),
            definitions=as_texts(definitions, "definitions"),
            notes=_limits_of(fit, C, of_budget=of_budget),
        )
        return replace(forecast, matched=len(forecast.matches(fit.runs)))

    @property
    def law(self) -> Law:
        """The fitted law."""
        return self._law_of(self.params)

    @property
    def drawn_laws(self) -> tuple[Law, ...]:
        """The laws of the draws."""
        return tuple(self._law_of(row) for row in self.draws)

    @property
    def loss(self) -> float:
        """The predicted loss of the run."""
        return float(self.law.loss(*self._place(self.N, self.D, self.C)))

    @property
    def intervals(self) -> dict[str, Interval]:
        """The intervals of the loss of the run by their keys: if the law holds, and with roll-outs if there are any."""
        return {name: Interval(*map(np.asarray, ends)) for name, ends in self.ends.items()}

    def predict_loss(
        self, N: ArrayLike | None = None, D: ArrayLike | None = None, *, C: ArrayLike | None = None
    ) -> Array:
        """Predict losses with the law of the forecast; arrays broadcast.

        Parameters
        ----------
        N, D : array_like, optional
            Parameters and training tokens, for a law of N and D.
        C : array_like, optional
            Compute in FLOPs, for a law of compute.

        Raises
        ------
        InputError
            If the law depends on others than those given, or one is not positive.
        """
        given = {name: one for name, one in (("N", N), ("D", D), ("C", C)) if one is not None}
        if tuple(given) != self._axes:
            wanted, got = (" and ".join(names) or "nothing" for names in (self._axes, given))
            raise InputError("predict_loss", f"must be given {wanted} for the law {self.law_name}", got=got)
        return self.law.loss(*given.values())

    def score(
        self, loss: float, N: float | None = None, D: float | None = None, C: float | None = None
    ) -> ForecastScore:
        """Compare the forecast with a measured loss.

        Parameters
        ----------
        loss : float
        N, D, C : float, optional
            The size and the data or, for a law of compute, the compute of the run, if they differ from the forecast:
            then the law predicts that run, and the intervals keep their widths in log loss.

        Raises
        ------
        InputError
            If a number is not positive, or is one that the law does not depend on.
        """
        loss = as_positive_number(loss, "loss")
        for name, value in {"N": N, "D": D, "C": C}.items():
            if value is not None and name not in self._axes:
                rule = f"must be left out, because the law {self.law_name} depends on {' and '.join(self._axes)}"
                raise InputError(name, rule, got=brief(value))
        of_run = (self.N if N is None else N, self.D if D is None else D, self.C if C is None else C)
        place = (as_positive_number(one, name) for name, one in zip(self._axes, self._place(*of_run), strict=True))
        predicted = float(self.law.loss(*place))
        shift = np.log(loss) - np.log(predicted) + np.log(self.loss)
        quantile = -float(ndtri((1 - self.level) / 2))
        sigmas, inside = {}, {}
        for name, one in self.intervals.items():
            with np.errstate(divide="ignore"):
                low, centre, high = (float(np.log(end)) for end in (one.low, one.value, one.high))
            reach = (high - centre) if shift > centre else (centre - low)
            beyond = np.sign(shift - centre) * np.inf if shift != centre else 0.0
            sigmas[name] = float((shift - centre) / reach * quantile if reach else beyond)
            inside[name] = bool(low <= shift <= high)
        return ForecastScore(loss, predicted, sigmas, inside)

    def matches(self, runs: Runs) -> NDArray[np.intp]:
        """Return the positions of the runs that the forecast is of, those logged before it included.

        They have the same N and D within 2 %; or, if the forecast is of a budget, the same C within 2 %, and an N whose
        logarithm differs by at most a quarter. For a law of compute, C decides alone.
        """
        check_type(runs, "runs", Runs)
        same_C = np.abs(np.log(runs.C) - np.log(self.C)) <= SAME_SIZE
        if np.isnan(self.N):
            return np.flatnonzero(same_C)
        size, data = (np.abs(np.log(values) - np.log(own)) for values, own in ((runs.N, self.N), (runs.D, self.D)))
        same = (size <= SAME_SIZE) & (data <= SAME_SIZE)
        if self.of_budget:
            same |= same_C & (size <= NEAR_OPTIMUM)
        return np.flatnonzero(same)

    def scores(self, runs: Runs) -> tuple[ForecastScore, ...]:
        """Score the runs that were logged since the forecast and that it is of, in their order."""
        return tuple(self.scores_by_run(runs).values())

    def scores_by_run(self, runs: Runs) -> dict[int, ForecastScore]:
        """Score the runs that were logged since the forecast and that it is of, by their position."""
        later = self.matches(runs)[self.matched :]
        return {
            int(at): self.score(float(runs.loss[at]), **{axis: float(getattr(runs, axis)[at]) for axis in self._axes})
            for at in later
        }

    def alike(self, other: Forecast) -> bool:
        """Return whether another forecast is the same to the bit."""
        check_type(other, "other", Forecast)
        return self._text() == other._text()

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the forecast to a JSON file, atomically; `load` reads every number back to the bit.

        Parameters
        ----------
        path : str or path-like
        overwrite : bool, default False
            Whether a file that exists is replaced. A forecast that is replaced later is not one.

        Raises
        ------
        InputError
            If the file exists, and is not to be replaced.
        OSError
            If the file cannot be written.
        """
        path = as_file_path(path, "path")
        if not as_flag(overwrite, "overwrite") and path.is_file():
            rule = "exists, and a forecast replaces no file"
            raise InputError(file_name(path), rule, remedy="choose another path, or pass overwrite=True")
        with explain_write_errors(path):
            write_whole(path, self._text().encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Forecast:
        """Read a forecast that `save` wrote.

        Raises
        ------
        InputError
            If the file cannot be read, is not a forecast, is incomplete, or is of a version that is not known.
        FileNotFoundError
            If there is no such file.
        """
        path = as_file_path(path, "path")
        forecast = cls(**read_forecast(path))
        try:
            as_positive_number(forecast.loss, "loss")
            if not forecast._is_consistent():
                raise ValueError
            for row in forecast.draws:
                forecast._law_of(row)
        except ValueError:
            rule = f"must have a run, intervals and parameters that belong to one law {brief(forecast.law_name)}"
            raise InputError(file_name(path), rule, remedy=COPY) from None
        return forecast

    @property
    def convention(self) -> str:
        """The compute convention in symbols, such as 8ND."""
        return printable(self.definitions.get(OTHER_COMPUTE, SIX_ND.text))

    def _is_consistent(self) -> bool:
        """Return whether the run is one of the law, C is 6ND if so defined, and the interval is around the loss."""
        if np.isnan(self.N) == ("N" in self._axes):
            return False
        is_6ND = OTHER_COMPUTE not in self.definitions
        if is_6ND and not np.isnan(self.N) and not np.isclose(self.C, 6 * self.N * self.D, rtol=EQUAL):
            return False
        return IF_HOLDS not in self.ends or bool(np.isclose(self.ends[IF_HOLDS][0], self.loss, rtol=EQUAL))

    def _text(self) -> str:
        return forecast_text({field.name: getattr(self, field.name) for field in fields(self)})

    def _law_of(self, values: Any) -> Law:
        family = family_named(self.law_name)
        names = (parameter.name for parameter in family.parameters)
        return family.from_params(dict(zip(names, (float(value) for value in values), strict=True)))

    @property
    def _axes(self) -> tuple[str, ...]:
        return axes_of(family_named(self.law_name).parameters)

    def _place(self, N: Any, D: Any, C: Any) -> tuple[Any, ...]:
        """Return those of N, D and C that the law depends on."""
        values = {"N": N, "D": D, "C": C}
        return tuple(values[axis] for axis in self._axes)

    def __repr__(self) -> str:
        size = "" if np.isnan(self.N) else f"N = {self.N:,.0f}, D = {self.D:,.0f}, "
        how = f" ({self.convention})" if OTHER_COMPUTE in self.definitions else ""
        lines = [f"forecast of {size}C = {self.C:.4g} FLOPs{how}: loss {self.loss:.5g}"]
        lines += [
            f"  {level_percent(self.level)} {interval_title(name)}: {float(one.low):.5g} to {float(one.high):.5g}"
            for name, one in self.intervals.items()
        ]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def _intervals_of(roll_outs: RollOuts | None) -> Iterator[tuple[str, RollOuts | None]]:
    """Yield the name of each interval, with what it knows of roll-outs."""
    yield IF_HOLDS, None
    if roll_outs is not None:
        yield AS_DONE, roll_outs


def _limits_of(fit: Fit, C: float, *, of_budget: bool) -> tuple[str, ...]:
    """Return how far a run of C FLOPs lies outside the runs of a fit; D/N is judged of the optimum of a budget only."""
    found = outside_the_runs(fit.law, fit.runs, C)
    if found is not None and not of_budget:
        found = replace(found, tokens_per_parameter=None) if found.far else None
    return () if found is None else (str(found),)


def digest_of(runs: Runs) -> str:
    """Return the SHA-256 of N, D, loss and C of runs, as little-endian 64-bit floats, in hexadecimal.

    Runs of `Runs.frontier` have only loss and C.
    """
    sizes = [runs.N, runs.D] if runs.has_sizes else []
    values = np.stack([*sizes, runs.loss, runs.C]).astype("<f8")
    return hashlib.sha256(values.tobytes()).hexdigest()
