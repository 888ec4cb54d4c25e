"""A language model of a few thousand parameters, and data to train it on for seconds."""

from __future__ import annotations

import torch
from transformers import GPT2Config, GPT2LMHeadModel

VOCABULARY, LENGTH, WIDTH = 50, 16, 16
PADDED = 4
"""Tokens at the end of each sequence that are padding."""
EMBEDDED = (VOCABULARY + LENGTH) * WIDTH
"""Parameters of the two embeddings: of tokens, shared with the output layer, and of positions."""
N = EMBEDDED + 12 * WIDTH**2 + 13 * WIDTH + 2 * WIDTH
"""A block of GPT-2 has 12 d² weights and 13 d biases and norms; the last norm has 2 d."""


def model() -> GPT2LMHeadModel:
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY,
            n_positions=LENGTH,
            n_embd=WIDTH,
            n_layer=1,
            n_head=2,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


class Sequences(torch.utils.data.Dataset):
    """Random sequences; the last tokens of each are padding."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        tokens = torch.randint(0, VOCABULARY, (LENGTH,), generator=torch.Generator().manual_seed(index))
        mask = torch.ones(LENGTH, dtype=torch.long)
        mask[-PADDED:] = 0
        return {"input_ids": tokens, "labels": tokens, "attention_mask": mask}
