"""The forecasts in a project's folder: found by their content, and what is in their way is said."""

from __future__ import annotations

import os

import pytest
from runs import GRID, make_runs

from chinchilla_nb import Forecast, fit, mse
from chinchilla_nb.records import saved_forecasts as module
from chinchilla_nb.records.saved_forecasts import saved_forecasts

FIT = fit(make_runs(40, noise=0.01), GRID, mse)


def forecast(N: float) -> Forecast:
    uncertainty = FIT.uncertainty("sandwich")
    return Forecast.of(uncertainty, N, 1e11, None, of_budget=False, level=0.95, definitions={}, versions={})


def test_forecasts_are_found_by_their_content_in_the_order_of_their_names(tmp_path):
    forecast(2e9).save(tmp_path / "b.json")
    forecast(1e9).save(tmp_path / "a.json")
    (tmp_path / "config.json").write_text('{"project_dir": "x"}')
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "empty.json").write_text("")
    forecast(3e9).save(tmp_path / "c.txt")
    forecast(3e9).save(tmp_path / ".hidden.json")
    (tmp_path / "sub").mkdir()
    forecast(3e9).save(tmp_path / "sub" / "d.json")
    (tmp_path / "folder.json").mkdir()
    found, problems = saved_forecasts(tmp_path)
    assert [one.N for one in found] == [1e9, 2e9]
    assert problems == ()


def test_each_that_is_damaged_is_a_sentence(tmp_path):
    forecast(1e9).save(tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    (tmp_path / "cut.json").write_text(text[: len(text) // 2])
    (tmp_path / "newer.json").write_text(text.replace('"version": 1', '"version": 2'))
    found, problems = saved_forecasts(tmp_path)
    assert len(found) == 1
    assert "cut.json" in problems[0]
    assert "no valid JSON" in problems[0]
    assert "must be of version 1, got version 2" in problems[1]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    assert saved_forecasts(tmp_path) == ((), ())


def test_no_more_are_read_than_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    for name in "abc":
        forecast(1e9).save(tmp_path / f"{name}.json")
    found, problems = saved_forecasts(tmp_path)
    assert len(found) == 2
    assert problems[0].startswith("only 2 of 3 forecasts in ")


def test_a_folder_that_is_gone_has_none(tmp_path):
    assert saved_forecasts(tmp_path / "gone") == ((), ())
