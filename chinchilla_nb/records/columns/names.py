"""The parts of a column's name: its words, the words of its path, its unit, and whether its numbers are logarithms."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from chinchilla_nb.records.columns.translations import without_accents, word_in_english
from chinchilla_nb.records.columns.units import find_unit
from chinchilla_nb.records.columns.word_lists import words_of

__all__ = ["ColumnName", "read_name", "read_names"]

TRACKER_PREFIXES = words_of(
    "params param config configs summary metrics metric hparams hparam hyperparameters hyperparams user_attrs "
    "attrs attributes history tags data args run runs system_attrs value values final results result output "
    "outputs"
)
"""First parts of the paths that trackers write, which say nothing about the quantity."""
OPTUNA_PREFIXES = ("user_attrs_", "system_attrs_")
_LOG_BASES = {"log10": "10^x", "lg": "10^x", "log2": "2^x", "ln": "e^x", "log": "log", "loge": "e^x"}
_LOG = r"(?:log[\s_]?10|log[\s_]?2|log[\s_]?e|log|lg|ln)"
_LOG_FIRST = re.compile(rf"({_LOG})(?:[\s_]*[(\[{{](.*)[)\]}}]|[\s_]+(.+)|([A-Z].*))", re.IGNORECASE)
_LOG_LAST = re.compile(rf"(.+?)[\s_,(\[{{]+({_LOG})(?:[\s_-]?scale)?[)\]}}]?", re.IGNORECASE)
_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|\{([^{}]*)\}")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_RAISED_POWER = re.compile(r"10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_SEPARATORS = re.compile(r"(?:[./|:](?!\s*[0-9]|\s*s(?:ec)?[\s*·-]*days?\b)|(?<=\S) - (?=\S))(?![^(\[{]*[)\]}])")
"""What separates the parts of a path: not where a number or "s-days" follows, nor in brackets."""
_MEASURED = words_of("tokens token toks tok flops flop loss bits nats params parameters samples examples n d")
"""Words for what is counted, which may be divided by one of `_DIVISORS`: ``tokens/s``, ``loss/byte``."""
_NUMBERED = re.compile(r"(.+) \([0-9]+\)")
_SCALE_LETTERS = frozenset("kKMBGT")
"""Units that a quantity is divided by: ``N/M``."""
_DIVISORS = words_of(
    "s sec secs second seconds min minute h hr hour day step batch gpu device token param params parameter byte "
    "char word sample n d"
)
_LONGEST_UNIT = 4
"""Words of the longest unit at the beginning or the end of a name: ``petaflop / s - days``."""


@dataclass(frozen=True, slots=True)
class ColumnName:
    """A column's name in parts.

    Attributes
    ----------
    column : str
        As it stands in the table.
    leaf : str
        The last part of its path, without unit and logarithm, as it is written.
    words : tuple of str
        Of the leaf, in lower case and in English.
    path : tuple of str
        The words before the leaf, without what trackers put there.
    unit : str or None
        Name of the unit that it states.
    log : str or None
        ``10^x``, ``e^x`` or ``2^x`` if it says that its numbers are logarithms, ``log`` if it does not say the base.
    in_brackets : tuple of str
        Those of the words that stand in brackets.
    """

    column: str
    leaf: str
    words: tuple[str, ...]
    path: tuple[str, ...] = ()
    unit: str | None = None
    log: str | None = None
    in_brackets: tuple[str, ...] = ()

    @property
    def letter(self) -> str:
        """The letter that is the whole name, as it is written; empty if there is more."""
        is_letter = len(self.words) == 1 and len(self.words[0]) == 1
        return self.leaf.strip()[:1] if is_letter else ""

    @property
    def capital(self) -> str:
        """The capital letter that the name begins with as a word of its own: ``N`` in ``N_active``; else empty."""
        begin = re.match(r"\s*([A-Z])(?![A-Za-z0-9])", self.leaf)
        return begin[1] if begin else ""

    @property
    def all_words(self) -> frozenset[str]:
        """The words of the leaf and of the path."""
        return frozenset(self.words + self.path)


def read_names(columns: Collection[str], *, optuna: bool = False) -> dict[str, ColumnName]:
    """Return the parts of the names of a table's columns, by column, as `read_name` does.

    Of several columns with one name, all but the first were numbered: ``N (2)`` beside ``N``. They mean the same.
    """
    names = {}
    for column in columns:
        numbered = _NUMBERED.fullmatch(column)
        own = numbered[1] if numbered and numbered[1] in columns else column
        names[column] = replace(read_name(own, optuna=optuna), column=column)
    return names


def read_name(column: str, *, optuna: bool = False) -> ColumnName:
    """Return the parts of a column's name.

    Parameters
    ----------
    column : str
    optuna : bool
        Whether the table is Optuna's, in which ``params_`` and ``user_attrs_`` are prefixes.
    """
    text = _without_latex(column.strip())
    text = _RAISED_POWER.sub(lambda found: f"10^{found[1].translate(_RAISED)}", text)
    text = re.sub(r"\bw/o\b", "without", without_accents(text))
    text = re.sub(r"[(\[]\s*%\s*[)\]]", " percent", text)
    prefixes = (*OPTUNA_PREFIXES, "params_") if optuna else OPTUNA_PREFIXES
    for prefix in prefixes:
        text = text[len(prefix) :] if text.startswith(prefix) and len(text) > len(prefix) else text
    *path, leaf = _segments(text)
    path = [part for part in path if part.lower() not in TRACKER_PREFIXES]
    leaf, log = _without_log(leaf)
    leaf, unit = _without_unit_in_brackets(leaf)
    words = _words(leaf)
    if unit is None and log is None:
        words, unit = _without_unit(words, leaf)
    words = [part for word in words for part in word_in_english(word)]
    bracketed = [group for found in _BRACKETS.findall(leaf) for group in found if group]
    inside = [part for one in bracketed for word in _words(one) for part in word_in_english(word)]
    before = [part for one in path for word in _words(one) for part in word_in_english(word)]
    return ColumnName(column, leaf, tuple(words), tuple(before), unit, log, tuple(inside))


def _segments(text: str) -> list[str]:
    """Split the path of a nested name; what stands in brackets, a rate and a division by a power are no path."""
    joined: list[str] = []
    for part in _SEPARATORS.split(text):
        # MLflow's params.N is a parameter named N, and params/N is a ratio.
        is_prefix = len(joined) == 1 and joined[0].lower() in TRACKER_PREFIXES and text.startswith(f"{joined[0]}.")
        if joined and not is_prefix and _is_rate(joined[-1], part):
            joined[-1] += f" per {part}"
        elif joined and part.strip() in _SCALE_LETTERS and _is_measured(joined[-1]):
            joined[-1] += f" ({part.strip()})"
        elif part.strip():
            joined.append(part)
    return joined or [text]


def _without_latex(text: str) -> str:
    r"""Return a name that is written for LaTeX as plain text: ``$N$ ($\times 10^{6}$)`` is ``N (× 10^6)``."""
    if "$" not in text and "\\" not in text:
        return text
    text = re.sub(r"\\(?:times|cdot)(?![a-z])", "×", text.replace("$", ""))
    text = re.sub(r"\\(?:text|math)[a-z]*", "", text)
    return re.sub(r"\{([^{}]*)\}", r"\1", text).replace("\\", "")


def _is_rate(before: str, after: str) -> bool:
    """Return whether two parts of a name are a quantity and what it is counted by: ``tokens/s``, ``loss/byte``."""
    return _is_measured(before) and after.strip().lower() in _DIVISORS


def _is_measured(text: str) -> bool:
    """Return whether a part of a name ends with what can be divided by a unit: ``N``, ``train tokens``."""
    return bool(_MEASURED & set(_words(text)[-1:]))


def _without_unit_in_brackets(text: str) -> tuple[str, str | None]:
    unit = None
    for found in _BRACKETS.finditer(text):
        inside = next(group for group in found.groups() if group is not None)
        unit = find_unit(inside)
        if unit is not None:
            before, after = text[: found.start()], text[found.end() :]
            if before.strip() or after.strip():
                return f"{before} {after}".strip(), unit
    divided = re.fullmatch(r"(.+?)\s*[/÷×x*,;:]?\s*(?:in\s+)?([x×*/]?\s*(?:10\s*(?:\^|\*\*)\s*\d+|1e\+?\d+))", text)
    if divided and (unit := find_unit(divided[2])):
        return divided[1], unit
    return text, None


def _without_log(leaf: str) -> tuple[str, str | None]:
    found = _LOG_FIRST.fullmatch(leaf.strip())
    if found:
        inside = next(group for group in found.groups()[1:] if group is not None)
        return inside, _LOG_BASES[re.sub(r"[\s_]", "", found[1].lower())]
    found = _LOG_LAST.fullmatch(leaf.strip())
    if found:
        return found[1], _LOG_BASES[re.sub(r"[\s_]", "", found[2].lower())]
    return leaf, None


def _words(text: str) -> list[str]:
    """Split text into lower-case words, at capitals and at anything that is no letter or digit."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    spaced = re.sub(r"\b([kKMBGT])(?=(?:[Pp]aram|[Tt]ok))", r"\1 ", spaced)
    # Latin letters and others are words of their own: 训练tokens.
    return re.findall(r"[a-z0-9]+|[^\W_a-z0-9]+", spaced.lower())


def _without_unit(words: list[str], leaf: str) -> tuple[list[str], str | None]:
    """Take a unit off the end of a name, or off its beginning; one of FLOPs leaves the word."""
    for count in range(1, min(_LONGEST_UNIT, len(words)) + 1):
        unit, rest = find_unit(" ".join(words[-count:])), words[:-count]
        if unit not in (None, "×1"):
            if any(_is_flops(word) for word in words[-count:]):
                return [*rest, "flops"], unit
            rest = rest[:-1] if rest[-1:] == ["in"] else rest
            if rest:
                return rest, unit
    for count in range(min(2, len(words) - 1), 0, -1):
        unit = find_unit(" ".join(words[:count]))
        # A single letter before a name is a unit as a capital, or as part of the word: not in d_model, b_params.
        if unit not in (None, "×1") and (len(words[0]) > 1 or re.match(r"\s*(?:[A-Z]|k[ptPT])", leaf)):
            return words[count:], unit
    return words, None


def _is_flops(word: str) -> bool:
    return "flop" in word or word in {"pf", "tf", "ef", "pfs", "tfs", "efs", "pfdays", "pfday"}
