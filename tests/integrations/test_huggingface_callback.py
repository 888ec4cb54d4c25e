"""A real training with Hugging Face's Trainer appends one run, or none if it fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from training import EMBEDDED, LENGTH, PADDED, N, Sequences, model
from transformers import Trainer, TrainerCallback, TrainingArguments

from chinchilla_nb import Database
from chinchilla_nb.callbacks.huggingface import RunLogCallback
from chinchilla_nb.engine.errors import InputError

STEPS, BATCH = 10, 4
TOKENS = STEPS * BATCH * (LENGTH - PADDED)


def trainer(folder: Path, callback: TrainerCallback, **changed: object) -> Trainer:
    options = {
        "max_steps": STEPS,
        "per_device_train_batch_size": BATCH,
        "eval_strategy": "steps",
        "eval_steps": 5,
        "logging_steps": 5,
        "save_steps": 5,
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
    }
    arguments = TrainingArguments(folder / "output", **(options | changed))
    return Trainer(model(), arguments, train_dataset=Sequences(64), eval_dataset=Sequences(8), callbacks=[callback])


class Fails(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == 8:
            raise RuntimeError("out of memory")


def test_a_training_appends_one_run_with_what_it_was(tmp_path):
    training = trainer(tmp_path, RunLogCallback(tmp_path, lr=5e-5))
    training.train()
    ((_, row),) = Database(tmp_path).df.iterrows()
    assert (row.N, row.N_total, row.N_non_embedding) == (N, N, N - EMBEDDED)
    assert (row.D, row.C) == (TOKENS, 6 * N * TOKENS)
    assert row.loss == training.evaluate()["eval_loss"]
    assert row.total_flos == pytest.approx(6 * (N - EMBEDDED) * STEPS * BATCH * LENGTH)
    assert (row.steps, row.lr) == (STEPS, 5e-5)


def test_n_can_leave_out_embeddings_and_the_loss_be_that_of_training(tmp_path):
    training = trainer(tmp_path, RunLogCallback(tmp_path, loss="loss", embeddings=False), eval_strategy="no")
    training.train()
    ((_, row),) = Database(tmp_path).df.iterrows()
    assert (row.N, row.C) == (N - EMBEDDED, 6 * (N - EMBEDDED) * TOKENS)
    assert row.loss == [entry["loss"] for entry in training.state.log_history if "loss" in entry][-1]


def test_a_training_that_fails_appends_nothing_and_one_that_resumes_it_counts_all_tokens(tmp_path):
    failing = trainer(tmp_path, RunLogCallback(tmp_path))
    failing.add_callback(Fails())
    with pytest.raises(RuntimeError, match="out of memory"):
        failing.train()
    assert len(Database(tmp_path)) == 0
    trainer(tmp_path, RunLogCallback(tmp_path)).train(resume_from_checkpoint=True)
    assert Database(tmp_path).df.D.tolist() == [TOKENS]


def test_tokens_that_nobody_counted_are_said(tmp_path, capsys):
    failing = trainer(tmp_path, Fails())
    with pytest.raises(RuntimeError):
        failing.train()
    trainer(tmp_path, RunLogCallback(tmp_path)).train(resume_from_checkpoint=True)
    said = " ".join(capsys.readouterr().err.split())
    assert "the tokens of the first 5 steps were not counted" in said
    assert len(Database(tmp_path)) == 0


def test_a_loss_that_will_not_be_logged_is_refused_before_the_training(tmp_path):
    training = trainer(tmp_path, RunLogCallback(tmp_path), eval_strategy="no")
    with pytest.raises(InputError, match='eval_strategy is "no"'):
        training.train()
    assert training.state.global_step == 0


def test_a_folder_that_is_missing_is_refused_before_the_training(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        RunLogCallback(tmp_path / "missing")


class Diverges(TrainerCallback):
    def on_evaluate(self, args, state, control, **kwargs):
        state.log_history[-1]["eval_loss"] = float("nan")


def test_a_run_that_cannot_be_appended_is_said_and_the_training_goes_on(tmp_path, capsys):
    training = trainer(tmp_path, Diverges())
    training.add_callback(RunLogCallback(tmp_path))
    training.train()
    said = " ".join(capsys.readouterr().err.split())
    assert "loss must be positive and finite" in said
    assert f"N={N}, D={TOKENS}" in said
    assert len(Database(tmp_path)) == 0


def test_a_loss_that_was_measured_before_the_end_goes_with_the_tokens_until_then(tmp_path):
    trainer(tmp_path, RunLogCallback(tmp_path, loss="loss"), logging_steps=7).train()
    ((_, row),) = Database(tmp_path).df.iterrows()
    assert (row.steps, row.D) == (7, 7 * BATCH * (LENGTH - PADDED))
    assert "total_flos" not in row
