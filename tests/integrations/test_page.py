"""The page about trackers: its code runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from lightning_training import BATCH, LanguageModel
from training import N, Sequences, model
from transformers import TrainingArguments

from chinchilla_nb import Database

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "trackers.md").read_text(encoding="utf-8")


def code(heading: str) -> str:
    """Return the Python below a heading."""
    section = PAGE.partition(f"### {heading}\n")[2]
    return re.search("```python\n(.*?)```", section, flags=re.DOTALL)[1]


def test_the_callback_of_hugging_face(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("project").mkdir()
    arguments = TrainingArguments(
        "output", max_steps=4, eval_strategy="steps", eval_steps=2, use_cpu=True, report_to="none", save_strategy="no"
    )
    exec(
        code("Hugging Face"),
        {"model": model(), "arguments": arguments, "train": Sequences(32), "evaluation": Sequences(8)},
    )
    assert Database("project").df.N.tolist() == [N]


def test_the_callback_of_lightning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("project").mkdir()
    train, validation = (torch.utils.data.DataLoader(Sequences(count), BATCH) for count in (64, 8))
    exec(code("Lightning"), {"module": LanguageModel(), "train": train, "validation": validation})
    assert Database("project").df.N.tolist() == [N]
