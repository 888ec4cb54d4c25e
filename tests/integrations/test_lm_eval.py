"""Results of a real evaluation with lm-eval are read as one row for each model."""

from __future__ import annotations

import json

import pytest
from lm_eval import simple_evaluate
from lm_eval.loggers import EvaluationTracker
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from tokenizers import Tokenizer, models, pre_tokenizers
from training import VOCABULARY, N, model
from transformers import PreTrainedTokenizerFast

from chinchilla_nb.records.importers.sources import read_source

TEXTS = ["w1 w2 w3 w4 w5", "w7 w8 w9"]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lm_eval")
    (folder / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    task = {
        "task": "texts",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / "texts.jsonl")}},
        "test_split": "test",
        "output_type": "loglikelihood_rolling",
        "doc_to_text": "",
        "doc_to_target": "{{text}}",
        "metric_list": [{"metric": "word_perplexity"}, {"metric": "bits_per_byte"}],
    }
    words = Tokenizer(models.WordLevel({f"w{number}": number for number in range(VOCABULARY)}, unk_token="w0"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="w0", pad_token="w0")
    network = HFLM(pretrained=model(), tokenizer=tokenizer, device="cpu", max_length=16)
    tracker = EvaluationTracker(output_path=str(folder / "results"))
    tracker.general_config_tracker.log_experiment_args(
        model_source="hf",
        model_args="pretrained=small",
        system_instruction=None,
        chat_template=None,
        fewshot_as_multiturn=False,
    )
    results = simple_evaluate(
        network, tasks=[task], task_manager=TaskManager(include_defaults=False), bootstrap_iters=0
    )
    tracker.save_results_aggregated(results, samples=results["samples"])
    return folder, results


def test_metrics_and_the_size_of_the_model_are_read(evaluated):
    folder, results = evaluated
    table = read_source(folder / "results")
    assert "lm-eval" in table.notes[0]
    (row,) = table.rows
    assert row["results.texts.bits_per_byte"] == results["results"]["texts"]["bits_per_byte,none"]
    assert row["results.texts.word_perplexity"] == results["results"]["texts"]["word_perplexity,none"]
    assert row["config.model_num_parameters"] == N


def test_a_file_of_another_name_is_recognised_by_its_content(evaluated, tmp_path):
    folder, _ = evaluated
    (path,) = folder.glob("results/**/results*.json")
    other = tmp_path / "small.json"
    other.write_bytes(path.read_bytes())
    assert read_source(other).rows == read_source(path).rows
