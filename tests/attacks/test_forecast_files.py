"""Damaged files of forecasts: each is refused in one sentence that names the file, or gives a forecast that works."""

from __future__ import annotations

import dataclasses
import json
import os
import random

import numpy as np
import pytest
from result_doors import FORECAST, RUNS

from chinchilla_nb import Forecast, InputError

LONGEST = 1000
"""Characters of the longest sentence."""
ODD_NUMBERS = (None, True, 0, -1, 1.5, 10**400, 1e308, 5e-324, "inf", "nan")
ODD = (*ODD_NUMBERS, "", "x" * 5000, "kaplan", [], [1], [[]], {}, {"a": 1})
FIELDS = ["format", "version", *(field.name for field in dataclasses.fields(Forecast))]


@pytest.fixture
def path(tmp_path):
    FORECAST.save(tmp_path / "forecast.json")
    return tmp_path / "forecast.json"


def one_sentence(sentence, path):
    assert str(path) in sentence
    assert "\n" not in sentence
    assert len(sentence) < LONGEST
    return sentence


def outcome(path):
    """Load and use a forecast; return the sentence of a refusal."""
    try:
        forecast = Forecast.load(path)
    except InputError as error:
        return one_sentence(str(error), path)
    repr(forecast)
    forecast.scores(RUNS)
    forecast.score(2.5)
    assert not any(np.isnan(sigma) for sigma in forecast.score(2.5, 1e9, 1e10).sigmas.values())
    return ""


def written(path, change):
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    return outcome(path)


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_of_another_kind_is_refused(path, name):
    original = path.read_bytes()
    refused = 0
    for odd in ODD:
        refused += bool(written(path, lambda values, odd=odd: values.update({name: odd})))
        path.write_bytes(original)
    assert refused > len(ODD) / 2
    assert bool(written(path, lambda values: values.pop(name))) == (name != "notes")  # the first files had none


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace('"level"', '"level": 0.5, "level"'), "no valid JSON"),
        (lambda text: text.replace('"level": 0.95', '"level": NaN'), "no valid JSON"),
        (lambda text: text.replace('"level": 0.95', f'"level": {"9" * 5000}'), "no valid JSON"),
        (lambda text: text.replace('"level": 0.95', '"level": 1e999'), "usable 'level'"),
        (lambda text: text.replace('"chinchilla"', '"frontier"'), "must have a run, intervals and parameters"),
        (lambda text: text.replace('"version": 1', '"version": true'), "must be of version 1, got version True"),
        (lambda text: text[: len(text) // 2], "no valid JSON"),
        (lambda text: "[" * 100_000, "no valid JSON"),
        (lambda text: "null", "got other JSON"),
        (lambda text: "", "no valid JSON"),
    ],
)
def test_a_changed_text_is_refused(path, change, message):
    path.write_text(change(path.read_text()))
    assert message in outcome(path)


def test_what_is_no_text_is_refused(path):
    path.write_bytes(path.read_bytes().replace(b"chinchilla", b"chin\xffchilla"))
    assert "no valid JSON" in outcome(path)
    path.write_bytes(b"\x00" * 64)
    assert "no valid JSON" in outcome(path)
    os.truncate(path, 100_000_001)
    assert "more than 100,000,000 bytes" in outcome(path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"forecast\.json"):
        Forecast.load(path)
    path.mkdir()
    assert "is a folder" in outcome(path)
    assert "cannot be read" in outcome(path / ("x" * 300))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "is a pipe or a device" in outcome(tmp_path / "pipe")


@pytest.mark.parametrize("path", ["", "\x00", "a\x00b", "\ud800", "x" * 5000, b"forecast.json", None, 1])
def test_what_is_no_path_is_refused(path):
    for call in (Forecast.load, FORECAST.save):
        with pytest.raises(InputError, match="path must be the path of a file, got"):
            call(path)


def test_random_damage_is_refused_or_harmless(path):
    original, chance = path.read_bytes(), random.Random(0)
    refused = 0
    for _ in range(400):
        damaged = bytearray(original)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(damaged))
            if chance.random() < 0.5:
                damaged[at] = chance.choice(b'0123456789-+.eE"[]{},:\xff\x00 ')
            else:
                del damaged[at : at + chance.choice([1, 3, 30])]
        path.write_bytes(damaged)
        refused += bool(outcome(path))
    assert refused > 100
