"""Count the parameters of a model, N."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from chinchilla_nb.engine.errors import InputError

__all__ = ["ParameterCount", "count_parameters"]


@dataclass(frozen=True, slots=True)
class ParameterCount:
    """Number of parameters of a model.

    Attributes
    ----------
    total : int
        All parameters, trained or not; those that layers share count once.
    non_embedding : int
        Those that do not belong to a `torch.nn.Embedding`: neither those of tokens, which an output layer may share,
        nor those of positions. An output layer with weights of its own counts.
    """

    total: int
    non_embedding: int


def count_parameters(model: torch.nn.Module) -> ParameterCount:
    """Count the parameters of a model.

    Raises
    ------
    InputError
        If version 1 of FSDP has divided them among processes: each knows only its part.
    """
    if any(type(module).__name__ == "FullyShardedDataParallel" for module in model.modules()):
        rule = "cannot be counted, because version 1 of FSDP has divided the parameters among processes"
        raise InputError("N", rule, remedy="use version 2 (fully_shard)")
    embedded = {
        id(parameter)
        for module in model.modules()
        if isinstance(module, torch.nn.Embedding)
        for parameter in module.parameters(recurse=False)
    }
    sizes = [(_size(parameter), id(parameter) in embedded) for parameter in model.parameters()]
    total = sum(size for size, _ in sizes)
    return ParameterCount(total, total - sum(size for size, is_embedded in sizes if is_embedded))


def _size(parameter: Any) -> int:
    """Return the number of elements of a parameter; DeepSpeed keeps that of one it has divided among processes."""
    return int(getattr(parameter, "ds_numel", parameter.numel()))
