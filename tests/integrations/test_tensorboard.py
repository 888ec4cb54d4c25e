"""Event files that PyTorch's writer and Keras' layout leave are read as runs."""

from __future__ import annotations

import pytest
from runs_to_log import RUNS, check_rows
from torch.utils.tensorboard import SummaryWriter

from chinchilla_nb.records.importers.sources import read_source


def log(folder, *, hparams: bool) -> None:
    for run in RUNS:
        with SummaryWriter(folder / run.name) as writer:
            for step, (loss, tokens) in enumerate(zip(run.losses, run.tokens, strict=True)):
                writer.add_scalar("val/loss", loss, step)
                writer.add_scalar("tokens", tokens, step)
                if not hparams:
                    writer.add_scalar("params", run.N, step)
            if hparams:
                writer.add_hparams({"n_params": run.N, "activation": "gelu"}, {"hparam/final": run.losses[-1]})


def test_scalars_are_read_as_they_were_logged(tmp_path):
    log(tmp_path, hparams=False)
    check_rows(tmp_path, loss="val/loss", lowest="lowest.val/loss", N="params", D="tokens")


def test_hyperparameters_join_the_scalars_of_their_run(tmp_path):
    log(tmp_path, hparams=True)
    check_rows(tmp_path, loss="val/loss", lowest="lowest.val/loss", N="hparams.n_params", D="tokens")
    assert {row["hparams.activation"] for row in read_source(tmp_path).rows} == {"gelu"}
    assert {row["status"] for row in read_source(tmp_path).rows} == {"SUCCESS"}


def test_folders_of_training_and_validation_are_one_run(tmp_path):
    for part, loss in (("train", 3.0), ("validation", 3.5)):
        with SummaryWriter(tmp_path / "first" / part) as writer:
            writer.add_scalar("epoch_loss", loss, 7)
    (row,) = read_source(tmp_path).rows
    assert (row["run"], row["train/epoch_loss"], row["validation/epoch_loss"], row["step"]) == ("first", 3.0, 3.5, 7)


def test_runs_of_a_sweep_without_scalars_stay_apart(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        for run in RUNS[:2]:
            writer.add_hparams({"n_params": run.N}, {"loss": run.losses[-1]}, run_name=run.name)
    rows = {row["run"]: row["hparams.n_params"] for row in read_source(tmp_path).rows}
    assert rows == {run.name: run.N for run in RUNS[:2]}


@pytest.fixture
def event_file(tmp_path):
    with SummaryWriter(tmp_path / "run") as writer:
        for step in range(10):
            writer.add_scalar("loss", 4.0 - step / 4, step)
    (path,) = (tmp_path / "run").iterdir()
    return path


def test_a_file_that_a_crash_cut_off_gives_what_is_whole_and_says_so(event_file):
    event_file.write_bytes(event_file.read_bytes()[:-3])
    table = read_source(event_file.parent)
    assert table.rows[0]["loss"] == 4.0 - 8 / 4
    assert any("is damaged or cut off after 10 events" in note for note in table.notes)


def test_damage_in_the_middle_of_a_file_is_said(event_file):
    content = event_file.read_bytes()
    middle = len(content) // 2
    event_file.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
    table = read_source(event_file.parent)
    assert 4.0 > table.rows[0]["loss"] > 4.0 - 9 / 4
    assert any("is damaged or cut off" in note for note in table.notes)


def test_a_file_of_another_kind_is_rejected(tmp_path):
    (tmp_path / "events.out.tfevents.1").write_bytes(b"no events here, whatever the name says")
    table = read_source(tmp_path)
    assert not table.rows
    assert "holds no scalars" in table.rejected[0].reason
