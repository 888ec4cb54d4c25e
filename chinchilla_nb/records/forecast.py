"""Forecasts: what a law predicts of a run before it is trained, kept in a file, and scored once the run is logged."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from chinchilla_nb.checks import as_path, as_positive_number, as_texts
from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_flag, check_type
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.families import family_named
from chinchilla_nb.engine.laws.family import Law
from chinchilla_nb.engine.runs import Runs, read_only
from chinchilla_nb.engine.uncertainty.draws import Draws
from chinchilla_nb.engine.uncertainty.interval import Interval
from chinchilla_nb.engine.uncertainty.roll_outs import RollOuts
from chinchilla_nb.engine.uncertainty.uncertainty import Uncertainty
from chinchilla_nb.records.forecast_json import COPY, file_name, forecast_text, read_forecast
from chinchilla_nb.whole_file import explain_write_errors, write_whole

__all__ = ["Forecast", "ForecastScore", "digest_of"]

Array = NDArray[Any]

SAME_SIZE = 0.02
"""Relative difference of N, D and C up to which a logged run is the forecast one; both are rounded in practice."""
LONGEST_PATH = 4096
"""Characters of a path; Linux, which allows the most, allows so many bytes."""
NEAR_OPTIMUM = 0.25
"""Difference of log N up to which a run of the budget is the forecast optimum: a model search offers few sizes."""

IF_HOLDS, AS_DONE = "if the law holds", "as it has done on these runs"
"""The names of the intervals for a new run."""


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """How a run came out, against its forecast.

    Attributes
    ----------
    loss, predicted : float
        Measured and predicted loss of the run.
    sigmas : dict of str to float
        Distance from the centre of each interval, by its name, in log loss: negative if the run came out better. One
        sigma is the distance of the end on that side, divided by the normal quantile of the level, so that a run at the
        end of a 95 % interval is 1.96 sigmas away.
    inside : dict of str to bool
        Whether each interval contains it.
    """

    loss: float
    predicted: float
    sigmas: Mapping[str, float]
    inside: Mapping[str, bool]

    @property
    def error(self) -> float:
        """Log measured - log predicted loss."""
        return float(np.log(self.loss) - np.log(self.predicted))

    def __str__(self) -> str:
        better = "better" if self.error < 0 else "worse"
        where = "; ".join(
            f"{'inside' if self.inside[name] else 'outside'} the interval {name} ({sigma:+.1f} sigmas)"
            for name, sigma in self.sigmas.items()
        )
        return f"loss {self.loss:.5g}, {abs(self.error):.1%} {better} than predicted: {where}"


@dataclass(frozen=True, eq=False, slots=True)
class Forecast:
    """What is predicted of a run, with all that is needed to judge it later.

    Attributes
    ----------
    N, D, C : float
        The run: parameters, tokens and FLOPs.
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
        How many of them the forecast is of; these are not scored.
    versions : mapping of str to str
        Versions of the packages.
    definitions : mapping of str to str
        What N, D, C and loss are.
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
        C = as_positive_number(6 * N * D, "C, which is 6ND,")
        found = {IF_HOLDS: uncertainty.predict_loss(N, D, level, "new-run")}
        if roll_outs is not None:
            found[AS_DONE] = uncertainty.predict_loss(N, D, level, "new-run", roll_outs)
        for one in found.values():
            as_positive_number(one.value, "the predicted loss")
        fit = uncertainty.fit
        forecast = cls(
            N=N,
            D=D,
            C=C,
            of_budget=as_flag(of_budget, "of_budget"),
            law_name=fit.problem.family.name,
            params=read_only(np.array(list(fit.law.as_dict().values()))),
            draws=read_only(uncertainty.params.copy() if isinstance(uncertainty, Draws) else np.empty(0)),
            method=uncertainty.method,
            level=float(level),
            ends={name: (float(one.value), float(one.low), float(one.high)) for name, one in found.items()},
            data=digest_of(fit.runs),
            n_runs=len(fit.runs),
            matched=0,
            versions=as_texts(versions, "versions"),
            definitions=as_texts(definitions, "definitions"),
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
        return float(self.law.loss(self.N, self.D))

    @property
    def intervals(self) -> dict[str, Interval]:
        """The intervals of the loss of the run, by name: if the law holds and, where known, as it has done."""
        return {name: Interval(*map(np.asarray, ends)) for name, ends in self.ends.items()}

    def predict_loss(self, N: ArrayLike, D: ArrayLike) -> Array:
        """Predict the loss of N parameters trained on D tokens with the law of the forecast; arrays broadcast."""
        return self.law.loss(N, D)

    def score(self, loss: float, N: float | None = None, D: float | None = None) -> ForecastScore:
        """Compare the forecast with a measured loss.

        Parameters
        ----------
        loss : float
        N, D : float, optional
            The size and the data of the run, if they differ from the forecast: then the law predicts that run, and the
            intervals keep their widths in log loss.

        Raises
        ------
        InputError
            If a number is not positive.
        """
        loss = as_positive_number(loss, "loss")
        N, D = (
            as_positive_number(own if given is None else given, name)
            for given, own, name in ((N, self.N, "N"), (D, self.D, "D"))
        )
        predicted = float(self.law.loss(N, D))
        shift = np.log(loss) - np.log(predicted) + np.log(self.loss)
        quantile = -float(ndtri((1 - self.level) / 2))
        sigmas, inside = {}, {}
        for name, one in self.intervals.items():
            with np.errstate(divide="ignore"):
                low, centre, high = (float(np.log(end)) for end in (one.low, one.value, one.high))
            reach = (high - centre) if shift > centre else (centre - low)
            sigmas[name] = (
                float((shift - centre) / reach * quantile) if reach else float(np.sign(shift - centre) * np.inf)
            )
            inside[name] = bool(low <= shift <= high)
        return ForecastScore(loss, predicted, sigmas, inside)

    def matches(self, runs: Runs) -> NDArray[np.intp]:
        """Return the positions of the runs that the forecast is of, those logged before it included.

        They have the same N and D within 2 %; or, if the forecast is of a budget, the same C within 2 %, and an N whose
        logarithm differs by at most a quarter.
        """
        check_type(runs, "runs", Runs)
        size, data, compute = (
            np.abs(np.log(values) - np.log(own))
            for values, own in ((runs.N, self.N), (runs.D, self.D), (runs.C, self.C))
        )
        same = (size <= SAME_SIZE) & (data <= SAME_SIZE)
        if self.of_budget:
            same |= (compute <= SAME_SIZE) & (size <= NEAR_OPTIMUM)
        return np.flatnonzero(same)

    def scores(self, runs: Runs) -> tuple[ForecastScore, ...]:
        """Score the runs that were logged since the forecast and that it is of, in their order."""
        later = self.matches(runs)[self.matched :]
        return tuple(self.score(*(float(values[at]) for values in (runs.loss, runs.N, runs.D))) for at in later)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the forecast to a JSON file, atomically; `load` reads every number back to the bit.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        path = _as_path(path)
        content = forecast_text({field.name: getattr(self, field.name) for field in fields(self)})
        with explain_write_errors(path):
            write_whole(path, content.encode())

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
        path = _as_path(path)
        forecast = cls(**read_forecast(path))
        try:
            as_positive_number(forecast.loss, "loss")
            for row in forecast.draws:
                forecast._law_of(row)
        except (ValueError, TypeError):  # a TypeError comes from a law that is no function of N and D
            rule = f"must be of a law of N and D, with parameters that the law {brief(forecast.law_name)} can have"
            raise InputError(file_name(path), rule, remedy=COPY) from None
        return forecast

    def _law_of(self, values: Any) -> Law:
        family = family_named(self.law_name)
        names = (parameter.name for parameter in family.parameters)
        return family.from_params(dict(zip(names, (float(value) for value in values), strict=True)))

    def __repr__(self) -> str:
        lines = [f"forecast of N = {self.N:,.0f}, D = {self.D:,.0f}, C = {self.C:.4g} FLOPs: loss {self.loss:.5g}"]
        lines += [
            f"  {self.level:.0%} {name}: {float(one.low):.5g} to {float(one.high):.5g}"
            for name, one in self.intervals.items()
        ]
        return "\n".join(lines)


def _as_path(path: Any) -> Path:
    text = os.fsdecode(path) if isinstance(path, (str, os.PathLike)) else ""
    if not 0 < len(text) <= LONGEST_PATH or "\0" in text or not _is_encodable(text):
        raise InputError("path", "must be the path of a file", got=brief(path))
    return as_path(text)


def _is_encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


def digest_of(runs: Runs) -> str:
    """Return the SHA-256 of N, D, loss and C of runs, as little-endian 64-bit floats, in hexadecimal."""
    values = np.stack([runs.N, runs.D, runs.loss, runs.C]).astype("<f8")
    return hashlib.sha256(values.tobytes()).hexdigest()
