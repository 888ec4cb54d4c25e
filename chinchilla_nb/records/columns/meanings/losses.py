"""Which columns hold the loss: of the validation, the test or the training, as cross-entropy, perplexity or bits."""

from __future__ import annotations

from chinchilla_nb.records.columns.meanings.matches import LETTER, Match, Mismatch
from chinchilla_nb.records.columns.meanings.vocabulary import FORECASTS, RATES, SETTINGS, STATISTICS
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.word_lists import words_of

__all__ = [
    "AUXILIARY",
    "BITS_PER_BYTE",
    "BITS_PER_TOKEN",
    "HELD_OUT",
    "LIKELIHOOD",
    "PERPLEXITY",
    "TEST",
    "TRAINING",
    "UNNAMED",
    "loss",
]

HELD_OUT, TEST, UNNAMED, TRAINING, OTHER = range(5)
"""Ranks of losses: of a validation, of a test, of no named data, of the training, and of anything else."""
PERPLEXITY, BITS_PER_BYTE, BITS_PER_TOKEN = "perplexity", "bits per byte", "bits per token"
LIKELIHOOD = "log-likelihood"
"""Forms of losses that are not cross-entropies in nats."""
AUXILIARY = "holds an auxiliary loss"
_LOSSES = words_of("loss losses nll xent crossentropy ce valloss trainloss evalloss testloss lossval losstrain logloss")
_HELD_OUT = words_of("val valid validation dev eval evaluation heldout holdout valloss evalloss lossval vloss vl")
_TRAINING = words_of("train training trn tr trainloss losstrain")
_CROSS_ENTROPY = words_of("ce xent crossentropy cross nll lm")
_AUXILIARY_WORDS = words_of(
    "z aux auxiliary balance balancing lb load router routing moe kl l1 l2 reg regularization regularizer penalty "
    "commit commitment vq mtp contrastive distill distillation entropyreg capacity diversity orthogonality importance"
)
_PLAIN = words_of(
    "final last end total mean avg average best min minimum lowest per token tokens log likelihood negative neg "
    "entropy the of on set split nats nat in step epoch score model language objective at value held out data full "
    "main test bits byte bpt"
)
_PERPLEXITY_WORDS = words_of("ppl perplexity perplexities")
_BITS_WORDS = words_of("bpb bpc bpw")
_LIKELIHOOD_WORDS = words_of("loglikelihood logprob logprobs loglik ll elbo lnl")


def loss(name: ColumnName) -> Match | Mismatch | None:
    """Return what a name says about the loss."""
    words = name.all_words
    if name.letter == "L":
        return Match("the loss", UNNAMED)
    if name.letter == "l":
        return Match("", LETTER)
    by_letter = name.capital == "L" and words <= _HELD_OUT | _TRAINING | words_of("l test final last end mean")
    form = "" if by_letter else _form(words)
    if form is None:
        return None
    if words & _AUXILIARY_WORDS and not words & _CROSS_ENTROPY:
        return Mismatch(AUXILIARY)
    # The weight of a loss and its scaler are settings; "loss per token" is a loss.
    if words & (SETTINGS | words_of("flops flop compute curve slope spike spikes")) - words_of("scaling class"):
        return Mismatch("holds a setting")
    if words & (STATISTICS | RATES - words_of("per s")):
        return Mismatch("holds a statistic")
    if words & FORECASTS:
        return Mismatch("holds a plan or a prediction")
    return _variant(form, words, frozenset(name.words))


def _variant(form: str, words: frozenset[str], of_leaf: frozenset[str]) -> Match:
    split, rank = _split(words)
    if form:
        return Match(f"{form} ({split})" if split else form, OTHER, form)
    rest = of_leaf - _LOSSES - _HELD_OUT - _TRAINING - _CROSS_ENTROPY - _PLAIN
    rest = frozenset(word for word in rest if len(word) > 1)
    if rest:
        named = f"{split} loss ({' '.join(sorted(rest))})".strip()
        return Match(named, HELD_OUT if rank == HELD_OUT else OTHER)
    return Match(f"the {split} loss" if split else "the loss", rank)


def _form(words: frozenset[str]) -> str | None:
    """Return what the values are unless they are losses: perplexities, bits; None if they are nothing of the kind."""
    if words & _PERPLEXITY_WORDS:
        return PERPLEXITY
    if words & _BITS_WORDS or {"bits", "byte"} <= words:
        return BITS_PER_BYTE
    if "bpt" in words or ("bits" in words and words & (_LOSSES | words_of("token tokens per"))):
        return BITS_PER_TOKEN
    if words & _LIKELIHOOD_WORDS or {"log", "likelihood"} <= words:
        return "" if words & words_of("negative neg nll") else LIKELIHOOD
    return "" if words & _LOSSES or {"cross", "entropy"} <= words else None


def _split(words: frozenset[str]) -> tuple[str, int]:
    """Return which data the loss is of, and its rank."""
    if words & _HELD_OUT or {"held", "out"} <= words:
        return "validation", HELD_OUT
    if words & words_of("test testloss"):
        return "test", TEST
    return ("training", TRAINING) if words & _TRAINING else ("", UNNAMED)
