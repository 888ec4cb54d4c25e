"""What a path holds is recognised, and what cannot be read is one sentence."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from mlflow_store import write_run

from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.records.importers import log_tree
from chinchilla_nb.records.importers.log_tree import files_below
from chinchilla_nb.records.importers.sources import read_source, recognise

STATE = {"global_step": 10, "log_history": [{"step": 10, "eval_loss": 3.5}]}


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "run" / "checkpoint-10"
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text(json.dumps(STATE))
    return tmp_path


def test_a_table_is_read_as_a_table(tmp_path):
    (tmp_path / "runs.csv").write_text("N,D,loss\n1e6,2e7,4.0\n")
    assert recognise(tmp_path / "runs.csv") is None
    assert read_source(tmp_path / "runs.csv").rows[0]["loss"] == 4.0


def test_a_table_named_as_lightning_names_its_metrics_is_a_table(tmp_path):
    (tmp_path / "metrics.csv").write_text("N,D,loss\n1e6,2e7,4.0\n")
    assert recognise(tmp_path / "metrics.csv") is None


def test_a_table_in_json_is_a_table(tmp_path):
    (tmp_path / "runs.json").write_text(json.dumps([{"N": 1e6, "D": 2e7, "loss": 4.0}]))
    assert recognise(tmp_path / "runs.json") is None


@pytest.mark.parametrize("name", ["empty", "other"])
def test_a_folder_without_logs_is_refused_with_what_is_known(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / "other").mkdir(exist_ok=True)
    (tmp_path / "other" / "notes.txt").write_text("nothing")
    with pytest.raises(InputError, match="holds no logs of runs: give a folder of .*MLflow.*TensorBoard"):
        read_source(tmp_path / name)


def test_nothing_at_a_path_is_said(tmp_path):
    with pytest.raises(InputError, match="there is nothing at"):
        read_source(tmp_path / "missing")


@pytest.mark.parametrize("source", [None, 7, b"folder", "", ["folder"]])
def test_only_paths_and_addresses_are_sources(source):
    with pytest.raises(TypeError, match="source must be the path of a folder or of a file"):
        read_source(source)


def test_runs_of_the_same_name_stay_apart(tmp_path):
    for number, loss in enumerate((3.5, 3.0)):
        write_run(tmp_path, f"run{number}", {"N": 1000}, {"loss": [loss]}, name="sweep")
    assert [(row["run"], row["metrics.loss"]) for row in read_source(tmp_path).rows] == [
        ("sweep", 3.5),
        ("sweep (2)", 3.0),
    ]


def test_links_and_hidden_folders_are_not_followed(state):
    (state / "latest").symlink_to(state / "run")
    hidden = state / ".trash" / "checkpoint-1"
    hidden.mkdir(parents=True)
    (hidden / "trainer_state.json").write_text(json.dumps(STATE))
    assert [row["run"] for row in read_source(state).rows] == ["run"]


def test_links_beside_logs_are_not_read(tmp_path):
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: 1234")
    run = write_run(tmp_path / "mlruns", "small", {}, {"loss": [3.0]})
    (run / "params" / "link").symlink_to(secret)
    metrics = tmp_path / "lightning" / "metrics.csv"
    metrics.parent.mkdir()
    metrics.write_text("step,loss\n1,3.0\n")
    (metrics.parent / "hparams.yaml").symlink_to(secret)
    for source in ("mlruns", "lightning"):
        assert "1234" not in str(read_source(tmp_path / source).rows)


def test_a_folder_of_artifacts_is_left_out_of_mlflows_runs_only(tmp_path):
    run = write_run(tmp_path / "mlruns", "small", {}, {"loss": [3.0]})
    for folder in (run / "artifacts", tmp_path / "artifacts"):
        folder.mkdir()
        (folder / "model").write_text("")
    assert [path.parent.parent for path in files_below(tmp_path).files if path.name == "model"] == [tmp_path]


def test_a_folder_of_very_many_files_is_read_in_part_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(log_tree, "MOST_FILES", 5)
    for run in range(10):
        write_run(tmp_path, f"run{run}", {}, {"loss": [3.0]})
    for number in range(5):
        write_run(tmp_path / f"store{number}", "deep", {}, {"loss": [3.0]})
    (tmp_path / "trainer_state.json").write_text(json.dumps(STATE))
    assert any("files of the folder were looked at" in note for note in read_source(tmp_path).notes)


@pytest.mark.parametrize("kind", ["trainer_state.json", "results_1.json", "other.json"])
@pytest.mark.parametrize(
    "value",
    [
        STATE | {"log_history": [7, None, {"eval_loss": 10**400}, {"eval_loss": {"a": 1}}], "trial_params": [1]},
        STATE | {"global_step": None},
        {"results": {"task": {}}, "versions": {}, "config": [1], "model_name": 7},
        {"results": {"task": {"acc,none": [1]}}, "versions": {}},
        {},
    ],
)
def test_odd_json_is_a_table_or_one_sentence(tmp_path, kind, value):
    path = tmp_path / kind
    path.write_text(json.dumps(value))
    for source in (path, tmp_path):
        try:
            table = read_source(source)
        except InputError:
            continue
        assert table.rows or table.rejected


def test_a_tree_without_an_end_is_left_after_some_levels(tmp_path):
    folder = tmp_path
    for _ in range(12):
        folder /= "deeper"
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text(json.dumps(STATE))
    assert files_below(tmp_path).files == ()


@pytest.mark.parametrize(
    ("name", "content", "library"),
    [
        ("events.out.tfevents.1", b"", "tensorboard"),
        ("offline-run-1/run-1.wandb", b":W&B\xe1\xbe\x00", "wandb"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(tmp_path, name, content, library):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    # Whether or not it is installed here.
    code = (
        f"import sys; sys.modules[{library!r}] = None; from chinchilla_nb.records.importers.sources import read_source"
    )
    result = subprocess.run(
        [sys.executable, "-c", f"{code}; read_source({str(tmp_path)!r})"], capture_output=True, text=True, check=False
    )
    last = result.stderr.strip().splitlines()[-1]
    assert f'these logs are read with {library}, which is not installed: pip install "chinchilla_nb[{library}]"' in last


@pytest.mark.parametrize(
    ("address", "library"), [("http://127.0.0.1:9", "mlflow"), ("https://wandb.ai/somebody/scaling", "wandb")]
)
def test_an_address_names_the_library_that_reads_it(address, library):
    code = (
        f"import sys; sys.modules[{library!r}] = None; from chinchilla_nb.records.importers.sources import read_source"
    )
    result = subprocess.run(
        [sys.executable, "-c", f"{code}; read_source({address!r})"], capture_output=True, text=True, check=False
    )
    assert f'pip install "chinchilla_nb[{library}]"' in result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("framework", ["huggingface", "lightning"])
def test_a_callback_without_its_framework_names_the_extra(framework):
    extra = {"huggingface": "transformers"}.get(framework, framework)
    code = f"import sys; sys.modules['torch'] = None; sys.modules[{extra!r}] = None"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}; import chinchilla_nb.callbacks.{framework}"],
        capture_output=True,
        text=True,
        check=False,
    )
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith(("ImportError", "ModuleNotFoundError"))
    assert last.endswith(f'pip install "chinchilla_nb[{extra}]"')
