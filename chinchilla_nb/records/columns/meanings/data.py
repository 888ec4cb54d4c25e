"""Which columns hold the number D of training tokens, samples or bytes."""

from __future__ import annotations

from chinchilla_nb.records.columns.meanings.matches import LETTER, Match, Mismatch
from chinchilla_nb.records.columns.meanings.vocabulary import PARAMETERS, other_than_a_total
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.word_lists import words_of

__all__ = ["BYTES", "DATA_SET", "SAMPLES", "data"]

SAMPLES, BYTES, DATA_SET = "the samples", "the bytes", "the size of the data set"
"""Variants that are not the tokens of the training."""
_TOKENS = words_of(
    "tokens token ntokens numtokens toks tok tokenstrained tokensseen traintokens trainingtokens totaltokens"
)
_SAMPLES = words_of("samples sample examples example nsamples numsamples images sequences seqs documents docs")
_BYTES = words_of("bytes byte characters chars char")
_SIZES = ("datasize", "datasetsize", "trainingdata", "trainingdatasize", "data", "trainsize")
_DATA_SET = words_of("dataset corpus unique epochsize distinct")
_PLAIN = words_of(
    "n num number nr no of count counts total all train training trained seen processed consumed so far on cum overall "
    "cumulative sum the used in data model lm size text pretraining pretrain pretrained raw global state"
)
_OTHERS = (
    (words_of("eval evaluation val valid validation test dev heldout"), "counts data of an evaluation"),
    (
        words_of("seq seqlen length len context ctx max min vocab window step steps gpu device node pad special"),
        "holds a length or a limit",
    ),
    (PARAMETERS | words_of("flops flop loss embedding embeddings"), "relates data to something else"),
)


def data(name: ColumnName) -> Match | Mismatch | None:
    """Return what a name says about D."""
    words = name.all_words
    if name.letter == "D":
        return Match("the tokens", 0)
    if name.letter == "d":
        return Match("", LETTER)
    is_size = "".join(name.words) in _SIZES
    by_letter = name.capital == "D" and words <= words_of("d train training total tot seen used")
    if not (words & (_TOKENS | _SAMPLES | _BYTES) or is_size or by_letter):
        return None
    if why := other_than_a_total(words):
        return Mismatch(why)
    for others, why in _OTHERS:
        if words & others:
            return Mismatch(why)
    return Match("the tokens", 1) if by_letter else _variant(words, is_size=is_size)


def _variant(words: frozenset[str], *, is_size: bool) -> Match:
    """Return what is counted."""
    rest = " ".join(sorted(words - _TOKENS - _SAMPLES - _BYTES - _PLAIN))
    if words & _DATA_SET:
        return Match(DATA_SET, 2)
    if words & _SAMPLES:
        return Match(f"samples ({rest})" if rest else SAMPLES, 2)
    if words & _BYTES:
        return Match(BYTES, 3)
    if is_size:
        return Match("the size of the data", 2)
    return Match(f"tokens ({rest})", 2) if rest else Match("the tokens", 1)
