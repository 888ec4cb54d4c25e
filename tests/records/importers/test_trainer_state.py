"""Trainer states: the furthest one counts, and what a crash has cut off is said."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from chinchilla_nb.records.importers.sources import read_source


def write_state(folder: Path, step: int, loss: float, **others: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    history = [{"step": 1, "eval_loss": 9.0}, {"step": step, "loss": loss - 0.5}, {"step": step, "eval_loss": loss}]
    path = folder / "trainer_state.json"
    path.write_text(json.dumps({"global_step": step, "log_history": history} | others))
    return path


def write_safetensors(path: Path, shapes: dict[str, list[int]]) -> None:
    header = {name: {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    text = json.dumps(header | {"__metadata__": {"format": "pt"}}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)


def test_the_last_checkpoint_of_each_run_is_read(tmp_path):
    for run in ("small", "large"):
        for step in (5, 100, 20):
            write_state(tmp_path / run / f"checkpoint-{step}", step, loss=4.0 - step / 100)
    rows = {row["run"]: row for row in read_source(tmp_path).rows}
    assert sorted(rows) == ["large", "small"]
    assert {(row["global_step"], row["eval_loss"], row["loss"]) for row in rows.values()} == {(100, 3.0, 2.5)}


@pytest.mark.parametrize(("beside", "furthest"), [(30, 30), (10, 20)])
def test_the_state_beside_the_checkpoints_counts_if_it_got_further(tmp_path, beside, furthest):
    write_state(tmp_path / "run", beside, loss=3.0)
    write_state(tmp_path / "run" / "checkpoint-20", 20, loss=3.5)
    (row,) = read_source(tmp_path).rows
    assert row["global_step"] == furthest


def test_the_folder_of_a_checkpoint_is_a_run_by_itself(tmp_path):
    write_state(tmp_path / "checkpoint-20", 20, loss=3.5)
    (row,) = read_source(tmp_path / "checkpoint-20").rows
    assert (row["run"], row["eval_loss"]) == ("checkpoint-20", 3.5)


def test_a_checkpoint_that_a_crash_cut_off_is_said_and_the_one_before_is_read(tmp_path):
    write_state(tmp_path / "run" / "checkpoint-10", 10, loss=3.5)
    path = write_state(tmp_path / "run" / "checkpoint-20", 20, loss=3.0)
    path.write_text(path.read_text()[:40])
    table = read_source(tmp_path)
    assert table.rows[0]["global_step"] == 10
    assert any("checkpoint-20" in note and "is not JSON" in note for note in table.notes)


def test_a_run_of_which_nothing_can_be_read_is_rejected(tmp_path):
    write_state(tmp_path / "good", 10, loss=3.5)
    write_state(tmp_path / "bad", 10, loss=3.5).write_text("{")
    table = read_source(tmp_path)
    assert [row["run"] for row in table.rows] == ["good"]
    assert "bad" in table.rejected[0].reason
    assert "is not JSON" in table.rejected[0].reason


def test_tokens_and_flops_that_were_not_counted_are_not_zero(tmp_path):
    write_state(tmp_path / "run", 10, 3.5, total_flos=0, num_input_tokens_seen=0, best_metric=None)
    (row,) = read_source(tmp_path).rows
    assert not {"total_flos", "num_input_tokens_seen", "best_metric"} & {*row}


def test_parameters_are_counted_in_the_saved_weights_of_all_files(tmp_path):
    write_state(tmp_path / "run" / "checkpoint-10", 10, loss=3.5)
    folder = tmp_path / "run" / "checkpoint-10"
    write_safetensors(folder / "model-00001-of-00002.safetensors", {"wte": [50, 16], "bias": [16]})
    write_safetensors(folder / "model-00002-of-00002.safetensors", {"head": [16, 50], "scale": []})
    (row,) = read_source(tmp_path).rows
    assert row["parameters"] == 50 * 16 + 16 + 16 * 50 + 1


def test_weights_that_cannot_be_read_give_no_number(tmp_path):
    write_state(tmp_path / "run", 10, loss=3.5)
    (tmp_path / "run" / "model.safetensors").write_bytes(b"\xff" * 8)
    assert read_source(tmp_path).rows[0]["parameters"] is None
