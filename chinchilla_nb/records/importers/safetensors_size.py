"""Count the parameters of a model that is saved as safetensors, from the headers of its files."""

from __future__ import annotations

import json
import math
from pathlib import Path

__all__ = ["saved_parameters"]

LARGEST_HEADER = 100_000_000
"""Bytes; the format allows no longer header."""


def saved_parameters(folder: Path) -> int | None:
    """Return the number of parameters of the model that is saved in a folder, None if it cannot be told.

    The model is ``model.safetensors``, or all of ``model-*.safetensors``. A tensor that layers share, such as tied
    embeddings, is saved and counted once. Each file begins with the length of its header, 8 bytes, little-endian; the
    header is a JSON object with the shape of each tensor [1]_.

    References
    ----------
    .. [1] https://huggingface.co/docs/safetensors/index#format
    """
    try:
        whole = folder / "model.safetensors"
        sizes = [_tensors(path) for path in ([whole] if whole.exists() else folder.glob("model-*.safetensors"))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return sum(sizes) or None


def _tensors(path: Path) -> int:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LARGEST_HEADER:
            raise ValueError(f"{path} has a header of {length} bytes")
        header = json.loads(file.read(length))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
