"""A session under a compute convention: which C its runs have, what plans use, and what is said of both."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from runs import LAW, make_runs

from chinchilla_nb import Chinchilla, Forecast, forecast
from chinchilla_nb.config.settings import change_settings
from chinchilla_nb.engine.compute.agreement import disagreement
from chinchilla_nb.engine.compute.fitted import fitted_compute
from chinchilla_nb.engine.compute.power import PowerCompute
from chinchilla_nb.engine.compute.product import SIX_ND, ProductCompute
from chinchilla_nb.engine.compute.transformer import transformer_flops
from chinchilla_nb.engine.errors import InputError
from chinchilla_nb.engine.laws.allocation import allocate
from chinchilla_nb.engine.planning.model_sizes import transformer_size
from chinchilla_nb.engine.run_keys import run_keys

TRUE = PowerCompute(9.5, 0.98, 1.01)
RUNS = make_runs(24, noise=0.002)
TABLE = pd.DataFrame({"C": TRUE.C(RUNS.N, RUNS.D), "N": RUNS.N, "D": RUNS.D, "loss": RUNS.loss})
GRID = {"E": [1.5], "A": [300.0], "B": [300.0], "alpha": [0.3], "beta": [0.3]}


def project(tmp_path, table=TABLE, **settings) -> Chinchilla:
    cc = Chinchilla(tmp_path, GRID, log_level=50, **settings)
    cc.database.df = table
    return cc


@pytest.fixture
def cc(tmp_path):
    return project(tmp_path)


def test_by_default_the_runs_are_the_recorded_ones(cc):
    assert cc.session.runs is cc.database.runs
    assert cc.session.runs.compute is SIX_ND


def test_a_measured_C_is_kept_and_planned_otherwise_than_6ND_only_if_asked(cc):
    measured = cc.session.runs.C.copy()
    cc.fit(parallel=False)
    N, D = cc.allocate_compute(1e22)
    assert 6 * N * D == pytest.approx(1e22, rel=1e-12)
    cc.compute = "fitted"
    assert cc.session.stale
    np.testing.assert_array_equal(cc.session.runs.C, measured)
    cc.fit(parallel=False)
    N, D = cc.allocate_compute(1e22)
    assert TRUE.C(N, D) == pytest.approx(1e22, rel=1e-6)  # C is rounded to whole FLOPs on disk
    best = [float(one) for one in allocate(cc.session.fit.law, 1e22, TRUE)]
    assert [N, D] == pytest.approx(best, rel=1e-6)
    (N, D), _ = cc.scale(C=1e22)
    assert TRUE.C(N, D) == pytest.approx(1e22, rel=1e-6)
    assert TRUE.C(1e9, cc.adjust_D_to_N(1e9)) > 0


def test_a_stated_convention_gives_C_to_runs_without_one_of_their_own(tmp_path):
    cc = project(tmp_path, TABLE[["N", "D", "loss"]].assign(C=6 * TABLE.N * TABLE.D), compute=8)
    np.testing.assert_allclose(cc.session.runs.C, 8 * RUNS.N * RUNS.D, rtol=1e-9)
    np.testing.assert_allclose(cc.database.df.C, 6 * RUNS.N * RUNS.D, rtol=1e-9)  # the record is not changed


def test_the_mean_of_the_runs(cc):
    cc.compute = "measured"
    kappa = np.exp(np.mean(np.log(TABLE.C / (TABLE.N * TABLE.D))))
    assert cc.session.runs.compute.kappa == pytest.approx(kappa, rel=1e-9)


def test_a_column_of_compute(tmp_path):
    table = TABLE.assign(C=6 * TABLE.N * TABLE.D, total_flos=TABLE.C, note="a")
    cc = project(tmp_path, table, compute="fitted:total_flos")
    assert cc.session.runs.compute.p == pytest.approx(TRUE.p, rel=1e-6)
    np.testing.assert_allclose(cc.session.runs.C, TABLE.C, rtol=1e-6)
    for column, match in (("total_flops", "did you mean 'total_flos'"), ("note", "must be positive in column 'note'")):
        cc.compute = f"measured:{column}"
        assert match in str(cc.session.compute_problem)
        assert cc.session.runs.compute is SIX_ND
        with pytest.raises(InputError, match="compute"):
            cc.fit(parallel=False)


def test_until_runs_can_tell_it_C_is_6ND_and_a_fit_says_so(tmp_path):
    cc = project(tmp_path, TABLE.head(3), compute="fitted", seed_ranges={"C": (1e18, 1e19), "N_to_D": (5, 50)}, rng=1)
    assert "at least 4 runs" in str(cc.session.compute_problem)
    (N, D), _ = cc.seed()
    assert 1e18 * 0.999 <= 6 * N * D <= 1e19 * 1.001
    with pytest.raises(InputError, match="at least 4 runs"):
        cc.fit(parallel=False)
    cc.database.df = TABLE
    assert cc.session.compute_problem is None
    cc.fit(parallel=False)


def test_runs_of_one_ratio_cannot_tell_the_exponents(tmp_path):
    cc = project(tmp_path, TABLE.assign(D=20 * TABLE.N), compute="fitted")
    assert "vary only together" in str(cc.session.compute_problem)


def test_the_convention_is_that_of_the_included_runs_and_all_carry_it(cc):
    cc.compute = "fitted"
    wrong = dict(TABLE.iloc[0])
    cc.append(N=wrong["N"] * 1.5, D=wrong["D"], loss=3.0, C=1e30)
    spoilt = cc.session.runs.compute
    cc.session.exclude(run_keys(cc.session.all_runs)[-1:])
    assert cc.session.runs.compute.p == pytest.approx(TRUE.p, rel=1e-6)
    assert cc.session.runs.compute != spoilt
    for runs in (cc.session.all_runs, cc.session.excluded_runs):
        assert runs.compute == cc.session.runs.compute
    assert len(cc.session.excluded_runs) == 1
    cc.compute = "6ND"
    assert len(cc.session.runs) == 24, "exclusions outlast a change of the convention"


def test_the_same_runs_are_the_same_object(cc):
    cc.compute = "fitted"
    assert cc.session.runs is cc.session.runs
    cc.fit(parallel=False)
    assert not cc.session.stale
    assert cc.session.new_runs == 0
    cc.append(N=1e9, D=2e10, loss=2.5, C=float(TRUE.C(1e9, 2e10)) * 1.001)
    assert cc.session.new_runs == 1
    assert cc.session.stale


def test_transformers_are_counted(tmp_path):
    widths = [128 * n for n in range(2, 24)]
    grid = {"d_model": widths, "n_layers": [12], "vocab_size": [32000], "seq_len": [2048]}
    cc = project(
        tmp_path,
        TABLE[["N", "D", "loss"]].assign(C=6 * TABLE.N * TABLE.D),
        model_search_config={"hyperparam_grid": grid, "size_estimator": transformer_size},
        compute="transformer",
    )
    compute = cc.session.runs.compute
    config = {"d_model": 1280, "n_layers": 12, "vocab_size": 32000}
    expected = transformer_flops(**config, seq_len=2048) * 1e9
    assert compute.C(transformer_size(**config), 1e9) == pytest.approx(expected, rel=1e-3)
    cc.fit(parallel=False)
    N, D = cc.allocate_compute(3e20)
    assert compute.C(N, D) == pytest.approx(3e20, rel=1e-9)
    assert "from" in compute.text


def test_what_disagrees_is_said_with_both_readings(cc):
    fit = cc.fit(parallel=False)
    said = next(warning for warning in fit.warnings if warning.code == "compute")
    ratio = TABLE.C / (6 * TABLE.N * TABLE.D)
    assert f"{ratio.min():.2f} to {ratio.max():.2f} times 6ND" in said.message
    assert "keep 6ND" in said.remedy
    assert "compute to 'fitted'" in said.remedy
    cc.compute = "fitted"
    assert not [one for one in cc.fit(parallel=False).warnings if one.code == "compute"]


def test_nothing_is_said_of_a_C_that_was_rounded(tmp_path):
    cc = project(tmp_path, TABLE.assign(C=[float(f"{6 * N * D:.1e}") for N, D in zip(RUNS.N, RUNS.D, strict=True)]))
    assert disagreement(cc.session.runs) is None


def test_the_report_names_the_convention(cc, capsys):
    cc.fit(parallel=False)
    cc.report(plot=False)
    assert "C = 6ND" in capsys.readouterr().out
    cc.compute = "fitted"
    cc.fit(parallel=False)
    cc.report(plot=False)
    said = capsys.readouterr().out
    assert "N^0.98 D^1.01, fitted to 24 runs" in said


def test_a_forecast_keeps_the_convention_and_opens_again(cc, tmp_path):
    cc.compute = "fitted"
    fit = cc.fit(parallel=False)
    made = forecast(fit.uncertainty("sandwich"), 1e22)
    assert made.C == pytest.approx(1e22, rel=1e-9)
    assert TRUE.C(made.N, made.D) == pytest.approx(1e22, rel=1e-6)
    assert made.definitions["C"] == f"compute in FLOPs, {fit.runs.compute.text}"
    assert f"FLOPs ({fit.runs.compute.text}): loss" in repr(made)
    made.save(tmp_path / "f.json")
    assert Forecast.load(tmp_path / "f.json").alike(made)


def test_the_project_forecasts_the_optimum_of_its_convention(cc):
    cc.compute = "fitted"
    cc.fit(parallel=False)
    made = cc.forecast(1e22, uncertainty=cc.uncertainty("sandwich"))
    assert TRUE.C(made.N, made.D) == pytest.approx(1e22, rel=1e-6)


def test_a_forecast_with_6ND_is_still_checked_for_it(cc, tmp_path):
    fit = cc.fit(parallel=False)
    made = forecast(fit.uncertainty("sandwich"), 1e22)
    assert made.definitions["C"] == "compute in FLOPs, 6ND"
    assert "compute" not in made.definitions
    dataclasses.replace(made, C=2 * made.C).save(tmp_path / "f.json")
    with pytest.raises(InputError, match="belong to one law"):
        Forecast.load(tmp_path / "f.json")


def test_intervals_along_a_true_isoFLOP_line(cc):
    cc.compute = "fitted"
    fit = cc.fit(parallel=False)
    at = fit.uncertainty("sandwich").allocate(np.array([1e20, 1e22]))
    N, D = allocate(fit.law, [1e20, 1e22], fit.runs.compute)
    np.testing.assert_array_equal(at["N"].value, N)
    np.testing.assert_array_equal(at["D"].value, D)
    assert (at["N"].low < N).all()
    assert (N < at["N"].high).all()


def test_a_simulated_project_plans_with_the_convention(tmp_path):
    cc = project(tmp_path, TABLE, seed_ranges={"C": (1e18, 1e19), "N_to_D": (5, 50)}, compute=8, rng=1)
    simulated = cc.simulate(8, 1, 10.0, target_params=LAW.as_dict(), noise_generator=None)
    runs = simulated.session.runs
    assert runs.compute == ProductCompute(8)
    assert runs.compute.C(runs.N[-1], runs.D[-1]) == pytest.approx(10 * 1e19, rel=1e-3)
    assert (8 * runs.N[:-1] * runs.D[:-1] <= 1e19 * 1.001).all()


def test_a_simulation_of_a_project_with_measured_C_plans_as_it_does(tmp_path):
    cc = project(tmp_path, TABLE, seed_ranges={"C": (1e18, 1e19), "N_to_D": (5, 50)}, compute="fitted", rng=1)
    runs = cc.simulate(8, 1, 10.0, target_params=LAW.as_dict(), noise_generator=None).session.runs
    assert TRUE.C(runs.N[-1], runs.D[-1]) == pytest.approx(10 * 1e19, rel=1e-3)
    np.testing.assert_allclose(runs.C, TRUE.C(runs.N, runs.D), rtol=1e-6)


def test_the_ladder_of_measured_FLOPs():
    from pathlib import Path

    path = Path("/work/shared/cases/runs/ladder.csv")
    if not path.exists():
        pytest.skip("the shared cases are missing")
    from chinchilla_nb import open_session

    session = open_session(path)
    assert "unless the setting compute is 'fitted'" in " ".join(session.remarks)
    assert disagreement(session.runs) is not None
    session.settings = change_settings(session.settings, compute="fitted")
    assert session.runs.compute == fitted_compute(session.runs).compute


def broken(d_model, n_layers):
    raise ZeroDivisionError


def flat(d_model, n_layers):
    return 7.0


SEARCH = {
    "hyperparam_grid": {"d_model": [256, 512, 1024], "n_layers": [4, 16]},
    "size_estimator": lambda d_model, n_layers: 12 * n_layers * d_model**2,
}
REGIME = {"C": (1e17, 1e19), "N_to_D": (5, 50)}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("fitted:flops", "compute names column 'flops', which the runs do not have"),
        (broken, "compute raised ZeroDivisionError"),
        (flat, "compute must count more FLOPs per token for larger models, .* got 7 to 7 for 4 sizes"),
    ],
)
def test_approaches_do_not_take_6ND_for_a_convention_that_fails(tmp_path, setting, message):
    cc = project(tmp_path, TABLE, compute=setting, model_search_config=SEARCH)
    with pytest.raises(InputError, match=message):
        cc.approaches(C=1e22, draws=10)


@pytest.mark.parametrize("call", ["seed", "seed_design", "seed_spread"])
def test_seeds_do_not_take_6ND_for_a_function_that_fails(tmp_path, call):
    cc = Chinchilla(
        tmp_path,
        GRID,
        REGIME,
        SEARCH,
        num_seeding_steps=5,
        compute=broken,
        log_level=50,
    )
    with pytest.raises(InputError, match="compute raised ZeroDivisionError"):
        getattr(cc, call)()


@pytest.mark.parametrize(("factor", "said"), [(1.9, False), (2.1, True)])
def test_a_kappa_that_a_run_differs_from_by_a_factor_of_two_is_said(factor, said):
    """Its median agrees, but it does not describe that run."""
    apart = np.ones(len(RUNS))
    apart[:2] = factor, 1 / factor
    found = disagreement(RUNS.under(ProductCompute(8), 8 * RUNS.N * RUNS.D * apart))
    assert (found is not None) == said
    if found is not None:
        assert (found.low, found.median, found.high) == pytest.approx((1 / factor, 1, factor))
