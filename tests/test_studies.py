"""Studies as a DataFrame: repeatable, resumable after any end, and refused in one sentence."""

from __future__ import annotations

import functools
import json
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from chinchilla_nb import study_chart
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.fitting.losses import mse
from chinchilla_nb.engine.fitting.problem import Problem
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.laws.known import KNOWN_LAWS
from chinchilla_nb.engine.planning.seeding import SeedRegime
from chinchilla_nb.engine.runs import Runs
from chinchilla_nb.engine.simulation.cells import IMPOSSIBLE, Cell
from chinchilla_nb.engine.simulation.designs import RandomSeeds
from chinchilla_nb.engine.simulation.noise import Noise
from chinchilla_nb.engine.simulation.study import Study
from chinchilla_nb.studies import study

HOFFMANN = "Hoffmann et al. 2022"
RANGES = {"C": (1e18, 1e21), "N_to_D": (5, 100)}
ASKED = {"noise": ("normal", 0.02), "seeds": [12, 20], "losses": "mse", "repetitions": 60, "targets": [1e22, 1e23]}


def make(**changed) -> pd.DataFrame:
    return study(HOFFMANN, RANGES, **{**ASKED, "parallel": False, "progress": False, **changed})


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), other.drop(columns="seconds"), check_exact=True)


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    return make()


def test_a_row_per_fit_and_target(whole):
    assert len(whole) == 2 * 60 * 2
    assert whole.columns.is_unique
    assert set(whole.seeds) == {12, 20}
    assert (
        whole.groupby(["seeds", "target"]).repetition.apply(list).map(sorted).map(lambda one: one == [*range(60)]).all()
    )
    best = allocate(KNOWN_LAWS[HOFFMANN], whole.target)[0]
    np.testing.assert_allclose(whole.N_error, np.log(whole.N / best))


def test_more_seeds_are_better(whole):
    spread = whole[whole.target == 1e23].groupby("seeds").N_error.std()
    assert spread[20] < spread[12]


def test_processes_give_the_same_study_to_the_bit(whole):
    import joblib

    from chinchilla_nb.work import parallel

    before = parallel.STARTUP
    parallel.STARTUP = 0.0
    try:
        with joblib.parallel_config(n_jobs=2):
            same(make(parallel=True), whole)
    finally:
        parallel.STARTUP = before


def test_a_study_is_continued_with_more_repetitions(tmp_path, whole):
    path = tmp_path / "study.jsonl"
    make(checkpoint=path, repetitions=50)
    before = path.read_bytes()
    same(make(checkpoint=path), whole)
    assert path.read_bytes().startswith(before)
    size = path.stat().st_size
    same(make(checkpoint=path), whole)
    assert path.stat().st_size == size


def test_a_line_that_was_cut_off_is_measured_again(tmp_path, whole):
    path = tmp_path / "study.jsonl"
    make(checkpoint=path)
    path.write_bytes(path.read_bytes()[:-100])
    same(make(checkpoint=path), whole)


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[2])
from test_studies import make
make(checkpoint=sys.argv[1], repetitions=400)
"""


def test_a_killed_study_is_resumed(tmp_path):
    path = tmp_path / "study.jsonl"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path), str(Path(__file__).parent)])
    deadline = time.monotonic() + 120
    while not (path.exists() and path.read_bytes().count(b"\n") >= 3):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = path.read_bytes()
    assert kept.count(b"\n") < 17
    resumed = make(checkpoint=path, repetitions=400)
    pieces = [tuple(json.loads(line)["piece"]) for line in path.read_bytes().splitlines()[1:]]
    assert path.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])
    assert len(pieces) == len(set(pieces)) == 16
    same(resumed, make(repetitions=400))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"laws": "Hoffman et al. 2022"}, "did you mean 'Hoffmann et al. 2022'"),
        ({"laws": []}, "laws must have at least one value, got none"),
        ({"laws": {"E": 1.0, "A": 0.0, "B": 1.0, "alpha": 0.3, "beta": 0.3}}, "A"),
        ({"designs": {"C": (1e21, 1e18), "N_to_D": (5, 100)}}, "C"),
        ({"designs": [1e9, 1e10]}, "designs must be seed ranges"),
        ({"designs": pd.DataFrame({"N": [1e9]})}, "without D"),
        ({"noise": "normal"}, "noise must be pairs"),
        ({"noise": ("cauchy", 0.1)}, "noise must be one of exponential, half-normal, normal"),
        ({"noise": ("normal", -0.1)}, "must be finite and not negative"),
        ({"noise": [("normal", 0.1), ("normal", 0.1)]}, "normal 0.1 twice"),
        ({"seeds": 0}, "seeds must be between 3 and 100,000, got 0"),
        ({"seeds": 2}, "seeds must be between 3 and 100,000, got 2"),
        ({"seeds": {"a": 12, "b": 12}}, "seeds must be a number or a list of numbers"),
        ({"seeds": [12, 12]}, "seeds must be different, got 12 twice: give each once"),
        ({"laws": {1: HOFFMANN, "1": "Besiroglu et al. 2024"}}, "laws must be different, got 1 twice"),
        ({"noise": {0.01: ("normal", 0.01), "0.01": None}}, "noise must be different, got 0.01 twice"),
        ({"scaling_factors": {"ten": 10}}, "scaling_factors must be a number or a list of numbers"),
        ({"scaling_factors": 1e290}, r"scaling_factors must leave the compute of runs finite, got 1e\+290"),
        ({"seeds": []}, "seeds must have at least one value"),
        ({"seeds": 2.5}, "seeds must be a whole number"),
        ({"losses": "huberr"}, "did you mean 'huber'"),
        ({"scaling_factors": -1}, "scaling_factors must be positive"),
        ({"targets": [1e22, -1]}, "targets must be positive"),
        ({"targets": functools.reduce(lambda nested, _: [nested] * 10, range(30), "x")}, "targets must be"),
        ({"designs": np.empty((0, 2))}, "designs must have at least one "),
        ({"seeds": np.array(None)}, "seeds must be"),
        ({"checkpoint": 0.5}, "checkpoint must be the path of a file, got 0.5"),
        ({"checkpoint": "."}, "checkpoint must be the path of a file, got '.': add the name of the file"),
        ({"checkpoint": "/dev/zero"}, "checkpoint must be the path of a file, got '/dev/zero'"),
        ({"repetitions": 0}, "repetitions must be between 1"),
        ({"rng": -1}, "rng must not be negative"),
        ({"law": "frontier"}, "law"),
        ({"intervals": "pairz"}, "intervals"),
        ({"level": 95, "intervals": "pairs"}, "level"),
    ],
)
def test_what_cannot_be_studied_is_refused(changed, message):
    arguments = {"laws": HOFFMANN, "designs": RANGES, "progress": False, "repetitions": 2, **changed}
    with pytest.raises(InputError, match=message):
        study(**arguments)


def test_a_checkpoint_of_another_study_is_refused(tmp_path):
    path = tmp_path / "study.jsonl"
    make(checkpoint=path, repetitions=2)
    kept = path.read_bytes()
    with pytest.raises(InputError, match="is of a study with other targets"):
        make(checkpoint=path, repetitions=2, targets=[1e22, 1e24])
    with pytest.raises(InputError, match=r"other losses, got \[\['mse', .* instead of \[\['huber', "):
        make(checkpoint=path, repetitions=2, losses="huber")
    with pytest.raises(InputError, match=r"other seeds, got \[20\] instead of \[\]"):
        make(checkpoint=path, repetitions=2, seeds=[12])
    with pytest.raises(InputError, match=r"other seeds, got \[12, 20\] instead of \[20, 12\]"):
        make(checkpoint=path, repetitions=2, seeds=[20, 12])
    assert path.read_bytes() == kept
    labelled = tmp_path / "labelled.jsonl"
    make(checkpoint=labelled, repetitions=2, losses={"mine": "mse"})
    with pytest.raises(InputError, match="is of a study with other losses"):
        make(checkpoint=labelled, repetitions=2, losses={"mine": "huber"})
    path.write_text("C,N,D,loss\n")
    with pytest.raises(InputError, match="is not the checkpoint of a study"):
        make(checkpoint=path, repetitions=2)
    assert path.read_text() == "C,N,D,loss\n"


def spread_by(size, rng, count):
    return rng.normal(0, size, count)


@pytest.mark.parametrize("label", [None, "mine"])
def test_noise_of_the_same_name_that_draws_other_numbers_is_other_noise(tmp_path, label):
    def with_noise(size):
        noise = functools.partial(spread_by, size)
        return make(
            checkpoint=tmp_path / "study.jsonl",
            repetitions=2,
            seeds=12,
            noise=noise if label is None else {label: noise},
        )

    small = with_noise(0.001)
    with pytest.raises(InputError, match="is of a study with other noise"):
        with_noise(0.1)
    same(with_noise(0.001), small)


def test_a_loss_of_the_same_name_that_measures_otherwise_is_another_loss(tmp_path):
    def with_slope(slope):
        losses = {"mine": lambda y, p: np.maximum(y - p, slope * (p - y))}
        return make(checkpoint=tmp_path / "study.jsonl", repetitions=1, seeds=12, losses=losses)

    with_slope(2)
    with pytest.raises(InputError, match="is of a study with other losses"):
        with_slope(3)


def test_a_checkpoint_that_another_study_is_writing_is_refused_within_seconds(tmp_path):
    path = tmp_path / "study.jsonl"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path), str(Path(__file__).parent)])
    try:
        deadline = time.monotonic() + 120
        while not path.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        with pytest.raises(TimeoutError, match=f"process {process.pid} has kept it locked for more than 2 s"):
            make(checkpoint=path, repetitions=400)
    finally:
        process.kill()
        process.wait()


def test_a_project_with_an_impossible_loss_is_a_row_that_says_so():
    table = make(noise=("normal", 0.9), seeds=60, repetitions=60, targets=1e22)
    failed = table.status == IMPOSSIBLE
    assert 0 < failed.sum() < 30
    assert table.loc[failed, ["E", "alpha", "N", "N_error", "a_error"]].isna().all(axis=None)
    assert table.loc[~failed, ["E", "alpha"]].notna().all(axis=None)
    # Independently: the streams of a repetition, as the documentation describes them.
    law, noise = KNOWN_LAWS[HOFFMANN], Noise("normal", 0.9)
    for repetition in range(60):
        N, D = RandomSeeds(SeedRegime((1e18, 1e21), (5.0, 100.0))).draw(np.random.default_rng([0, repetition, 0]), 60)
        lowest = (law.loss(N, D) + noise(np.random.default_rng([0, repetition, 1]), 60)).min()
        assert failed[repetition] == (lowest <= 0)


def test_projects_with_and_without_a_scaled_run_are_told_apart():
    table = make(scaling_factors=[None, 10], seeds=12, repetitions=3, targets=1e22)
    assert sorted(table.groupby("scaling_factor").size().to_dict().items()) == [(0.0, 3), (10.0, 3)]
    axes = study_chart(table, "scaling_factor").axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["no scaled run", "10 times"]


def test_what_a_task_sends_does_not_grow_with_the_number_of_cells():
    def size(seeds):
        problem = Problem(Runs([], [], []), loss_fn=mse)
        design, law = RandomSeeds(SeedRegime((1e18, 1e21), (5.0, 100.0))), KNOWN_LAWS[HOFFMANN]
        cells = tuple(Cell({"seeds": n}, law, Noise("normal", 0.1), design, n, 0, None, problem) for n in seeds)
        asked = Study(cells, np.array([1e22]), 50, 0)
        return len(pickle.dumps(asked.task(asked.pieces[0])))

    assert size(range(10, 210)) == size([10])


def test_choices_have_labels_of_your_own(tmp_path):
    table = study(
        {"one": HOFFMANN, "other": {"E": 1.7, "A": 400, "B": 2000, "alpha": 0.34, "beta": 0.36}},
        {"grid": [(1e8, 1e9), (1e8, 1e10), (1e9, 1e10), (1e9, 1e11), (1e10, 1e11), (3e8, 3e10)], "seeds": RANGES},
        seeds=[6, 8],
        losses={"square": "mse"},
        repetitions=2,
        progress=False,
    )
    assert set(table.law) == {"one", "other"}
    # Given runs are all made, whatever the number of seeds.
    assert set(zip(table.design, table.seeds, strict=True)) == {("grid", 6), ("seeds", 6), ("seeds", 8)}
    assert set(table.loss) == {"square"}


@pytest.mark.parametrize("damage", ["no repetition", "a project missing", "no JSON", "nothing measured"])
def test_a_damaged_line_of_a_checkpoint_is_named(tmp_path, damage):
    path = tmp_path / "study.jsonl"
    make(checkpoint=path, repetitions=2)
    first, line, *rest = path.read_text().splitlines()
    content = json.loads(line)
    if damage == "no repetition":
        del content["measured"]["repetition"]
    elif damage == "a project missing":
        content["measured"]["E"].pop()
    elif damage == "nothing measured":
        content["measured"] = {}
    path.write_text("\n".join([first, "{" if damage == "no JSON" else json.dumps(content), *rest, ""]))
    with pytest.raises(InputError, match=r"line 2 of .*study\.jsonl is damaged"):
        make(checkpoint=path, repetitions=2)
