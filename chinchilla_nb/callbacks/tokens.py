"""Count the tokens in a batch, D."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from chinchilla_nb.engine.errors import InputError

__all__ = ["count_tokens"]


def count_tokens(batch: Any) -> int:
    """Return the number of tokens in a batch, or of samples where it holds no tokens.

    Of a mapping, such as Hugging Face's, those that its ``attention_mask`` does not hide, else all of its
    ``input_ids``; of a tuple or list, what its first item holds. A tensor of integers with two or more dimensions holds
    tokens, batch x length; any other holds a sample in each row.

    Raises
    ------
    InputError
        If the batch is of another kind.
    """
    if isinstance(batch, Mapping):
        if isinstance(batch.get("attention_mask"), torch.Tensor):
            return int(batch["attention_mask"].sum())
        if isinstance(batch.get("input_ids"), torch.Tensor):
            return int(batch["input_ids"].numel())
    if isinstance(batch, (tuple, list)) and batch:
        return count_tokens(batch[0])
    if isinstance(batch, torch.Tensor) and batch.ndim:
        is_text = batch.ndim > 1 and not (batch.is_floating_point() or batch.is_complex() or batch.dtype == torch.bool)
        return int(batch.numel() if is_text else batch.shape[0])
    remedy = "give the callback a function that returns the number: RunLogCallback(..., count=function)"
    raise InputError("batch", f"of type {type(batch).__name__} holds no tensor of tokens or samples", remedy=remedy)
