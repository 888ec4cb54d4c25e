"""What the name of a column says about N, D, C and the loss: which variant it holds, or what else."""

from __future__ import annotations

from collections.abc import Callable

from chinchilla_nb.records.columns.meanings.compute import compute
from chinchilla_nb.records.columns.meanings.data import data
from chinchilla_nb.records.columns.meanings.losses import loss
from chinchilla_nb.records.columns.meanings.matches import LETTER, Match, Mismatch
from chinchilla_nb.records.columns.meanings.parameters import parameters
from chinchilla_nb.records.columns.names import ColumnName

__all__ = ["LETTER", "QUANTITIES", "Match", "Mismatch", "match"]

QUANTITIES = ("N", "D", "C", "loss")
_RULES: dict[str, Callable[[ColumnName], Match | Mismatch | None]] = {
    "N": parameters,
    "D": data,
    "C": compute,
    "loss": loss,
}


def match(quantity: str, name: ColumnName) -> Match | Mismatch | None:
    """Return what a name says about a quantity; None if it does not mention it."""
    return _RULES[quantity](name)
