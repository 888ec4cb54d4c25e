"""The model of `training` as a module of Lightning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from training import Sequences, model

STEPS, BATCH = 10, 4


class LanguageModel(LightningModule):
    def __init__(self, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.95)) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.model = model()

    def training_step(self, batch, _index):
        loss = self.model(**batch).loss
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, _index):
        self.log("val_loss", self.model(**batch).loss)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)


def train(
    folder: Path, module: LightningModule | None = None, ckpt_path: Path | None = None, **options: Any
) -> Trainer:
    """Train for ten steps, with a validation every five."""
    trainer = Trainer(
        default_root_dir=folder,
        **{
            "max_steps": STEPS,
            "val_check_interval": 5,
            "log_every_n_steps": 2,
            "accelerator": "cpu",
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "logger": False,
            "enable_checkpointing": False,
        }
        | options,
    )
    batches = torch.utils.data.DataLoader(Sequences(64), BATCH)
    trainer.fit(
        module or LanguageModel(), batches, torch.utils.data.DataLoader(Sequences(8), BATCH), ckpt_path=ckpt_path
    )
    return trainer
