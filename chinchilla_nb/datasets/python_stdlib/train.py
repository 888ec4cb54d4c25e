"""Train one model for one pass over D bytes and measure its validation loss."""

from __future__ import annotations

import hashlib
import math
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from chinchilla_nb.datasets.python_stdlib.model import CONTEXT, ByteTransformer
from chinchilla_nb.datasets.python_stdlib.plan import VOCABULARY
from chinchilla_nb.engine.errors import InputError

VALIDATION_BYTES = 2**18
LEARNING_RATE = 0.01
"""Peak learning rate at width 64; see `learning_rate`."""


@dataclass(frozen=True)
class Corpus:
    """Python's standard library as bytes, split by file.

    Attributes
    ----------
    train : ndarray of uint8, shape (n_windows, CONTEXT + 1)
        Windows that overlap in only one byte, so that no byte is predicted twice in one pass.
    validation : ndarray of uint8, shape (VALIDATION_BYTES / CONTEXT, CONTEXT + 1)
        Windows from held-out files.
    sha256 : str
        Digest of all files in order: machines with the same digest train on the same bytes.
    """

    train: np.ndarray
    validation: np.ndarray
    sha256: str


def load_corpus(library: Path | None = None) -> Corpus:
    """Read the standard library's ``*.py`` files; one file in twenty, picked by name, is held out."""
    library = library or Path(sysconfig.get_path("stdlib"))
    files = [path for path in library.rglob("*.py") if "site-packages" not in path.parts]
    # Sorted by a digest of the name: an order unrelated to the alphabet and the same on every machine.
    digests = {path: hashlib.sha256(path.relative_to(library).as_posix().encode()).digest() for path in files}
    split: dict[bool, list[bytes]] = {True: [], False: []}
    whole = hashlib.sha256()
    for path in sorted(files, key=digests.__getitem__):
        content = path.read_bytes()
        whole.update(content)
        split[digests[path][0] % 20 == 0].append(content)
    validation = windows(b"".join(split[True]))
    # Spread over all held-out files instead of the first few.
    spread = np.linspace(0, len(validation) - 1, VALIDATION_BYTES // CONTEXT).astype(int)
    return Corpus(windows(b"".join(split[False])), validation[spread], whole.hexdigest())


def windows(text: bytes) -> np.ndarray:
    """Cut text into windows of CONTEXT + 1 bytes, each starting with the last byte of the previous one."""
    array = np.frombuffer(text, dtype=np.uint8)
    return np.lib.stride_tricks.sliding_window_view(array, CONTEXT + 1)[::CONTEXT]


def learning_rate(width: int) -> float:
    """Return the peak learning rate, which falls with width as in muP for Adam (Yang et al. 2022, table 3)."""
    return LEARNING_RATE * 64 / width


def batch_windows(D: float) -> int:
    """Return the windows per step: eight for runs of up to 5e5 bytes, then growing with the square root of D."""
    return round(8 * max(1.0, D / 5e5) ** 0.5)


def train(corpus: Corpus, width: int, depth: int, D: float, seed: int) -> dict[str, float]:
    """Train for D bytes, with warm-up and decay over the length of the run.

    Returns
    -------
    dict
        ``N`` (parameters), ``D`` (bytes trained on), ``loss`` (validation, nats per byte),
        ``learning_rate``, ``batch_bytes``, ``wall_time`` (seconds).
    """
    started = time.perf_counter()
    torch.manual_seed(seed)
    model = ByteTransformer(width, depth)
    batch = batch_windows(D)
    steps = max(1, round(D / (batch * CONTEXT)))
    if steps * batch > len(corpus.train):
        rule = f"must be at most one pass over the corpus, {corpus.train.size:.3g} bytes"
        raise InputError("D", rule, got=f"{D:.3g}")
    order = np.random.default_rng(seed).permutation(len(corpus.train))[: steps * batch].reshape(steps, batch)
    peak = learning_rate(width)
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.99), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warm_up_and_decay(step, steps))
    for rows in order:
        optimizer.zero_grad(set_to_none=True)
        next_byte_loss(model, corpus.train[rows]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return {
        "N": sum(parameter.numel() for parameter in model.parameters()),
        "D": steps * batch * CONTEXT,
        "loss": evaluate(model, corpus.validation),
        "learning_rate": peak,
        "batch_bytes": batch * CONTEXT,
        "wall_time": round(time.perf_counter() - started, 2),
    }


def warm_up_and_decay(step: int, steps: int) -> float:
    """Return the share of the peak rate: linear warm-up over a tenth of the run, then half a cosine down to zero."""
    warm_up = max(1, steps // 10)
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def next_byte_loss(model: ByteTransformer, rows: np.ndarray) -> torch.Tensor:
    """Return the mean cross-entropy of the next bytes, in nats."""
    batch = torch.from_numpy(rows.astype(np.int64))
    return F.cross_entropy(model(batch[:, :-1]).reshape(-1, VOCABULARY), batch[:, 1:].reshape(-1))


@torch.no_grad()
def evaluate(model: ByteTransformer, validation: np.ndarray, batch: int = 64) -> float:
    """Return the mean loss over the validation windows, in nats per byte."""
    chunks = np.array_split(validation, max(1, len(validation) // batch))
    return sum(next_byte_loss(model, chunk).item() * len(chunk) for chunk in chunks) / len(validation)
