"""Tooltips of runs."""

from __future__ import annotations

from dataclasses import replace

from runs import LAW, make_runs

from chinchilla_nb.widgets.base.labels import RunLabels, run_labels


def test_kept_descriptions_are_those_of_the_runs_the_law_and_the_unit():
    labels, runs, others = RunLabels(), make_runs(6), make_runs(6, noise=0.1)
    for asked in (
        (runs, [0, 1, 2], "tokens", LAW),
        (runs, [4, 1], "tokens", replace(LAW, E=1.0)),
        (runs, [1, 4], "bytes", None),
        (others, [1, 4], "bytes", LAW),
    ):
        assert labels.of(*asked) == run_labels(*asked)


def test_a_label_ends_with_the_measured_loss_minus_the_predicted_one():
    labels, runs = RunLabels(), make_runs(6)  # which follow the law
    labels.of(runs, [2], "tokens", LAW)
    for lower, said in ((0.5, "Residual: +0.5"), (-0.25, "Residual: \N{MINUS SIGN}0.25")):
        (label,) = labels.of(runs, [2], "tokens", replace(LAW, E=LAW.E - lower))
        assert label.splitlines()[-1] == said
