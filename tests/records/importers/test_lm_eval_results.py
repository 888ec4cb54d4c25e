"""Results of lm-eval: a row for each file, with the metrics of each task."""

from __future__ import annotations

import json

from chinchilla_nb.records.importers.sources import read_source

RESULTS = {
    "results": {
        "wikitext": {"alias": "wikitext", "bits_per_byte,none": 0.75, "bits_per_byte_stderr,none": "N/A"},
        "gsm8k": {"exact_match,strict-match": 0.5},
    },
    "versions": {"wikitext": 2, "gsm8k": 3},
    "config": {"model": "hf", "model_num_parameters": 1000},
    "model_name": "org/small",
}


def test_metrics_are_read_by_task_and_filter(tmp_path):
    folder = tmp_path / "org__small"
    folder.mkdir()
    (folder / "results_2026-01-01T00-00-00.json").write_text(json.dumps(RESULTS))
    (row,) = read_source(tmp_path).rows
    assert row == {
        "run": "org/small",
        "config.model": "hf",
        "config.model_num_parameters": 1000,
        "results.wikitext.bits_per_byte": 0.75,
        "results.wikitext.bits_per_byte_stderr": "N/A",
        "results.gsm8k.exact_match,strict-match": 0.5,
    }


def test_other_results_are_not_taken_for_those_of_lm_eval(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps({"results": [{"N": 1}]}))
    (tmp_path / "results_1.json").write_text(json.dumps(RESULTS))
    assert len(read_source(tmp_path).rows) == 1
