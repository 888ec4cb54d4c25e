"""The training data as a product of other columns: steps, sequences in a batch, tokens in a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from chinchilla_nb.records.columns.candidates import Candidate
from chinchilla_nb.records.columns.names import ColumnName
from chinchilla_nb.records.columns.search import find_column
from chinchilla_nb.records.columns.sources import Product, Source
from chinchilla_nb.records.columns.values import Columns, is_plausible

__all__ = ["data_products", "is_repeated"]

_STEPS = (
    "step steps nsteps numsteps trainsteps trainingsteps globalstep maxsteps totalsteps iteration iterations iters "
    "niters numiters updates maxiters totaliters"
)
_BATCH = "batchsize globalbatchsize trainbatchsize totalbatchsize bs batch gbs"
_BATCH_OF_DEVICE = (
    "perdevicetrainbatchsize perdevicebatchsize batchsizeperdevice batchsizepergpu pergpubatchsize microbatchsize "
    "microbatch trainmicrobatchsizepergpu devicebatchsize localbatchsize"
)
_PASSES = (
    "gradientaccumulationsteps gradaccumulationsteps gradaccumsteps gradaccum gradientaccumulation accumulationsteps "
    "accumsteps accumulategradbatches gas"
)
_DEVICES = "worldsize numgpus ngpus ngpu gpus numdevices ndevices devices dataparallelsize dpsize"
_BATCH_OF_TOKENS = "tokensperstep tokensperbatch batchtokens batchsizetokens tokensperiter tokenbatchsize"
_LENGTH = (
    "seqlen sequencelength seqlength contextlength contextlen ctxlen nctx blocksize maxseqlen maxseqlength context "
    "trainseqlen maxlength contextsize contextwindow"
)
_EPOCHS = "epochs epoch nepochs numepochs trainepochs maxepochs repeats repetitions"
_DATA_SET = "datasettokens datasetsize uniquetokens corpustokens datasettokencount tokensunique"
_RATIO = (
    "tokensperparam tokensperparameter tokensperparams tokensperparameters tokenparamratio tokenparameterratio "
    "tokenstoparams tokenstoparamsratio tokensparamsratio tpp tppr dpern dovern dn"
)
"""Names of D/N."""
_SAMPLES = "samples nsamples numsamples samplesseen trainsamples sequences consumedsamples"
FACTORS = {"×1": 1.0, "×k": 1e3, "×M": 1e6, "×B": 1e9, "×T": 1e12}
"""Units of N with which a product can be written."""


def data_products(
    names: Mapping[str, ColumnName], columns: Columns, sizes: Sequence[Candidate] = ()
) -> Iterator[Candidate]:
    """Yield the products of columns that give the number of training tokens.

    Parameters
    ----------
    names : mapping of str to ColumnName
    columns : Columns
    sizes : sequence of Candidate
        Ways to read N, which tokens per parameter are multiplied by.
    """
    data_set, epochs = find_column(_DATA_SET, names, columns), find_column(_EPOCHS, names, columns)
    steps, length = find_column(_STEPS, names, columns), find_column(_LENGTH, names, columns)
    batch, tokens = find_column(_BATCH, names, columns), find_column(_BATCH_OF_TOKENS, names, columns)
    samples = find_column(_SAMPLES, names, columns)
    batches = _batches(batch, names, columns)
    found = [(steps, tokens), *((steps, *one, length) for one in batches), (samples, length), (data_set, epochs)]
    sources = [Product(tuple(part for part in parts if part is not None)) for parts in found if all(parts)]
    for source in (*sources, *_multiples(find_column(_RATIO, names, columns), sizes)):
        numbers = columns.quantity(source)
        if is_plausible("D", numbers):
            yield Candidate(source, " × ".join(map(repr, source.columns)), 8, numbers, "no column holds the tokens")


def _multiples(ratio: str | None, sizes: Sequence[Candidate]) -> Iterator[Product]:
    """Yield the products of a column of tokens per parameter with the ways to read N."""
    for size in sizes if ratio is not None else ():
        if isinstance(size.source, Source) and size.source.unit in FACTORS and not size.unit_is_open:
            yield Product((str(ratio), size.source.column), FACTORS[size.source.unit])


def _batches(batch: str | None, names: Mapping[str, ColumnName], columns: Columns) -> list[tuple[str, ...]]:
    """Return the products of columns that may be the number of sequences in a step.

    A batch is one of the step, or of each pass or device, where columns count those.
    """
    of_device = find_column(_BATCH_OF_DEVICE, names, columns)
    passes, devices = find_column(_PASSES, names, columns), find_column(_DEVICES, names, columns)
    whole: list[tuple[str, ...]] = [] if batch is None else [(batch,)]
    counted = tuple(part for part in (of_device or batch, passes, devices) if part is not None)
    return [*whole, counted] if of_device or (batch and len(counted) > 1) else whole


def is_repeated(names: Mapping[str, ColumnName], columns: Columns) -> bool:
    """Return whether a column says that the data were used for other than one epoch."""
    epochs = find_column(_EPOCHS, names, columns)
    return epochs is not None and not bool(np.all(np.nan_to_num(columns[epochs].numbers, nan=1.0) == 1))
