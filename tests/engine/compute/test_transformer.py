"""FLOPs of a transformer against sums over its matrices, made by hand."""

from __future__ import annotations

import math

import pytest

from chinchilla_nb.engine.compute.transformer import TransformerFlops, transformer_flops


def by_matrices(d_model, n_layers, vocab, seq, heads, key, d_ff) -> int:
    """Training FLOPs of a sequence: a product of a x b and b x c takes 2abc forward, and twice that backward."""
    products = [(seq, vocab, d_model), (seq, d_model, vocab)]  # embeddings and logits
    for _ in range(n_layers):
        products += [(seq, d_model, heads * key)] * 3  # queries, keys and values
        products += [(seq, key, seq), (seq, seq, key)] * heads  # scores, and their product with the values
        products += [(seq, heads * key, d_model), (seq, d_model, d_ff), (seq, d_ff, d_model)]
    softmax = 3 * heads * seq * seq * n_layers
    return 3 * (sum(2 * a * b * c for a, b, c in products) + softmax)


@pytest.mark.parametrize(
    ("d_model", "n_layers", "vocab", "seq", "heads", "key", "d_ff"),
    [(640, 10, 32000, 2048, 10, 64, 2560), (1280, 24, 32000, 2048, 10, 128, 5120), (96, 3, 257, 128, 5, 16, 300)],
)
def test_flops_are_the_sum_over_matrices(d_model, n_layers, vocab, seq, heads, key, d_ff) -> None:
    model = TransformerFlops(d_model, n_layers, vocab, seq, heads, d_ff, key)
    assert model.training * seq == pytest.approx(
        by_matrices(d_model, n_layers, vocab, seq, heads, key, d_ff), rel=1e-14
    )
    assert model.backward == 2 * model.forward


def test_gpt2_small_by_hand() -> None:
    """d = 768, 12 layers, 12 heads, 1,024 positions, 50,257 tokens: forward FLOPs per token, added up on paper.

    Layer: projections 8 d^2 = 4,718,592; scores 4 x 1024 d = 3,145,728; softmax 3 x 12 x 1024 = 36,864;
    perceptron 16 d^2 = 9,437,184; together 17,338,368. Twelve: 208,060,416. Embeddings and logits 4 x 50257 d =
    154,389,504. Sum 362,449,920.
    """
    assert TransformerFlops(768, 12, 50257, 1024, 12).forward == 362_449_920
    assert transformer_flops(d_model=768, n_layers=12, vocab_size=50257, seq_len=1024, n_heads=12) == 3 * 362_449_920


def test_a_wide_model_with_short_sequences_approaches_6N() -> None:
    """Where the matrices dominate, training costs six FLOPs per parameter of them [Kaplan et al. 2020, section 2.1]."""
    d_model, n_layers = 16384, 96
    matrices = 12 * n_layers * d_model**2
    assert TransformerFlops(d_model, n_layers, 1, 1).training / (6 * matrices) == pytest.approx(1, abs=1e-4)


def test_a_model_that_cannot_be_built_has_infinite_flops() -> None:
    assert transformer_flops(100, 2, 1000, 64, n_heads=3) == math.inf
    assert transformer_flops(100, 2, 1000, 64, d_head=10) == math.inf
    assert math.isfinite(transformer_flops(100, 2, 1000, 64, n_heads=3, d_head=10))
