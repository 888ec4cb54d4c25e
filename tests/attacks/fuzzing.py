"""Damaged files: each is read or refused in one sentence, and what is read can be appended to."""

from __future__ import annotations

import random
import traceback
from pathlib import Path

import pandas as pd

from chinchilla_nb.database import Database
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.columns.reading import read_columns
from chinchilla_nb.records.importing import preview_reading
from chinchilla_nb.records.tables import read_table

CSV = (
    'C,N,D,loss,note,lr\n120000000,1000,20000,3.25,plain,0.1\n6,1,1,2.5,"a, ""b""",1e-3\n6,1,1,1.5,,\n'
    '7.5e20,1e9,1.25e11,2.125,"1e5",nan\n'
)
JSON = '[{"N": 1, "D": 2, "loss": 2.5, "a": {"b": [1, "x"]}}, {"N": 1e9, "D": null, "C": 6e20, "loss": 3}]'
LINES = '{"N": 1, "D": 2, "loss": 2.5}\n{"params": "70B", "tokens": "1.4T", "loss": 1.9}\n'
PIECES = [
    *",;\t|\"'\n\r\0 \ufeff-+.eE_0123456789aN{}[]:",
    "\r\n", "\n\n", '""', "nan", "NaN", "inf", "True", "9" * 30, "9" * 5000, "1_000", "１２", "\u00a0", "é", "null",
    "1e999", "a" * 200_000, "{" * 3000, "[" * 3000, "loss", "N,", '"' * 7, "=cmd|x", "\x1b[31m",
]  # fmt: skip


def fuzzed(folder: Path, files: int, seed: int = 0) -> tuple[int, int]:
    """Damage files at random; return how many, and how many did no harm."""
    chance = random.Random(seed)
    kinds = [("df.csv", CSV), ("t.tsv", CSV.replace(",", "\t")), ("t.json", JSON), ("t.jsonl", LINES)]
    survived = 0
    for number in range(files):
        name, text = chance.choice(kinds)
        content = _damaged(text, chance).encode(errors="surrogatepass")
        if chance.random() < 0.2:
            place = chance.randrange(len(content) + 1)
            content = content[:place] + bytes([chance.randrange(256)]) + content[place:]
        try:
            _read(folder, name, content)
            if name == "df.csv":
                _open(folder / "project", content)
        except Exception:  # noqa: BLE001  counted, and the next file is tried
            print(f"{number}: {content[:300]!r}")
            traceback.print_exc(limit=-4)
        else:
            survived += 1
    return files, survived


def _damaged(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 3)):
        begin = chance.randrange(len(text) + 1)
        end = begin + chance.choice([0, 0, 1, chance.randrange(10)])
        piece = chance.choice(PIECES)
        if chance.random() < 0.2:  # a part of the file again
            piece = text[chance.randrange(len(text) + 1) :]
        text = text[:begin] + piece + text[end:]
    return text


def _read(folder: Path, name: str, content: bytes) -> None:
    try:
        table = read_table(name, content)
        preview = preview_reading(read_columns(table))
    except InputError as error:
        _check_sentence(error)
        return
    for row in preview.rejected:
        assert "\n" not in row.reason
    if preview.rows:
        database = Database()
        database.extend(preview.rows)
        assert len(database) == len(preview.rows)


def _open(project: Path, content: bytes) -> None:
    """What open reads, append accepts, also with a new column; what is refused stays as it was."""
    project.mkdir(exist_ok=True)
    for path in project.iterdir():
        path.unlink()
    path = project / "df.csv"
    path.write_bytes(content)
    try:
        database = Database(project, log_level=40)
    except InputError as error:
        _check_sentence(error)
        assert path.read_bytes() == content
        return
    before = database.df
    for row, more in enumerate(({}, {"brand new": 1.5}), 1):
        database.append(N=1000, D=20_000, loss=3.5, **more)
        again = Database(project, log_level=40).df
        pd.testing.assert_frame_equal(again[list(before)].head(len(before)), before, check_dtype=False)
        assert len(again) == len(database) == len(before) + row


def _check_sentence(error: InputError) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 2000
