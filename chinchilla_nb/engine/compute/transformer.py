"""FLOPs per token of a transformer, counted from its matrices [Hoffmann et al. 2022, appendix F].

A multiplication and an addition for each entry of a matrix in the forward pass, and twice as many in the backward pass.
Embeddings count as a product with a matrix, as in that appendix. Kaplan et al. 2020 (section 2.1) keep 2N for the
layers and 2 n_layers n_ctx d_attn for the attention scores, half of what a pass without a causal mask computes.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields

from chinchilla_nb.engine.conversion import as_positive_number

__all__ = ["TransformerFlops", "transformer_flops"]

BACKWARD = 2.0
"""FLOPs of a backward pass in those of a forward pass: the gradients of the inputs and those of the weights."""


@dataclass(frozen=True, slots=True)
class TransformerFlops:
    """FLOPs per token of a decoder.

    Attributes
    ----------
    d_model, n_layers : int
        Width and number of layers.
    vocab_size : int
        Number of tokens.
    seq_len : int
        Tokens of a sequence, each of which attends to all of them.
    n_heads : int, optional
        Attention heads; without them, the softmax over the scores is not counted.
    d_ff : int, optional
        Width of the two-layer perceptrons; four times `d_model` by default.
    d_head : int, optional
        Width of a head; `d_model` / `n_heads` by default.

    Raises
    ------
    InputError
        If a number is not positive and finite.
    """

    d_model: float
    n_layers: float
    vocab_size: float
    seq_len: float
    n_heads: float | None = None
    d_ff: float | None = None
    d_head: float | None = None

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None or one.default is MISSING:
                object.__setattr__(self, one.name, as_positive_number(value, one.name))

    @property
    def attention(self) -> float:
        """Forward FLOPs per token of the attention of one layer."""
        heads = self.n_heads or 0
        width = self.d_model if self.d_head is None else heads * self.d_head
        projections = 2 * 3 * self.d_model * width + 2 * width * self.d_model
        scores = 2 * self.seq_len * width + 3 * heads * self.seq_len + 2 * self.seq_len * width
        return float(projections + scores)

    @property
    def perceptron(self) -> float:
        """Forward FLOPs per token of the perceptron of one layer."""
        return float(2 * 2 * self.d_model * (4 * self.d_model if self.d_ff is None else self.d_ff))

    @property
    def vocabulary(self) -> float:
        """Forward FLOPs per token of the embeddings and of the logits."""
        return float(2 * 2 * self.d_model * self.vocab_size)

    @property
    def forward(self) -> float:
        """FLOPs per token of a forward pass: of inference without a cache of keys and values."""
        return self.n_layers * (self.attention + self.perceptron) + self.vocabulary

    @property
    def backward(self) -> float:
        """FLOPs per token of a backward pass."""
        return BACKWARD * self.forward

    @property
    def training(self) -> float:
        """FLOPs per token of both."""
        return self.forward + self.backward


def transformer_flops(
    d_model: int,
    n_layers: int,
    vocab_size: int,
    seq_len: int,
    n_positions: int = 0,  # noqa: ARG001  a hyperparameter of the size, which is looked up
    n_heads: int | None = None,
    d_ff: int | None = None,
    d_head: int | None = None,
) -> float:
    """Return the training FLOPs per token of a configuration of a model search.

    Parameters are those of `TransformerFlops`; learned positions, `n_positions`, are added and cost nothing that
    counts. Infinity for a configuration that cannot be built, as for its size.
    """
    model = TransformerFlops(d_model, n_layers, vocab_size, seq_len, n_heads, d_ff, d_head)
    cannot_divide = model.d_head is None and model.n_heads is not None and model.d_model % model.n_heads
    if cannot_divide or (n_heads is None and d_head is not None):
        return math.inf
    return model.training
