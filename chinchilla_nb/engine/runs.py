"""Training runs as immutable arrays, validated once on entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.conversion import as_array, as_positive_array, check_type
from chinchilla_nb.engine.errors import InputError, InputTypeError

__all__ = ["Runs", "check_losses", "read_only"]

_NUMBERS = ("N", "D", "loss", "C")


@dataclass(frozen=True, eq=False, init=False, slots=True)
class Runs:
    """Training runs: model size, data, loss and compute of each.

    Parameters
    ----------
    N : array_like, shape (n_runs,)
        Number of parameters.
    D : array_like, shape (n_runs,)
        Number of training tokens or samples.
    loss : array_like, shape (n_runs,)
        Final loss, e.g. in nats per token.
    C : array_like, shape (n_runs,), optional
        Compute in FLOPs; 6ND if not given.
    columns : mapping of str to array_like, optional
        Other data about each run.

    Attributes
    ----------
    N, D, loss, C : ndarray of float64, shape (n_runs,), read-only

    Raises
    ------
    InputError
        If the lengths differ, a value is missing, not a number, infinite or not positive, or `columns` is not a
        mapping.
    """

    N: NDArray[np.float64]
    D: NDArray[np.float64]
    loss: NDArray[np.float64]
    C: NDArray[np.float64]
    columns: Mapping[str, NDArray[Any]]

    def __init__(
        self,
        N: ArrayLike,
        D: ArrayLike,
        loss: ArrayLike,
        C: ArrayLike | None = None,
        columns: Mapping[str, ArrayLike] | None = None,
    ) -> None:
        arrays = {name: as_positive_array(values, name) for name, values in (("N", N), ("D", D), ("loss", loss))}
        _check_lengths(arrays)
        arrays["C"] = 6 * arrays["N"] * arrays["D"] if C is None else as_positive_array(C, "C")
        check_type(columns, "columns", Mapping, type(None))
        others = {name: _as_column(values, name) for name, values in (columns or {}).items()}
        _check_lengths({**arrays, **{f"columns[{brief(name)}]": values for name, values in others.items()}})
        self._keep(arrays, others)

    def _keep(self, arrays: Mapping[str, NDArray[Any]], columns: Mapping[str, NDArray[Any]]) -> None:
        for name, values in arrays.items():
            object.__setattr__(self, name, read_only(values))
        frozen = MappingProxyType({name: read_only(values) for name, values in columns.items()})
        object.__setattr__(self, "columns", frozen)

    def __len__(self) -> int:
        return len(self.N)

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy does not pickle, and read-only flags do not survive a pickle.
        return Runs, (self.N, self.D, self.loss, self.C, dict(self.columns))

    def __repr__(self) -> str:
        if not len(self):
            return "Runs(none)"
        low, high = self.C.min(), self.C.max()
        return f"Runs({len(self)} runs, C from {low:.3g} to {high:.3g} FLOPs)"

    def take(self, which: ArrayLike) -> Runs:
        """Return the runs selected by a boolean mask or an array of indices; they are not checked again.

        Raises
        ------
        InputTypeError
            If it is neither, or an index is out of range.
        """
        try:
            places = np.arange(len(self))[np.atleast_1d(as_array(which))]
        except Exception:  # noqa: BLE001  a value of the user may raise anything when it is converted
            places = None
        if places is None or places.ndim != 1:
            rule = f"must be a mask of {len(self)} runs, or their indices"
            raise InputTypeError("which", rule, got=brief(which))
        taken = object.__new__(Runs)
        taken._keep(
            {name: getattr(self, name)[places] for name in _NUMBERS},
            {name: values[places] for name, values in self.columns.items()},
        )
        return taken

    def alike(self, other: Runs) -> bool:
        """Return whether these are the same runs in the same order; columns are not compared."""
        check_type(other, "other", Runs)
        return self is other or all(np.array_equal(getattr(self, name), getattr(other, name)) for name in _NUMBERS)


def _as_column(values: ArrayLike, name: str) -> NDArray[Any]:
    try:
        return as_array(values).copy()
    except Exception:  # noqa: BLE001  a value of the user may raise anything when it is converted
        raise InputError(f"columns[{brief(name)}]", "must have one value per run", got=brief(values)) from None


def check_losses(loss: NDArray[np.float64], least: float, largest: float, purpose: str = "to be fitted") -> None:
    """Check that losses lie in a range.

    Raises
    ------
    InputError
        If one does not; the error names the first one.
    """
    bad = loss[(loss < least) | (loss > largest)]
    if bad.size:
        rule = f"must be between {least:g} and {largest:g} {purpose}"
        raise InputError("loss", rule, got=f"{bad[0]:g}", remedy="divide the losses by a constant")


def _check_lengths(arrays: Mapping[str, NDArray[Any]]) -> None:
    shape = arrays["N"].shape
    for name, values in arrays.items():
        if values.shape != shape:
            raise InputError(name, "must have one value per run", got=f"shape {values.shape} for {shape[0]} runs")


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Mark an array as read-only, in place, and return it."""
    array.setflags(write=False)
    return array
