"""Append a run of Lightning's Trainer to a project when its training ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

try:
    import torch
    from lightning.pytorch import Callback, LightningModule, Trainer

    from chinchilla_nb.callbacks.parameters import ParameterCount, count_parameters
    from chinchilla_nb.callbacks.tokens import count_tokens
except ImportError as error:
    raise ImportError(f'{error}: pip install "chinchilla_nb[lightning]"', name=error.name) from None

from chinchilla_nb.callbacks.run_record import RunRecord
from chinchilla_nb.engine.conversion import check_callable, check_type

__all__ = ["RunLogCallback"]


class RunLogCallback(Callback):
    """Appends N, D and the loss of a training to a project once it has ended; not if it fails or is interrupted.

    D counts the tokens of all batches that the model was trained on, of all processes and repeated epochs. Checkpoints
    keep the count, so that a training that goes on from one counts all of its tokens. C is 6ND. The process of rank
    zero appends.

    Parameters
    ----------
    project_dir : str or path
        Folder of the project.
    monitor : str
        Name of the logged metric that is the loss; its last value is appended.
    count : callable
        Returns the number of tokens in a batch. By default `tokens.count_tokens`, which leaves out what an attention
        mask hides, and counts batch x length without one.
    embeddings : bool
        Whether N counts the parameters of embeddings; the columns ``N_total`` and ``N_non_embedding`` have both.
    **columns
        Further columns of the run.

    Raises
    ------
    InputError
        If the folder does not exist, or an argument is not valid.

    Examples
    --------
    >>> trainer = Trainer(..., callbacks=[RunLogCallback("project", monitor="val_loss")])
    """

    def __init__(
        self,
        project_dir: str | os.PathLike[str],
        *,
        monitor: str = "val_loss",
        count: Callable[[Any], int] = count_tokens,
        embeddings: bool = True,
        **columns: Any,
    ) -> None:
        check_type(monitor, "monitor", str)
        check_callable(count, "count")
        self._record = RunRecord(project_dir, embeddings, columns)
        self._monitor, self._count_batch = monitor, count
        self._parameters: ParameterCount | None = None
        self._D = 0  # of this process

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"D": self._D}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint, which has the count of one process: the others have counted as much."""
        self._D = state_dict["D"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count the parameters."""
        self._parameters = count_parameters(pl_module)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the tokens of a batch."""
        self._D += int(self._count_batch(batch))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Append the run."""
        counted = torch.tensor(self._D, device=pl_module.device)
        D = int(trainer.strategy.reduce(counted, reduce_op="sum"))
        if not trainer.is_global_zero or self._parameters is None:
            return
        loss = trainer.callback_metrics.get(self._monitor)
        if loss is None:
            logged = ", ".join(sorted(trainer.callback_metrics)) or "nothing"
            self._record.skip(f"no metric {self._monitor} was logged, only {logged}")
        else:
            self._record.append(self._parameters, D, float(loss), trainer.global_step)
