"""Metrics of Lightning's CSVLogger: the last and the lowest value of columns that are mostly empty."""

from __future__ import annotations

import math

from chinchilla_nb.records.importers.sources import read_source

METRICS = "epoch,step,train_loss,val_loss\n0,0,4.0,\n0,4,,3.5\n1,5,3.0,\n1,9,,3.75\n"


def test_the_last_and_the_lowest_value_of_each_column_are_read(tmp_path):
    folder = tmp_path / "lightning_logs" / "version_3"
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text(METRICS)
    (folder / "hparams.yaml").write_text("n_params: 1000\nmodel:\n  width: 64\nbetas: !!python/tuple\n- 0.9\n- 0.95\n")
    (row,) = read_source(tmp_path).rows
    assert row == {
        "run": "lightning_logs/version_3",
        "hparams.n_params": 1000,
        "hparams.model.width": 64,
        "hparams.betas": "[0.9, 0.95]",
        "epoch": 1,
        "step": 9,
        "train_loss": 3.0,
        "val_loss": 3.75,
        "lowest.train_loss": 3.0,
        "lowest.val_loss": 3.5,
    }


def test_a_loss_that_diverged_is_not_a_number_and_its_lowest_is(tmp_path):
    (tmp_path / "metrics.csv").write_text("epoch,step,loss\n0,0,4.0\n0,1,3.0\n0,2,nan\n")
    (row,) = read_source(tmp_path).rows
    assert math.isnan(row["loss"])
    assert row["lowest.loss"] == 3.0


def test_hyperparameters_that_cannot_be_read_are_said(tmp_path):
    (tmp_path / "metrics.csv").write_text(METRICS)
    (tmp_path / "hparams.yaml").write_text("n_params: [1000\n")
    table = read_source(tmp_path)
    assert table.rows[0]["val_loss"] == 3.75
    assert any("hparams.yaml' is not YAML" in note for note in table.notes)


def test_objects_of_python_in_hyperparameters_are_not_made(tmp_path):
    (tmp_path / "metrics.csv").write_text(METRICS)
    (tmp_path / "hparams.yaml").write_text("run: !!python/object/apply:os.system ['touch made']\n")
    (row,) = read_source(tmp_path).rows
    assert row["hparams.run"] == '["touch made"]'
