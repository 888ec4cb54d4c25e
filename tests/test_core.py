"""The documented class: seeds, fits, allocations, and errors in one sentence."""

from __future__ import annotations

import copy
import functools
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from runs import AXES, LAW, make_runs, table_of

from chinchilla_nb import Chinchilla, Fit, InputError, scientific
from chinchilla_nb.core import precision_note
from chinchilla_nb.engine.fitting.losses import huber, log_huber, mae, mse

RANGES = {"C": (1e18, 1e20), "N_to_D": (5, 100)}


def transformer(width, depth):
    return 12 * depth * width**2


SEARCH = {
    "hyperparam_grid": {"width": list(range(256, 8192, 128)), "depth": list(range(4, 65, 4))},
    "size_estimator": transformer,
}


@pytest.fixture
def make(tmp_path):
    def make(**changes):
        arguments = {
            "project_dir": tmp_path,
            "param_grid": AXES,
            "seed_ranges": RANGES,
            "loss_fn": mse,
            "log_level": 50,
            "rng": 0,
        }
        return Chinchilla(**{**arguments, **changes})

    return make


@pytest.fixture
def measured(make):
    """A project with 40 noiseless runs of LAW."""

    def measured(runs=40, **changes):
        cc = make(**changes)
        for _ in range(runs):
            (N, D), _ = cc.seed()
            D = round(D)
            cc.append(N=N, D=D, loss=float(LAW.loss(N, D)))
        return cc

    return measured


def assert_one_sentence(caught):
    assert "\n" not in str(caught.value)
    assert 10 < len(str(caught.value)) < 300


# -- construction ------------------------------------------------------------------------------------------------------


def test_a_missing_folder_is_named_with_the_remedy(make, tmp_path):
    with pytest.raises(ValueError, match=r"none' does not exist: create it with os\.makedirs"):
        make(project_dir=tmp_path / "none")


def test_a_file_in_the_place_of_the_folder(make, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileExistsError, match="must be a folder, but .*file' is a file"):
        make(project_dir=str(tmp_path / "file"))


@pytest.mark.parametrize("argument", ["loss_fn", "weight_fn"])
def test_functions_must_be_callable(make, argument):
    with pytest.raises(TypeError, match=f"{argument} must be callable"):
        make(**{argument: "mse"})


@pytest.mark.parametrize("dtype", [np.float32, "float16", int, "bfloat17", np.complex128, None])
def test_precision_below_double_is_a_type_error(make, dtype):
    with pytest.raises(TypeError, match="dtype must be"):
        make(dtype=dtype)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scaling_factor": -1}, "scaling_factor must be positive and finite, got -1.0"),
        ({"scaling_factor": "10"}, "scaling_factor must be a number, got '10'"),
        ({"num_seeding_steps": 2.5}, "num_seeding_steps must be a whole number, got 2.5"),
        ({"log_level": "loud"}, "log_level must be a whole number or one of"),
        ({"seed_ranges": {"C": (2, 1), "N_to_D": (1, 2)}}, "must run from low to high"),
        ({"param_grid": {**AXES, "alpha": []}}, "param_grid['alpha'] must be a list of at least one number"),
        ({"project_dir": None}, "project_dir must be the path of an existing folder, got None"),
        ({"project_dir": ""}, "project_dir must be the path of an existing folder, got ''"),
        ({"scaling_factor": True}, "scaling_factor must be a number, got True"),
        ({"num_seeding_steps": False}, "num_seeding_steps must be a number, got False"),
        ({"scaling_factor": 10**400}, "scaling_factor must be a number below 1.8e308, got 10000"),
    ],
)
def test_bad_arguments_are_one_sentence(make, changes, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        make(**changes)
    assert_one_sentence(caught)


@pytest.mark.parametrize("rng", ["x", True, np.True_, 2.5, -1, ["5"], [True], [[1]], np.array([1.0])], ids=repr)
def test_a_bad_rng_is_a_type_error(make, rng):
    with pytest.raises(TypeError, match="rng must be a seed") as caught:
        make(rng=rng)
    assert_one_sentence(caught)
    assert isinstance(caught.value, InputError)


def test_lists_within_lists_are_no_seed(make):
    nested = []
    nested.append(nested)
    boxed = np.empty(1, dtype=object)
    boxed[0] = nested
    for rng in (nested, [nested], boxed):
        with pytest.raises(TypeError, match="rng must be a seed"):
            make(rng=rng)


def test_settings_have_one_home(make):
    cc = make(scaling_factor=10)
    cc.scaling_factor = np.int64(20)
    assert cc.session.settings.scaling_factor == 20
    cc.loss_fn = mae
    assert cc.session.settings.loss_fn is mae
    cc.seed_ranges = {"C": [1, 2], "N_to_D": [3, 4]}
    assert cc.seed_ranges == {"C": (1, 2), "N_to_D": (3, 4)}
    cc.param_grid = {**AXES, "alpha": [0.7]}
    np.testing.assert_array_equal(cc.param_grid["alpha"], [0.7])
    assert len(cc.session.settings.grid) == 2 * 2 * 2 * 1 * 2
    cc.model_search_config = SEARCH
    assert cc.model_search_config == SEARCH
    with pytest.raises(ValueError, match="must be positive"):
        cc.scaling_factor = 0
    with pytest.raises(TypeError, match="dtype must be float64 or wider"):
        cc.dtype = np.float32
    assert cc.scaling_factor == 20


def test_the_precision_note_is_only_where_long_double_is_a_double():
    assert precision_note(np.float64) == ""
    wider = np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant
    assert (precision_note(np.longdouble) == "") is wider
    # Compared with itself, long double is no wider: what Windows and Arm macOS see.
    assert "no wider than double" in precision_note(np.longdouble, double=np.longdouble)


# -- seeds -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("search", [None, SEARCH])
def test_seeds_lie_in_both_ranges(make, search):
    cc = make(model_search_config=search)
    for _ in range(200):
        (N, D), config = cc.seed()
        assert type(N) is int
        assert RANGES["C"][0] * (1 - 1e-9) <= 6 * N * D <= RANGES["C"][1] * (1 + 1e-9)
        assert 5 <= D / N <= 100
        assert config is None if search is None else transformer(**config) == N


def test_a_seed_makes_seeds_repeat(make):
    assert [make(rng=3).seed() for _ in range(2)] == [make(rng=np.random.default_rng(3)).seed()] * 2
    assert make(rng=3).seed() != make(rng=4).seed()
    assert make(rng=None).seed() != make(rng=None).seed()


def test_seeding_without_ranges_is_one_sentence(make):
    cc = make(seed_ranges=None, num_seeding_steps=3, scaling_factor=10)
    for call in (cc.seed, cc.step, cc.simulate):
        with pytest.raises(ValueError, match="seed_ranges must be given"):
            call()


def test_a_search_too_coarse_for_the_ranges_is_one_sentence(make):
    cc = make(model_search_config={"hyperparam_grid": {"width": [10]}, "size_estimator": lambda width: width})
    with pytest.raises(ValueError, match=r"no run with D/N between 5 and 100 .* among 1 model sizes"):
        cc.seed()


def test_sizes_are_estimated_once_for_a_search_and_anew_for_another(make):
    calls = []

    def size(width):
        calls.append(width)
        return 300 * width**2

    search = {"hyperparam_grid": {"width": list(range(512, 8192, 64))}, "size_estimator": size}
    cc = make(model_search_config=search)
    for _ in range(5):
        cc.seed()
    assert len(calls) == 120
    cc.model_search_config = {**search, "hyperparam_grid": {"width": list(range(512, 8192, 32))}}
    cc.seed()
    assert len(calls) == 120 + 240


def test_equal_ends_fix_the_seed(make):
    (N, D), _ = make(seed_ranges={"C": (1e18, 1e18), "N_to_D": (20, 20)}).seed()
    assert 6 * N * D == pytest.approx(1e18, rel=1e-8)
    assert D / N == 20


def test_estimators_may_return_numpy_integers_beyond_int64(make):
    search = {
        "hyperparam_grid": {"width": np.array([2**15, 2**16], dtype=np.int32)},
        "size_estimator": lambda width: np.int64(12) * np.int64(width) * np.int64(width),
    }
    cc = make(model_search_config=search, seed_ranges={"C": (1e24, 1e26), "N_to_D": (1, 1e6)})
    (N, D), config = cc.seed()
    assert N == 12 * config["width"] ** 2
    assert 1e24 <= 6 * N * D * (1 + 1e-9)


# -- fits --------------------------------------------------------------------------------------------------------------


def test_a_fit_finds_the_law_and_is_kept(measured):
    cc = measured()
    fit = cc.fit()
    assert isinstance(fit, Fit)
    assert cc.session.fit is fit
    assert not cc.session.stale
    for name, value in LAW.as_dict().items():
        assert cc.get_params()[name] == pytest.approx(value, rel=1e-4), name
    assert cc.predict_loss(1e9, 2e10) == pytest.approx(float(LAW.loss(1e9, 2e10)), rel=1e-8)
    cc.append(N=1e9, D=2e10, loss=2.5)
    assert cc.session.stale


def test_grid_keys_in_another_order_change_nothing(measured):
    cc = measured()
    expected = cc.fit().law
    cc.param_grid = dict(reversed(list(AXES.items())))
    assert cc.fit().law == expected


@pytest.mark.parametrize("loss_fn", [mae, huber, functools.partial(log_huber, delta=1e-3)])
@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_losses_of_another_scale_find_the_same_law(measured, loss_fn, scale):
    cc = measured(loss_fn=loss_fn)
    df = cc.database.df.copy()
    df["loss"] = df["loss"] * scale
    cc.database.df = df
    grid = {**AXES, **{key: list(np.array(AXES[key]) + np.log(scale)) for key in "eab"}}
    cc.param_grid = grid
    law = cc.fit().law
    assert law.alpha == pytest.approx(LAW.alpha, rel=1e-3)
    assert law.beta == pytest.approx(LAW.beta, rel=1e-3)
    assert law.E == pytest.approx(LAW.E * scale, rel=1e-3)


def test_a_lambda_as_loss_finds_what_the_built_in_one_finds(measured):
    cc = measured(runs=15)
    expected = cc.fit().law
    cc.loss_fn = lambda y_true, y_pred: (y_true - y_pred) ** 2
    law = cc.fit(parallel=True).law
    assert float(law.loss(1e9, 2e10)) == pytest.approx(float(expected.loss(1e9, 2e10)), rel=1e-6)


def test_serial_and_parallel_agree_to_the_bit(measured):
    cc = measured(runs=12)
    rng = np.random.default_rng(1)
    df = cc.database.df.copy()
    df["loss"] += rng.normal(0, 0.01, len(df))
    cc.database.df = df
    assert cc.fit(exhaustive=True, parallel=True).law == cc.fit(exhaustive=True, parallel=False).law


def test_weights_are_honoured(measured):
    cc = measured()
    df = cc.database.df.copy()
    df.loc[df["C"] > 1e19, "loss"] *= 1.5
    cc.database.df = df
    # Runs above 1e19 are spoilt; with next to no weight they do not matter.
    cc.weight_fn = lambda C: np.where(C > 1e19, 1e-12, 1.0)
    assert cc.fit().law.alpha == pytest.approx(LAW.alpha, rel=1e-2)


@pytest.mark.parametrize("runs", [0, 1, 2])
def test_fewer_than_three_runs_cannot_be_fitted(measured, runs):
    with pytest.raises(ValueError, match=f"at least 3 runs, got {runs}") as caught:
        measured(runs=runs).fit()
    assert_one_sentence(caught)


def test_three_runs_are_fitted_with_a_warning(measured):
    assert "few_runs" in {warning.code for warning in measured(runs=3).fit().warnings}


def test_the_documented_alias(measured):
    cc = measured()
    assert cc.fit_scaling_law().law == cc.fit().law


# -- scaling -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda cc: cc.scale(C=1e20),
        lambda cc: cc.allocate_compute(1e20),
        lambda cc: cc.adjust_D_to_N(1e9),
        lambda cc: cc.predict_loss(1e9, 1e10),
        lambda cc: cc.get_params(),
        lambda cc: cc.report(),
    ],
)
def test_nothing_is_planned_before_a_fit(make, call):
    with pytest.raises(ValueError, match=r"not been estimated yet: call fit\(\) first"):
        call(make())


def test_scale_takes_a_factor_or_a_budget(measured):
    cc = measured()
    cc.fit()
    with pytest.raises(
        ValueError, match="give C or scaling_factor, or set scaling_factor in the constructor, got neither"
    ):
        cc.scale()
    with pytest.raises(ValueError, match="either C or scaling_factor, not both"):
        cc.scale(C=1e22, scaling_factor=10)
    (N, D), config = cc.scale(C=5.76e23)
    assert config is None
    assert type(N) is int
    assert 6 * N * D == pytest.approx(5.76e23, rel=1e-12)
    # The seeds end at 1e20, which no run reaches, so a factor starts there.
    (N, D), _ = cc.scale(scaling_factor=np.int64(10))
    assert 6 * N * D == pytest.approx(1e21, rel=1e-12)
    cc.scaling_factor = 100
    (N, D), _ = cc.scale()
    assert 6 * N * D == pytest.approx(1e22, rel=1e-12)
    (N, D), _ = cc.scale(C=1e25)
    assert 6 * N * D == pytest.approx(1e25, rel=1e-12)
    cc.append(N=1e10, D=1e11, loss=2.0)
    (N, D), _ = cc.scale()
    assert 6 * N * D == pytest.approx(6e23, rel=1e-12)


@pytest.mark.parametrize("C", [0, -1e20, np.nan, np.inf, "much"])
def test_a_budget_must_be_positive_and_finite(measured, C):
    cc = measured()
    cc.fit()
    for call in (lambda: cc.scale(C=C), lambda: cc.allocate_compute(C), lambda: cc.allocate_compute([1e20, C])):
        with pytest.raises(ValueError, match="^C must be") as caught:
            call()
        assert_one_sentence(caught)


def test_scale_with_a_model_search_adjusts_D_to_N(measured):
    cc = measured(model_search_config=SEARCH)
    cc.fit()
    (N, D), config = cc.scale(C=1e21)
    assert N == transformer(**config)
    assert D == pytest.approx(cc.adjust_D_to_N(N), rel=1e-12)
    N_opt, _ = cc.allocate_compute(1e21)
    sizes = np.array(
        [transformer(w, d) for w in SEARCH["hyperparam_grid"]["width"] for d in SEARCH["hyperparam_grid"]["depth"]]
    )
    assert abs(N - N_opt) == np.abs(sizes - N_opt).min()


def test_allocations_minimise_the_loss_along_their_isoflop_curve(measured):
    cc = measured()
    cc.fit()
    for C in (1e19, np.float64(1e24), 2**70):
        N, D = cc.allocate_compute(C)
        assert isinstance(N, float)
        assert 6 * N * D == pytest.approx(float(C), rel=1e-12)
        others = N * np.geomspace(0.5, 2, 101)
        assert cc.predict_loss(N, D) <= cc.predict_loss(others, C / (6 * others)).min() + 1e-12


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series])
def test_many_budgets_give_an_array(measured, kind):
    cc = measured()
    cc.fit()
    found = cc.allocate_compute(kind([1e20, 1e22, 1e24]))
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found[1], cc.allocate_compute(1e22), rtol=1e-14)


def test_D_follows_the_documented_formula(measured):
    cc = measured()
    cc.fit()
    p = cc.get_params()
    G = (p["alpha"] * p["A"] / (p["beta"] * p["B"])) ** (1 / (p["alpha"] + p["beta"]))
    a, b = p["beta"] / (p["alpha"] + p["beta"]), p["alpha"] / (p["alpha"] + p["beta"])
    assert cc.adjust_D_to_N(np.int64(3e9)) == pytest.approx(G ** -(1 + b / a) * 3e9 ** (b / a), rel=1e-9)
    for N in (0, -1, np.nan, "big"):
        with pytest.raises(ValueError, match="^N must be"):
            cc.adjust_D_to_N(N)


def test_losses_are_predicted_for_numbers_and_arrays(measured):
    cc = measured()
    cc.fit()
    assert isinstance(cc.predict_loss(np.int64(10**9), 10**10), float)
    N, D = np.array([[1e8], [1e9]]), np.array([1e9, 1e10, 1e11])
    assert cc.predict_loss(N, D).shape == (2, 3)
    with pytest.raises(ValueError, match="^N must be positive"):
        cc.predict_loss([1e9, -1], 1e10)
    with pytest.raises(ValueError, match=r"^N and D must broadcast, got shapes \(2,\) and \(3,\)"):
        cc.predict_loss([1e9, 2e9], [1e10, 2e10, 3e10])
    with pytest.raises(ValueError, match="^D must be a number"):
        cc.predict_loss(1e9, "many")


# -- steps -------------------------------------------------------------------------------------------------------------


def test_step_seeds_first_and_scales_after(make):
    cc = make(num_seeding_steps=5, scaling_factor=10)
    largest = RANGES["C"][1]
    for step in range(8):
        (N, D), _ = cc.step()
        D = round(D)
        if step < 5:
            assert 6 * N * D <= RANGES["C"][1] * (1 + 1e-6)
        else:
            assert 6 * N * D == pytest.approx(10 * largest, rel=1e-6)
            largest = 6 * N * D
        cc.append(N=N, D=D, loss=float(LAW.loss(N, D)))


def test_step_counts_only_runs_inside_the_seed_regime(make):
    cc = make(num_seeding_steps=3, scaling_factor=10)
    for N in (1e12, 2e12, 3e12):
        cc.append(N=N, D=20 * N, loss=1.8)
    (N, D), _ = cc.step()
    assert 6 * N * D <= 1e20 * (1 + 1e-9)


def test_step_takes_a_budget_without_a_preset_factor(measured):
    cc = measured(runs=6)
    (N, D), _ = cc.step(num_seeding_steps=6, C=1e23)
    assert 6 * N * D == pytest.approx(1e23, rel=1e-9)


@pytest.mark.parametrize("C", ["much", 0, np.nan, True])
def test_step_checks_the_budget_before_the_first_seed(make, C):
    with pytest.raises(ValueError, match="^C must be"):
        make(num_seeding_steps=5).step(C=C)


def test_step_passes_on_what_scale_takes_and_nothing_else(make):
    with pytest.raises(TypeError, match="step takes scaling_factor or C for scale, not 'factor'"):
        make(num_seeding_steps=5, scaling_factor=10).step(factor=3)


def test_step_says_what_is_missing_before_the_first_seed(make):
    with pytest.raises(ValueError, match="num_seeding_steps must be given"):
        make(scaling_factor=10).step()
    with pytest.raises(ValueError, match="give C or scaling_factor"):
        make(num_seeding_steps=5).step()
    with pytest.raises(ValueError, match="not both"):
        make(num_seeding_steps=5).step(C=1e20, scaling_factor=10)


def test_steps_repeat_exactly_under_a_seed(make, tmp_path):
    def walk(name):
        folder = tmp_path / name
        folder.mkdir()
        cc = make(project_dir=folder, rng=11, num_seeding_steps=4, scaling_factor=10)
        for _ in range(6):
            (N, D), _ = cc.step()
            cc.append(N=N, D=D, loss=float(LAW.loss(N, D)))
        return cc.database.df

    pd.testing.assert_frame_equal(walk("first"), walk("second"))


# -- what a cell shows -------------------------------------------------------------------------------------------------


def test_a_cell_says_where_the_project_stands(make, tmp_path):
    cc = make()
    assert repr(cc) == f"Chinchilla({str(tmp_path)!r}, 0 runs, 0 in the seed regime, not fitted yet)"
    cc.append(N=1e12, D=1e13, loss=1.8)
    assert "1 run, 0 in the seed regime" in repr(cc)
    for _ in range(3):
        (N, D), _ = cc.seed()
        cc.append(N=N, D=D, loss=float(LAW.loss(N, D)))
    cc.fit()
    assert repr(cc).endswith(f"4 runs, 3 in the seed regime, {cc.session.fit.law}; converged)")
    cc.append(N=1e9, D=2e10, loss=2.5)
    assert repr(cc).endswith("; fitted before the runs or settings changed)")
    cc.seed_ranges = None
    assert ", 5 runs, L(N, D)" in repr(cc)


def test_a_notebook_shows_the_same_as_a_table_without_markup_of_its_own(make, tmp_path):
    folder = tmp_path / "<b>runs"
    folder.mkdir()
    cc = make(project_dir=folder)
    html = cc._repr_html_()
    assert html.startswith("<table>")
    assert "&lt;b&gt;runs" in html
    assert "0 runs, 0 in the seed regime" in html
    assert "<b>" not in cc.database._repr_html_() + html


# -- copies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda cc: pickle.loads(pickle.dumps(cc))])
def test_a_copy_works_on_the_same_project_with_its_own_state(measured, duplicate):
    cc = measured(model_search_config=SEARCH, scaling_factor=10)
    cc.fit()
    twin = duplicate(cc)
    assert twin.get_params() == cc.get_params()
    assert not twin.session.stale
    assert twin.seed() == cc.seed()
    assert twin.scale() == cc.scale()
    twin.scaling_factor = 3
    assert cc.scaling_factor == 10
    assert len(twin.session.runs) == 40


def test_a_copy_of_a_fit_to_older_runs_is_stale(measured):
    cc = measured()
    cc.fit()
    cc.append(N=1e9, D=2e10, loss=2.5)
    assert copy.copy(cc).session.stale


# -- messages and bars -------------------------------------------------------------------------------------------------


def test_log_level_decides_what_is_printed(measured, capsys):
    cc = measured(log_level=20)
    cc.fit()
    assert "L(N, D) =" in capsys.readouterr().err
    cc.fit(simulation=True)
    assert capsys.readouterr().err == ""
    quiet = copy.copy(measured(log_level=30, runs=1))
    quiet.fit()
    assert "L(N, D) =" not in capsys.readouterr().err


LONG_FIT = """
import sys, time
import numpy as np
from chinchilla_nb import Chinchilla, ScalingLaw
def slow(y_true, y_pred):
    # The loss of a run depends on the other runs too: it cannot be tabulated, and takes thousands of calls.
    time.sleep(0.0005)
    return (y_true - y_pred) ** 2 + 0.1 * np.abs(y_true - y_pred).mean()
if __name__ == "__main__":
    grid = {"e": [0., .5, 1.], "a": [0, 5, 10], "b": [0, 5, 10], "alpha": [.2, .4, .6], "beta": [.2, .4, .6]}
    cc = Chinchilla(sys.argv[1], grid, {"C": (1e18, 1e20), "N_to_D": (5, 100)}, loss_fn=slow, rng=0,
                    log_level=int(sys.argv[2]))
    law = ScalingLaw(1.69, 406.4, 410.7, .34, .28)
    for _ in range(20):
        (N, D), _ = cc.seed()
        cc.append(N=N, D=D, loss=float(law.loss(N, D)))
    print("ready", flush=True)
    try:
        cc.fit(parallel=sys.argv[3] == "True", exhaustive=True)
        print("finished", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    assert not cc.session.busy
    from chinchilla_nb import mse
    cc.loss_fn = mse
    cc.fit()
    assert abs(cc.get_params()["alpha"] - .34) < 1e-3
    print("fits again", flush=True)
"""


def start_in_a_terminal(tmp_path, *arguments, script=LONG_FIT):
    """Start a script in a process whose stderr is a pseudo-terminal; returns it and the terminal's end."""
    import pty

    path = tmp_path / "long_fit.py"
    path.write_text(script)
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(path), str(tmp_path), *arguments],
        stdout=subprocess.PIPE,
        stderr=there,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "TERM": "xterm-256color", "COLUMNS": "100"},
        start_new_session=True,
    )
    os.close(there)
    os.set_blocking(here, False)
    return process, here


def read_all(terminal):
    text = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except (BlockingIOError, OSError):
            return text.decode(errors="replace")
        if not chunk:
            return text.decode(errors="replace")
        text += chunk


def shown_until(terminal, wanted, seconds):
    """Return what a terminal shows until it shows some text, for a number of seconds at most."""
    shown, end = "", time.monotonic() + seconds
    while wanted not in shown and time.monotonic() < end:
        time.sleep(0.1)
        shown += read_all(terminal)
    return shown


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals or POSIX signals")
@pytest.mark.parametrize(("level", "parallel"), [("20", "True"), ("20", "False"), ("30", "False")])
def test_a_long_fit_shows_a_bar_and_an_interrupt_ends_it_at_once(tmp_path, level, parallel):
    process, terminal = start_in_a_terminal(tmp_path, level, parallel)
    try:
        assert process.stdout.readline().strip() == "ready"
        shown = shown_until(terminal, "optimising", 120 if level == "20" else 6)
        time.sleep(3)  # in parallel, the processes are under way by now
        os.killpg(process.pid, signal.SIGINT)
        # The fit would take many minutes: the test gets here only if the interrupt ends it.
        assert process.stdout.readline().strip() == "interrupted"
        assert process.stdout.readline().strip() == "fits again"
        assert process.wait(timeout=150) == 0
        assert ("optimising" in shown) is (level == "20")
        # Whatever was drawn is gone, and the cursor is back.
        shown += read_all(terminal)
        assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        os.close(terminal)


def test_a_short_fit_shows_no_bar_even_in_a_terminal(tmp_path):
    script = LONG_FIT.replace("loss_fn=slow", "loss_fn=chinchilla_nb.mse").replace(", exhaustive=True", "")
    script = script.replace("import sys, time", "import sys, time, chinchilla_nb")
    process, terminal = start_in_a_terminal(tmp_path, "20", "False", script=script)
    with process.stdout:
        assert process.stdout.read().split("\n")[:3] == ["ready", "finished", "fits again"]
    assert process.wait(timeout=60) == 0
    shown = read_all(terminal)
    os.close(terminal)
    assert "converged" in shown
    assert "screening" not in shown
    assert "\x1b[?25l" not in shown


def test_a_script_without_a_main_guard_may_fit_in_parallel(tmp_path):
    script = tmp_path / "plain.py"
    script.write_text(
        textwrap.dedent(
            f"""
            from chinchilla_nb import Chinchilla
            cc = Chinchilla({str(tmp_path)!r}, {AXES!r}, {RANGES!r}, loss_fn=lambda t, p: abs(t - p) ** 1.5, rng=0)
            for _ in range(8):
                (N, D), _ = cc.seed()
                cc.append(N=N, D=D, loss=1.7 + 400 / N**0.34 + 400 / D**0.28)
            print(len(cc.fit(parallel=True).runs))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert done.stdout.strip() == "8"


def test_a_budget_outside_the_runs_is_named_where_it_is_asked_for(tmp_path, capsys):
    # 1e18 to 1e20 FLOPs at 5 to 100 tokens per parameter, where the law's optimum has about 20.
    cc = Chinchilla(tmp_path, AXES, RANGES, loss_fn=mse, log_level=30, rng=0)
    runs = make_runs(20, C=(1e18, 1e20), tokens_per_parameter=(5, 100))
    cc.database.df = table_of(runs)
    cc.fit()
    assert "optimum" not in capsys.readouterr().err
    cc.scale(scaling_factor=10)
    cc.allocate_compute(1e20)
    cc.allocate_compute([1e19, 1e20])
    assert capsys.readouterr().err == ""
    far = f"{scientific(1e26 / runs.C.max(), 3)} times the compute of the largest run"
    for ask in (lambda: cc.scale(C=1e26), lambda: cc.allocate_compute(1e26), lambda: cc.allocate_compute([1e20, 1e26])):
        ask()
        said = " ".join(capsys.readouterr().err.split())
        assert far in said
        assert said.count("largest run") == 1
    cc.scale(C=1e26, simulation=True)
    assert capsys.readouterr().err == ""
