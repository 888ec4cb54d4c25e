"""What the name of a column says about a quantity: which variant of it the column holds, or what else it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from chinchilla_nb.records.columns.names import ColumnName

__all__ = ["LETTER", "QUANTITIES", "Match", "Mismatch", "match"]

QUANTITIES = ("N", "D", "C", "loss")
LETTER = 5
"""Rank of a small letter, which may be anything: the layers n, the width d."""


@dataclass(frozen=True, slots=True)
class Match:
    """A column that may hold a quantity.

    Attributes
    ----------
    variant : str
        What exactly it holds, as a sentence says it: ``the validation loss``.
    rank : int
        Columns of a lower rank go before others; those of one rank are equally plausible.
    """

    variant: str
    rank: int


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A column that speaks of a quantity and holds something else.

    Attributes
    ----------
    why : str
        Completes "the column ...".
    """

    why: str


def match(quantity: str, name: ColumnName) -> Match | Mismatch | None:
    """Return what a name says about a quantity; None if it does not speak of it."""
    return _RULES[quantity](name)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_RATE_WORDS = _set(
    "per sec second seconds s rate throughput speed peak mfu hfu util utilization utilisation utilized achieved "
    "tps ms hz efficiency ratio fraction frac percent pct share"
)
_STATISTICS = _set("std stderr se sem var variance ci lower upper low high error err delta diff difference change grad gradient")
_FORECASTS = _set(
    "predicted prediction pred expected fit fitted residual residuals optimal opt target initial init start baseline "
    "irreducible extrapolated planned"
)
_SETTINGS = _set(
    "lr batch bs micro warmup decay weight wd beta1 beta2 eps dropout clip dtype type fn function name path file dir "
    "version hash id coef coefficient coeff scale scaler scaling schedule scheduler threshold factor seed url class mode"
)
_SHAPE = _set("layers layer heads head depth width dim hidden ffn ff mlp attn attention kv vocab vocabulary")

# Parameters

_N_HEADS = _set("params param parameters parameter nparams numparams paramcount modelparams")
_N_PLAIN = _set(
    "n num number nr no of count counts total tot all model models size full net network overall sum lm llm transformer the "
    "entire raw true trained excl excluding incl including with without w o ex"
)
_EMBEDDING = _set("embedding embeddings embed embeds emb embd wte wpe unembed unembedding unembeddings lookup")
_N_PARTS = _set("expert experts router norm norms ln lora adapter adapters frozen bias optimizer group groups draft teacher ema")
_NEGATIONS = _set("non no not without excluding excl exclude ex wo minus except nonembedding nonemb nonembed")

_N_QUALIFIERS = _NEGATIONS | _EMBEDDING | _set("n total tot all active activated act trainable model emb params")
"""Words that can stand behind the letter N: ``N_active``, ``N_nonemb``."""


def _parameters(name: ColumnName) -> Match | Mismatch | None:
    words, leaf = name.all_words, name.letter
    if leaf == "N":
        return Match("the parameters", 0)
    joined = "".join(name.words)
    if leaf == "n":
        return Match("column 'n'", LETTER)
    by_letter = name.capital == "N" and words <= _N_QUALIFIERS
    named_size = joined in ("modelsize", "size", "modelsizes", "sizeofmodel")
    if not (words & _N_HEADS or by_letter or named_size):
        return None
    if why := _other_than_a_count(words):
        return Mismatch(why)
    if words & _set("mb gb mib gib bytes byte memory vram"):
        return Mismatch("holds memory, not a number of parameters")
    if words & _set("token tokens data"):
        return Mismatch("relates parameters to data")
    return _variant_of_parameters(words, named_size=named_size and joined == "size")


def _variant_of_parameters(words: frozenset[str], *, named_size: bool) -> Match | Mismatch:
    without = bool(words & _set("nonembedding nonemb nonembed") or (words & _NEGATIONS and words & _EMBEDDING))
    rest = words - _N_HEADS - _N_PLAIN - _NEGATIONS
    if without:
        rest -= _EMBEDDING | _set("nonembedding nonemb nonembed")
    elif words & _EMBEDDING and not words & _set("incl including with"):
        return Mismatch("holds the parameters of embeddings only")
    if words & (_SHAPE | _N_PARTS):
        return Mismatch("holds the parameters of a part of the model")
    if words & _set("active activated activate act"):
        rest -= _set("active activated activate act")
        return Match("the active parameters", 0 if not rest else 2)
    if words & _set("inactive sparse") and not rest - _set("inactive sparse"):
        return Match("the parameters of all experts", 1)
    if rest - _set("embedding embeddings emb trainable learnable"):
        return Match(f"parameters ({' '.join(sorted(rest))})", 2)
    if without:
        return Match("the parameters without embeddings", 1)
    if rest & _set("trainable learnable"):
        return Match("the trainable parameters", 1)
    return Match("a size", 3) if named_size else Match("the parameters", 1)


def _other_than_a_count(words: frozenset[str]) -> str:
    if words & _RATE_WORDS:
        return "holds a rate or a ratio"
    if words & _SETTINGS:
        return "holds a setting"
    if words & _STATISTICS:
        return "holds a statistic"
    return "holds a plan or a prediction" if words & _FORECASTS else ""


# Data

_TOKENS = _set("tokens token ntokens numtokens toks tok tokenstrained tokensseen traintokens trainingtokens totaltokens")
_SAMPLES = _set("samples sample examples example nsamples numsamples images sequences seqs documents docs")
_BYTES = _set("bytes byte characters chars char")
_D_PLAIN = _set(
    "n num number nr no of count counts total all train training trained seen processed consumed so far on cum cumulative "
    "overall sum the used in data model lm size text pretraining pretrain pretrained raw global state"
)
_DATA_SET = _set("dataset corpus unique epochsize distinct")


def _data(name: ColumnName) -> Match | Mismatch | None:
    words, leaf = name.all_words, name.letter
    if leaf == "D":
        return Match("the tokens", 0)
    if leaf == "d":
        return Match("column 'd'", LETTER)
    joined = "".join(name.words)
    heads = _TOKENS | _SAMPLES | _BYTES
    sized = joined in ("datasize", "datasetsize", "trainingdata", "trainingdatasize", "data", "trainsize")
    by_letter = name.capital == "D" and words <= _set("d train training total tot seen used")
    if not (words & heads or sized or by_letter):
        return None
    if why := _other_than_a_count(words - (_set("beta1") if "target" in words else frozenset())):
        return Mismatch(why)
    if words & _set("eval evaluation val valid validation test dev heldout"):
        return Mismatch("counts data of an evaluation")
    if words & _set("seq seqlen length len context ctx max min vocab window step steps gpu device node pad special"):
        return Mismatch("holds a length or a limit")
    if words & (_N_HEADS | _set("flops flop loss embedding embeddings")):
        return Mismatch("relates data to something else")
    rest = words - heads - _D_PLAIN - (_set("d") if by_letter else frozenset())
    if words & _DATA_SET:
        return Match("the size of the data set", 2)
    if words & _SAMPLES:
        return Match("the samples" if not rest else f"samples ({' '.join(sorted(rest))})", 2)
    if words & _BYTES:
        return Match("the bytes", 3)
    if sized:
        return Match("the size of the data", 2)
    return Match("the tokens", 1) if not rest else Match(f"tokens ({' '.join(sorted(rest))})", 2)


# Compute

_C_HEADS = _set(
    "flops flop compute trainflops trainingflops totalflops trainflop trainingflop totalflop computeflops computebudget"
)


def _compute(name: ColumnName) -> Match | Mismatch | None:
    words, leaf = name.all_words, name.letter
    if leaf == "C":
        return Match("the compute", 0)
    if leaf == "c":
        return Match("column 'c'", LETTER)
    by_letter = name.capital == "C" and words <= _set("c train training total tot used")
    if not (words & _C_HEADS or by_letter) and not (name.unit or "").endswith("-days"):
        return None
    if words & (_RATE_WORDS | _set("gpu gpus device devices hardware node chip card")):
        return Mismatch("holds a rate")
    if words & _set("token tokens tok sample step batch fwd forward bwd backward inference infer layer attn attention"):
        return Mismatch("holds the compute of a token, a step or a part")
    if words & _set("hours hour time cost usd dollars price optimal opt dtype type name"):
        return Mismatch("does not hold FLOPs of training")
    return Match("the compute", 1)


# Loss

_L_HEADS = _set("loss losses nll xent crossentropy ce valloss trainloss evalloss testloss lossval losstrain logloss")
_HELD_OUT = _set("val valid validation dev eval evaluation heldout holdout valloss evalloss lossval vloss vl")
_TRAIN = _set("train training trn tr trainloss losstrain")
_CROSS_ENTROPY = _set("ce xent crossentropy cross entropy nll lm")
_AUXILIARY = _set(
    "z aux auxiliary balance balancing lb load router routing moe kl l1 l2 reg regularization regularizer penalty "
    "commit commitment vq mtp contrastive distill distillation entropyreg capacity diversity orthogonality importance"
)
_L_PLAIN = _set(
    "final last end total mean avg average best min minimum lowest per token tokens log likelihood negative neg "
    "the of on set split nats nat in step epoch score model language objective at value held out data full main"
)
_BITS_PER_BYTE = _set("bpb bpc bpw")


def _loss(name: ColumnName) -> Match | Mismatch | None:
    words, joined = name.all_words, "".join(name.words)
    leaf_words = frozenset(name.words)
    if name.letter == "L":
        return Match("the loss", 2)
    if name.letter == "l":
        return Match("column 'l'", LETTER)
    kind = _kind_of_loss(words, joined, name.leaf)
    if kind is None:
        return None
    if words & _AUXILIARY and not (words & _CROSS_ENTROPY - _set("entropy")):
        return Mismatch("holds an auxiliary loss")
    # The weight of a loss and its scaler are settings; "loss per token" is a loss.
    if words & (_SETTINGS | _set("flops flop flop compute curve slope spike spikes")) - _set("scaling class"):
        return Mismatch("holds a setting")
    if words & _STATISTICS or words & (_RATE_WORDS - _set("per error s")):
        return Mismatch("holds a statistic")
    if words & _FORECASTS:
        return Mismatch("holds a plan or a prediction")
    split, rank = _split_of_loss(words)
    rest = leaf_words - _L_HEADS - _HELD_OUT - _TRAIN - _CROSS_ENTROPY - _L_PLAIN - _set("test bits byte loss bpt")
    rest -= {word for word in leaf_words if len(word) == 1 or word in _PERPLEXITIES | _BITS_PER_BYTE}
    if kind:
        return Match(f"{kind} ({split})" if split else kind, 4)
    if rest:
        return Match(f"{split} loss ({' '.join(sorted(rest))})".strip(), rank + 0 if split == "validation" else 4)
    return Match(f"the {split} loss" if split else "the loss", rank)


_PERPLEXITIES = _set("ppl perplexity perplexities")


def _kind_of_loss(words: frozenset[str], joined: str, leaf: str) -> str | None:
    """Return what the values are unless they are losses: perplexities, bits; None if it is no loss at all."""
    if words & _PERPLEXITIES:
        return "perplexity"
    if words & _BITS_PER_BYTE or {"bits", "byte"} <= words:
        return "bits per byte"
    if "bpt" in words or ("bits" in words and words & (_L_HEADS | _set("token tokens per"))):
        return "bits per token"
    if words & _set("loglikelihood logprob logprobs loglik ll elbo lnl") or {"log", "likelihood"} <= words:
        if not words & _set("negative neg nll"):
            return "log-likelihood"
        return ""
    if words & _L_HEADS or joined in ("crossentropy",) or {"cross", "entropy"} <= words:
        return ""
    return None


def _split_of_loss(words: frozenset[str]) -> tuple[str, int]:
    if words & _HELD_OUT or {"held", "out"} <= words:
        return "validation", 0
    if "test" in words or "testloss" in words:
        return "test", 1
    if words & _TRAIN:
        return "training", 3
    return "", 2


_RULES: dict[str, Callable[[ColumnName], Match | Mismatch | None]] = {
    "N": _parameters,
    "D": _data,
    "C": _compute,
    "loss": _loss,
}
