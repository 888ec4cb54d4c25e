"""A byte-level decoder-only transformer, small enough to train on one CPU core."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from chinchilla_nb.datasets.python_stdlib.plan import VOCABULARY

CONTEXT = 128
"""Bytes that a prediction can depend on."""
HEAD_SIZE = 16
"""Least features of an attention head."""


def count_heads(width: int) -> int:
    """Return the largest number of attention heads of at least HEAD_SIZE features that divides the width evenly."""
    return max(heads for heads in range(1, width // HEAD_SIZE + 1) if width % (2 * heads) == 0)


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = count_heads(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: torch.Tensor, rotation: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        batch, time, width = x.shape
        qkv = self.qkv(x).view(batch, time, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(rotate(q, rotation), rotate(k, rotation), v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(batch, time, width))


class Block(nn.Module):
    """Pre-norm attention, and a GELU layer four times as wide."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.RMSNorm(width)
        self.attention = Attention(width)
        self.norm2 = nn.RMSNorm(width)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def forward(self, x: torch.Tensor, rotation: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        x = x + self.attention(self.norm1(x), rotation)
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class ByteTransformer(nn.Module):
    """Predicts the next byte from up to `CONTEXT` preceding bytes."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.norm = nn.RMSNorm(width)
        self._initialise(width, depth)
        self.rotation = rotary_table(width // self.blocks[0].attention.heads)

    def _initialise(self, width: int, depth: int) -> None:
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        for block in self.blocks:
            for layer in (block.attention.qkv, block.up):
                nn.init.normal_(layer.weight, std=width**-0.5)
            # Residual branches are scaled down with depth, as in GPT-2, so that their sum starts at unit scale.
            nn.init.normal_(block.attention.out.weight, std=(2 * depth * width) ** -0.5 / 2)
            nn.init.normal_(block.down.weight, std=(2 * depth * 4 * width) ** -0.5 / 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        # The rows of the tied matrix have unit norm; the input needs entries of unit size.
        x = self.embedding(inputs) * self.embedding.embedding_dim**0.5
        rotation = tuple(table[: inputs.shape[1]] for table in self.rotation)
        for block in self.blocks:
            x = block(x, rotation)
        return F.linear(self.norm(x), self.embedding.weight)


def rotary_table(head_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cosines and sines of the rotary position embedding, each of shape (CONTEXT, head_size / 2)."""
    frequency = 10_000.0 ** (-torch.arange(0, head_size, 2) / head_size)
    angle = torch.arange(CONTEXT)[:, None] * frequency
    return angle.cos(), angle.sin()


def rotate(x: torch.Tensor, rotation: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Rotate pairs of features by angles that grow with position."""
    cos, sin = rotation
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
