"""Units of the numbers in a column, in the spellings that people use."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from chinchilla_nb.quantity import RAISED_CHARACTERS
from chinchilla_nb.records.columns.translations import without_accents

__all__ = ["UNITS", "USUAL", "Unit", "find_unit", "units_for"]

PF_DAY = 8.64e19
"""FLOPs of a PF-day: 10¹⁵ FLOP/s for 86,400 s."""


@dataclass(frozen=True, slots=True)
class Unit:
    """How the numbers of a column become the quantity.

    Attributes
    ----------
    name : str
        Its key in `UNITS`.
    quantities : str
        Those that it can be the unit of: ``N D C loss``.
    convert : callable
        Returns the quantity for a number.
    words : str
        Completes "numbers are ...".
    """

    name: str
    quantities: str
    convert: Callable[[float], float]
    words: str


def _scale(factor: float) -> Callable[[float], float]:
    return lambda number: number * factor


def _power(base: float) -> Callable[[float], float]:
    def convert(number: float) -> float:
        try:
            return float(base**number)
        except OverflowError:
            return math.inf

    return convert


def _log(number: float) -> float:
    return math.log(number) if number > 0 else math.nan


_COUNTS = "N D C"
_OTHER_POWERS = {
    power: "×10" + str(power).translate(str.maketrans("0123456789", RAISED_CHARACTERS[1:]))
    for power in (4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23)
}
"""Units that have no letter, by their power of ten."""
UNITS = {
    unit.name: unit
    for unit in (
        Unit("×1", "N D C loss", _scale(1.0), "taken as they are"),
        Unit("×k", _COUNTS, _scale(1e3), "in thousands"),
        Unit("×M", _COUNTS, _scale(1e6), "in millions"),
        Unit("×B", _COUNTS, _scale(1e9), "in billions"),
        Unit("×T", _COUNTS, _scale(1e12), "in trillions (10¹²)"),
        Unit("×P", "C", _scale(1e15), "in 10¹⁵ (peta)"),
        Unit("×E", "C", _scale(1e18), "in 10¹⁸ (exa)"),
        Unit("×Z", "C", _scale(1e21), "in 10²¹ (zetta)"),
        Unit("×Y", "C", _scale(1e24), "in 10²⁴ (yotta)"),
        *(
            Unit(name, _COUNTS if power < 12 else "C", _scale(10.0**power), f"in {name[1:]}")
            for power, name in _OTHER_POWERS.items()
        ),
        Unit("TF-days", "C", _scale(PF_DAY / 1e3), "in TFLOP/s-days of 8.64×10¹⁶ FLOPs"),
        Unit("PF-days", "C", _scale(PF_DAY), "in PFLOP/s-days of 8.64×10¹⁹ FLOPs"),
        Unit("EF-days", "C", _scale(PF_DAY * 1e3), "in EFLOP/s-days of 8.64×10²² FLOPs"),
        Unit("10^x", "N D C loss", _power(10.0), "decimal logarithms"),
        Unit("e^x", "N D C loss", _power(math.e), "natural logarithms"),
        Unit("2^x", _COUNTS, _power(2.0), "binary logarithms"),
        Unit("ln", "loss", _log, "perplexities, of which the natural logarithm is the loss"),
        Unit("bits", "loss", _scale(math.log(2.0)), "in bits, of which one is 0.693 nats"),
        Unit("-x", "loss", _scale(-1.0), "log-likelihoods, whose negative is the loss"),
    )
}
"""Units by name."""
USUAL = tuple(name for name in UNITS if "10" not in name or name == "10^x")
"""Those that numbers without a stated unit may have."""

_SCALES = {
    "×k": "k thousand thousands tsd miles тыс 千 천",
    "×10⁴": "万 萬 만",
    "×10⁵": "lakh lakhs",
    "×10⁷": "crore crores 千万",
    "×10⁸": "亿 億 억",
    "×M": "m mn mm mio mln mill million millions millionen millones milhões milioni miljoen млн миллионов "
    "百万 百萬 백만",
    "×B": "b bn bln bil g mrd mld billion billions giga milliarden milliards mil_millones miles_de_millones bilhões "
    "mil_milhões miliardi miljard млрд миллиардов 十亿 十億 십억",
    "×T": "t tn trn tr trillion trillions tera billionen billones biljoen трлн 万亿 兆 조",
}
"""Spellings in several languages; an underscore stands for a blank. German "Billion" is 10¹², English is meant."""
_SCALE_OF = {
    written: unit
    for unit, spellings in _SCALES.items()
    for spelling in spellings.replace("_", "\u00a0").split(" ")
    for written in (spelling.replace("\u00a0", " "), without_accents(spelling).replace("\u00a0", " "))
}
_POWERS = {3: "×k", 6: "×M", 9: "×B", 12: "×T", 15: "×P", 18: "×E", 21: "×Z", 24: "×Y"} | _OTHER_POWERS
_PREFIXES = {"k": 3, "kilo": 3, "m": 6, "mega": 6, "g": 9, "giga": 9, "t": 12, "tera": 12, "p": 15, "peta": 15}
_PREFIXES |= {"e": 18, "exa": 18, "z": 21, "zetta": 21, "y": 24, "yotta": 24}

_FLOP_DAYS = re.compile(
    r"(t|p|e|tera|peta|exa)[\s_-]*f(?:lops?)?(?:[\s_]*(?:/|per|-)?[\s_]*s(?:ec(?:ond)?s?)?)?[\s_*·-]*d(?:ays?)?"
)
_FLOPS = re.compile(r"(k|m|g|t|p|e|z|y|kilo|mega|giga|tera|peta|exa|zetta|yotta)[\s_-]?flops?")
_POWER_OF_TEN = re.compile(r"[x×*·/]?\s*(?:1?\s*e\+?(\d{1,2})|10\s*(?:\^|\*\*)\s*\+?(\d{1,2})|1(0{3,24}))")
# Words beside a unit that say only what is counted.
_COUNTED = re.compile(
    r"\b(?:in|of|parameters?|params?|tokens?|toks?|flops?|samples?|examples?|x|×|units?|non|embedding|total|each)\b"
)


@lru_cache(maxsize=1_000)
def find_unit(text: str) -> str | None:
    """Return the name of the unit that a text spells, such as ``in millions``, ``10^6`` or ``EFLOPs``; else None."""
    text = " ".join(text.strip().strip("()[]{}").split()).lower().replace(",", "")
    if not text:
        return None
    if days := _FLOP_DAYS.fullmatch(text):
        return f"{days[1][0].upper()}F-days"
    if flops := _FLOPS.fullmatch(text.removeprefix("in ")):
        return _POWERS[_PREFIXES[flops[1]]]
    bare = " ".join(_COUNTED.sub(" ", text).split()).strip(". ")
    if bare in _SCALE_OF:
        return _SCALE_OF[bare]
    if power := _POWER_OF_TEN.fullmatch(bare):
        exponent = int(power[1] or power[2] or len(power[3]))
        return _POWERS.get(exponent)
    if not bare and re.fullmatch(r"(?:in )?(?:flops?|tokens?|params?|parameters?|units?)", text):
        return "×1"
    return None


def units_for(quantity: str) -> list[str]:
    """Return the names of the units that a quantity can have."""
    return [name for name, unit in UNITS.items() if quantity in unit.quantities.split()]
