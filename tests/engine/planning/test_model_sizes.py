"""Sizes of transformers compared with published parameter counts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chinchilla_nb.engine.planning.model_search import tabulate_models
from chinchilla_nb.engine.planning.model_sizes import transformer_size, transformer_size_without_embeddings


@pytest.mark.parametrize(
    ("d_model", "n_layers", "size"),
    # Parameters of the published checkpoints gpt2, gpt2-medium, gpt2-large and gpt2-xl.
    [(768, 12, 124_439_808), (1024, 24, 354_823_168), (1280, 36, 774_030_080), (1600, 48, 1_557_611_200)],
)
def test_sizes_are_those_of_gpt2(d_model, n_layers, size):
    assert transformer_size(d_model, n_layers, vocab_size=50_257, n_positions=1_024) == size


def test_without_embeddings_is_what_kaplan_approximates():
    # 12 n_layers d_model^2 leaves out biases and norms, a share of about 1 / d_model.
    assert transformer_size_without_embeddings(1600, 48) == pytest.approx(12 * 48 * 1600**2, rel=2 / 1600)
    with_embeddings = transformer_size(512, 6, vocab_size=1_000, n_positions=64)
    assert with_embeddings - transformer_size_without_embeddings(512, 6) == 512 * 1_064


def test_perceptron_width_is_four_times_the_model_unless_given():
    assert transformer_size(64, 3, 10, d_ff=256) == transformer_size(64, 3, 10)
    # Each further unit has a weight in, a weight out and a bias.
    assert transformer_size(64, 3, 10, d_ff=257) - transformer_size(64, 3, 10, d_ff=256) == 3 * (64 + 64 + 1)


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.uint32])
def test_integers_of_numpy_do_not_wrap(kind):
    grid = {"d_model": np.array([16_384], kind), "n_layers": np.array([96], kind)}
    table = tabulate_models(grid, transformer_size_without_embeddings)
    # 12 n_layers d_model^2 is 3.1e11, of which 32 bits would keep another number.
    assert table.N.tolist() == [transformer_size_without_embeddings(16_384, 96)]
    assert table.N[0] == pytest.approx(12 * 96 * 16_384**2, rel=2 / 16_384)


def test_a_width_that_heads_do_not_divide_is_not_a_model():
    assert math.isinf(transformer_size(100, 2, 10, n_heads=8))
    table = tabulate_models(
        {"d_model": [96, 100], "n_layers": [2], "n_heads": [8]}, transformer_size_without_embeddings
    )
    assert [config["d_model"] for config in table.configs] == [96]
