"""Values of the wrong kind in every public argument; `make attacks` tries all of them."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest
from result_doors import DRAWS, FORECAST, FRONTIER_FIT
from runs import LAW, make_runs
from wrong_kinds import Doors, attack, public_arguments

from chinchilla_nb import (
    Chinchilla,
    ConfigPanel,
    Database,
    InputError,
    KaplanLaw,
    RunLogPanel,
    Runs,
    ScalingLaw,
    SeedRegime,
    Session,
    Settings,
    Source,
    Visualizer,
    Workbench,
    allocate,
    compact,
    draw_seed,
    exponents,
    iter_influence,
    iter_roll_outs,
    log_huber,
    outside_the_runs,
    preview_import,
    read_table,
    scientific,
    solve,
)

SHARE = 0.05
"""Share of the values that each run of the tests tries in every argument; a tenth of it where calls are dear."""
KAPLAN = KaplanLaw(8.8e13, 5.4e13, 0.076, 0.095)
RUNS = make_runs(9)


@pytest.mark.parametrize("seed", range(2))
def test_every_value_gets_an_answer_or_one_sentence(seed):
    counts = attack(SHARE, seed)
    assert counts.faults == []
    assert counts.answered > 0.05 * counts.tried
    assert counts.refused > 0.5 * counts.tried


def test_no_public_argument_is_left_out(tmp_path, monkeypatch):
    """A new public name, or a new argument of one, needs a line in `wrong_kinds`."""
    monkeypatch.chdir(tmp_path)
    attacked = {(door.name, argument) for door in Doors().all() for argument in door.usual}
    assert public_arguments() - attacked == set()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: allocate(None, 1e20), "law must be of type Law, got None"),
        (lambda: allocate(ScalingLaw, 1e20), "law must be of type Law, got <class"),
        (lambda: exponents("chinchilla"), "law must be of type Law, got 'chinchilla'"),
        (lambda: exponents(LAW, "1e20"), "C must be a number, got '1e20'"),
        (lambda: exponents(ScalingLaw(1, 1, 1, 0, 0)), "no compute-optimal allocation exists with alpha = 0"),
        (lambda: outside_the_runs(LAW, [1], 1e20), r"runs must be of type Runs, got \[1\]"),
        (lambda: Runs([1], [1], [1], columns=1), "columns must be of type Mapping or None, got 1"),
        (lambda: Runs([1], [1], [1], columns={"N": [1, 2]}), r"columns\['N'\] must have one value per run"),
        (lambda: RUNS.take([0.5]), r"which must be a mask of 9 runs, or their indices, got \[0.5\]"),
        (lambda: RUNS.take([9]), "which must be a mask of 9 runs"),
        (lambda: solve(RUNS), "problem must be of type Problem"),
        (lambda: DRAWS.fit.uncertainty(draws=3, map=len), "map must map a function over a list, .* got <built-in"),
        (lambda: DRAWS.fit.uncertainty(draws=3, map=Chinchilla), "map must map a function over a list"),
        (lambda: DRAWS.fit.uncertainty(draws=10**6), "draws must be a whole number from 2 to 100,000, got 1000000"),
        (lambda: DRAWS.fit.uncertainty(rng="C"), "rng must be a seed"),
        (lambda: DRAWS.predict_loss(1e9, 1e10, kind=[]), r"kind must be 'mean' or 'new-run', got \[\]"),
        (lambda: DRAWS.predict_loss(1e9, 1e10, roll_outs=1), "roll_outs must be of type RollOuts or None, got 1"),
        (lambda: Runs.frontier([1], [1], columns=1), "columns must be of type Mapping or None, got 1"),
        (lambda: [*iter_roll_outs(RUNS)], "problem must be of type Problem"),
        (lambda: [*iter_roll_outs(FRONTIER_FIT.problem)], "roll-outs need at least 6 runs with 3 values of C"),
        (lambda: [*iter_influence(RUNS, 1e20)], "fit must be of type Fit"),
        (lambda: FORECAST.scores([]), r"runs must be of type Runs, got \[\]"),
        (lambda: SeedRegime((2, 1), (1, 2)), "C must run from low to high, got 2 to 1"),
        (lambda: SeedRegime((1, 2), 5), "tokens_per_parameter must be two numbers, the lowest and the highest, got 5"),
        (lambda: Session(1, Settings()), "database must be of type RunSource, got 1"),
        (lambda: Session(Database(), None), "settings must be of type Settings, got None"),
        (lambda: Settings(grid=1), "grid must be of type StartGrid or None, got 1"),
        (lambda: Settings(rng=1), "rng must be of type Generator, got 1"),
        (lambda: Session(Database(), Settings()).exclude("ab"), "keys must be keys of runs, as run_keys returns them"),
        (lambda: Session(Database(), Settings()).wait(-1), "timeout must not be negative, got -1.0"),
        (lambda: read_table("t.csv", "N,D"), "content must be of type bytes, got 'N,D'"),
        (lambda: preview_import(None, {}), "table must be of type Table, got None"),
        (lambda: Source("N", "millions"), "unit must be one of ×1, ×k"),
        (lambda: compact(2**2000), "value must be a number below 1.8e308"),
        (lambda: compact(1.0, 0), "digits must be a whole number from 1 to 17, got 0"),
        (lambda: Database().append(N=1j, D=1, loss=1), "N must be a positive number, got 1j"),
        (lambda: Database().extend(1), "results must be a list of runs, got 1"),
        (lambda: Visualizer(".").LBFGS([1, 2], [1, 2], [1e308, 1]), "an axis for C needs values between 1e-250 and 1e"),
        (lambda: Visualizer(".").LBFGS([1, 2], [1, 1e308]), "losses must be at most 1e.100 to be drawn"),
        (lambda: log_huber([-1.0], [1.0]), "y_true must not be negative, got -1.0"),
    ],
)
def test_the_sentence_names_the_argument(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize("law", [LAW, KAPLAN])
@pytest.mark.parametrize("name", ["loss", "gradient"])
def test_sizes_are_positive_and_broadcast(law, name):
    predict = getattr(law, name)
    for N, D, message in (
        (0, 1, "N must be positive, got 0.0"),
        (1, [2, -1], "D must be positive, got -1.0"),
        ("1e9", 1, "N must be a number, got '1e9'"),
        ([1, 2], [1, 2, 3], r"N and D must broadcast, got shapes \(2,\) and \(3,\)"),
        (2**2000, 1, "N must be a number below"),
    ):
        with pytest.raises(InputError, match=message):
            predict(N, D)


def test_limits_of_a_law_are_its_limits():
    """Without a warning, which would be an error here."""
    assert LAW.loss(np.inf, np.inf) == LAW.E
    assert np.isnan(LAW.loss(np.nan, 1e9))
    assert ScalingLaw(1, 1, 1, 10, 0.3).loss(1e-300, 1.0) == np.inf
    assert ScalingLaw(1, 0, 1, 10, 0.3).loss(1e-300, 1.0) == 2  # no term in N, however steep
    assert KAPLAN.loss(np.inf, np.inf) == 0
    assert KaplanLaw(0, 1, 0, 1).loss(1.0, np.inf) == 1  # a base of zero to the power of zero is one
    assert scientific(float("inf")) == "inf"
    assert compact(float("nan")) == "nan"


def test_a_regime_of_extreme_ends_is_refused():
    """A number of parameters beyond float64 has no next whole number."""
    regime = SeedRegime((1e308, 1e308), (1e-308, 1e-308))
    with pytest.raises(InputError, match="no run with D/N between 1e-308 and 1e-308"):
        draw_seed(np.random.default_rng(0), regime)


def test_a_list_of_names_may_be_a_generator():
    """It can be read only once: a check that read it left nothing to use."""
    database = Database(columns=(name for name in ("lr", "seed")))
    assert database.columns == ["C", "N", "D", "loss", "lr", "seed"]


@pytest.mark.parametrize("flag", ["false", None, 2, np.array([True, False])])
def test_no_text_is_taken_for_true(tmp_path, flag):
    """`allow_imports="false"` would import."""
    with pytest.raises(InputError, match="allow_imports must be True or False"):
        Chinchilla.from_config(tmp_path / "study.yaml", allow_imports=flag)


@pytest.mark.parametrize("panel", [ConfigPanel, RunLogPanel, Workbench])
def test_a_refused_panel_leaves_no_error_behind(panel, monkeypatch):
    """Python closes it when it is collected, and reports what that raises as ignored."""
    ignored = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    with pytest.raises(InputError):
        panel(object())
    gc.collect()
    assert ignored == []
