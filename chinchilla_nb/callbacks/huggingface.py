"""Append a run of Hugging Face's Trainer to a project when its training ends."""

from __future__ import annotations

import os
from typing import Any

try:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

    from chinchilla_nb.callbacks.parameters import ParameterCount, count_parameters
except ImportError as error:
    raise ImportError(f'{error}: pip install "chinchilla_nb[transformers]"', name=error.name) from None

from chinchilla_nb.callbacks.run_record import RunRecord
from chinchilla_nb.engine.conversion import check_type
from chinchilla_nb.engine.errors import InputError

__all__ = ["RunLogCallback"]


class RunLogCallback(TrainerCallback):
    """Appends N, D and the loss of a training to a project once it has ended; not if it fails or is interrupted.

    D counts the tokens that the model was trained on, of all processes and repeated epochs, without padding: the
    Trainer counts those that the attention mask shows, or those that are not the tokenizer's padding, else all, batch x
    length. D and the column ``steps`` are those at which the loss was measured. C is 6ND; the column ``total_flos`` has
    the Trainer's own estimate, which leaves out embeddings and counts padding, if the loss was measured at the end. The
    process of rank zero appends.

    Parameters
    ----------
    project_dir : str or path
        Folder of the project.
    loss : str
        Name of the loss in the Trainer's log, whose last value is appended: ``eval_loss``, ``eval_NAME_loss`` with
        several sets for evaluation, ``loss`` for the loss of training.
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
        loss: str = "eval_loss",
        embeddings: bool = True,
        **columns: Any,
    ) -> None:
        check_type(loss, "loss", str)
        self._record, self._loss = RunRecord(project_dir, embeddings, columns), loss
        self._count: ParameterCount | None = None
        self._uncounted_steps = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Count the parameters, and let the Trainer count tokens.

        Raises
        ------
        InputError
            If the loss of an evaluation is asked for and there is none: the training has not begun yet.
        """
        if self._loss.startswith("eval_") and args.eval_strategy == "no":
            remedy = 'set it to "epoch" or "steps", or take the loss of training: RunLogCallback(..., loss="loss")'
            raise InputError("eval_strategy", f'is "no", so that no {self._loss} is logged', remedy=remedy)
        if args.include_num_input_tokens_seen == "no":
            args.include_num_input_tokens_seen = "non_padding"
        self._uncounted_steps = 0 if state.num_input_tokens_seen else state.global_step
        self._count = count_parameters(kwargs["model"])

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Append the run."""
        if not state.is_world_process_zero or self._count is None:
            return
        logged = [entry for entry in state.log_history if self._loss in entry]
        # The loss may have been measured some steps before the end.
        last = logged[-1] if logged else {"step": state.global_step}
        D = int(last.get("num_input_tokens_seen", state.num_input_tokens_seen))
        is_end = state.total_flos and last["step"] == state.global_step
        flops = {"total_flos": state.total_flos} if is_end else {}
        run = self._record.run(self._count, D, last["step"], **flops)
        if not logged:
            others = sorted({name for entry in state.log_history for name in entry if "loss" in name})
            self._record.skip(f"no {self._loss} was logged, only {', '.join(others) or 'no loss'}", run)
        elif self._uncounted_steps:
            self._record.skip_uncounted(self._uncounted_steps, run)
        elif not D:
            reason = "the Trainer found no tokens to count: the model's main_input_name is not among its inputs"
            self._record.skip(reason, run)
        else:
            self._record.append(run, last[self._loss])
