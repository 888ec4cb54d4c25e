"""Runs and seeds that a project designs."""

import copy

import numpy as np
import pandas as pd
import pytest
from runs import AXES, LAW, make_runs, table_of

from chinchilla_nb import Chinchilla, InputError, SeedRegime, draw_seed, log_huber
from chinchilla_nb.quantity import percent

RANGES = {"C": (1e17, 1e19), "N_to_D": (5, 100)}
MEAN_COST = (1e19 - 1e17) / np.log(100)
"""Of a log-uniform seed in these ranges, in FLOPs."""
COLUMNS = ["C", "N", "D", "D_per_N", "error_before", "error_after", "fall", "fall_per_FLOP", "fall_alone"]


@pytest.fixture
def cc(tmp_path):
    """A project of 40 runs, fitted."""
    project = Chinchilla(tmp_path, AXES, RANGES, loss_fn=log_huber, log_level=50, rng=1, num_seeding_steps=8)
    project.database.df = table_of(make_runs(40, noise=0.01, rng=3))
    project.fit(parallel=False)
    return project


@pytest.fixture
def new(tmp_path):
    """A project without runs."""
    return Chinchilla(tmp_path, AXES, RANGES, loss_fn=log_huber, log_level=50, rng=1, num_seeding_steps=8)


def test_the_next_runs_are_a_table(cc):
    table = cc.next_runs(C=1e22)
    assert list(table.columns) == COLUMNS
    assert len(table) == 5
    assert table["C"].to_numpy() == pytest.approx(6 * table["N"] * table["D"])
    assert table["fall_per_FLOP"].to_numpy() == pytest.approx(table["fall"] / table["C"])
    fallen = 1 - (table["error_after"].iloc[-1] / table["error_before"].iloc[0]) ** 2
    assert table["fall"].sum() == pytest.approx(fallen)
    assert table.attrs["target"] == "N* at C = 10²²"


def test_what_is_logged_are_the_errors_of_the_table(cc, capsys):
    talking = Chinchilla(cc.project_dir, AXES, RANGES, loss_fn=log_huber)
    talking.fit(parallel=False)
    table = talking.next_runs(C=1e22)
    said = " ".join("".join(capsys.readouterr()).replace("INFO", "").split())
    before, after = (percent(error) for error in (table["error_before"].iloc[0], table["error_after"].iloc[-1]))
    assert f"the standard error of log N* at C = 10²² from {before} to {after}" in said


def test_the_error_is_that_of_the_sandwich(cc):
    # Errors of one size, so that the robust covariance differs by chance only.
    before = cc.next_runs(C=1e22, n=1)["error_before"][0]
    found = cc.uncertainty("sandwich").allocate(1e22, level=0.6827).iloc[0]
    assert before == pytest.approx(np.log(found["N_high"] / found["N_low"]) / 2, rel=0.2)


def test_runs_of_ones_own_are_compared_in_any_form(cc):
    pairs = [(1e9, 1e11), (2e9, 1e10)]
    table = cc.next_runs("loss", 1e22, pairs)
    assert sorted(table["N"]) == [1e9, 2e9]
    for same in (np.array(pairs), pd.DataFrame(pairs, columns=["N", "D"])):
        pd.testing.assert_frame_equal(cc.next_runs("loss", 1e22, same), table)


def test_the_loss_of_one_model_can_be_the_target(cc):
    largest = cc.next_runs((1e10, 2e11), n=1, by="fall")
    assert largest.attrs["target"] == "the loss at N = 10¹⁰ and D = 2×10¹¹"
    # A measurement of that loss itself tells most.
    direct = cc.next_runs((1e10, 2e11), candidates=[(1e10, 2e11)])
    assert direct["fall"][0] > largest["fall"][0]


def test_simulations_are_shown_beside_the_linear_errors(cc):
    table = cc.next_runs(C=1e22, n=2, by="fall", simulate=400, rng=0)
    assert list(table.columns) == [*COLUMNS, "simulated_error", "simulated_se"]
    assert table["simulated_error"].to_numpy() == pytest.approx(table["error_after"].to_numpy(), rel=0.25)
    assert table.attrs["simulated_error"] == pytest.approx(table["error_before"][0], rel=0.25)
    again = cc.next_runs(C=1e22, n=2, by="fall", simulate=400, rng=0)
    pd.testing.assert_frame_equal(again, table)


def test_the_budget_is_that_of_the_next_model_by_default(cc):
    # 10 times the largest compute of the runs.
    assert cc.next_runs(n=1).equals(cc.next_runs(C=10 * cc.session.fit.runs.C.max(), n=1))


def test_candidates_reach_over_the_ranges_of_runs_and_seeds(cc):
    runs = cc.session.fit.runs
    table = cc.next_runs(C=1e22, n=30)
    assert table["C"].min() == pytest.approx(1e17, rel=1e-6)
    assert table["C"].max() <= runs.C.max() * (1 + 1e-6)
    ratios = [(runs.D / runs.N).min(), (runs.D / runs.N).max()]
    assert table["D_per_N"].between(0.999 * ratios[0], 1.001 * ratios[1]).all()


def test_runs_with_one_ratio_are_given_others(tmp_path):
    project = Chinchilla(tmp_path, AXES, loss_fn=log_huber, log_level=50)
    project.database.df = table_of(make_runs(30, noise=0.01, tokens_per_parameter=(20, 20.1)))
    project.fit(parallel=False)
    ratio = project.next_runs(C=1e22, n=6)["D_per_N"]
    assert ratio.max() / ratio.min() > 5


def test_sizes_are_those_of_the_models(tmp_path):
    search = {"hyperparam_grid": {"width": [1000, 2000, 4000, 8000]}, "size_estimator": lambda width: 12 * width**2}
    project = Chinchilla(tmp_path, AXES, RANGES, search, loss_fn=log_huber, log_level=50, num_seeding_steps=6)
    project.database.df = table_of(make_runs(40, noise=0.01, rng=3))
    project.fit(parallel=False)
    assert set(project.next_runs(C=1e22)["N"]) <= {12e6, 48e6, 192e6, 768e6}
    assert set(project.seed_design()["N"]) <= {12e6, 48e6, 192e6, 768e6}
    (N, _), config = project.seed(design="optimal")
    assert N == 12 * config["width"] ** 2


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"target": "D*"}, "target"),
        ({"target": (1, 2, 3)}, "target"),
        ({"target": None}, "target"),
        ({"target": (1e9, -1)}, "D"),
        ({"C": -1}, "C"),
        ({"C": "x"}, "C"),
        ({"candidates": []}, "candidates"),
        ({"candidates": [1e9, 1e11]}, "candidates"),
        ({"candidates": [(1e9, 0)]}, "D of the candidates"),
        ({"candidates": [(1e9, 1e10), (0.5, 1e10)]}, "N of the candidates"),
        ({"candidates": [(1e200, 1e200)]}, "C of the candidates"),
        ({"candidates": pd.DataFrame({"N": [1e9]})}, "candidates"),
        ({"candidates": "x"}, "candidates"),
        ({"n": 0}, "n"),
        ({"n": 2.5}, "n"),
        ({"n": 1_000_000}, "n"),
        ({"by": "cost"}, "by"),
        ({"simulate": 3}, "simulate"),
        ({"simulate": -1}, "simulate"),
        ({"rng": "x"}, "rng"),
    ],
)
def test_odd_arguments_are_refused_by_name(cc, arguments, where):
    with pytest.raises(InputError) as caught:
        cc.next_runs(**arguments)
    assert caught.value.where == where


@pytest.mark.parametrize("convention", [8, "fitted"])
def test_the_compute_is_that_of_the_convention(tmp_path, convention):
    project = Chinchilla(
        tmp_path, AXES, RANGES, loss_fn=log_huber, log_level=50, num_seeding_steps=6, compute=convention
    )
    runs = make_runs(40, noise=0.01, rng=3)
    # C = 2 N^1.1 D^0.95, which `fitted` finds.
    project.database.df = table_of(runs).assign(C=2 * runs.N**1.1 * runs.D**0.95)
    project.fit(parallel=False)
    compute = project.session.runs.compute
    for table in (project.next_runs(C=1e22, n=3), project.seed_design()):
        C = 8 * table["N"] * table["D"] if convention == 8 else 2 * table["N"] ** 1.1 * table["D"] ** 0.95
        assert table["C"].to_numpy() == pytest.approx(C, rel=1e-6)
    (N, D), _ = project.seed(design="optimal")
    assert 0.99e17 < compute.C(N, D) < 1.01e19
    assert project.seed_spread()["condition"].iloc[0] > 1e24


def test_without_a_fit_there_are_no_next_runs(new):
    with pytest.raises(InputError, match="call fit"):
        new.next_runs()


def test_seeds_are_drawn_as_before(new):
    rng, regime = np.random.default_rng(1), SeedRegime((1e17, 1e19), (5, 100))
    for _ in range(3):
        run = draw_seed(rng, regime)
        assert new.seed() == ((run.N, run.D), None)


def test_a_designed_seed_draws_no_random_number(new):
    state = copy.deepcopy(new.session.settings.rng.bit_generator.state)
    first = new.seed(design="optimal")
    assert new.seed(design="optimal") == first
    assert new.session.settings.rng.bit_generator.state == state


def test_seeds_one_by_one_are_as_many_and_cost_as_much_as_planned(new):
    made = []
    for _ in range(8):
        (N, D), config = new.seed(design="optimal")
        assert config is None
        made.append((N, D))
        new.append(N=N, D=D, loss=float(LAW.loss(N, D)))
    N, D = np.array(made).T
    assert new.session.settings.seed_regime.contains(N, D).all()
    assert (6 * N * D).sum() <= 8 * MEAN_COST * 1.001
    assert (D / N).max() / (D / N).min() == pytest.approx(20, rel=0.01)
    # There is one more to be had.
    assert new.seed(design="optimal")[0][0] >= 1


def test_the_design_of_seeds_says_what_log_uniform_seeds_lose(new):
    table = new.seed_design()
    assert list(table.columns) == ["C", "N", "D", "D_per_N", "runs"]
    assert table["runs"].sum() == 8
    assert (table["C"] * table["runs"]).sum() <= 8 * MEAN_COST
    assert table["C"].is_monotonic_increasing
    assert table.attrs["error_ratio"] > 1.5
    assert table.attrs["compute_share"] < 0.5
    assert f"{table.attrs['error_ratio']:.2f} times" in table.attrs["text"]


def test_a_pilot_is_given_by_its_budget_or_its_number_of_seeds(new):
    for arguments, count in (({"seeds": 12}, 12), ({"budget": 4e18}, 8), ({"seeds": 5, "budget": 4e18}, 5)):
        table = new.seed_design(**arguments)
        assert table["runs"].sum() == count
        assert (table["C"] * table["runs"]).sum() <= arguments.get("budget", count * MEAN_COST)
    new.num_seeding_steps = None
    assert new.seed_design(budget=10 * MEAN_COST)["runs"].sum() == 10
    with pytest.raises(InputError, match="seeds must be given"):
        new.seed_design()
    with pytest.raises(InputError, match="num_seeding_steps must be given"):
        new.seed(design="optimal")


def test_a_law_of_ones_own_decides_a_design(new):
    one = new.seed_design(laws=LAW.as_dict())
    several = new.seed_design(laws=[LAW.as_dict(), {**LAW.as_dict(), "alpha": 0.5}])
    assert not one.equals(several)


def test_the_spread_of_tokens_per_parameter_is_a_table(new):
    table = new.seed_spread()
    assert list(table.columns) == ["spread", "D_per_N_low", "D_per_N_high", "condition", "error"]
    assert table["spread"].iloc[[0, -1]].to_list() == pytest.approx([1, 20])
    assert table["condition"].iloc[0] > 1e24
    assert table.attrs["sufficient"] in table["spread"].to_list()
    assert "normal matrix" in table.attrs["text"]


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"seeds": 0}, "seeds"),
        ({"seeds": 1000}, "seeds"),
        ({"seeds": "x"}, "seeds"),
        ({"budget": 0}, "budget"),
        ({"budget": 1e10}, "budget"),
        ({"C": np.inf}, "C"),
        ({"laws": []}, "laws"),
        ({"laws": "x"}, "laws"),
        ({"laws": {"E": 1.0}}, ""),
        ({"laws": [{**LAW.as_dict(), "alpha": 0.0}]}, "laws"),
    ],
)
def test_odd_pilots_are_refused_by_name(new, arguments, where):
    with pytest.raises(InputError) as caught:
        new.seed_design(**arguments)
    if where:
        assert caught.value.where == where


def test_ranges_with_one_ratio_are_said_to_leave_a_law_open(tmp_path):
    one = Chinchilla(tmp_path, AXES, {"C": (1e17, 1e19), "N_to_D": (20, 20)}, log_level=50, num_seeding_steps=8)
    assert "one D/N" in one.seed_design().attrs["text"]
    assert one.seed_design()["D_per_N"].to_numpy() == pytest.approx(20, rel=1e-6)
    with pytest.raises(InputError, match="seed_ranges must have a range of D/N"):
        one.seed_spread()


def test_unknown_designs_and_missing_ranges_are_refused(new):
    with pytest.raises(InputError, match="design must be 'log-uniform' or 'optimal'"):
        new.seed(design="best")
    new.seed_ranges = None
    for call in (new.seed_design, new.seed_spread, lambda: new.seed(design="optimal")):
        with pytest.raises(InputError, match="seed_ranges must be given"):
            call()
