"""Training runs as immutable arrays, validated once on entry."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chinchilla_nb.engine.brief_text import brief
from chinchilla_nb.engine.compute.compute import Compute
from chinchilla_nb.engine.compute.product import SIX_ND
from chinchilla_nb.engine.conversion import as_array, as_positive_array, check_type
from chinchilla_nb.engine.errors import InputAttributeError, InputError, InputTypeError, did_you_mean
from chinchilla_nb.engine.growing_arrays import GrowingArrays

__all__ = ["Runs", "check_losses", "read_only"]

_NUMBERS = ("N", "D", "loss", "C")
_FRONTIER = "Runs.frontier(C, loss)"


@dataclass(frozen=True, eq=False, init=False)
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
        Compute in FLOPs, as measured; that of `compute` if not given.
    columns : mapping of str to array_like, optional
        Other data about each run.
    compute : Compute, default 6ND
        How C follows from N and D: that of the runs, if it is not given, and that of plans made with them.

    Attributes
    ----------
    N, D, loss, C : ndarray of float64, shape (n_runs,), read-only
        `Runs.frontier` has no N and D: reading them raises an InputError, so that no result can come from them.

    Raises
    ------
    InputError
        If the lengths differ, a value is missing, not a number, infinite or not positive, or `columns` is not a
        mapping.
    """

    loss: NDArray[np.float64]
    C: NDArray[np.float64]
    columns: Mapping[str, NDArray[Any]]
    compute: Compute
    _sizes: Mapping[str, NDArray[np.float64]]
    _growth: GrowingArrays | None

    def __init__(
        self,
        N: ArrayLike,
        D: ArrayLike,
        loss: ArrayLike,
        C: ArrayLike | None = None,
        columns: Mapping[str, ArrayLike] | None = None,
        *,
        compute: Compute = SIX_ND,
    ) -> None:
        check_type(compute, "compute", Compute)
        arrays = {name: as_positive_array(values, name) for name, values in (("N", N), ("D", D), ("loss", loss))}
        _check_lengths(arrays)
        arrays["C"] = as_positive_array(compute.C(arrays["N"], arrays["D"]) if C is None else C, "C")
        self._keep(arrays, _as_columns(columns, arrays), compute)

    @classmethod
    def from_frame(cls, frame: Any, *, N: str = "N", D: str = "D", loss: str = "loss", C: str | None = None) -> Runs:
        """Return the runs of a data frame, from columns that are named; `open_session` recognises them.

        Parameters
        ----------
        frame : DataFrame
            Its other columns become `columns`.
        N, D, loss : str
            Columns of the quantities, as numbers of parameters and tokens: nothing is converted.
        C : str, optional
            Column of the compute in FLOPs. Without it, column C if there is one, else 6ND.

        Raises
        ------
        InputTypeError
            If it is not a data frame.
        InputError
            If it lacks one of the columns, or a value is missing, not a number, infinite or not positive.
        """
        # Anything with named columns: the engine knows no pandas.
        labels = getattr(frame, "columns", None)
        if labels is None or not hasattr(frame, "iloc"):
            raise InputTypeError("frame", "must be a pandas DataFrame", got=brief(frame))
        named = {label: frame[label] for label in labels}
        chosen = {"N": N, "D": D, "loss": loss, "C": "C" if C is None and "C" in named else C}
        for quantity, column in chosen.items():
            is_left_out = quantity == "C" and column is None
            if not (is_left_out or (isinstance(column, str) and column in named)):
                remedy = did_you_mean(column, [str(label) for label in named]) or f"give {quantity}='COLUMN'"
                raise InputError(quantity, f"is column {brief(column)}, which the frame does not have", remedy=remedy)
        used = [column for column in chosen.values() if column is not None]
        if twice := next((column for column in used if used.count(column) > 1), None):
            both = " and ".join(quantity for quantity, column in chosen.items() if column == twice)
            raise InputError(both, f"cannot both be column {twice!r}", remedy="choose another for one of them")
        arrays = {quantity: named.pop(column) for quantity, column in chosen.items() if column is not None}
        return cls(**arrays, columns={str(label): values for label, values in named.items()})

    @classmethod
    def frontier(cls, C: ArrayLike, loss: ArrayLike, columns: Mapping[str, ArrayLike] | None = None) -> Runs:
        """Return compute-optimal runs of which only compute and loss are known, to fit ``law="frontier"``.

        Such as the optima of isoFLOP slices, or points read off a published frontier.

        Parameters
        ----------
        C : array_like, shape (n_runs,)
            Compute in FLOPs.
        loss : array_like, shape (n_runs,)
            Lowest loss at that compute, e.g. in nats per token.
        columns : mapping of str to array_like, optional
            Other data about each run.

        Raises
        ------
        InputError
            If the lengths differ, a value is missing, not a number, infinite or not positive, or `columns` is not a
            mapping.
        """
        arrays = {name: as_positive_array(values, name) for name, values in (("C", C), ("loss", loss))}
        _check_lengths(arrays)
        runs = object.__new__(cls)
        runs._keep(arrays, _as_columns(columns, arrays), SIX_ND)
        return runs

    def under(self, compute: Compute, C: ArrayLike | None = None) -> Runs:
        """Return the same runs under another compute convention.

        Parameters
        ----------
        compute : Compute
        C : array_like, shape (n_runs,), optional
            Compute in FLOPs, as measured; that of `compute` if not given.
        """
        return Runs(self.N, self.D, self.loss, C, self.columns, compute=compute)

    def followed_by(self, others: Runs) -> Runs:
        """Return these runs and then others, under the convention of these.

        As long as nothing else has followed these runs, the result shares memory with them, so that runs can be
        appended again and again at the cost of those that are new.

        Parameters
        ----------
        others : Runs
            With N and D if these have them, and the same columns of the same types.

        Raises
        ------
        InputError
            If the others know something else, or have other columns.
        """
        check_type(others, "others", Runs)
        own, new = self._arrays, others._arrays
        if self._names != others._names or any(one.dtype != other.dtype for one, other in zip(own, new, strict=True)):
            rule = "must have the columns of these runs, of the same types"
            raise InputError("others", rule, got=brief(list(others._names)))
        if not len(others):
            return self
        growth, arrays = (self._growth or GrowingArrays(own)).append(len(self), new)
        if self._growth is None:
            object.__setattr__(self, "_growth", growth)
        grown = self._with(arrays)
        object.__setattr__(grown, "_growth", growth)
        return grown

    def after(self, others: Runs) -> Runs:
        """Return the runs that follow the first ones, of which there are as many as others; they share memory."""
        check_type(others, "others", Runs)
        return self._with([values[len(others) :] for values in self._arrays])

    def _with(self, arrays: Sequence[NDArray[Any]]) -> Runs:
        """Return runs with other numbers and columns, in the order of `_arrays`, which are not checked."""
        made, count = object.__new__(Runs), len(self._known)
        numbers = dict(zip(self._known, arrays[:count], strict=True))
        made._keep(numbers, dict(zip(self.columns, arrays[count:], strict=True)), self.compute)
        return made

    def _keep(self, arrays: Mapping[str, NDArray[Any]], columns: Mapping[str, NDArray[Any]], compute: Compute) -> None:
        frozen = {name: read_only(values) for name, values in arrays.items()}
        object.__setattr__(self, "loss", frozen.pop("loss"))
        object.__setattr__(self, "C", frozen.pop("C"))
        object.__setattr__(self, "compute", compute)
        object.__setattr__(self, "_sizes", frozen)
        object.__setattr__(self, "_growth", None)
        object.__setattr__(
            self, "columns", MappingProxyType({key: read_only(column) for key, column in columns.items()})
        )

    @property
    def has_sizes(self) -> bool:
        """Whether N and D are known; not so for `Runs.frontier`."""
        return bool(self._sizes)

    @property
    def N(self) -> NDArray[np.float64]:
        """Number of parameters, shape (n_runs,), read-only.

        Raises
        ------
        InputError
            If the runs are of `Runs.frontier`.
        """
        return self._size("N")

    @property
    def D(self) -> NDArray[np.float64]:
        """Number of training tokens or samples, shape (n_runs,), read-only.

        Raises
        ------
        InputError
            If the runs are of `Runs.frontier`.
        """
        return self._size("D")

    def _size(self, name: str) -> NDArray[np.float64]:
        if not self._sizes:
            remedy = "give Runs(N, D, loss), or fit law='frontier', which needs C and loss only"
            # An AttributeError too, so that `isinstance` of a protocol with N and D can look for them.
            raise InputAttributeError("runs", "must have N and D for this", got=_FRONTIER, remedy=remedy)
        return self._sizes[name]

    def __len__(self) -> int:
        return len(self.loss)

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy does not pickle, and read-only flags do not survive a pickle.
        if not self.has_sizes:
            return Runs.frontier, (self.C, self.loss, dict(self.columns))
        runs = functools.partial(Runs, compute=self.compute)
        return runs, (self.N, self.D, self.loss, self.C, dict(self.columns))

    def __repr__(self) -> str:
        name = "Runs" if self.has_sizes else "Runs.frontier"
        if not len(self):
            return f"{name}(none)"
        low, high = self.C.min(), self.C.max()
        return f"{name}({len(self)} runs, C from {low:.3g} to {high:.3g} FLOPs)"

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
        return self._with([values[places] for values in self._arrays])

    def alike(self, other: Runs) -> bool:
        """Return whether these are the same runs in the same order, and C the same; columns are not compared."""
        check_type(other, "other", Runs)
        if self is other:
            return True
        known = self._known
        return (
            known == other._known
            and self.compute == other.compute
            and all(np.array_equal(getattr(self, name), getattr(other, name)) for name in known)
        )

    def begin_with(self, others: Runs) -> bool:
        """Return whether the first of these runs are others, in their order, and C the same, as it is stored.

        Columns and the conventions of C are not compared.
        """
        check_type(others, "others", Runs)
        count = len(others)
        if self._growth is not None and self._growth is others._growth:
            return count <= len(self)
        return others._known == self._known and all(
            np.array_equal(getattr(others, name), getattr(self, name)[:count]) for name in self._known
        )

    @property
    def _known(self) -> tuple[str, ...]:
        return _NUMBERS if self.has_sizes else ("loss", "C")

    @property
    def _names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of all numbers and of all columns."""
        return self._known, tuple(self.columns)

    @property
    def _arrays(self) -> list[NDArray[Any]]:
        """All numbers and all columns, in the order of their names."""
        return [*(getattr(self, name) for name in self._known), *self.columns.values()]


def _as_columns(columns: Mapping[str, ArrayLike] | None, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return other data of the runs, of the lengths of their numbers."""
    check_type(columns, "columns", Mapping, type(None))
    others = {name: _as_column(values, name) for name, values in (columns or {}).items()}
    _check_lengths({**arrays, **{f"columns[{brief(name)}]": values for name, values in others.items()}})
    return others


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
    shape = next(iter(arrays.values())).shape
    for name, values in arrays.items():
        if values.shape != shape:
            raise InputError(name, "must have one value per run", got=f"shape {values.shape} for {shape[0]} runs")


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Mark an array as read-only, in place, and return it."""
    array.setflags(write=False)
    return array
