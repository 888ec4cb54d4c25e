"""Sizes of standard transformers: the number of parameters of a decoder, with and without its embeddings.

The count follows GPT-2 (Radford et al. 2019): each layer has attention and a two-layer perceptron, each preceded by a
layer norm, all with biases; one layer norm comes at the end; the output shares the token embeddings. Kaplan et al. 2020
(table 1) approximate the count without embeddings by 12 n_layers d_model^2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

__all__ = ["SIZE_ESTIMATORS", "transformer_size", "transformer_size_without_embeddings"]


def transformer_size(
    d_model: int,
    n_layers: int,
    vocab_size: int,
    n_positions: int = 0,
    n_heads: int | None = None,
    d_ff: int | None = None,
    d_head: int | None = None,
    seq_len: int | None = None,  # noqa: ARG001  a hyperparameter of the compute
) -> float:
    """Return the number of parameters of a transformer, including its embeddings.

    Parameters
    ----------
    d_model, n_layers : int
        Width and number of layers.
    vocab_size : int
        Number of tokens; each has an embedding.
    n_positions : int, default 0
        Number of positions with a learned embedding; 0 for rotary or sinusoidal positions.
    n_heads : int, optional
        Attention heads. They do not change the size, but they must divide the width.
    d_ff : int, optional
        Width of the perceptrons; four times `d_model` by default.
    d_head : int, optional
        Width of a head; `d_model` / `n_heads` by default.
    seq_len : int, optional
        Tokens of a sequence. They do not change the size, but the compute, for ``compute="transformer"``.

    Returns
    -------
    float
        Infinity for a configuration that cannot be built, so that a model search leaves it out.
    """
    body = transformer_size_without_embeddings(d_model, n_layers, n_heads, d_ff, d_head)
    return body + d_model * (vocab_size + n_positions)


def transformer_size_without_embeddings(
    d_model: int,
    n_layers: int,
    n_heads: int | None = None,
    d_ff: int | None = None,
    d_head: int | None = None,
    vocab_size: int | None = None,  # noqa: ARG001  hyperparameters of the compute
    seq_len: int | None = None,  # noqa: ARG001
) -> float:
    """Return the number of parameters of a transformer without its embeddings; arguments as for `transformer_size`.

    The vocabulary does not change it, but the compute, for ``compute="transformer"``.
    """
    if d_head is None and n_heads is not None and d_model % n_heads:
        return math.inf
    if d_head is not None and n_heads is None:
        return math.inf
    inner = d_model if d_head is None or n_heads is None else n_heads * d_head
    width = 4 * d_model if d_ff is None else d_ff
    attention = 4 * d_model * inner + 3 * inner + d_model
    perceptron = 2 * d_model * width + width + d_model
    norm = 2 * d_model
    return n_layers * (attention + perceptron + 2 * norm) + norm


SIZE_ESTIMATORS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "transformer": transformer_size,
        "transformer_without_embeddings": transformer_size_without_embeddings,
    }
)
"""The built-in estimators, by their names in configuration files."""
