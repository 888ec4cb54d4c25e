"""A real training with Lightning's CSVLogger leaves files that are read as runs."""

from __future__ import annotations

import pytest
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning_training import STEPS, LanguageModel, train

from chinchilla_nb.records.importers.sources import read_source

RATES = (1e-3, 1e-2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lightning")
    metrics = []
    for rate in RATES:
        logger = CSVLogger(folder, flush_logs_every_n_steps=1)
        trainer = train(folder, LanguageModel(lr=rate), logger=logger)
        metrics.append({name: float(value) for name, value in trainer.callback_metrics.items()})
    return folder, metrics


def test_runs_are_read_as_they_were_logged(trained):
    folder, metrics = trained
    table = read_source(folder)
    assert "Lightning" in table.notes[0]
    assert table.rejected == ()
    for row, logged, rate, version in zip(table.rows, metrics, RATES, (0, 1), strict=True):
        assert row["run"] == f"lightning_logs/version_{version}"
        assert row["val_loss"] == pytest.approx(logged["val_loss"], rel=1e-6)
        assert row["lowest.val_loss"] <= row["val_loss"]
        assert (row["hparams.lr"], row["hparams.betas"]) == (rate, "[0.9, 0.95]")
        assert row["step"] == STEPS - 1


def test_a_file_that_a_crash_cut_off_gives_what_is_whole_and_says_so(trained, tmp_path):
    path = trained[0] / "lightning_logs" / "version_0" / "metrics.csv"
    lines = path.read_text().splitlines()
    (tmp_path / "metrics.csv").write_text("\n".join([*lines[:-1], lines[-1].partition(",")[0]]))
    table = read_source(tmp_path)
    assert table.rows[0]["train_loss"] > 0
    assert any("of metrics.csv is not read" in note for note in table.notes)


def test_its_tensorboard_logger_is_read_with_hyperparameters(tmp_path):
    trainer = train(tmp_path, LanguageModel(), logger=TensorBoardLogger(tmp_path))
    (row,) = read_source(tmp_path).rows
    assert row["val_loss"] == pytest.approx(float(trainer.callback_metrics["val_loss"]), rel=1e-6)
    assert row["hparams.lr"] == 1e-3
