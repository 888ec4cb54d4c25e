"""A real training with Lightning appends one run, or none if it fails."""

from __future__ import annotations

import pytest
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning_training import BATCH, STEPS, LanguageModel, train
from training import EMBEDDED, LENGTH, PADDED, N

from chinchilla_nb import Database
from chinchilla_nb.callbacks.lightning import RunLogCallback

TOKENS = STEPS * BATCH * (LENGTH - PADDED)


class Fails(Callback):
    def on_train_batch_end(self, trainer, *_args):
        if trainer.global_step == 8:
            raise RuntimeError("out of memory")


def test_a_training_appends_one_run_with_what_it_was(tmp_path):
    trainer = train(tmp_path, callbacks=[RunLogCallback(tmp_path, lr=1e-3)])
    ((_, row),) = Database(tmp_path).df.iterrows()
    assert (row.N, row.N_total, row.N_non_embedding) == (N, N, N - EMBEDDED)
    assert (row.D, row.C) == (TOKENS, 6 * N * TOKENS)
    assert row.loss == float(trainer.callback_metrics["val_loss"])
    assert (row.steps, row.lr) == (STEPS, 1e-3)


def test_batches_can_be_counted_by_a_function(tmp_path):
    callback = RunLogCallback(tmp_path, monitor="train_loss", count=lambda batch: batch["input_ids"].numel())
    train(tmp_path, callbacks=[callback])
    assert Database(tmp_path).df.D.tolist() == [STEPS * BATCH * LENGTH]


def test_a_training_that_fails_appends_nothing_and_one_that_resumes_it_counts_all_tokens(tmp_path):
    saving = ModelCheckpoint(tmp_path / "saved", every_n_train_steps=5, filename="last", save_top_k=-1)
    with pytest.raises(RuntimeError, match="out of memory"):
        train(tmp_path, callbacks=[RunLogCallback(tmp_path), saving, Fails()], enable_checkpointing=True)
    assert len(Database(tmp_path)) == 0
    train(tmp_path, ckpt_path=tmp_path / "saved" / "last.ckpt", callbacks=[RunLogCallback(tmp_path)])
    assert Database(tmp_path).df.D.tolist() == [TOKENS]


def test_tokens_that_nobody_counted_are_said(tmp_path, capsys):
    saving = ModelCheckpoint(tmp_path / "saved", every_n_train_steps=5, filename="last", save_top_k=-1)
    with pytest.raises(RuntimeError, match="out of memory"):
        train(tmp_path, callbacks=[saving, Fails()], enable_checkpointing=True)
    train(tmp_path, ckpt_path=tmp_path / "saved" / "last.ckpt", callbacks=[RunLogCallback(tmp_path)])
    said = " ".join(capsys.readouterr().err.split())
    assert "the tokens of the first 5 steps were not counted" in said
    assert len(Database(tmp_path)) == 0


def test_a_loss_that_was_not_logged_is_said_and_the_training_goes_on(tmp_path, capsys):
    trainer = train(tmp_path, callbacks=[RunLogCallback(tmp_path, monitor="validation_loss")])
    assert trainer.global_step == STEPS
    said = " ".join(capsys.readouterr().err.split())
    assert "no metric validation_loss was logged, only train_loss, val_loss" in said
    assert f"append(N={N}, D={TOKENS}," in said
    assert len(Database(tmp_path)) == 0


def test_a_loss_that_was_measured_before_the_end_goes_with_the_tokens_until_then(tmp_path):
    train(tmp_path, callbacks=[RunLogCallback(tmp_path)], val_check_interval=7)
    ((_, row),) = Database(tmp_path).df.iterrows()
    assert (row.steps, row.D) == (7, 7 * BATCH * (LENGTH - PADDED))


def test_a_loss_of_training_goes_with_all_tokens(tmp_path):
    train(tmp_path, callbacks=[RunLogCallback(tmp_path, monitor="train_loss")], val_check_interval=7)
    assert Database(tmp_path).df.D.tolist() == [TOKENS]


def test_two_processes_append_one_run_with_the_tokens_of_both(tmp_path):
    train(
        tmp_path,
        LanguageModel(),
        callbacks=[RunLogCallback(tmp_path)],
        accelerator="cpu",
        devices=2,
        strategy="ddp_spawn",
    )
    ((_, row),) = Database(tmp_path).df.iterrows()
    # Each process trains on batches of its own; an epoch has eight, of which five come before the last validation.
    assert (row.steps, row.D) == (5, 2 * 5 * BATCH * (LENGTH - PADDED))
