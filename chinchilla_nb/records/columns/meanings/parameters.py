"""Which columns hold the number of parameters N: of the whole model, without embeddings, of the active experts."""

from __future__ import annotations

from chinchilla_nb.records.columns.meanings.matches import LETTER, Match, Mismatch
from chinchilla_nb.records.columns.meanings.vocabulary import EMBEDDING, PARAMETERS, other_than_a_total
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.word_lists import words_of

__all__ = ["ACTIVE", "parameters"]

ACTIVE = "the active parameters"
"""Variant of those of a mixture of experts that a token passes through."""
_SIZES = ("modelsize", "modelsizes", "sizeofmodel")
_PLAIN = words_of(
    "n num number nr no of count counts total tot all model models size full net network overall sum lm llm the entire "
    "transformer raw true trained excl excluding incl including with without w o ex"
)
_PARTS = words_of(
    "expert experts router norm norms ln lora adapter adapters frozen bias optimizer group groups draft teacher ema "
    "layers layer heads head depth width dim hidden ffn ff mlp attn attention kv vocab vocabulary"
)
_WITHOUT = words_of("non no not without excluding excl exclude ex wo minus except nonembedding nonemb nonembed")
_NON_EMBEDDING = words_of("nonembedding nonemb nonembed")
_ACTIVE = words_of("active activated activate act")
_TRAINABLE = words_of("trainable learnable")
_QUALIFIERS = _WITHOUT | EMBEDDING | _ACTIVE | words_of("n total tot all trainable model params")
"""Words that can stand behind the letter N: ``N_active``, ``N_nonemb``."""


def parameters(name: ColumnName) -> Match | Mismatch | None:
    """Return what a name says about N."""
    words, joined = name.all_words, "".join(name.words)
    if name.letter == "N":
        return Match("the parameters", 0)
    if name.letter == "n":
        return Match("", LETTER)
    by_letter = name.capital == "N" and words <= _QUALIFIERS
    if not (words & PARAMETERS or by_letter or joined in (*_SIZES, "size")):
        return None
    if why := other_than_a_total(words):
        return Mismatch(why)
    if words & words_of("mb gb mib gib bytes byte memory vram"):
        return Mismatch("holds memory, not a number of parameters")
    if words & words_of("token tokens data"):
        return Mismatch("relates parameters to data")
    return Match("a size", 3) if joined == "size" else _variant(words)


def _variant(words: frozenset[str]) -> Match | Mismatch:
    """Return which parameters are counted."""
    without = bool(words & _NON_EMBEDDING or (words & _WITHOUT and words & EMBEDDING))
    if words & EMBEDDING and not without and not words & words_of("incl including with"):
        return Mismatch("holds the parameters of embeddings only")
    if words & _PARTS:
        return Mismatch("holds the parameters of a part of the model")
    rest = words - PARAMETERS - _PLAIN - _WITHOUT - EMBEDDING
    if words & _ACTIVE:
        return Match(ACTIVE, 0 if rest <= _ACTIVE else 2)
    if rest - _TRAINABLE:
        return Match(f"parameters ({' '.join(sorted(rest))})", 2)
    if without:
        return Match("the parameters without embeddings", 1)
    return Match("the trainable parameters" if rest else "the parameters", 1)
