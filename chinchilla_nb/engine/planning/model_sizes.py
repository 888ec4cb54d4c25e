"""Sizes of standard transformers: how many parameters a decoder has, with and without its embeddings.

The count is that of GPT-2 (Radford et al. 2019): layers of attention and a two-layer perceptron, each behind a layer
norm, all with biases, and one layer norm at the end; the output shares the token embeddings. Without embeddings it is
what Kaplan et al. 2020 (table 1) approximate by 12 n_layers d_model^2.
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
) -> float:
    """Return the number of parameters of a transformer, its embeddings included.

    Parameters
    ----------
    d_model, n_layers : int
        Width and number of layers.
    vocab_size : int
        Tokens, each with an embedding.
    n_positions : int, default 0
        Positions that have a learned embedding; none where positions are rotary or sinusoidal.
    n_heads : int, optional
        Attention heads. They change no size, but a width they do not divide is no model.
    d_ff : int, optional
        Width of the perceptrons, by default four times `d_model`.

    Returns
    -------
    float
        Infinity for a configuration that cannot be built, which leaves it out of a model search.
    """
    body = transformer_size_without_embeddings(d_model, n_layers, n_heads, d_ff)
    return body + d_model * (vocab_size + n_positions)


def transformer_size_without_embeddings(
    d_model: int, n_layers: int, n_heads: int | None = None, d_ff: int | None = None
) -> float:
    """Return the number of parameters of a transformer without its embeddings; arguments as in `transformer_size`."""
    if n_heads is not None and d_model % n_heads:
        return math.inf
    width = 4 * d_model if d_ff is None else d_ff
    attention = 4 * d_model * (d_model + 1)
    perceptron = 2 * d_model * width + width + d_model
    norm = 2 * d_model
    return n_layers * (attention + perceptron + 2 * norm) + norm


SIZE_ESTIMATORS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "transformer": transformer_size,
        "transformer_without_embeddings": transformer_size_without_embeddings,
    }
)
"""The built-in estimators by the name that configuration files give them."""
