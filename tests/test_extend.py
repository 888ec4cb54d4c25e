"""Several runs appended at once: all of them or none, beside whatever others append."""

from __future__ import annotations

import pytest

from chinchilla_nb.database import Database


def runs(*losses: float) -> list[dict[str, float]]:
    return [{"N": 1e8 * place, "D": 1e10, "loss": loss} for place, loss in enumerate(losses, 1)]


def test_one_bad_run_and_nothing_is_written(tmp_path):
    database = Database(tmp_path)
    database.extend(runs(3.0))
    before = (tmp_path / "df.csv").read_bytes()
    with pytest.raises(ValueError, match="loss must be positive"):
        database.extend(runs(2.9, -1.0))
    assert (tmp_path / "df.csv").read_bytes() == before
    assert len(database) == 1


def test_observers_hear_once(tmp_path):
    database = Database(tmp_path)
    heard: list[int] = []
    database.observe(lambda change: heard.append(change["new"]), "revision")
    database.extend(runs(3.0, 2.9, 2.8))
    database.extend([])
    assert len(heard) == 1
    assert database.runs.loss.tolist() == Database(tmp_path).runs.loss.tolist() == [3.0, 2.9, 2.8]


def test_rows_of_others_and_new_columns_are_kept(tmp_path):
    one, other = Database(tmp_path), Database(tmp_path)
    one.extend(runs(3.0, 2.9))
    other.append(N=5e8, D=1e10, loss=2.0, lr=0.1)
    one.extend([{**run, "name": "a"} for run in runs(1.5, 1.4)])
    expected = [3.0, 2.9, 2.0, 1.5, 1.4]
    assert one.runs.loss.tolist() == Database(tmp_path).runs.loss.tolist() == expected
    assert one.df["name"].tolist()[3:] == ["a", "a"]
    assert one.df["lr"][2] == 0.1


def test_in_memory_too():
    database = Database()
    database.extend(runs(3.0, 2.9))
    assert database.runs.loss.tolist() == [3.0, 2.9]
