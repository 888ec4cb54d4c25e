"""Which columns hold the compute C of a training in FLOPs."""

from __future__ import annotations

from chinchilla_nb.records.columns.meanings.matches import LETTER, Match, Mismatch
from chinchilla_nb.records.columns.meanings.vocabulary import RATES
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.word_lists import words_of

__all__ = ["BUDGET", "RATE_OR_TOTAL", "compute"]

BUDGET = "a budget"
"""Variant of a column called budget, which may also hold money or time."""

RATE_OR_TOTAL = "FLOPs, or FLOP/s"
"""Variant of columns called TFLOPS and the like, which are also what a processor does in a second."""

_COMPUTE = words_of(
    "flops flop flos compute trainflops trainingflops totalflops trainflop trainingflop totalflop computeflops "
    "computebudget"
)
_OTHERS = (
    (RATES | words_of("gpu gpus device devices hardware node chip card"), "holds a rate"),
    (
        words_of("token tokens tok sample step batch fwd forward bwd backward inference infer layer attn attention"),
        "holds the compute of a token, a step or a part",
    ),
    (
        words_of("hours hour time cost usd dollars price optimal opt dtype type name"),
        "does not hold the FLOPs of a training",
    ),
)


def compute(name: ColumnName) -> Match | Mismatch | None:
    """Return what a name says about C."""
    words = name.all_words
    if name.words == ("budget",):
        return Match(BUDGET, 3)
    if name.letter == "C":
        return Match("the compute", 0)
    if name.letter == "c":
        return Match("", LETTER)
    by_letter = name.capital == "C" and words <= words_of(
        "c train training total tot used measured estimated est actual 6nd"
    )
    if not (words & _COMPUTE or by_letter or (name.unit or "").endswith("-days")):
        return None
    for others, why in _OTHERS:
        if words & others:
            return Mismatch(why)
    if words == {"flops"} and name.unit in ("×B", "×T", "×P"):
        return Match(RATE_OR_TOTAL, 1)
    return Match("the compute", 1)
