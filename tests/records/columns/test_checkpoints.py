"""Tables with a row for each checkpoint: one run each, and plans of runs that only look like checkpoints."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import runs_as_tables as corpus

from chinchilla_nb.records.columns.reading import read_columns
from chinchilla_nb.records.importing import preview_reading
from chinchilla_nb.records.tables import read_table, table_from_frame

# pandas 2.1 warns with NumPy 1.24 when it writes NaN.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")


def history(name="run_id", step="step", rows=8, **more) -> pd.DataFrame:
    """Return the twelve runs with some rows each, in which the loss falls to that of the run."""
    lines = []
    for run, (N, D, loss) in enumerate(zip(corpus.N, corpus.D, corpus.LOSS, strict=True)):
        for row in range(1, rows + 1):
            done = row / rows
            line = {name: corpus.NAMES[run]} if name else {}
            line |= {step: round(800 * (run + 1) * done)} if step else {}
            lines.append(
                line | {"n_params": int(N), "tokens": int(D * done), "loss": round(loss + 0.3 * (1 - done), 4)}
            )
    return pd.DataFrame(lines).assign(**more)


def read(frame: pd.DataFrame, **given):
    return read_columns(read_table("runs.csv", frame.to_csv(index=False).encode()), **given)


def runs_of(reading) -> list[tuple[float, float, float]]:
    assert not reading.questions
    return [(row["N"], row["D"], row["loss"]) for row in preview_reading(reading).rows]


EXPECTED = list(zip(corpus.N, corpus.D, corpus.LOSS, strict=True))


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("run_id", "step"),
        ("run", "global_step"),
        ("Name", "_step"),
        ("id", None),
        ("run name", "epoch"),
        (None, "iter"),
    ],
)
def test_the_last_row_of_each_run_is_taken_and_said(name, step):
    reading = read(history(name, step))
    assert runs_of(reading) == EXPECTED
    (said,) = (sentence for sentence in reading.sentences() if "checkpoints" in sentence)
    assert said.startswith("96 rows are checkpoints of 12 runs, because ")
    assert said.endswith("rises: the last checkpoint of each run is taken.") or "equal steps" in said


def test_rows_in_any_order():
    shuffled = history().sample(frac=1, random_state=0)
    assert sorted(runs_of(read(shuffled))) == sorted(EXPECTED)


def test_data_that_were_planned_are_the_same_in_all_rows():
    planned = history().assign(tokens=np.repeat(corpus.D, 8))
    assert runs_of(read(planned)) == EXPECTED


def test_a_loss_that_is_not_logged_in_all_rows():
    frame = history()
    frame["val_loss"] = frame.loss.where(frame.index % 4 == 3)
    frame["loss"] -= 0.2
    assert runs_of(read(frame)) == EXPECTED
    reading = read_columns(table_from_frame(frame))  # with NaN where the CSV has nothing
    assert runs_of(reading) == EXPECTED


def test_a_run_that_diverged_is_not_taken_from_before():
    frame = history()
    frame.loc[(frame.run_id == "r3") & (frame.step > 1600), "loss"] = np.nan
    preview = preview_reading(read_columns(table_from_frame(frame)))
    assert len(preview.rows) == 11
    assert [one.reason for one in preview.rejected] == ["loss (loss) is nan, not a finite number"]


def test_the_lowest_loss_is_a_mean_of_five():
    frame = history(rows=20)
    losses = 3 + np.abs(np.arange(20) - 12) * 0.1  # the lowest is the thirteenth
    losses[4] = 2.95  # a lucky batch
    frame["loss"] = np.tile(losses, 12)
    rows = preview_reading(read(frame, checkpoints="lowest")).rows
    assert rows[0]["loss"] == pytest.approx(np.mean([0.2, 0.1, 0, 0.1, 0.2]) + 3)
    assert rows[0]["D"] == pytest.approx(corpus.D[0] * 13 / 20)


def test_all_rows_on_request():
    assert len(runs_of(read(history(), checkpoints="all"))) == 96


def test_one_model_whose_size_is_typed():
    frame = history()[lambda table: table.run_id == "r11"].drop(columns=["n_params", "run_id"])
    assert list(read(frame).questions) == ["N"]
    assert runs_of(read(frame, N="600M")) == [EXPECTED[11]]
    assert runs_of(read(frame, N=6e8)) == [EXPECTED[11]]


@pytest.mark.parametrize("name", ["steps", "step", "iterations"])
def test_a_plan_of_runs_with_their_steps_is_no_history(name):
    frame = pd.DataFrame(corpus.table()).assign(**{name: [round(D / 2**19) for D in corpus.D]})
    assert runs_of(read(frame)) == EXPECTED


def test_models_with_several_amounts_of_data_are_no_history():
    frame = pd.DataFrame(corpus.table()).assign(model=[f"gpt-{N / 1e6:g}m" for N in corpus.N])
    assert runs_of(read(frame)) == EXPECTED


@pytest.mark.parametrize(
    "frame", [history("model", rows=3), history(None, None)], ids=["model and step", "tokens only"]
)
def test_what_may_be_either_is_asked(frame):
    assert list(read(frame).questions) == ["checkpoints"]
    assert len(runs_of(read(frame, checkpoints="last"))) == 12
    assert len(runs_of(read(frame, checkpoints="all"))) == len(frame)


def test_a_table_of_this_package_has_a_row_for_each_run():
    frame = pd.DataFrame({"C": corpus.SIX_ND, "N": corpus.N, "D": corpus.D, "loss": corpus.LOSS, "run": "sweep"})
    assert runs_of(read(frame)) == EXPECTED


def test_a_size_that_is_logged_once_is_that_of_the_run():
    frame = history()
    frame["n_params"] = frame.n_params.where(frame.index % 8 == 0)
    assert runs_of(read(frame)) == EXPECTED
    assert runs_of(read_columns(table_from_frame(frame))) == EXPECTED


def seeds_of_three_models(setting="seed") -> pd.DataFrame:
    """Return ten checkpoints of three seeds of each of three models; the loss at the end is 4 plus the seed / 100."""
    return pd.DataFrame(
        {
            "model": f"m{N}",
            setting: seed,
            "step": 100 * row,
            "params": N * 10**6,
            "tokens": 10**8 * row,
            "loss": round(5 - row / 10 + seed / 100, 4),
        }
        for N in (70, 160, 400)
        for seed in range(3)
        for row in range(1, 11)
    )


@pytest.mark.parametrize("setting", ["seed", "lr", "variant"])
def test_seeds_of_one_model_are_runs_of_their_own(setting):
    expected = [(N, 1e9, loss) for N in (7e7, 1.6e8, 4e8) for loss in (4.0, 4.01, 4.02)]
    assert runs_of(read(seeds_of_three_models(setting))) == expected


def test_a_name_that_all_runs_share_hides_no_checkpoints():
    frame = seeds_of_three_models().query("seed == 0").assign(model="sweep", project="scaling")
    assert runs_of(read(frame)) == [(N, 1e9, 4.0) for N in (7e7, 1.6e8, 4e8)]


def test_checkpoints_of_runs_without_names_that_were_logged_side_by_side_are_asked():
    frame = seeds_of_three_models().query("seed == 0").drop(columns=["model", "seed"]).sort_values(["step", "params"])
    assert list(read(frame).questions) == ["checkpoints"]
    assert runs_of(read(frame, checkpoints="last")) == [(N, 1e9, 4.0) for N in (7e7, 1.6e8, 4e8)]


def interleaved(*tokens: float) -> pd.DataFrame:
    """Return rows of models without names and steps, as several jobs log them: all at one D, then all at the next."""
    lines = [{"params": N, "tokens": D, "loss": 5 - N / 1e9 - D / 1e10} for D in tokens for N in (7e7, 1.6e8, 4e8)]
    return pd.DataFrame(lines)


def test_three_equal_amounts_of_data_for_each_model_are_taken_as_runs_and_this_is_said():
    frame = interleaved(1e9, 2e9, 3e9)
    reading = read(frame)
    assert len(runs_of(reading)) == 9
    assert any(
        "each row is taken as a run; if the rows of an N are checkpoints of one run, set checkpoints to 'last'" in one
        for one in reading.sentences()
    )
    assert [D for _, D, _ in runs_of(read(frame, checkpoints="last"))] == [3e9] * 3
    assert not any("checkpoints" in one for one in read(interleaved(1e9, 2e9, 4e9)).sentences())


def test_runs_of_one_name_that_pass_a_step_twice_and_cannot_be_told_apart_are_asked():
    frame = seeds_of_three_models().drop(columns="seed")
    assert list(read(frame).questions) == ["checkpoints"]


def test_one_model_with_equally_spaced_data_may_be_runs():
    frame = pd.DataFrame(
        {"model": "125m", "params": 125_000_000, "tokens": 1e9 * np.arange(1, 13), "loss": np.linspace(4, 3, 12)}
    )
    assert list(read(frame).questions) == ["checkpoints"]
    assert list(read(frame.assign(step=100 * np.arange(1, 13))).questions) == []
