"""A real training with Hugging Face's Trainer leaves files that are read as runs."""

from __future__ import annotations

import pytest
from training import EMBEDDED, LENGTH, PADDED, N, Sequences, model
from transformers import Trainer, TrainingArguments

from chinchilla_nb.records.importers.sources import read_source

STEPS, BATCH = 20, 4


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trainer")
    arguments = TrainingArguments(
        folder / "small",
        max_steps=STEPS,
        per_device_train_batch_size=BATCH,
        eval_strategy="steps",
        eval_steps=5,
        logging_steps=5,
        save_steps=10,
        include_num_input_tokens_seen="non_padding",
        report_to="tensorboard",
        use_cpu=True,
        disable_tqdm=True,
    )
    trainer = Trainer(model(), arguments, train_dataset=Sequences(64), eval_dataset=Sequences(8))
    trainer.train()
    return folder, trainer


def test_a_run_is_read_as_it_was_logged(trained):
    folder, trainer = trained
    table = read_source(folder)
    assert "Hugging Face" in table.notes[0]
    assert table.rejected == ()
    (row,) = table.rows
    evaluated = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    assert len(evaluated) == 4
    assert row["run"] == "small"
    assert row["eval_loss"] == evaluated[-1]
    assert row["lowest.eval_loss"] == min(evaluated)
    assert row["global_step"] == STEPS
    assert row["num_input_tokens_seen"] == STEPS * BATCH * (LENGTH - PADDED)
    assert row["parameters"] == N
    # The Trainer counts padding, and no embeddings.
    assert row["total_flos"] == pytest.approx(6 * (N - EMBEDDED) * STEPS * BATCH * LENGTH)


def test_what_is_not_read_of_the_folder_is_said(trained):
    assert any("TensorBoard" in note for note in read_source(trained[0]).notes)


def test_a_single_state_is_read_like_its_folder(trained, tmp_path):
    folder, _ = trained
    state = folder / "small" / "checkpoint-20" / "trainer_state.json"
    renamed = tmp_path / "state.json"
    renamed.write_bytes(state.read_bytes())
    (row,), (other,) = read_source(folder).rows, read_source(renamed).rows
    differ = {"run", "parameters"}
    assert {name: value for name, value in row.items() if name not in differ} == {
        name: value for name, value in other.items() if name not in differ
    }
