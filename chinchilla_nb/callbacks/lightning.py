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
    keep the count, so that a training that goes on from one counts all of its tokens. If the loss was last measured in
    a validation before the end, D and the column ``steps`` are those of then. C is 6ND. The process of rank zero
    appends.

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

    Notes
    -----
    It is one of the callbacks of the Trainer: ``Trainer(..., callbacks=[RunLogCallback("project")])``.
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
        self._uncounted_steps = 0
        self._validated: tuple[float, int, int] | None = None  # the metric after the last validation, D and the steps

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"D": self._D}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint, which has the count of one process: the others have counted as much."""
        self._D = state_dict["D"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count the parameters; a checkpoint of a training without this callback has no count of tokens."""
        self._parameters = count_parameters(pl_module)
        self._uncounted_steps = 0 if self._D else trainer.global_step

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the tokens of a batch."""
        self._D += int(self._count_batch(batch))

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep what the loss is of, in case that it is the last one."""
        if not trainer.sanity_checking and self._monitor in trainer.callback_metrics:
            self._validated = float(trainer.callback_metrics[self._monitor]), self._D, trainer.global_step

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Append the run."""
        metric = trainer.callback_metrics.get(self._monitor)
        loss = None if metric is None else float(metric)
        counted, steps = self._D, trainer.global_step
        if self._validated is not None and loss == self._validated[0]:  # not measured since
            _, counted, steps = self._validated
        D = int(trainer.strategy.reduce(torch.tensor(counted, device=pl_module.device), reduce_op="sum"))
        if not trainer.is_global_zero or self._parameters is None:
            return
        run = self._record.run(self._parameters, D, steps)
        if loss is None:
            logged = ", ".join(sorted(trainer.callback_metrics)) or "nothing"
            self._record.skip(f"no metric {self._monitor} was logged, only {logged}", run)
        elif self._uncounted_steps:
            self._record.skip_uncounted(self._uncounted_steps, run)
        else:
            self._record.append(run, loss)
